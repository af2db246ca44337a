// Interceptors: what they see, what they may change, and a trace context that travels from the client through
// a workflow into its activities.
#include <latch>
#include <mutex>
#include <vector>

#include "fixture.h"
#include "perdure/testing.h"
#include "perdure/testing/replayer.h"

namespace sdk_test::interceptor {

using perdure::Payload;
using perdure::Payloads;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// [trace_headers]
constexpr const char* kHeader = "trace";

// "the-trace/the-span": what one side tells the next.
std::string trace_of(const perdure::Headers& headers) {
  const auto found = headers.find(kHeader);
  return found == headers.end() ? "none" : perdure::from_payload<std::string>(found->second);
}
// [trace_headers]

// What happened, in its order. Shared by all links of all chains.
class Journal {
 public:
  void write(const std::string& line) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(line);
  }
  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

// [trace_client]
class TracingClient final : public perdure::ClientOutboundInterceptor {
 public:
  TracingClient(std::unique_ptr<perdure::ClientOutboundInterceptor> next, std::shared_ptr<Journal> journal)
      : ClientOutboundInterceptor(std::move(next)), journal_(std::move(journal)) {}

  perdure::StartWorkflowOutput start_workflow(perdure::StartWorkflowInput input) override {
    input.headers[kHeader] = perdure::to_payload("start:" + input.workflow);
    journal_->write("client: start " + input.workflow);
    return next().start_workflow(std::move(input));
  }
  // [trace_client]
  void signal_workflow(perdure::SignalWorkflowInput input) override {
    input.headers[kHeader] = perdure::to_payload("signal:" + input.signal);
    journal_->write("client: signal " + input.signal);
    next().signal_workflow(std::move(input));
  }
  void cancel_workflow(perdure::CancelWorkflowInput input) override {
    journal_->write("client: cancel " + input.workflow.id);
    next().cancel_workflow(std::move(input));
  }
  void terminate_workflow(perdure::TerminateWorkflowInput input) override {
    journal_->write("client: terminate " + input.workflow.id);
    input.reason += ", audited";
    next().terminate_workflow(std::move(input));
  }
  perdure::WorkflowExecutionDescription describe_workflow(perdure::DescribeWorkflowInput input) override {
    journal_->write("client: describe " + input.workflow.id);
    return next().describe_workflow(std::move(input));
  }
  Payload workflow_result(perdure::WorkflowResultInput input) override {
    journal_->write("client: result " + input.workflow.id);
    return next().workflow_result(std::move(input));
  }
  void complete_async_activity(perdure::CompleteAsyncActivityInput input) override {
    journal_->write("client: complete " + input.activity.activity_id);
    next().complete_async_activity(std::move(input));
  }

 private:
  const std::shared_ptr<Journal> journal_;
};

// [trace_workflow]
class TracingWorkflowOutbound final : public perdure::WorkflowOutboundInterceptor {
 public:
  TracingWorkflowOutbound(std::unique_ptr<perdure::WorkflowOutboundInterceptor> next,
                          const std::string& trace)
      : WorkflowOutboundInterceptor(std::move(next)), trace_(trace) {}

  workflow::ActivityHandle<Payload> start_activity(perdure::StartActivityInput input) override {
    input.headers[kHeader] = perdure::to_payload(trace_ + "/" + input.activity);
    return next().start_activity(std::move(input));
  }
  workflow::ActivityHandle<Payload> start_local_activity(perdure::StartLocalActivityInput input) override {
    input.headers[kHeader] = perdure::to_payload(trace_ + "/local/" + input.activity);
    return next().start_local_activity(std::move(input));
  }
  void continue_as_new(perdure::ContinueAsNewInput input) override {
    input.headers[kHeader] = perdure::to_payload(trace_ + "/next");
    next().continue_as_new(std::move(input));
  }

 private:
  const std::string& trace_;  // the inbound interceptor's, which lives as long
};

class TracingWorkflowInbound final : public perdure::WorkflowInboundInterceptor {
 public:
  TracingWorkflowInbound(std::unique_ptr<perdure::WorkflowInboundInterceptor> next,
                         std::shared_ptr<Journal> journal)
      : WorkflowInboundInterceptor(std::move(next)), journal_(std::move(journal)) {}

