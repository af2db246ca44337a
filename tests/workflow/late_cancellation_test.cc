// Cancellations of activities that come too early, twice, or for something that was given up.
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;

struct CancelledBySignals {
  Task<std::string> run(ActivityCancellationType type, bool at_once) {
    handle_.emplace(
        workflow::start_activity<echo>("x", {.start_to_close_timeout = 10s, .cancellation_type = type}));
    if (at_once) {
      cancel_twice();
    }
    std::string text;
    try {
      text = co_await *handle_;
    } catch (const CancelledError&) {
      text = "cancelled";
    }
    co_await workflow::wait_condition([this] { return finished_; });
    co_return text;
  }
  void cancel_twice() {
    handle_->cancel();
    handle_->cancel();
  }
  void finish() { finished_ = true; }
  static constexpr auto signals =
      perdure::signals<&CancelledBySignals::cancel_twice, &CancelledBySignals::finish>();

  std::optional<workflow::ActivityHandle<std::string>> handle_;
  bool finished_ = false;
};

namespace {

class Play {
 public:
  Play(ActivityCancellationType type, bool at_once)
      : service("CancelledBySignals", to_payloads(type, at_once)),
        run_(detail::workflow_definition<CancelledBySignals>(), identity()) {}

  // One workflow task; the number of its commands.
  std::size_t task() {
    service.start_task();
    last = run_.activate(service.slice(run_.last_event_id() + 1, service.last_event_id()),
                         {service.previous_started_event_id()});
    EXPECT_EQ(last.failure.message(), "");
    service.complete_task(last.commands);
    return last.commands.size();
  }
  std::size_t task_after(const std::string& signal) {
    service.signal(signal);
    return task();
  }

  FakeService service;
  Completion last;

 private:
  WorkflowRun run_;
};

TEST(LateCancellation, OfAnAbandonedActivityThatWasNotSentSendsNothing) {
  Play play(ActivityCancellationType::kAbandon, true);
  EXPECT_EQ(play.task(), 0U);
  play.task_after("finish");
  EXPECT_EQ(result_text(play.last), "\"cancelled\"");
}

TEST(LateCancellation, ThatIsRepeatedAsksOnce) {
  Play play(ActivityCancellationType::kWaitCancellationCompleted, false);
  EXPECT_EQ(play.task(), 1U);
  EXPECT_EQ(play.task_after("cancel_twice"), 1U);
  EXPECT_EQ(play.task_after("cancel_twice"), 0U);
  play.service.confirm_cancel("1");
  EXPECT_EQ(play.task(), 0U);
  play.task_after("finish");
  EXPECT_EQ(result_text(play.last), "\"cancelled\"");
}

TEST(LateCancellation, OfAnAbandonedActivityIsNotUndoneByItsResult) {
  Play play(ActivityCancellationType::kAbandon, false);
  EXPECT_EQ(play.task(), 1U);
  EXPECT_EQ(play.task_after("cancel_twice"), 0U);
  play.service.complete_activity("1", to_payload(std::string("done")));
  EXPECT_EQ(play.task(), 0U);
  play.task_after("finish");
  EXPECT_EQ(result_text(play.last), "\"cancelled\"");
}

}  // namespace
}  // namespace perdure::testing
