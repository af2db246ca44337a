// Handlers that are set at run time, dynamic ones, and those that the workflow leaves behind.
#include <gtest/gtest.h>

#include <chrono>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing::handlers {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

// Keeps what it is told, until it is told to end.
struct Keeper {
  std::vector<std::string> lines;
  bool done = false;
  Task<std::vector<std::string>> run() {
    co_await sleep(1s);
    set_signal_handler("late", [this](std::string what) { lines.push_back("late " + what); });
    co_await wait_condition([this] { return done; });
    co_return lines;
  }
  void known(std::string what) { lines.push_back("known " + what); }
  void finish() { done = true; }
  static constexpr auto signals = perdure::signals<&Keeper::known, &Keeper::finish>();
};

Driven drive_keeper(const std::function<void(int, FakeService&)>& before_task) {
  FakeService service("Keeper");
  WorkflowRun run(detail::workflow_definition<Keeper>(), identity());
  const Driven driven = drive(run, service, test_activities(), before_task);
  EXPECT_EQ(replay_failure(detail::workflow_definition<Keeper>(), service), "");
  return driven;
}

TEST(Handlers, SignalsWaitForTheirHandlerInTheirOrder) {
  const Driven driven = drive_keeper([](int task, FakeService& service) {
    if (task == 1) {
      service.signal("late", to_payloads("one"));
      service.signal("known", to_payloads("two"));
      service.signal("late", to_payloads("three"));
    } else if (task == 3) {
      service.signal("late", to_payloads("four"));
      service.signal("finish");
    }
  });
  EXPECT_EQ(result_text(driven.last), R"(["known two","late one","late three","late four"])");
  ASSERT_EQ(driven.warnings.size(), 2U);
  EXPECT_NE(driven.warnings[0].find("no handler for signal \"late\""), std::string::npos)
      << driven.warnings[0];
}

struct Everything {
  std::vector<std::string> lines;
  Task<std::vector<std::string>> run() {
    co_await wait_condition([this] { return lines.size() == 3; });
    co_return lines;
  }
  void named(std::string what) { lines.push_back("named " + what); }
  void anything(std::string signal, Payloads arguments) {
    lines.push_back(signal + " " + from_payload<std::string>(arguments.at(0)));
  }
  static constexpr auto signals = perdure::signals<&Everything::named>();
  static constexpr auto dynamic_signal = &Everything::anything;
};

TEST(Handlers, TheDynamicOneGetsWhatNoOtherTakes) {
  FakeService service("Everything");
  WorkflowRun run(detail::workflow_definition<Everything>(), identity());
  const Driven driven = drive(run, service, {}, [](int, FakeService& fake) {
    fake.signal("other", to_payloads("a"));
    fake.signal("named", to_payloads("b"));
    fake.signal("third", to_payloads("c"));
  });
  EXPECT_EQ(result_text(driven.last), R"(["other a","named b","third c"])");
}

struct Replacing {
  std::vector<std::string> lines;
  Task<std::vector<std::string>> run() {
    set_signal_handler("tell", [this](std::string what) { lines.push_back("first " + what); });
    co_await wait_condition([this] { return lines.size() == 1; });
    set_signal_handler("tell", [this](std::string what) -> Task<> {
      co_await sleep(1s);
      lines.push_back("second " + what);
    });
    co_await wait_condition([this] { return lines.size() == 2; });
    set_signal_handler("tell", nullptr);
    set_dynamic_signal_handler([this](std::string name, Payloads) { lines.push_back("any " + name); });
    co_await wait_condition([this] { return lines.size() == 3; });
    co_return lines;
  }
};

TEST(Handlers, CanBeReplacedAndTakenAway) {
  FakeService service("Replacing");
  WorkflowRun run(detail::workflow_definition<Replacing>(), identity());
  const Driven driven = drive(run, service, {}, [](int task, FakeService& fake) {
    if (task == 2 || task == 3 || task == 5) {
      fake.signal("tell", to_payloads("it"));
    }
  });
  EXPECT_EQ(result_text(driven.last), R"(["first it","second it","any tell"])");
  EXPECT_EQ(replay_failure(detail::workflow_definition<Replacing>(), service), "");
}

struct Slow {
  bool wait = false;
  Task<std::string> run() {
    co_await sleep(1s);
    if (wait) {
      co_await wait_condition([] { return all_handlers_finished(); });
    }
    co_return "done";
  }
  Task<> slow(bool wait_for_it) {
    wait = wait_for_it;
    co_await sleep(1h);
  }
  Task<> careless() { co_await sleep(1h); }
  static constexpr auto signals =
      perdure::signals<&Slow::slow, perdure::abandon_unfinished<&Slow::careless>>();
};

Driven drive_slow(const std::function<void(int, FakeService&)>& before_task) {
  FakeService service("Slow");
  WorkflowRun run(detail::workflow_definition<Slow>(), identity());
  return drive(run, service, {}, before_task);
}

TEST(Handlers, ThatAreLeftBehindAreWarnedAbout) {
  const Driven driven = drive_slow([](int task, FakeService& service) {
    if (task == 1) {
      service.signal("slow", to_payloads(false));
      service.signal("careless");
    }
  });
  EXPECT_EQ(result_text(driven.last), "\"done\"");
  ASSERT_EQ(driven.warnings.size(), 1U);
  EXPECT_NE(driven.warnings[0].find(R"([TMPRL1102])"), std::string::npos);
  EXPECT_NE(driven.warnings[0].find(R"([{"name": "slow", "count": 1}])"), std::string::npos)
      << driven.warnings[0];
}

TEST(Handlers, CanBeWaitedFor) {
  const Driven driven = drive_slow([](int task, FakeService& service) {
    if (task == 1) {
      service.signal("slow", to_payloads(true));
    }
  });
  EXPECT_EQ(driven.tasks.size(), 3U);
  EXPECT_TRUE(driven.warnings.empty());
}

}  // namespace perdure::testing::handlers