  void init(std::unique_ptr<perdure::WorkflowOutboundInterceptor> outbound) override {
    next().init(std::make_unique<TracingWorkflowOutbound>(std::move(outbound), trace_));
  }
  perdure::Task<perdure::ExecuteWorkflowOutput> execute_workflow(
      perdure::ExecuteWorkflowInput input) override {
    trace_ = trace_of(input.headers);
    write("workflow: begin, trace " + trace_);
    perdure::ExecuteWorkflowOutput output = co_await next().execute_workflow(std::move(input));
    write(output.continue_as_new ? "workflow: continues" : "workflow: end");
    co_return output;
  }
  // [trace_workflow]
  perdure::Task<void> handle_signal(perdure::HandleSignalInput input) override {
    write("workflow: signal " + input.signal + ", trace " + trace_of(input.headers));
    co_await next().handle_signal(std::move(input));
    write("workflow: signal handled");
  }

 private:
  // A span is made once, however often the code is replayed.
  void write(const std::string& line) {
    if (!workflow::is_replaying()) {
      journal_->write(line);
    }
  }

  const std::shared_ptr<Journal> journal_;
  std::string trace_;
};

class TracingActivityOutbound final : public perdure::ActivityOutboundInterceptor {
 public:
  TracingActivityOutbound(std::unique_ptr<perdure::ActivityOutboundInterceptor> next,
                          std::shared_ptr<Journal> journal)
      : ActivityOutboundInterceptor(std::move(next)), journal_(std::move(journal)) {}
  void heartbeat(Payloads details) override {
    journal_->write("activity: heartbeat " + info().activity_type);
    details.push_back(perdure::to_payload("seen"));
    next().heartbeat(std::move(details));
  }

 private:
  const std::shared_ptr<Journal> journal_;
};

// [trace_activity]
class TracingActivityInbound final : public perdure::ActivityInboundInterceptor {
 public:
  TracingActivityInbound(std::unique_ptr<perdure::ActivityInboundInterceptor> next,
                         std::shared_ptr<Journal> journal)
      : ActivityInboundInterceptor(std::move(next)), journal_(std::move(journal)) {}

  void init(std::unique_ptr<perdure::ActivityOutboundInterceptor> outbound) override {
    next().init(std::make_unique<TracingActivityOutbound>(std::move(outbound), journal_));
  }
  perdure::Task<Payload> execute_activity(perdure::ExecuteActivityInput input) override {
    const std::string name = activity::info().activity_type;
    journal_->write("activity: begin " + name + ", trace " + trace_of(input.headers));
    Payload result = co_await next().execute_activity(std::move(input));
    journal_->write("activity: end " + name);
    co_return result;
  }

 private:
  const std::shared_ptr<Journal> journal_;
};

class Tracing final : public perdure::Interceptor {
 public:
  explicit Tracing(std::shared_ptr<Journal> journal) : journal_(std::move(journal)) {}

  std::unique_ptr<perdure::ClientOutboundInterceptor> intercept_client(
      std::unique_ptr<perdure::ClientOutboundInterceptor> next) override {
    return std::make_unique<TracingClient>(std::move(next), journal_);
  }
  std::unique_ptr<perdure::WorkflowInboundInterceptor> intercept_workflow(
      std::unique_ptr<perdure::WorkflowInboundInterceptor> next) override {
    return std::make_unique<TracingWorkflowInbound>(std::move(next), journal_);
  }
  std::unique_ptr<perdure::ActivityInboundInterceptor> intercept_activity(
      std::unique_ptr<perdure::ActivityInboundInterceptor> next) override {
    return std::make_unique<TracingActivityInbound>(std::move(next), journal_);
  }

 private:
  const std::shared_ptr<Journal> journal_;
};
// [trace_activity]

std::string charge(const std::string& card) {
  activity::heartbeat(card);
  return "charged " + card;
}
perdure::Task<std::string> greet(std::string name) {
  co_await activity::sleep(1ms);
  activity::heartbeat(name);
  co_return "hello " + name;
}
std::string decline(const std::string& card) {
  throw perdure::ApplicationError("declined " + card, {.type = "Declined", .non_retryable = true});
}

class Purchase {
 public:
  perdure::Task<std::string> run(std::string card) {
    co_await workflow::wait_condition([&] { return approved_; });
    const auto charged = co_await workflow::execute_activity<charge>(card, {.start_to_close_timeout = 10s});
    co_await workflow::sleep(1ms, {.summary = "cool down"});
    const auto greeted = co_await workflow::execute_activity<greet>(by_, {.start_to_close_timeout = 10s});
    co_return charged + ", " + greeted;
  }
  perdure::Task<void> approve(std::string by) {
    co_await workflow::sleep(1ms);
    by_ = std::move(by);
    approved_ = true;
  }
  static constexpr auto signals = perdure::signals<&Purchase::approve>();

