#include <gtest/gtest.h>

#include <chrono>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name
using namespace workflow;                  // NOLINT: as user code would write

template <ActivityCancellationType type>
Task<std::string> call_cancellable() {
  try {
    co_return co_await execute_activity<echo>("x",
                                              {.start_to_close_timeout = 10s, .cancellation_type = type});
  } catch (const CancelledError& error) {
    const std::string details = error.details().empty() ? "" : from_payload<std::string>(error.details()[0]);
    co_return "cancelled " + details;
  }
}

struct TryCancel {
  Task<std::string> run() { return call_cancellable<ActivityCancellationType::kTryCancel>(); }
};
struct WaitCompleted {
  Task<std::string> run() { return call_cancellable<ActivityCancellationType::kWaitCancellationCompleted>(); }
};
struct Abandon {
  Task<std::string> run() { return call_cancellable<ActivityCancellationType::kAbandon>(); }
};
struct Uncaught {
  Task<std::string> run() { co_return co_await execute_activity<echo>("x", {.start_to_close_timeout = 10s}); }
};
struct SleepsLong {
  Task<std::string> run() {
    try {
      co_await sleep(1h);
      co_return "slept";
    } catch (const CancelledError&) {
      // C++ has no co_await in a handler: the cleaning up follows it.
    }
    co_await execute_activity<note>("cleaning up", {.start_to_close_timeout = 10s});
    co_return cancellation_requested() ? "cleaned up" : "not asked";
  }
};
struct WaitsForCondition {
  Task<std::string> run() {
    co_await wait_condition([] { return false; }, 1h);
    co_return "";
  }
};
struct CancelsBeforeSent {
  Task<std::string> run() {
    auto activity = start_activity<echo>("x", {.start_to_close_timeout = 10s});
    auto timer = sleep(1h);
    activity.cancel();
    timer.cancel();
    activity.cancel();
    std::string seen;
    try {
      co_await timer;
    } catch (const CancelledError&) {
      seen += "timer ";
    }
    try {
      co_await activity;
    } catch (const CancelledError&) {
      seen += "activity";
    }
    co_return seen;
  }
};
struct CancelsItsActivityOnly {
  Task<std::string> run() {
    auto activity = start_activity<echo>("x", {.start_to_close_timeout = 10s});
    co_await sleep(1s);
    activity.cancel();
    co_return co_await activity;
  }
};

template <class W>
class Session {
 public:
  Session() : service(std::string(workflow_name<W>)), run(detail::workflow_definition<W>(), identity()) {}

  // One workflow task with the events added since the last.
  Completion task() {
    service.start_task();
    Completion completion = run.activate(service.slice(run.last_event_id() + 1, service.last_event_id()),
                                         {service.previous_started_event_id()});
    EXPECT_EQ(completion.failure.message(), "");
    service.complete_task(completion.commands);
    // Whatever happened must be a history that replays.
    WorkflowRun again(detail::workflow_definition<W>(), identity());
    EXPECT_EQ(again.activate(service.events(), {service.last_event_id()}).failure.message(), "");
    return completion;
  }

  FakeService service;
  WorkflowRun run;
};

TEST(Cancellation, TryCancelAsksAndThrowsAtOnce) {
  Session<TryCancel> session;
  session.task();
  session.service.request_cancel();
  const Completion completion = session.task();
  ASSERT_EQ(completion.commands.size(), 2U);
  EXPECT_EQ(completion.commands[0].request_cancel_activity_task_command_attributes().scheduled_event_id(), 5);
  EXPECT_EQ(result_text(completion), "\"cancelled \"");
}

TEST(Cancellation, WaitCancellationCompletedWaitsForTheActivity) {
  Session<WaitCompleted> session;
  session.task();
  session.service.request_cancel();
  const Completion asked = session.task();
  ASSERT_EQ(asked.commands.size(), 1U);
  EXPECT_EQ(asked.commands[0].command_type(), COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK);
  session.service.confirm_cancel("1");
  EXPECT_EQ(result_text(session.task()), "\"cancelled cleaned up\"");
}

TEST(Cancellation, AnActivityThatCompletesInsteadGivesItsResult) {
  Session<WaitCompleted> session;
  session.task();
  session.service.request_cancel();
  session.task();
  session.service.complete_activity("1", to_payload("too late"));
  EXPECT_EQ(result_text(session.task()), "\"too late\"");
}

TEST(Cancellation, AbandonAsksNothing) {
  Session<Abandon> session;
  session.task();
  session.service.request_cancel();
  const Completion completion = session.task();
  ASSERT_EQ(completion.commands.size(), 1U);
  EXPECT_EQ(result_text(completion), "\"cancelled \"");
}

TEST(Cancellation, UncaughtCancelsTheWorkflow) {
  Session<Uncaught> session;
  session.task();
  session.service.request_cancel();
  EXPECT_EQ(result_text(session.task()), "cancelled");
}

TEST(Cancellation, OfASleepCancelsTheTimerAndLetsTheCodeGoOn) {
  Session<SleepsLong> session;
  session.task();
  session.service.request_cancel();
  const Completion completion = session.task();
  ASSERT_EQ(completion.commands.size(), 2U);
  EXPECT_EQ(completion.commands[0].command_type(), COMMAND_TYPE_CANCEL_TIMER);
  EXPECT_EQ(completion.commands[1].command_type(), COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
  session.service.complete_activity("1", null_payload());
  EXPECT_EQ(result_text(session.task()), "\"cleaned up\"");
}

TEST(Cancellation, OfAConditionCancelsItsTimer) {
  Session<WaitsForCondition> session;
  session.task();
  session.service.request_cancel();
  const Completion completion = session.task();
  ASSERT_EQ(completion.commands.size(), 2U);
  EXPECT_EQ(completion.commands[0].command_type(), COMMAND_TYPE_CANCEL_TIMER);
  EXPECT_EQ(result_text(completion), "cancelled");
}

TEST(Cancellation, BeforeTheFirstTaskReachesTheFirstWait) {
  Session<SleepsLong> session;
  session.service.request_cancel();
  const Completion completion = session.task();
  ASSERT_EQ(completion.commands.size(), 1U);  // the timer was never sent
  EXPECT_EQ(completion.commands[0].command_type(), COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
}

TEST(Cancellation, ThatMeetsAResultWaitsForTheNextWait) {
  Session<CancelsItsActivityOnly> session;
  session.task();
  session.service.fire_timer("1");
  session.service.request_cancel();
  const Completion completion = session.task();
  EXPECT_EQ(result_text(completion), "cancelled");
}

TEST(Cancellation, BeforeSentEmitsNoCommand) {
  Session<CancelsBeforeSent> session;
  const Completion completion = session.task();
  ASSERT_EQ(completion.commands.size(), 1U);
  EXPECT_EQ(result_text(completion), "\"timer activity\"");
}

TEST(Cancellation, OfOneActivityWithoutARequestFailsTheWorkflowAsInTemporal) {
  Session<CancelsItsActivityOnly> session;
  session.task();
  session.service.fire_timer("1");
  const Completion completion = session.task();
  ASSERT_EQ(completion.commands.size(), 2U);
  const auto& failure = completion.commands[1].fail_workflow_execution_command_attributes().failure();
  EXPECT_EQ(failure.activity_failure_info().activity_id(), "1");
  EXPECT_TRUE(failure.cause().has_canceled_failure_info());
}

}  // namespace perdure::testing
