// Local activities, with the whole of Perdure in this process.
#include <algorithm>
#include <atomic>
#include <future>
#include <mutex>
#include <nlohmann/json.hpp>
#include <vector>

#include "tests/sdk/fixture.h"

namespace sdk_test {
namespace local {

std::atomic<int> calls = 0;

std::string greet(std::string name) {
  ++calls;
  const activity::Info& info = activity::info();
  return "Hello " + name + (info.is_local ? ", locally " : ", far away ") + info.activity_id + " " +
         std::to_string(info.attempt);
}
perdure::Task<std::string> greet_later(std::string name) {
  ++calls;
  co_await activity::sleep(1ms);
  co_return "Later " + name;
}
int fail_until(int attempt) {
  ++calls;
  if (activity::info().attempt < attempt) {
    throw perdure::ApplicationError("attempt " + std::to_string(activity::info().attempt), {.type = "Early"});
  }
  return activity::info().attempt;
}
std::string wait_for_stop() {
  ++calls;
  activity::wait_for_cancelled(30s);
  activity::throw_if_cancelled();
  return "nobody asked";
}

// Blocks until the test lets it go.
class Door {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  bool pass(int) {
    ++passing;
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 30s, [&] { return open_; });
  }
  bool pass_unless_stopped(int) {
    ++passing;
    while (!is_open()) {
      activity::wait_for_cancelled(1ms);
      activity::throw_if_cancelled();
    }
    return true;
  }
  std::atomic<int> passing = 0;

 private:
  bool is_open() {
    const std::lock_guard lock(mutex_);
    return open_;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

const perdure::LocalActivityOptions kLocal{.start_to_close_timeout = 30s};

class Greeting {
 public:
  perdure::Task<std::vector<std::string>> run(std::string name) {
    std::vector<std::string> greetings;
    greetings.push_back(co_await workflow::execute_local_activity<greet>(name, kLocal));
    greetings.push_back(co_await workflow::execute_local_activity<greet_later>(name, kLocal));
    greetings.push_back(
        co_await workflow::execute_local_activity_by_name<std::string>("greet", kLocal, std::string("you")));
    greetings.push_back(co_await workflow::execute_activity<greet>(name, {.start_to_close_timeout = 30s}));
    co_return greetings;
  }
};

class Stubborn {
 public:
  perdure::Task<int> run(int attempts, int at_most, std::chrono::milliseconds threshold) {
    co_return co_await workflow::execute_local_activity<fail_until>(
        attempts, {.start_to_close_timeout = 30s,
                   .retry_policy =
                       perdure::RetryPolicy{
                           .initial_interval = 10ms, .backoff_coefficient = 1, .maximum_attempts = at_most},
                   .local_retry_threshold = threshold});
  }
};

class Impatient {
 public:
  perdure::Task<std::string> run() {
    std::string text;
    try {
      text = co_await workflow::execute_local_activity<wait_for_stop>(
          {.start_to_close_timeout = 20ms, .retry_policy = perdure::RetryPolicy{.maximum_attempts = 2}});
    } catch (const perdure::ActivityError& error) {
      const auto* timeout = dynamic_cast<const perdure::TimeoutError*>(error.cause().get());
      text = timeout == nullptr ? "another error" : timeout->what();
    }
    co_return text;
  }
};

class Cancelling {
 public:
  perdure::Task<std::string> run() {
    auto handle = workflow::start_local_activity<wait_for_stop>(
        {.start_to_close_timeout = 30s,
         .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted});
    co_await workflow::execute_local_activity<greet>("first", kLocal);
    handle.cancel();
    std::string text;
    try {
      text = co_await handle;
    } catch (const perdure::CancelledError&) {
      text = handle.is_done() ? "cancelled" : "not done";
    }
    co_return text;
  }
};

class Doorway {
 public:
  perdure::Task<bool> run() {
    co_await workflow::execute_local_activity<greet>("before", kLocal);
    co_return co_await workflow::execute_local_activity<&Door::pass>(1, kLocal);
  }
  void note() { notes_++; }
  static constexpr auto signals = perdure::signals<&Doorway::note>();

 private:
  int notes_ = 0;
};

class Yielding {
 public:
  perdure::Task<bool> run() {
    co_await workflow::execute_local_activity<greet>("before", kLocal);
    co_return co_await workflow::execute_local_activity<&Door::pass_unless_stopped>(1, kLocal);
  }
};

class Unknown {
 public:
  perdure::Task<> run() {
    co_await workflow::execute_local_activity_by_name<int>("missing", {.start_to_close_timeout = 1s});
  }
};

}  // namespace local

namespace {

using namespace local;  // NOLINT: the workflows' names are those of their classes

class LocalActivitiesTest : public SdkTest {
 protected:
  LocalActivitiesTest() { calls = 0; }

