// Perdure on an event loop of the program's own: calls that do not block, coroutines that await them, codecs
// and interceptors around them.
#include <algorithm>
#include <atomic>
#include <map>
#include <stdexcept>

#include "tests/sdk/event_loop_fixture.h"
#include "tests/support/kept_log.h"

namespace sdk_test::event_loop {

// ---- calls

TEST_F(EventLoopTest, ShortCallsMayBlockAndWaitingForAWorkflowMayNot) {
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  // Before the loop has ever run, too.
  const auto handle = client_->start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue});
  EXPECT_EQ(handle.describe().status, perdure::WorkflowExecutionStatus::kRunning);
  handle.signal<&GreetLater::approve>("me");
  pump_->wait_and_run(1s);
  const auto refused = error_of<perdure::PerdureError>([&] { handle.result(); });
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->what(), HasSubstr("AsyncClient"));
  // On another thread it may.
  std::atomic<bool> done = false;
  std::string result;
  std::thread caller([&] {
    result = handle.result();
    done = true;
  });
  run_until([&] { return done.load(); });
  caller.join();
  EXPECT_EQ(result, "Hello, you and Hello, locally from me");
}

TEST_F(EventLoopTest, ErrorsArePartOfTheAnswer) {
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const AsyncClient async(*client_);
  const auto failed = answer(async.execute_workflow<Fails>({.id = "fails", .task_queue = kQueue}));
  EXPECT_FALSE(failed);
  EXPECT_THROW(failed.value(), perdure::WorkflowFailureError);
  const perdure::WorkflowOptions once{.id = "once", .task_queue = kQueue};
  EXPECT_TRUE(answer(async.start_workflow<WaitsForEver>(once)));
  EXPECT_THROW(answer(async.start_workflow<WaitsForEver>(once)).value(),
               perdure::WorkflowAlreadyStartedError);
  const auto once_handle = async.get_workflow_handle<WaitsForEver>("once");
  EXPECT_TRUE(answer(once_handle.terminate("enough")));
  EXPECT_THROW(answer(once_handle.result()).value(), perdure::WorkflowFailureError);
  EXPECT_THROW(answer(async.get_workflow_handle<Fails>("nobody").cancel()).value(),
               perdure::WorkflowNotFoundError);
  EXPECT_THROW((void)async.start_workflow<WaitsForEver>({.task_queue = kQueue}), perdure::OptionsError);
}

TEST_F(EventLoopTest, WhatACallbackThrowsComesOutOfTheLoop) {
  const AsyncClient async(*client_);
  for (const std::string id : {"a", "b", "c"}) {
    async.start_workflow<WaitsForEver>({.id = id, .task_queue = kQueue}).then([](const auto&) {
      throw std::runtime_error("a callback");
    });
  }
  for (int thrown = 0; thrown < 3;) {
    try {
      pump_->wait_and_run(1s);
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_TRUE(answer(async.get_workflow_handle<WaitsForEver>("c").describe()));
}

TEST_F(EventLoopTest, ALoopThatIsNotRunMakesNoProgressAndLosesNothing) {
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const auto handle = client_->start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue});
  handle.signal<&GreetLater::approve>("me");
  EXPECT_TRUE(g_threads.take().empty());
  EXPECT_EQ(answer(AsyncClient(*client_).get_workflow_handle<GreetLater>("w").result()).value(),
            "Hello, you and Hello, locally from me");
}

TEST_F(EventLoopTest, AClientThatIsGoneAnswersNobodyAndLetsGoOfItsState) {
  bool called = false;
  {
    const AsyncClient async(*client_);
    const auto handle = answer(async.start_workflow<WaitsForEver>({.id = "w", .task_queue = kQueue})).value();
    handle.result().then([&](const auto&) { called = true; });
  }
  disconnect();
  client_ = connect();  // the directory belongs to one client at a time
  EXPECT_EQ(client_->get_workflow_handle<WaitsForEver>("w").describe().status,
            perdure::WorkflowExecutionStatus::kRunning);
  while (pump_->run_ready() > 0) {
  }
  EXPECT_FALSE(called);
}

// ---- coroutines