 private:
  bool approved_ = false;
  std::string by_;
};

class Counts {
 public:
  perdure::Task<int> run(int left) {
    if (left > 0) {
      co_return workflow::continue_as_new<Counts>(left - 1);
    }
    co_return left;
  }
};

class AwaitsItsEnd {
 public:
  perdure::Task<void> run(int left) {
    if (left > 0) {
      co_await workflow::continue_as_new<AwaitsItsEnd>(left - 1);
    }
  }
};

class Declined {
 public:
  perdure::Task<std::string> run() {
    try {
      co_return co_await workflow::execute_activity<decline>("4711", {.start_to_close_timeout = 10s});
    } catch (const perdure::ActivityError& error) {
      co_return std::string("because: ") + error.cause()->what();
    }
  }
};

class Nearby {
 public:
  perdure::Task<std::string> run(std::string card) {
    co_return co_await workflow::execute_local_activity<charge>(card, {.start_to_close_timeout = 10s});
  }
};

class WaitsLong {
 public:
  perdure::Task<void> run() { co_await workflow::sleep(24h); }
};

class InterceptorTest : public SdkTest {
 protected:
  InterceptorTest() { intercepted({std::make_shared<Tracing>(journal_)}); }
  void intercepted(std::vector<std::shared_ptr<perdure::Interceptor>> interceptors) {
    client_.reset();
    client_ =
        perdure::Client::connect("file:" + directory_.string(), {.interceptors = std::move(interceptors)});
  }
  perdure::WorkerOptions everything() {
    return {.workflows = perdure::workflows<Purchase, Counts, AwaitsItsEnd, Declined, WaitsLong>(),
            .activities = perdure::activities<charge, greet, decline>()};
  }
  std::shared_ptr<Journal> journal_ = std::make_shared<Journal>();
};

TEST_F(InterceptorTest, ATraceTravelsFromTheClientThroughTheWorkflowIntoItsActivities) {
  const auto running = worker(everything());
  const auto handle = client().start_workflow<Purchase>("4711", {.id = "p", .task_queue = kQueue});
  handle.signal<&Purchase::approve>("Ann");
  EXPECT_EQ(handle.result(), "charged 4711, hello Ann");
  EXPECT_THAT(journal_->lines(),
              testing::UnorderedElementsAre(
                  "client: start Purchase", "client: signal approve", "client: result p",
                  "workflow: begin, trace start:Purchase", "workflow: signal approve, trace signal:approve",
                  "workflow: signal handled", "activity: begin charge, trace start:Purchase/charge",
                  "activity: heartbeat charge", "activity: end charge",
                  "activity: begin greet, trace start:Purchase/greet", "activity: heartbeat greet",
                  "activity: end greet", "workflow: end"));
}

TEST_F(InterceptorTest, AReplayMakesNoSpanTwiceAndFollowsItsHistory) {
  perdure::WorkerOptions forgetful = everything();
  forgetful.max_cached_workflows = 0;
  const auto running = worker(std::move(forgetful));
  const auto handle = client().start_workflow<Purchase>("4711", {.id = "p", .task_queue = kQueue});
  handle.signal<&Purchase::approve>("Ann");
  EXPECT_EQ(handle.result(), "charged 4711, hello Ann");
  const auto lines = journal_->lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "workflow: begin, trace start:Purchase"), 1);
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "workflow: end"), 1);
  const perdure::testing::Replayer replayer(
      perdure::workflows<Purchase>(),
      {.data_converter = {}, .interceptors = {std::make_shared<Tracing>(journal_)}});
  EXPECT_TRUE(replayer.replay(handle.fetch_history()));
}

TEST_F(InterceptorTest, ARunThatContinuesAsNewHandsItsTraceOn) {
  const auto running = worker(everything());
  EXPECT_EQ(client().execute_workflow<Counts>(2, {.id = "c", .task_queue = kQueue}), 0);
  EXPECT_THAT(journal_->lines(), AllOf(Contains("workflow: begin, trace start:Counts/next/next"),
                                       Contains("workflow: continues"), Contains("workflow: end")));
  client().execute_workflow<AwaitsItsEnd>(1, {.id = "a", .task_queue = kQueue});
  EXPECT_THAT(journal_->lines(), Contains("workflow: begin, trace start:AwaitsItsEnd/next"));
}

TEST_F(InterceptorTest, ErrorsPassThroughAllOfThem) {
  const auto running = worker(everything());
  EXPECT_EQ(client().execute_workflow<Declined>({.id = "d", .task_queue = kQueue}), "because: declined 4711");
  EXPECT_THAT(journal_->lines(), Contains("activity: begin decline, trace start:Declined/decline"));
}