  static perdure::WorkflowOptions options(std::string id = "w") {
    return {.id = std::move(id), .task_queue = kQueue};
  }
  perdure::WorkerOptions all() {
    return {.workflows =
                perdure::workflows<Greeting, Stubborn, Impatient, Cancelling, Doorway, Yielding, Unknown>(),
            .activities = perdure::activities<greet, greet_later, fail_until, wait_for_stop>() +
                          perdure::activities<&Door::pass, &Door::pass_unless_stopped>(door_)};
  }
  template <class Handle>
  static std::vector<std::string> events_of(const Handle& handle) {
    std::vector<std::string> types;
    const auto history = nlohmann::json::parse(handle.fetch_history());
    for (const auto& event : history["events"]) {
      types.push_back(event["eventType"].template get<std::string>());
    }
    return types;
  }
  template <class Handle>
  static std::ptrdiff_t count(const Handle& handle, const std::string& type) {
    const auto types = events_of(handle);
    return std::count_if(types.begin(), types.end(),
                         [&](const std::string& name) { return name.ends_with(type); });
  }

  Door door_;
};

TEST_F(LocalActivitiesTest, GiveTheirResults) {
  const auto running = worker(all());
  const auto handle = client().start_workflow<Greeting>("me", options());
  EXPECT_EQ(handle.result(), (std::vector<std::string>{"Hello me, locally 1 1", "Later me",
                                                       "Hello you, locally 3 1", "Hello me, far away 4 1"}));
  EXPECT_EQ(count(handle, "MARKER_RECORDED"), 3);
  EXPECT_EQ(count(handle, "ACTIVITY_TASK_SCHEDULED"), 1);
  EXPECT_EQ(calls, 4);
}

TEST_F(LocalActivitiesTest, AreNotRunAgainByAReplay) {
  auto uncached = all();
  uncached.max_cached_workflows = 0;
  const auto running = worker(std::move(uncached));
  const auto handle = client().start_workflow<Greeting>("me", options());
  EXPECT_EQ(handle.result().size(), 4U);
  EXPECT_EQ(calls, 4);
}

TEST_F(LocalActivitiesTest, AreTriedAgainHere) {
  const auto running = worker(all());
  const auto handle = client().start_workflow<Stubborn>(3, 0, 60s, options());
  EXPECT_EQ(handle.result(), 3);
  EXPECT_EQ(count(handle, "TIMER_STARTED"), 0);
  EXPECT_EQ(count(handle, "MARKER_RECORDED"), 1);
}

TEST_F(LocalActivitiesTest, AreTriedAgainAfterADurableTimerWhenThePauseIsLong) {
  const auto running = worker(all());
  const auto handle = client().start_workflow<Stubborn>(3, 0, 1ms, options());
  EXPECT_EQ(handle.result(), 3);
  EXPECT_EQ(count(handle, "TIMER_STARTED"), 2);
  EXPECT_EQ(count(handle, "MARKER_RECORDED"), 3);
}

TEST_F(LocalActivitiesTest, FailAfterTheirLastAttempt) {
  const auto running = worker(all());
  const auto handle = client().start_workflow<Stubborn>(9, 2, 60s, options());
  const auto error = error_of<perdure::WorkflowFailureError>([&] { handle.result(); });
  ASSERT_TRUE(error);
  ASSERT_NE(cause_at<perdure::ActivityError>(*error, 0), nullptr);
  const auto* cause = cause_at<perdure::ApplicationError>(*error, 1);
  ASSERT_NE(cause, nullptr);
  EXPECT_STREQ(cause->what(), "attempt 2");
  EXPECT_EQ(calls, 2);
}

TEST_F(LocalActivitiesTest, TimeOut) {
  const auto running = worker(all());
  EXPECT_EQ(client().execute_workflow<Impatient>(options()), "Activity timed out");
  EXPECT_TRUE(eventually([] { return calls == 2; }));  // an attempt may time out before its code begins
}

TEST_F(LocalActivitiesTest, AreCancelled) {
  const auto running = worker(all());
  EXPECT_EQ(client().execute_workflow<Cancelling>(options()), "cancelled");
}

TEST_F(LocalActivitiesTest, KeepTheirWorkflowTaskAliveByHeartbeats) {
  const auto running = worker(all());
  auto short_task = options();
  short_task.task_timeout = 3s;
  const auto handle = client().start_workflow<Doorway>(short_task);
  EXPECT_TRUE(eventually([&] { return count(handle, "WORKFLOW_TASK_COMPLETED") >= 2; }));
  handle.signal<&Doorway::note>();
  EXPECT_TRUE(eventually([&] { return count(handle, "WORKFLOW_EXECUTION_SIGNALED") == 1; }));
  door_.open();
  EXPECT_TRUE(handle.result());
  EXPECT_EQ(count(handle, "WORKFLOW_TASK_TIMED_OUT"), 0);
  EXPECT_EQ(door_.passing, 1);
  EXPECT_EQ(calls, 1);
}

TEST_F(LocalActivitiesTest, KeepTheirWorkflowTaskAliveWithoutACache) {
  auto uncached = all();
  uncached.max_cached_workflows = 0;
  const auto running = worker(std::move(uncached));
  auto short_task = options();
  short_task.task_timeout = 1s;
  const auto handle = client().start_workflow<Doorway>(short_task);
  EXPECT_TRUE(eventually([&] { return count(handle, "WORKFLOW_TASK_COMPLETED") >= 2; }));
  door_.open();
  EXPECT_TRUE(handle.result());
  EXPECT_EQ(door_.passing, 1);
}

TEST_F(LocalActivitiesTest, ThatEndWhileTheirWorkerStopsCount) {
  auto first = worker(all());
  const auto handle = client().start_workflow<Doorway>(options());
  EXPECT_TRUE(eventually([&] { return door_.passing == 1; }));
  std::promise<void> stopped;
  std::thread stopping([&] {
    first->stop();
    stopped.set_value();
  });
  // The worker waits for its code, which does not look whether it should stop.
  EXPECT_EQ(stopped.get_future().wait_for(50ms), std::future_status::timeout);
  door_.open();
  stopping.join();
  first.reset();
  EXPECT_TRUE(handle.result());  // there is no worker any more
  EXPECT_EQ(door_.passing, 1);
  EXPECT_EQ(calls, 1);
}

// The one that has its marker is not run again, the one that has none is.
TEST_F(LocalActivitiesTest, ThatStopWithTheirWorkerAreRunByTheNextOne) {
  auto first = worker(all());
  const auto handle = client().start_workflow<Yielding>(options());
  EXPECT_TRUE(eventually([&] { return door_.passing == 1; }));
  first->stop();
  first.reset();
  EXPECT_EQ(count(handle, "MARKER_RECORDED"), 1);
  const auto second = worker(all());
  EXPECT_TRUE(eventually([&] { return door_.passing == 2; }));
  door_.open();
  EXPECT_TRUE(handle.result());
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(count(handle, "WORKFLOW_TASK_TIMED_OUT"), 0);
  EXPECT_EQ(count(handle, "MARKER_RECORDED"), 2);
}

TEST_F(LocalActivitiesTest, OfATypeThatIsNotRegisteredFailTheTaskAndNotTheWorkflow) {
  const auto running = worker(all());
  const auto handle = client().start_workflow<Unknown>(options());
  EXPECT_TRUE(eventually([&] { return count(handle, "WORKFLOW_TASK_FAILED") == 1; }));
  EXPECT_NE(handle.fetch_history().find("local activity missing is not registered on this worker"),
            std::string::npos);
}

TEST_F(LocalActivitiesTest, WithoutATimeoutAreRefused) {
  const perdure::LocalActivityOptions none;
  EXPECT_THROW(perdure::validate(none), perdure::OptionsError);
}

TEST_F(LocalActivitiesTest, BeyondTheLimitOfTheWorkerWaitForASlot) {
  auto narrow = all();
  narrow.max_concurrent_local_activities = 1;
  const auto running = worker(std::move(narrow));
  const auto blocked = client().start_workflow<Doorway>(options("blocked"));
  EXPECT_TRUE(eventually([&] { return door_.passing == 1; }));
  const auto waiting = client().start_workflow<Stubborn>(1, 0, 60s, options("waiting"));
  EXPECT_TRUE(eventually([&] { return count(waiting, "WORKFLOW_TASK_STARTED") == 1; }));
  EXPECT_EQ(calls, 1);
  door_.open();
  EXPECT_EQ(waiting.result(), 1);
  EXPECT_TRUE(blocked.result());
}

}  // namespace
}  // namespace sdk_test
