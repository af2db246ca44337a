#include "tracing.h"

#include <algorithm>
#include <random>
#include <utility>

namespace observability {
namespace {

constexpr const char* kHeader = "traceparent";

std::string hex(std::uint64_t number, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i > 0; --i, number >>= 4) {
    text[i - 1] = "0123456789abcdef"[number & 15];
  }
  return text;
}

bool is_hex(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::int64_t nanoseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

// Written when it goes, as failed unless succeed() was called.
class OpenSpan {
 public:
  OpenSpan(SpanWriter& spans, std::string name, const SpanContext& parent) : spans_(spans) {
    span_.name = std::move(name);
    span_.context.trace_id = parent.trace_id.empty() ? spans.random_id(32) : parent.trace_id;
    span_.context.span_id = spans.random_id(16);
    span_.parent_span_id = parent.span_id;
    span_.begin = std::chrono::system_clock::now();
    span_.failed = true;
  }
  OpenSpan(const OpenSpan&) = delete;
  OpenSpan& operator=(const OpenSpan&) = delete;
  ~OpenSpan() {
    span_.end = std::chrono::system_clock::now();
    spans_.write(span_);
  }
  void succeed() { span_.failed = false; }
  const SpanContext& context() const { return span_.context; }

 private:
  SpanWriter& spans_;
  Span span_;
};

class ClientLink final : public perdure::ClientOutboundInterceptor {
 public:
  ClientLink(std::unique_ptr<ClientOutboundInterceptor> next, std::shared_ptr<SpanWriter> spans)
      : ClientOutboundInterceptor(std::move(next)), spans_(std::move(spans)) {}

  perdure::StartWorkflowOutput start_workflow(perdure::StartWorkflowInput input) override {
    OpenSpan span(*spans_, "StartWorkflow:" + input.workflow, from_headers(input.headers));
    input.headers[kHeader] = perdure::to_payload(to_traceparent(span.context()));
    auto output = next().start_workflow(std::move(input));
    span.succeed();
    return output;
  }
  void signal_workflow(perdure::SignalWorkflowInput input) override {
    OpenSpan span(*spans_, "SignalWorkflow:" + input.signal, from_headers(input.headers));
    input.headers[kHeader] = perdure::to_payload(to_traceparent(span.context()));
    next().signal_workflow(std::move(input));
    span.succeed();
  }

 private:
  const std::shared_ptr<SpanWriter> spans_;
};

// [workflow]
class WorkflowOutboundLink final : public perdure::WorkflowOutboundInterceptor {
 public:
  WorkflowOutboundLink(std::unique_ptr<WorkflowOutboundInterceptor> next, const SpanContext& context)
      : WorkflowOutboundInterceptor(std::move(next)), context_(context) {}

  perdure::workflow::ActivityHandle<perdure::Payload> start_activity(
      perdure::StartActivityInput input) override {
    input.headers[kHeader] = perdure::to_payload(to_traceparent(context_));
    return next().start_activity(std::move(input));
  }
  perdure::workflow::ActivityHandle<perdure::Payload> start_local_activity(
      perdure::StartLocalActivityInput input) override {
    input.headers[kHeader] = perdure::to_payload(to_traceparent(context_));
    return next().start_local_activity(std::move(input));
  }
  void continue_as_new(perdure::ContinueAsNewInput input) override {
    input.headers[kHeader] = perdure::to_payload(to_traceparent(context_));
    next().continue_as_new(std::move(input));
  }

 private:
  const SpanContext& context_;  // of the inbound link, which lives as long
};

class WorkflowLink final : public perdure::WorkflowInboundInterceptor {
 public:
  WorkflowLink(std::unique_ptr<WorkflowInboundInterceptor> next, std::shared_ptr<SpanWriter> spans)
      : WorkflowInboundInterceptor(std::move(next)), spans_(std::move(spans)) {}

  void init(std::unique_ptr<perdure::WorkflowOutboundInterceptor> outbound) override {
    next().init(std::make_unique<WorkflowOutboundLink>(std::move(outbound), context_));
  }
  perdure::Task<perdure::ExecuteWorkflowOutput> execute_workflow(
      perdure::ExecuteWorkflowInput input) override {
    const SpanContext parent = from_headers(input.headers);
    // Random numbers and time of the workflow: a replay makes the same context.
    auto& random = perdure::workflow::random();
    context_ = {parent.trace_id.empty() ? hex(random(), 16) + hex(random(), 16) : parent.trace_id,
                hex(random(), 16)};
    if (!perdure::workflow::is_replaying()) {
      const auto now = perdure::workflow::now();
      spans_->write({.name = "RunWorkflow:" + perdure::workflow::info().workflow_type,
                     .context = context_,
                     .parent_span_id = parent.span_id,
                     .begin = now,
                     .end = now});
    }
    co_return co_await next().execute_workflow(std::move(input));
  }

 private:
  const std::shared_ptr<SpanWriter> spans_;
  SpanContext context_;
};
// [workflow]

class ActivityLink final : public perdure::ActivityInboundInterceptor {
 public:
  ActivityLink(std::unique_ptr<ActivityInboundInterceptor> next, std::shared_ptr<SpanWriter> spans)
      : ActivityInboundInterceptor(std::move(next)), spans_(std::move(spans)) {}

  perdure::Task<perdure::Payload> execute_activity(perdure::ExecuteActivityInput input) override {
    OpenSpan span(*spans_, "RunActivity:" + perdure::activity::info().activity_type,
                  from_headers(input.headers));
    auto result = co_await next().execute_activity(std::move(input));
    span.succeed();
    co_return result;
  }

 private:
  const std::shared_ptr<SpanWriter> spans_;
};

}  // namespace

std::string to_traceparent(const SpanContext& context) {
  return "00-" + context.trace_id + "-" + context.span_id + "-01";
}

SpanContext from_headers(const perdure::Headers& headers) {
  const auto found = headers.find(kHeader);
  if (found == headers.end()) {
    return {};
  }
  try {
    const auto text = perdure::from_payload<std::string>(found->second);
    if (text.size() != 55 || text[2] != '-' || text[35] != '-' || text[52] != '-') {
      return {};
    }
    SpanContext context{text.substr(3, 32), text.substr(36, 16)};
    return is_hex(context.trace_id) && is_hex(context.span_id) ? context : SpanContext();
  } catch (const perdure::DataConversionError&) {
    return {};  // of another program, which writes it in another way
  }
}

void SpanWriter::write(const Span& span) {
  // Names are those of types, which need no escapes.
  const std::string line =
      R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":")" +
      service_name_ + R"("}}]},"scopeSpans":[{"scope":{"name":"perdure"},"spans":[{"traceId":")" +
      span.context.trace_id + R"(","spanId":")" + span.context.span_id + R"(","parentSpanId":")" +
      span.parent_span_id + R"(","name":")" + span.name + R"(","kind":1,"startTimeUnixNano":")" +
      std::to_string(nanoseconds(span.begin)) + R"(","endTimeUnixNano":")" +
      std::to_string(nanoseconds(span.end)) + R"(","status":{"code":)" + (span.failed ? "2" : "1") +
      "}}]}]}]}\n";
  const std::lock_guard lock(mutex_);
  out_ << line << std::flush;
}

std::string SpanWriter::random_id(std::size_t digits) {
  thread_local std::random_device device;
  std::string id;
  while (id.size() < digits) {
    id += hex(device(), 8);
  }
  return id;
}

std::unique_ptr<perdure::ClientOutboundInterceptor> Tracing::intercept_client(
    std::unique_ptr<perdure::ClientOutboundInterceptor> next) {
  return std::make_unique<ClientLink>(std::move(next), spans_);
}
std::unique_ptr<perdure::WorkflowInboundInterceptor> Tracing::intercept_workflow(
    std::unique_ptr<perdure::WorkflowInboundInterceptor> next) {
  return std::make_unique<WorkflowLink>(std::move(next), spans_);
}
std::unique_ptr<perdure::ActivityInboundInterceptor> Tracing::intercept_activity(
    std::unique_ptr<perdure::ActivityInboundInterceptor> next) {
  return std::make_unique<ActivityLink>(std::move(next), spans_);
}

}  // namespace observability