TEST_F(InterceptorTest, LocalActivitiesHaveTheirTraceToo) {
  const auto running =
      worker({.workflows = perdure::workflows<Nearby>(), .activities = perdure::activities<charge>()});
  EXPECT_EQ(client().execute_workflow<Nearby>("4711", {.id = "n", .task_queue = kQueue}), "charged 4711");
  EXPECT_THAT(journal_->lines(),
              AllOf(Contains("activity: begin charge, trace start:Nearby/local/charge"),
                    Contains("activity: heartbeat charge"), Contains("activity: end charge")));
}

TEST_F(InterceptorTest, CancelTerminateAndDescribeAreSeen) {
  const auto running = worker(everything());
  const auto handle = client().start_workflow<WaitsLong>({.id = "w", .task_queue = kQueue});
  EXPECT_EQ(handle.describe().workflow_type, "WaitsLong");
  handle.cancel("enough");
  EXPECT_TRUE(error_of<perdure::WorkflowFailureError>([&] { handle.result(); }));
  const auto second = client().start_workflow<WaitsLong>({.id = "v", .task_queue = kQueue});
  second.terminate("enough");
  const auto error = error_of<perdure::WorkflowFailureError>([&] { second.result(); });
  ASSERT_TRUE(error);
  EXPECT_STREQ(error->cause()->what(), "enough, audited");
  EXPECT_THAT(journal_->lines(), AllOf(Contains("client: describe w"), Contains("client: cancel w"),
                                       Contains("client: terminate v")));
}

// Changes what it wants: arguments and results on all three levels.
class Meddling final : public perdure::Interceptor {
 public:
  explicit Meddling(std::string mark) : mark_(std::move(mark)) {}

  std::unique_ptr<perdure::ClientOutboundInterceptor> intercept_client(
      std::unique_ptr<perdure::ClientOutboundInterceptor> next) override {
    class Link final : public perdure::ClientOutboundInterceptor {
     public:
      Link(std::unique_ptr<ClientOutboundInterceptor> after, std::string mark)
          : ClientOutboundInterceptor(std::move(after)), mark_(std::move(mark)) {}
      perdure::StartWorkflowOutput start_workflow(perdure::StartWorkflowInput input) override {
        input.args =
            perdure::to_payloads(perdure::from_payload<std::string>(input.args.at(0)) + " c" + mark_);
        return next().start_workflow(std::move(input));
      }

     private:
      const std::string mark_;
    };
    return std::make_unique<Link>(std::move(next), mark_);
  }
  std::unique_ptr<perdure::WorkflowInboundInterceptor> intercept_workflow(
      std::unique_ptr<perdure::WorkflowInboundInterceptor> next) override {
    class Outbound final : public perdure::WorkflowOutboundInterceptor {
     public:
      explicit Outbound(std::unique_ptr<WorkflowOutboundInterceptor> after)
          : WorkflowOutboundInterceptor(std::move(after)) {}
      workflow::TimerHandle start_timer(perdure::StartTimerInput input) override {
        input.summary += ", intercepted";
        return next().start_timer(std::move(input));
      }
    };
    class Link final : public perdure::WorkflowInboundInterceptor {
     public:
      Link(std::unique_ptr<WorkflowInboundInterceptor> after, std::string mark)
          : WorkflowInboundInterceptor(std::move(after)), mark_(std::move(mark)) {}
      void init(std::unique_ptr<perdure::WorkflowOutboundInterceptor> outbound) override {
        next().init(std::make_unique<Outbound>(std::move(outbound)));
      }
      perdure::Task<perdure::ExecuteWorkflowOutput> execute_workflow(
          perdure::ExecuteWorkflowInput input) override {
        auto output = co_await next().execute_workflow(std::move(input));
        output.result = perdure::to_payload(perdure::from_payload<std::string>(output.result) + " w" + mark_);
        co_return output;
      }

     private:
      const std::string mark_;
    };
    return std::make_unique<Link>(std::move(next), mark_);
  }
  std::unique_ptr<perdure::ActivityInboundInterceptor> intercept_activity(
      std::unique_ptr<perdure::ActivityInboundInterceptor> next) override {
    class Link final : public perdure::ActivityInboundInterceptor {
     public:
      Link(std::unique_ptr<ActivityInboundInterceptor> after, std::string mark)
          : ActivityInboundInterceptor(std::move(after)), mark_(std::move(mark)) {}
      perdure::Task<Payload> execute_activity(perdure::ExecuteActivityInput input) override {
        const Payload result = co_await next().execute_activity(std::move(input));
        co_return perdure::to_payload(perdure::from_payload<std::string>(result) + " a" + mark_);
      }

     private:
      const std::string mark_;
    };
    return std::make_unique<Link>(std::move(next), mark_);
  }

