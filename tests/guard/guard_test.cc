// Workflow code that does what it must not, and what it may; the same calls in activities.
#include <sys/utsname.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <mutex>
#include <stdexcept>

#include "guard/guard.h"
#include "tests/guard/sins.h"
#include "tests/sdk/fixture.h"

namespace guard_test {

using namespace sdk_test;

const Sin& sin_named(const std::string& name) {
  for (const Sin& sin : sins()) {
    if (sin.name == name) {
      return sin;
    }
  }
  throw perdure::ApplicationError("no sin is named " + name);
}

std::string commit_in_activity(std::string name) {
  sin_named(name).commit();
  return name;
}

class Sinner {
 public:
  perdure::Task<std::string> run(std::string name) {
    sin_named(name).commit();
    co_return name;
  }
};

// [unsafe]
class Measured {
 public:
  perdure::Task<int> run(int rounds) {
    const auto clock = [] { return std::chrono::steady_clock::now(); };
    const auto began = workflow::unsafe(clock);
    int sum = 0;
    for (int i = 0; i < rounds; ++i) {
      sum += i;
    }
    const auto took = workflow::unsafe(clock) - began;
    workflow::logger().info("summed", {{"nanoseconds", std::to_string(took.count())}});
    co_return sum;
  }
};
// [unsafe]

class Forgiven {
 public:
  perdure::Task<std::string> run(std::string name) {
    workflow::unsafe([&] { sin_named(name).commit(); });
    co_return name;
  }
};

class Delegates {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await workflow::execute_activity<commit_in_activity>(
        name, {.start_to_close_timeout = 30s, .retry_policy = perdure::RetryPolicy{.maximum_attempts = 1}});
  }
};

class Waits {
 public:
  perdure::Task<long> run() {
    const auto until = std::chrono::steady_clock::now() + 1s;
    long rounds = 0;
    while (std::chrono::steady_clock::now() < until) {
      ++rounds;
    }
    co_return rounds;
  }
};

// Sins after a suspension, in a helper coroutine and in a signal handler.
class SinsLater {
 public:
  perdure::Task<> run() {
    co_await workflow::sleep(1ms);
    co_await helper();
  }
  perdure::Task<> helper() {
    co_await workflow::sleep(1ms);
    sin_named("calls_time").commit();
  }
};
class SinsInSignal {
 public:
  perdure::Task<> run() {
    co_await workflow::wait_condition([this] { return told_; });
  }
  void tell() {
    sin_named("calls_rand").commit();
    told_ = true;
  }
  static constexpr auto signals = perdure::signals<&SinsInSignal::tell>();

 private:
  bool told_ = false;
};