perdure::Task<std::string> greet_by_workflow(std::string name) {
  const AsyncClient async(activity::client());
  const std::string id = activity::info().workflow_id + "/greeting";
  const auto handle = co_await async.start_workflow<GreetLater>(name, {.id = id, .task_queue = kQueue});
  co_await handle.signal<&GreetLater::approve>("an activity");
  const std::string greeting = co_await handle.result();
  g_threads.note();
  co_return activity::info().activity_type + ": " + greeting;
}
class GreetByWorkflow {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await workflow::execute_activity<greet_by_workflow>(name, {.start_to_close_timeout = 10s});
  }
};
const AsyncClient* g_async = nullptr;
class AwaitsAClient {
 public:
  perdure::Task<std::string> run() {
    co_return co_await g_async->get_workflow_handle<GreetLater>("w").result();
  }
};

TEST_F(EventLoopTest, CoroutineActivitiesAwaitCallsAndGoOnAsTheActivityTheyAre) {
  perdure::WorkerOptions options = coroutines();
  options.workflows += perdure::workflows<GreetByWorkflow>();
  options.activities += perdure::activities<greet_by_workflow>();
  perdure::Worker worker(*client_, options);
  worker.start();
  EXPECT_EQ(answer(AsyncClient(*client_).execute_workflow<GreetByWorkflow>("you",
                                                                           {.id = "w", .task_queue = kQueue}))
                .value(),
            "greet_by_workflow: Hello, you and Hello, locally from an activity");
  EXPECT_THAT(g_threads.take(), ElementsAre(std::this_thread::get_id()));
}

TEST_F(EventLoopTest, WorkflowCodeCannotAwaitAClient) {
  const AsyncClient async(*client_);
  g_async = &async;
  perdure::WorkerOptions options = coroutines();
  options.workflows += perdure::workflows<AwaitsAClient>();
  perdure::Worker worker(*client_, options);
  worker.start();
  const auto handle =
      answer(async.start_workflow<AwaitsAClient>({.id = "awaits", .task_queue = kQueue})).value();
  // The task fails, and the workflow waits for better code. Without the guard, as in builds with sanitizers,
  // what is awaited is found not to be in its history.
  run_until([&] {
    const std::string history = handle.blocking().fetch_history();
    return history.find("perdure::Client") != std::string::npos ||
           history.find("is not in its history") != std::string::npos;
  });
  worker.stop();
}

// ---- activities that are completed from elsewhere

// [ask]
std::string g_token;
std::string ask_a_person() {
  g_token = activity::info().task_token;
  activity::complete_async();
}
// [ask]

class AskedApproval {
 public:
  perdure::Task<std::string> run() {
    co_return co_await workflow::execute_activity<ask_a_person>(
        {.start_to_close_timeout = 60s,
         .retry_policy = perdure::RetryPolicy{.maximum_attempts = 1},
         .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted,
         .activity_id = "approval"});
  }
};

class ApprovalTest : public EventLoopTest {
 protected:
  // An approval that waits for its answer.
  perdure::AsyncWorkflowHandle<std::string> begin() {
    g_token.clear();
    worker_.emplace(*client_, perdure::WorkerOptions{.task_queue = kQueue,
                                                     .workflows = perdure::workflows<AskedApproval>(),
                                                     .activities = perdure::activities<ask_a_person>(),
                                                     .function_activities = FunctionActivities::kOnExecutor});
    worker_->start();
    auto approval = answer(async_.start_workflow<AskedApproval>({.id = "w", .task_queue = kQueue})).value();
    run_until([] { return !g_token.empty(); });
    return approval;
  }

  const AsyncClient async_{*client_};
  std::optional<perdure::Worker> worker_;
};

TEST_F(ApprovalTest, IsCompletedByToken) {
  const auto approval = begin();
  const auto handle = async_.get_async_activity_handle(g_token);
  EXPECT_TRUE(answer(handle.heartbeat("asked")));
  EXPECT_TRUE(answer(handle.complete(std::string("approved"))));
  EXPECT_EQ(answer(approval.result()).value(), "approved");
  EXPECT_THROW(answer(handle.complete(std::string("again"))).value(), perdure::RpcError);
}

TEST_F(ApprovalTest, FailsByIds) {
  const auto approval = begin();
  const auto handle = async_.get_async_activity_handle("w", "", "approval");
  EXPECT_TRUE(answer(handle.fail(perdure::ApplicationError("refused", {.type = "Refused"}), "why")));
  EXPECT_THROW(answer(approval.result()).value(), perdure::WorkflowFailureError);
}

