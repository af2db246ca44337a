#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

struct Collector {
  std::vector<std::string> lines;
  bool done = false;
  Task<std::vector<std::string>> run() {
    lines.push_back("run");
    co_await wait_condition([this] { return done; });
    co_return lines;
  }
  void say(std::string what) { lines.push_back(what); }
  Task<> say_later(std::string what, int seconds) {
    lines.push_back("begin " + what);
    co_await sleep(std::chrono::seconds(seconds));
    lines.push_back(co_await execute_activity<echo>("later " + what, {.start_to_close_timeout = 10s}));
  }
  void finish() { done = true; }
  void fail(std::string why) { throw ApplicationError(why); }
  void crash() { throw std::runtime_error("a bug in the handler"); }
  static constexpr auto signals = perdure::signals<&Collector::say, &Collector::say_later, &Collector::finish,
                                                   &Collector::fail, &Collector::crash>();
};

}  // namespace perdure::testing

template <>
inline constexpr std::string_view perdure::signal_name<&perdure::testing::Collector::finish> = "the-end";

namespace perdure::testing {

Driven collect(const std::function<void(int, FakeService&)>& before_task) {
  FakeService service("Collector");
  WorkflowRun run(detail::workflow_definition<Collector>(), identity());
  const Driven driven = drive(run, service, test_activities(), before_task);
  WorkflowRun again(detail::workflow_definition<Collector>(), identity());
  if (driven.failure.empty()) {
    EXPECT_EQ(again.activate(service.events(), {service.last_event_id()}).failure.message(), "");
  }
  return driven;
}

TEST(Signals, BeforeTheStartRunTheirHandlerFirst) {
  const Driven driven = collect([](int task, FakeService& service) {
    if (task == 1) {
      service.signal("say", to_payloads("early"));
      service.signal("the-end");
    }
  });
  EXPECT_EQ(result_text(driven.last), "[\"early\",\"run\"]");
}

TEST(Signals, HandlersThatWaitRunBesideTheWorkflow) {
  const Driven driven = collect([](int task, FakeService& service) {
    if (task == 2) {
      service.signal("say_later", to_payloads("a", 5));
      service.signal("say_later", to_payloads("b", 6));
    } else if (task == 7) {
      service.signal("the-end");
    }
  });
  EXPECT_EQ(result_text(driven.last), "[\"run\",\"begin a\",\"begin b\",\"later a\",\"later b\"]");
}

TEST(Signals, WithoutAHandlerWaitWithAWarning) {
  const Driven driven = collect([](int task, FakeService& service) {
    if (task == 1) {
      service.signal("unheard");
      service.signal("finish");  // its name is another
      service.signal("the-end");
    }
  });
  EXPECT_EQ(result_text(driven.last), "[\"run\"]");
  ASSERT_EQ(driven.warnings.size(), 2U);
  EXPECT_NE(driven.warnings[0].find("\"unheard\""), std::string::npos);
}

TEST(Signals, ThatDoNotDecodeAreDroppedWithAWarning) {
  const Driven driven = collect([](int task, FakeService& service) {
    if (task == 1) {
      service.signal("say", to_payloads(std::vector<int>{1}));
      service.signal("the-end");
    }
  });
  EXPECT_EQ(result_text(driven.last), "[\"run\"]");
  EXPECT_EQ(driven.warnings.size(), 1U);
}

TEST(Signals, WhoseHandlerThrowsAFailureFailTheWorkflow) {
  const Driven driven = collect([](int task, FakeService& service) {
    if (task == 2) {
      service.signal("fail", to_payloads("enough"));
    }
  });
  EXPECT_EQ(result_text(driven.last), "failed: enough");
}

TEST(Signals, WhoseHandlerThrowsAnythingElseFailTheWorkflowTask) {
  const Driven driven = collect([](int task, FakeService& service) {
    if (task == 2) {
      service.signal("crash");
    }
  });
  EXPECT_EQ(driven.failure, "a bug in the handler");
}

// A signal and what it would cancel come with the same workflow task; the signal's handler runs first.
struct TooLate {
  std::string seen;
  bool hurry = false;
  Task<std::string> run() {
    auto activity = start_activity<echo>("done", {.start_to_close_timeout = 10s});
    activity_.emplace(activity);
    try {
      co_await wait_condition([this] { return hurry; }, 10s);
      seen = "in time, ";
    } catch (const TimeoutError&) {
      seen = "too late, ";
    }
    co_return seen + co_await activity;
  }
  void stop() {
    hurry = true;
    activity_->cancel();
  }
  static constexpr auto signals = perdure::signals<&TooLate::stop>();

 private:
  std::optional<ActivityHandle<std::string>> activity_;
};

TEST(Signals, CannotCancelWhatEndsInTheSameTask) {
  FakeService service("TooLate");
  WorkflowRun run(detail::workflow_definition<TooLate>(), identity());
  const Driven driven = drive(run, service, test_activities(), [](int task, FakeService& fake) {
    if (task == 2) {
      fake.complete_activity("1", to_payload("done"));
      fake.fire_next_timer();
      fake.signal("stop");
    }
  });
  EXPECT_EQ(driven.failure, "");
  EXPECT_EQ(result_text(driven.last), R"("in time, done")");
  WorkflowRun again(detail::workflow_definition<TooLate>(), identity());
  EXPECT_EQ(again.activate(service.events(), {service.last_event_id()}).failure.message(), "");
}

}  // namespace perdure::testing