// All that is allowed.
class Virtuous {
 public:
  perdure::Task<std::string> run() {
    std::cout << "standard output is allowed" << std::endl;
    std::printf("%s\n", "in both ways");
    std::fflush(stdout);
    const std::vector<int> memory(100'000, 1);
    std::mutex mutex;
    const std::lock_guard lock(mutex);
    try {
      throw std::runtime_error("an exception");
    } catch (const std::runtime_error&) {
    }
    workflow::logger().info("a line of the log");
    const auto id = workflow::uuid4();
    workflow::random()();
    const auto before = workflow::now();
    co_await workflow::sleep(1ms);
    workflow::logger().info("another");
    const auto once = workflow::side_effect([] { return static_cast<std::int64_t>(getpid()); });
    co_return !id.empty() && workflow::now() >= before && once == getpid_of_test && memory.size() == 100'000
        ? "done"
        : "wrong";
  }
  static inline std::int64_t getpid_of_test = 0;
};

class UsesAClient {
 public:
  perdure::Task<std::string> run() {
    co_return client_of_test->get_workflow_handle_by_name("w").describe().id;
  }
  static inline const perdure::Client* client_of_test = nullptr;
};

class GuardTest : public SdkTest {
 protected:
  void SetUp() override {
    if (!perdure::guard::available()) {
      GTEST_SKIP() << "the guard is off in builds with sanitizers";
    }
  }
  // Waits until the history of `id` shows a failed workflow task, and gives the history.
  std::string failed_task(const std::string& id) {
    std::string history;
    EXPECT_TRUE(eventually([&] {
      history = client().get_workflow_handle<Sinner>(id).fetch_history();
      return history.find("EVENT_TYPE_WORKFLOW_TASK_FAILED") != std::string::npos;
    })) << history;
    return history;
  }
  bool task_failed(const std::string& id) {
    return client().get_workflow_handle<Sinner>(id).fetch_history().find("EVENT_TYPE_WORKFLOW_TASK_FAILED") !=
           std::string::npos;
  }
};

using ::testing::HasSubstr;

TEST_F(GuardTest, EverySinFailsTheTaskAndIsNamedWithItsPlaceAndReplacement) {
  const auto running = worker({.workflows = perdure::workflows<Sinner>()});
  for (const Sin& sin : sins()) {
    client().start_workflow<Sinner>(sin.name, {.id = sin.name, .task_queue = kQueue});
  }
  for (const Sin& sin : sins()) {
    SCOPED_TRACE(sin.name);
    const std::string history = failed_task(sin.name);
    EXPECT_THAT(history, HasSubstr("RestrictedWorkflowAccessError"));
    EXPECT_THAT(history, HasSubstr("code called " + sin.call));
    EXPECT_THAT(history, HasSubstr(sin.replacement));
    EXPECT_THAT(history, HasSubstr("in guard_test::" + sin.name + "() (test_guard+0x"));
  }
}

TEST_F(GuardTest, TheSameCallsWorkInActivities) {
  const auto running = worker({.workflows = perdure::workflows<Delegates>(),
                               .activities = perdure::activities<commit_in_activity>()});
  for (const Sin& sin : sins()) {
    EXPECT_EQ(client().execute_workflow<Delegates>(sin.name, {.id = sin.name, .task_queue = kQueue}),
              sin.name);
  }
}

TEST_F(GuardTest, TheSameCallsWorkInUnsafe) {
  const auto running = worker({.workflows = perdure::workflows<Forgiven>()});
  for (const Sin& sin : sins()) {
    EXPECT_EQ(client().execute_workflow<Forgiven>(sin.name, {.id = sin.name, .task_queue = kQueue}),
              sin.name);
    EXPECT_FALSE(task_failed(sin.name));
  }
}

TEST_F(GuardTest, UnsafeGivesWhatTheFunctionGives) {
  const auto running = worker({.workflows = perdure::workflows<Measured>()});
  EXPECT_EQ(client().execute_workflow<Measured>(10, {.id = "w", .task_queue = kQueue}), 45);
  EXPECT_FALSE(task_failed("w"));
}

TEST_F(GuardTest, TheSameCallsGoUnnoticedWithoutTheGuard) {
  const auto running = worker({.workflows = perdure::workflows<Sinner>(), .guard_determinism = false});
  for (const Sin& sin : sins()) {
    EXPECT_EQ(client().execute_workflow<Sinner>(sin.name, {.id = sin.name, .task_queue = kQueue}), sin.name);
  }
}

TEST_F(GuardTest, WhatIsAllowedIsNotNoticed) {
  Virtuous::getpid_of_test = getpid();
  const auto running = worker({.workflows = perdure::workflows<Virtuous>()});
  EXPECT_EQ(client().execute_workflow<Virtuous>({.id = "to standard error", .task_queue = kQueue}), "done");
  EXPECT_FALSE(task_failed("to standard error"));
  const std::filesystem::path log = directory_ / "log";
  perdure::set_log_sink([&](const perdure::LogRecord& record) {
    std::ofstream(log, std::ios::app)
        << std::chrono::system_clock::now().time_since_epoch().count() << ' ' << record.message << '\n';
  });
  EXPECT_EQ(client().execute_workflow<Virtuous>({.id = "to a file", .task_queue = kQueue}), "done");
  perdure::set_log_sink(nullptr);
  EXPECT_FALSE(task_failed("to a file"));
  std::string line;
  std::ifstream lines(log);
  EXPECT_TRUE(std::getline(lines, line));
  EXPECT_THAT(line, HasSubstr("a line of the log"));
}

TEST_F(GuardTest, SinsInHelpersAndSignalHandlersAreNoticed) {
  const auto running = worker({.workflows = perdure::workflows<SinsLater, SinsInSignal>()});
  client().start_workflow<SinsLater>({.id = "later", .task_queue = kQueue});
  EXPECT_THAT(failed_task("later"), HasSubstr("code called time ("));
  const auto handle = client().start_workflow<SinsInSignal>({.id = "signal", .task_queue = kQueue});
  handle.signal<&SinsInSignal::tell>();
  EXPECT_THAT(failed_task("signal"), HasSubstr("code called rand ("));
}

TEST_F(GuardTest, AClientIsNotForWorkflowCode) {
  UsesAClient::client_of_test = &client();
  const auto running = worker({.workflows = perdure::workflows<UsesAClient>()});
  client().start_workflow<UsesAClient>({.id = "w", .task_queue = kQueue});
  const std::string history = failed_task("w");
  EXPECT_THAT(history, HasSubstr("code called perdure::Client"));
  EXPECT_THAT(history, HasSubstr("use activity::client() in an activity"));
}

TEST_F(GuardTest, ALoopThatWaitsForAClockEnds) {
  const auto running = worker({.workflows = perdure::workflows<Waits>()});
  client().start_workflow<Waits>({.id = "loop", .task_queue = kQueue});
  EXPECT_THAT(failed_task("loop"), HasSubstr("more such calls"));
}

}  // namespace guard_test

namespace repaired {

using namespace sdk_test;

class Sinner {
 public:
  perdure::Task<std::string> run(std::string name) {
    workflow::now();
    co_return "repaired " + name;
  }
};

}  // namespace repaired

namespace guard_test {

TEST_F(GuardTest, ARunGoesOnWhenItsCodeIsRepaired) {
  auto running = worker({.workflows = perdure::workflows<Sinner>()});
  const auto handle =
      client().start_workflow<Sinner>("calls_time", {.id = "w", .task_queue = kQueue, .task_timeout = 1s});
  failed_task("w");
  running.reset();
  running = worker({.workflows = perdure::workflows<repaired::Sinner>()});
  EXPECT_EQ(handle.result(), "repaired calls_time");
}

// Spins until it is reported.
class Stuck {
 public:
  perdure::Task<> run() {
    while (!reported) {
    }
    co_return;
  }
  static inline std::atomic<bool> reported = false;
};

TEST_F(GuardTest, CodeThatDoesNotYieldIsReported) {
  std::string fields;
  perdure::set_log_sink([&](const perdure::LogRecord& record) {
    if (record.message.rfind("[TMPRL1101]", 0) == 0) {
      for (const auto& [name, value] : record.fields) {
        fields += name + "=" + value + " ";
      }
      Stuck::reported = true;
    }
  });
  const auto running = worker({.workflows = perdure::workflows<Stuck>()});
  const auto handle = client().start_workflow<Stuck>({.id = "stuck", .task_queue = kQueue});
  handle.result();
  perdure::set_log_sink(nullptr);
  EXPECT_EQ(fields, "workflow_id=stuck run_id=" + handle.run_id() + " workflow_type=Stuck ");
}

}  // namespace guard_test
