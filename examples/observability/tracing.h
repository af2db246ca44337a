#pragma once
// Spans of client calls, workflows and activities, as interceptors that write OTLP/JSON: the lines that
// OpenTelemetry's collector reads with its otlpjsonfile receiver. No OpenTelemetry library is needed; with
// one, replace SpanWriter by its tracer.
#include <perdure/perdure.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>

namespace observability {

// Who a span belongs to: W3C trace context, version 00.
struct SpanContext {
  std::string trace_id{};  // 32 hexadecimal digits
  std::string span_id{};   // 16
};

// "00-TRACE-SPAN-01", as the header "traceparent" has it.
std::string to_traceparent(const SpanContext& context);
// Empty ids when `headers` have no such header, or one that cannot be read.
SpanContext from_headers(const perdure::Headers& headers);

struct Span {
  std::string name{};
  SpanContext context{};
  std::string parent_span_id{};
  std::chrono::system_clock::time_point begin{};
  std::chrono::system_clock::time_point end{};
  bool failed = false;
};

// One line of OTLP/JSON for each span. Thread-safe.
class SpanWriter {
 public:
  // `out` outlives it.
  SpanWriter(std::ostream& out, std::string service_name)
      : out_(out), service_name_(std::move(service_name)) {}

  void write(const Span& span);
  // For client calls and activities; workflows take theirs from workflow::random().
  std::string random_id(std::size_t digits);

 private:
  std::ostream& out_;
  const std::string service_name_;
  std::mutex mutex_;
};

// [tracing]
// A span of a workflow stands for its start in this worker: what a workflow does may be replayed elsewhere,
// so its span ends where it begins, as in Temporal's Python SDK.
class Tracing final : public perdure::Interceptor {
 public:
  explicit Tracing(std::shared_ptr<SpanWriter> spans) : spans_(std::move(spans)) {}

  std::unique_ptr<perdure::ClientOutboundInterceptor> intercept_client(
      std::unique_ptr<perdure::ClientOutboundInterceptor> next) override;
  std::unique_ptr<perdure::WorkflowInboundInterceptor> intercept_workflow(
      std::unique_ptr<perdure::WorkflowInboundInterceptor> next) override;
  std::unique_ptr<perdure::ActivityInboundInterceptor> intercept_activity(
      std::unique_ptr<perdure::ActivityInboundInterceptor> next) override;

 private:
  const std::shared_ptr<SpanWriter> spans_;
};
// [tracing]

}  // namespace observability