TEST_F(ApprovalTest, HearsOfItsCancellationAndReportsIt) {
  const auto approval = begin();
  const auto handle = async_.get_async_activity_handle(g_token);
  EXPECT_TRUE(answer(approval.cancel()));
  run_until([&] {
    return error_of<perdure::CancelledError>([&] { answer(handle.heartbeat()).value(); }).has_value();
  });
  EXPECT_TRUE(answer(handle.report_cancellation("put away")));
  EXPECT_THROW(answer(approval.result()).value(), perdure::WorkflowFailureError);
}

// ---- extensions

class Reversed final : public perdure::PayloadCodec {
 public:
  perdure::Payloads encode(perdure::Payloads payloads) override { return reverse(std::move(payloads)); }
  perdure::Payloads decode(perdure::Payloads payloads) override { return reverse(std::move(payloads)); }

 private:
  static perdure::Payloads reverse(perdure::Payloads payloads) {
    g_threads.note();
    for (perdure::Payload& payload : payloads) {
      payload.data = std::string(payload.data.rbegin(), payload.data.rend());
    }
    return payloads;
  }
};

TEST_F(EventLoopTest, CodecsRunOnTheLoop) {
  disconnect();
  client_ = perdure::Client::connect(
      "file:" + directory_.string(),
      {.data_converter = {.payload_codec = std::make_shared<Reversed>()}, .executor = pump_});
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const AsyncClient async(*client_);
  const auto handle =
      answer(async.start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue})).value();
  EXPECT_TRUE(answer(handle.signal<&GreetLater::approve>("me")));
  EXPECT_EQ(answer(handle.result()).value(), "Hello, you and Hello, locally from me");
  EXPECT_THAT(handle.blocking().fetch_history(), HasSubstr("WORKFLOW_EXECUTION_COMPLETED"));
  EXPECT_THAT(g_threads.take(), ElementsAre(std::this_thread::get_id()));
}

// Interceptors of a client block, so their calls cannot be made on the loop.
class CountingClient final : public perdure::ClientOutboundInterceptor {
 public:
  CountingClient(std::unique_ptr<perdure::ClientOutboundInterceptor> next, std::atomic<int>& calls)
      : ClientOutboundInterceptor(std::move(next)), calls_(calls) {}
  perdure::StartWorkflowOutput start_workflow(perdure::StartWorkflowInput input) override {
    ++calls_;
    return next().start_workflow(std::move(input));
  }
  perdure::Payload workflow_result(perdure::WorkflowResultInput input) override {
    ++calls_;
    return next().workflow_result(std::move(input));
  }

 private:
  std::atomic<int>& calls_;
};
class Counting final : public perdure::Interceptor {
 public:
  std::unique_ptr<perdure::ClientOutboundInterceptor> intercept_client(
      std::unique_ptr<perdure::ClientOutboundInterceptor> next) override {
    return std::make_unique<CountingClient>(std::move(next), calls);
  }
  std::atomic<int> calls = 0;
};

TEST_F(EventLoopTest, InterceptorsOfTheClientSeeAwaitableCalls) {
  disconnect();
  const auto counting = std::make_shared<Counting>();
  client_ = perdure::Client::connect("file:" + directory_.string(),
                                     {.interceptors = {counting}, .executor = pump_});
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  EXPECT_FALSE(answer(AsyncClient(*client_).execute_workflow<Fails>({.id = "w", .task_queue = kQueue})));
  EXPECT_EQ(counting->calls, 2);
}

int block_for_two_seconds() {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, 2100ms);
  try {
    activity::wait_for_cancelled();
  } catch (const perdure::PerdureError&) {
    return 1;
  }
  return 0;
}
class Blocks {
 public:
  perdure::Task<int> run() {
    co_return co_await workflow::execute_activity<block_for_two_seconds>({.start_to_close_timeout = 10s});
  }
};

TEST_F(EventLoopTest, AnActivityThatBlocksTheLoopIsReportedAndCannotWaitForItsCancellation) {
  const test_support::KeptLog log;
  {
    perdure::Worker worker(*client_, {.task_queue = kQueue,
                                      .workflows = perdure::workflows<Blocks>(),
                                      .activities = perdure::activities<block_for_two_seconds>(),
                                      .function_activities = FunctionActivities::kOnExecutor});
    worker.start();
    EXPECT_EQ(
        answer(AsyncClient(*client_).execute_workflow<Blocks>({.id = "w", .task_queue = kQueue})).value(), 1);
  }
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_THAT(log.lines()[0].message, HasSubstr("blocked the event loop of the program"));
  EXPECT_EQ(test_support::field(log.lines()[0], "activity_type"), "block_for_two_seconds");
}

}  // namespace sdk_test::event_loop
