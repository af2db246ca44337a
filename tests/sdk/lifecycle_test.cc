// What outlives workers, clients and processes.
#include <signal.h>
#include <unistd.h>

#include <latch>
#include <thread>

#include "tests/sdk/fixture.h"
#include "tests/support/kept_log.h"

namespace sdk_test {

std::string compose(std::string name) { return "Hello, " + name; }

class Approval {
 public:
  perdure::Task<std::string> run(std::string what) {
    const std::string greeting =
        co_await workflow::execute_activity<compose>(what, {.start_to_close_timeout = 10s});
    co_await workflow::wait_condition([this] { return !by_.empty(); });
    co_return greeting + " approved by " + by_;
  }
  void approve(std::string by) { by_ = std::move(by); }
  static constexpr auto signals = perdure::signals<&Approval::approve>();

 private:
  std::string by_;
};

struct Holder {
  std::latch started{1};
  int attempts = 0;
  // Stops when it is told to; the second attempt does not wait.
  int hold() {
    attempts = activity::info().attempt;
    if (attempts == 1) {
      started.count_down();
      activity::wait_for_cancelled();
      activity::throw_if_cancelled();
    }
    return attempts;
  }
};

class Holding {
 public:
  perdure::Task<int> run() {
    co_return co_await workflow::execute_activity<&Holder::hold>(
        {.start_to_close_timeout = 60s, .retry_policy = perdure::RetryPolicy{.initial_interval = 1ms}});
  }
};

class Lifecycle : public SdkTest {
 protected:
  perdure::WorkerOptions approvals() {
    return {.workflows = perdure::workflows<Approval>(), .activities = perdure::activities<compose>()};
  }
};

TEST_F(Lifecycle, AResultIsThereAfterReconnecting) {
  std::string run_id;
  {
    const auto running = worker(approvals());
    const auto handle = client().start_workflow<Approval>("x", {.id = "w", .task_queue = kQueue});
    handle.signal<&Approval::approve>("me");
    EXPECT_EQ(handle.result(), "Hello, x approved by me");
    run_id = handle.run_id();
  }
  disconnect();
  EXPECT_EQ(client().get_workflow_handle<Approval>("w").result(), "Hello, x approved by me");
  EXPECT_EQ(client().get_workflow_handle<Approval>("w", run_id).result(), "Hello, x approved by me");
}

TEST_F(Lifecycle, AWorkflowGoesOnAfterItsProgram) {
  const auto begin = std::chrono::steady_clock::now();
  for (int program = 0; program < 3; ++program) {
    const auto running = worker(approvals());
    if (program == 0) {
      client().start_workflow<Approval>("x", {.id = "w", .task_queue = kQueue});
    }
    if (program == 2) {
      const auto handle = client().get_workflow_handle<Approval>("w");
      handle.signal<&Approval::approve>("the third program");
      EXPECT_EQ(handle.result(), "Hello, x approved by the third program");
    } else {
      EXPECT_TRUE(eventually(
          [&] { return client().get_workflow_handle<Approval>("w").describe().pending_activities == 0; }));
    }
    disconnect();
  }
  // What waited for the worker of an earlier program is taken at once, not after its sticky timeout of 10 s.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s);
}

TEST_F(Lifecycle, AnotherWorkerTakesOverAtOnce) {
  auto first = worker(approvals());
  const auto handle = client().start_workflow<Approval>("x", {.id = "w", .task_queue = kQueue});
  EXPECT_TRUE(eventually([&] { return handle.describe().history_length >= 10; }));
  first->stop();
  const auto begin = std::chrono::steady_clock::now();
  const auto second = worker(approvals());
  handle.signal<&Approval::approve>("me");
  EXPECT_EQ(handle.result(), "Hello, x approved by me");
  // Not after the sticky queue's timeout of 10 s.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 8s);
}

TEST_F(Lifecycle, AnActivityThatAWorkerLeavesBehindIsTriedAgain) {
  Holder holder;
  auto first = worker(
      {.workflows = perdure::workflows<Holding>(), .activities = perdure::activities<&Holder::hold>(holder)});
  const auto handle = client().start_workflow<Holding>({.id = "w", .task_queue = kQueue});
  holder.started.wait();
  first->stop();
  const auto second = worker(
      {.workflows = perdure::workflows<Holding>(), .activities = perdure::activities<&Holder::hold>(holder)});
  EXPECT_EQ(handle.result(), 2);
}

TEST_F(Lifecycle, AWorkerMayBeStoppedAgainAndStartedOnce) {
  const auto running = worker(approvals());
  EXPECT_THROW(running->start(), perdure::PerdureError);
  running->stop();
  running->stop();
}

TEST_F(Lifecycle, RunEndsWithASignalOrWithStop) {
  auto options = approvals();
  options.task_queue = kQueue;
  for (const bool by_signal : {true, false}) {
    perdure::Worker worker(client(), options);
    std::thread running([&] { worker.run(); });
    // The result shows that run() is under way.
    const auto handle =
        client().start_workflow<Approval>("x", {.id = by_signal ? "signal" : "stop", .task_queue = kQueue});
    handle.signal<&Approval::approve>("me");
    EXPECT_EQ(handle.result(), "Hello, x approved by me");
    if (by_signal) {
      ASSERT_EQ(kill(getpid(), SIGTERM), 0);
    } else {
      worker.stop();
    }
    running.join();
  }
}

TEST_F(Lifecycle, HistoriesKeepWhichBuildRan) {
  perdure::WorkerOptions options = approvals();
  options.build_id = "build-7";
  const auto running = worker(options);
  const auto handle = client().start_workflow<Approval>("you", {.id = "w", .task_queue = kQueue});
  handle.signal<&Approval::approve>("me");
  handle.result();
  EXPECT_THAT(handle.fetch_history(), testing::HasSubstr("build-7"));
}

class AsksTwice {
 public:
  perdure::Task<> run() {
    const auto first =
        workflow::start_activity<compose>("a", {.start_to_close_timeout = 10s, .activity_id = "same"});
    const auto second =
        workflow::start_activity<compose>("b", {.start_to_close_timeout = 10s, .activity_id = "same"});
    co_await first;
    co_await second;
  }
};

TEST_F(Lifecycle, WhatTheServiceRefusesIsLogged) {
  const test_support::KeptLog log;
  const auto running =
      worker({.workflows = perdure::workflows<AsksTwice>(), .activities = perdure::activities<compose>()});
  client().start_workflow<AsksTwice>({.id = "w", .task_queue = kQueue});
  EXPECT_TRUE(eventually([&] { return !log.lines().empty(); }));
  EXPECT_THAT(log.lines()[0].message, testing::HasSubstr("the service refuses what a workflow task came to"));
  EXPECT_THAT(log.lines()[0].message, testing::HasSubstr("same"));
  EXPECT_EQ(test_support::field(log.lines()[0], "workflow_id"), "w");
}

TEST_F(Lifecycle, ADirectoryHasOneHolder) {
  client();
  const auto error =
      error_of<perdure::RpcError>([&] { perdure::Client::connect("file:" + directory_.string()); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), perdure::RpcStatusCode::kFailedPrecondition);
  EXPECT_THAT(error->what(), testing::HasSubstr(std::to_string(getpid())));
}

}  // namespace sdk_test
