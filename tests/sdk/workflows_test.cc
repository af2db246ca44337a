// Signals, timers, continue-as-new, cancellation, timeouts of runs, and code that fails.
#include <stdexcept>
#include <vector>

#include "tests/sdk/fixture.h"

namespace sdk_test {

struct Item {
  std::string name;
  int count = 1;
};

class Cart {
 public:
  perdure::Task<std::vector<std::string>> run() {
    co_await workflow::wait_condition([this] { return closed_; });
    co_return items_;
  }
  void add(Item item) { items_.push_back(std::to_string(item.count) + " " + item.name); }
  void close() { closed_ = true; }
  static constexpr auto signals = perdure::signals<&Cart::add, &Cart::close>();

 private:
  std::vector<std::string> items_;
  bool closed_ = false;
};

class Countdown {
 public:
  perdure::Task<std::string> run(int from, int runs) {
    if (from > 0) {
      co_return workflow::continue_as_new<Countdown>(from - 1, runs + 1);
    }
    co_return "after " + std::to_string(runs) + " runs";
  }
};

class Sleeper {
 public:
  perdure::Task<> run(std::chrono::milliseconds time) { co_await workflow::sleep(time); }
};

class Throws {
 public:
  perdure::Task<> run(bool application) {
    if (application) {
      throw perdure::ApplicationError("broken on purpose", {.type = "Broken"});
    }
    throw std::runtime_error("a bug");
    co_return;
  }
};

class WorkflowsTest : public SdkTest {
 protected:
  perdure::WorkflowOptions options(std::string id = "w") {
    return {.id = std::move(id), .task_queue = kQueue};
  }
};

TEST_F(WorkflowsTest, SignalsArriveInOrder) {
  const auto running = worker({.workflows = perdure::workflows<Cart>()});
  const auto handle = client().start_workflow<Cart>(options());
  handle.signal<&Cart::add>({.name = "apple", .count = 2});
  handle.signal("add", Item{.name = "pear"});
  handle.signal<&Cart::close>();
  EXPECT_EQ(handle.result(), (std::vector<std::string>{"2 apple", "1 pear"}));
  EXPECT_THROW(handle.signal<&Cart::close>(), perdure::WorkflowNotFoundError);
}

TEST_F(WorkflowsTest, AResultIsFoundAtTheEndOfAChain) {
  const auto running = worker({.workflows = perdure::workflows<Countdown>()});
  const auto handle = client().start_workflow<Countdown>(5, 1, options());
  EXPECT_EQ(handle.result(), "after 6 runs");
  EXPECT_EQ(handle.first_execution_run_id(), handle.run_id());
  EXPECT_NE(handle.describe().run_id, handle.run_id());
}

TEST_F(WorkflowsTest, TimersFire) {
  const auto running = worker({.workflows = perdure::workflows<Sleeper>()});
  client().execute_workflow<Sleeper>(20ms, options());
}

TEST_F(WorkflowsTest, ACancelledWorkflowSaysSo) {
  const auto running = worker({.workflows = perdure::workflows<Sleeper>()});
  const auto handle = client().start_workflow<Sleeper>(1h, options());
  handle.cancel();
  const auto error = error_of<perdure::WorkflowFailureError>([&] { handle.result(); });
  ASSERT_TRUE(error);
  EXPECT_NE(cause_at<perdure::CancelledError>(*error, 0), nullptr);
}

TEST_F(WorkflowsTest, ATerminatedWorkflowSaysWhy) {
  const auto handle = client().start_workflow<Sleeper>(1h, options());
  handle.terminate("enough");
  const auto error = error_of<perdure::WorkflowFailureError>([&] { handle.result(); });
  ASSERT_TRUE(error);
  const auto* terminated = cause_at<perdure::TerminatedError>(*error, 0);
  ASSERT_NE(terminated, nullptr);
  EXPECT_EQ(terminated->message(), "enough");
}

TEST_F(WorkflowsTest, ARunThatTakesTooLongTimesOut) {
  const auto running = worker({.workflows = perdure::workflows<Sleeper>()});
  auto limited = options();
  limited.run_timeout = 1s;
  const auto error =
      error_of<perdure::WorkflowFailureError>([&] { client().execute_workflow<Sleeper>(1h, limited); });
  ASSERT_TRUE(error);
  EXPECT_NE(cause_at<perdure::TimeoutError>(*error, 0), nullptr);
}

TEST_F(WorkflowsTest, AnApplicationErrorFailsTheWorkflow) {
  const auto running = worker({.workflows = perdure::workflows<Throws>()});
  const auto error =
      error_of<perdure::WorkflowFailureError>([&] { client().execute_workflow<Throws>(true, options()); });
  ASSERT_TRUE(error);
  const auto* application = cause_at<perdure::ApplicationError>(*error, 0);
  ASSERT_NE(application, nullptr);
  EXPECT_EQ(application->type(), "Broken");
}

// A bug is not the workflow's end: its task fails, and a worker with better code goes on.
TEST_F(WorkflowsTest, AnUnknownTypeFailsTheTaskAndNamesWhatIsKnown) {
  const auto running = worker({.workflows = perdure::workflows<Countdown, Throws>()});
  const auto handle = client().start_workflow<Sleeper>(1h, options());
  EXPECT_TRUE(eventually([&] {
    return handle.fetch_history().find(
               "Workflow class Sleeper is not registered on this worker, available "
               "workflows: Countdown, Throws") != std::string::npos;
  }));
  EXPECT_EQ(handle.describe().status, perdure::WorkflowExecutionStatus::kRunning);
}

TEST_F(WorkflowsTest, WithoutACacheEveryTaskIsReplayed) {
  for (const int cached : {0, 1}) {
    const auto running = worker({.workflows = perdure::workflows<Cart>(), .max_cached_workflows = cached});
    std::vector<perdure::WorkflowHandle<std::vector<std::string>>> handles;
    for (int i = 0; i < 5; ++i) {
      handles.push_back(
          client().start_workflow<Cart>(options(std::to_string(cached) + "-" + std::to_string(i))));
    }
    for (int round = 0; round < 3; ++round) {
      for (const auto& handle : handles) {
        handle.signal<&Cart::add>({.name = "x", .count = round});
      }
    }
    for (const auto& handle : handles) {
      handle.signal<&Cart::close>();
      EXPECT_EQ(handle.result(), (std::vector<std::string>{"0 x", "1 x", "2 x"}));
    }
  }
}

TEST_F(WorkflowsTest, AnIdIsUsedAsItsPoliciesSay) {
  const auto running = worker({.workflows = perdure::workflows<Cart, Throws>()});
  const auto first = client().start_workflow<Cart>(options());
  const auto taken =
      error_of<perdure::WorkflowAlreadyStartedError>([&] { client().start_workflow<Cart>(options()); });
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->workflow_id(), "w");
  EXPECT_EQ(taken->run_id(), first.run_id());

  auto existing = options();
  existing.id_conflict_policy = perdure::WorkflowIdConflictPolicy::kUseExisting;
  EXPECT_EQ(client().start_workflow<Cart>(existing).run_id(), first.run_id());

  first.signal<&Cart::close>();
  first.result();
  auto rejecting = options();
  rejecting.id_reuse_policy = perdure::WorkflowIdReusePolicy::kRejectDuplicate;
  EXPECT_THROW(client().start_workflow<Cart>(rejecting), perdure::WorkflowAlreadyStartedError);
  auto failed_only = options();
  failed_only.id_reuse_policy = perdure::WorkflowIdReusePolicy::kAllowDuplicateFailedOnly;
  EXPECT_THROW(client().start_workflow<Cart>(failed_only), perdure::WorkflowAlreadyStartedError);
  EXPECT_NE(client().start_workflow<Cart>(options()).run_id(), first.run_id());
}

TEST_F(WorkflowsTest, TheSameRequestIdStartsOneRun) {
  auto same = options();
  same.request_id = "request-1";
  EXPECT_EQ(client().start_workflow<Cart>(same).run_id(), client().start_workflow<Cart>(same).run_id());
}

}  // namespace sdk_test