 private:
  const std::string mark_;
};

class Charges {
 public:
  perdure::Task<std::string> run(std::string card) {
    co_await workflow::sleep(1ms, {.summary = "a moment"});
    co_return co_await workflow::execute_activity<charge>(card, {.start_to_close_timeout = 10s});
  }
};

TEST_F(InterceptorTest, TheFirstIsTheOutermostAndThoseOfTheWorkerComeLast) {
  intercepted({std::make_shared<Meddling>("1"), std::make_shared<Meddling>("2")});
  perdure::WorkerOptions options{.workflows = perdure::workflows<Charges>(),
                                 .activities = perdure::activities<charge>()};
  options.interceptors = {std::make_shared<Meddling>("3")};
  const auto running = worker(std::move(options));
  const auto handle = client().start_workflow<Charges>("card", {.id = "m", .task_queue = kQueue});
  EXPECT_EQ(handle.result(), "charged card c1 c2 a3 a2 a1 w3 w2 w1");
  // "a moment, intercepted, intercepted, intercepted", in base64
  EXPECT_THAT(handle.fetch_history(),
              HasSubstr("ImEgbW9tZW50LCBpbnRlcmNlcHRlZCwgaW50ZXJjZXB0ZWQsIGludGVyY2VwdGVkIg=="));
}

class BadSignal {
 public:
  perdure::Task<int> run() {
    co_await workflow::wait_condition([&] { return number_ != 0; });
    co_return number_;
  }
  void set(int number) { number_ = number; }
  static constexpr auto signals = perdure::signals<&BadSignal::set>();

 private:
  int number_ = 0;
};

TEST_F(InterceptorTest, ASignalThatDoesNotDecodeIsDroppedBehindInterceptorsToo) {
  const auto running = worker({.workflows = perdure::workflows<BadSignal>()});
  const auto handle = client().start_workflow<BadSignal>({.id = "b", .task_queue = kQueue});
  handle.signal("set", "not a number");
  handle.signal<&BadSignal::set>(7);
  EXPECT_EQ(handle.result(), 7);
}

TEST_F(InterceptorTest, ARunIsDestroyedWhileInterceptorsWait) {
  {
    const auto running = worker(everything());
    const auto handle = client().start_workflow<Purchase>("4711", {.id = "p", .task_queue = kQueue});
    ASSERT_TRUE(eventually([&] {
      const auto lines = journal_->lines();
      return std::count(lines.begin(), lines.end(), "workflow: begin, trace start:Purchase") == 1;
    }));
  }
  const auto again = worker(everything());
  const auto handle = client().get_workflow_handle<Purchase>("p");
  handle.signal<&Purchase::approve>("Bob");
  EXPECT_EQ(handle.result(), "charged 4711, hello Bob");
}

// Waits before the activity, as one that asks somebody for permission.
class WaitsFirst final : public perdure::Interceptor {
 public:
  std::unique_ptr<perdure::ActivityInboundInterceptor> intercept_activity(
      std::unique_ptr<perdure::ActivityInboundInterceptor> next) override {
    class Link final : public perdure::ActivityInboundInterceptor {
     public:
      using ActivityInboundInterceptor::ActivityInboundInterceptor;
      perdure::Task<Payload> execute_activity(perdure::ExecuteActivityInput input) override {
        co_await activity::sleep(1ms);
        co_return co_await next().execute_activity(std::move(input));
      }
    };
    return std::make_unique<Link>(std::move(next));
  }
};

// Each of the two needs the other: on one thread neither would end.
std::latch* g_both = nullptr;
std::string meet() {
  g_both->arrive_and_wait();
  return activity::info().activity_type;
}
class Meeting {
 public:
  perdure::Task<std::string> run() {
    auto one = workflow::start_activity<meet>({.start_to_close_timeout = 10s});
    auto other = workflow::start_activity<meet>({.start_to_close_timeout = 10s});
    const std::string met = co_await one;
    co_return met + " " + co_await other;
  }
};

TEST_F(InterceptorTest, AFunctionKeepsItsThreadWhenAnInterceptorHasWaited) {
  std::latch both(2);
  g_both = &both;
  const auto running = worker({.workflows = perdure::workflows<Meeting>(),
                               .activities = perdure::activities<meet>(),
                               .interceptors = {std::make_shared<WaitsFirst>()}});
  EXPECT_EQ(client().execute_workflow<Meeting>({.id = "m", .task_queue = kQueue}), "meet meet");
}

}  // namespace sdk_test::interceptor
