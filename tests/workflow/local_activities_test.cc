// Local activities: run by a worker that the test plays, within the workflow task.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "perdure/workflow.h"
#include "perdure/workflow_local_activities.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {
namespace local_activities {

using namespace std::chrono_literals;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name
using namespace workflow;                  // NOLINT: as user code would write
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using workflow_core::LocalActivityOutcome;
using workflow_core::LocalActivityTask;

static const LocalActivityOptions kLocal{.start_to_close_timeout = 10s};

// What a wait for a handle came to.
template <class R>
static Task<std::string> outcome_of(ActivityHandle<R> handle) {
  std::string text;
  try {
    const R result = co_await handle;
    text = to_payload(result).data;
  } catch (const CancelledError& error) {
    text = std::string("cancelled: ") + error.what();
  } catch (const ActivityError& error) {
    text = std::string(error.what()) + ": " + error.cause()->what();
  }
  co_return text;
}

struct OneLocal {
  Task<int> run() { co_return co_await execute_local_activity<add>(1, 2, kLocal); }
};
struct LocalFailure {
  Task<std::string> run() { co_return co_await outcome_of(start_local_activity<add>(1, 2, kLocal)); }
};
struct Mixed {
  Task<std::string> run() {
    const int three = co_await execute_local_activity<add>(1, 2, kLocal);
    const std::string text = co_await execute_activity<echo>("far", {.start_to_close_timeout = 10s});
    auto first = start_local_activity<add>(three, 1, kLocal);
    auto second = start_local_activity_by_name<std::string>("echo", kLocal, std::string("near"));
    co_await sleep(1s);
    const std::string near = co_await second;
    const int four = co_await first;
    co_return text + " " + near + " " + std::to_string(four);
  }
};
// Commands between the ends of activities that run side by side.
struct Racing {
  Task<std::vector<int>> run() {
    std::vector<int> order;
    const auto one = [](std::vector<int>& out, int number) -> Task<> {
      co_await execute_local_activity<add>(number, 0, kLocal);
      out.push_back(number);
      co_await sleep(std::chrono::seconds(number));
    };
    co_await all(one(order, 1), one(order, 2), one(order, 3));
    co_return order;
  }
};
template <ActivityCancellationType type>
struct CancelRunning {
  static constexpr std::string_view workflow_name = "CancelRunning";
  Task<std::string> run() {
    auto long_one =
        start_local_activity<echo>("long", {.start_to_close_timeout = 10s, .cancellation_type = type});
    co_await execute_local_activity<add>(0, 0, kLocal);
    long_one.cancel();
    long_one.cancel();
    co_return co_await outcome_of(long_one);
  }
};
struct CancelAtOnce {
  Task<std::string> run() {
    auto handle = start_local_activity<echo>(
        "never", {.start_to_close_timeout = 10s,
                  .cancellation_type = ActivityCancellationType::kWaitCancellationCompleted});
    handle.cancel();
    const std::string text = co_await outcome_of(handle);
    co_await sleep(1s);
    co_return text;
  }
};
struct BackingOff {
  Task<std::string> run() {
    co_return co_await outcome_of(start_local_activity<echo>(
        "again", {.start_to_close_timeout = 10s, .local_retry_threshold = 1s, .summary = "patient"}));
  }
};
struct CancelBackoff {
  Task<std::string> run() {
    auto handle = start_local_activity<echo>("again", kLocal);
    co_await wait_condition([this] { return stop_; });
    handle.cancel();
    co_return co_await outcome_of(handle);
  }
  void stop() { stop_ = true; }
  static constexpr auto signals = perdure::signals<&CancelBackoff::stop>();
  bool stop_ = false;
};
struct KeepsTime {
  Task<bool> run() {
    const auto before = now();
    co_await execute_local_activity<add>(1, 1, kLocal);
    co_return now() - before == 250ms;
  }
};
struct EndsEarly {
  Task<> run() {
    auto ignored = start_local_activity<echo>("late", kLocal);
    co_await execute_local_activity<add>(1, 1, kLocal);
  }
};
struct NoTimeout {
  Task<> run() { co_await execute_local_activity<add>(1, 2, LocalActivityOptions{}); }
};

namespace {

// A worker and its service.
class Worker {
 public:
  Worker(detail::WorkflowDefinition definition, FakeService& service)
      : run_(std::move(definition), identity()), service_(service) {}

  // The next workflow task.
  const Completion& take_task() {
    service_.start_task();
    return follow(run_.activate(service_.slice(run_.last_event_id() + 1, service_.last_event_id()),
                                {service_.previous_started_event_id()}));
  }
  const Completion& end(std::uint32_t number, LocalActivityOutcome outcome) {
    outcome.scheduled_time = std::chrono::system_clock::time_point(1'500'000'000s);
    return follow(run_.resolve_local_activity(number, std::move(outcome)));
  }
  template <class T>
  const Completion& succeed(std::uint32_t number, const T& result) {
    return end(number, {.result = to_payload(result), .runtime = 250ms});
  }
  const Completion& fail(std::uint32_t number, const std::exception& error) {
    return end(number, {.failure = api::exception_to_failure(
                            std::make_exception_ptr(ApplicationError(error.what(), {.type = "Boom"}))),
                        .runtime = 1s});
  }
  void answer() { service_.complete_task(last_.commands); }

  const Completion& last() const { return last_; }
  const std::map<std::uint32_t, LocalActivityTask>& running() const { return running_; }
  const std::vector<std::uint32_t>& stopped() const { return stopped_; }

 private:
  const Completion& follow(Completion completion) {
    last_ = std::move(completion);
    for (const LocalActivityTask& task : last_.start_local_activities) {
      EXPECT_TRUE(running_.emplace(task.number, task).second) << "started twice";
    }
    stopped_.insert(stopped_.end(), last_.stop_local_activities.begin(), last_.stop_local_activities.end());
    return last_;
  }

  WorkflowRun run_;
  FakeService& service_;
  Completion last_;
  std::map<std::uint32_t, LocalActivityTask> running_;
  std::vector<std::uint32_t> stopped_;
};

template <class W>
std::string replay_error(const FakeService& service) {
  WorkflowRun run(detail::workflow_definition<W>(), identity());
  const Completion completion = run.activate(service.events(), {service.last_event_id()});
  EXPECT_TRUE(completion.start_local_activities.empty());
  return completion.failure.message();
}

const HistoryEvent* marker_of(const FakeService& service, int index) {
  for (const HistoryEvent& event : service.events()) {
    if (event.has_marker_recorded_event_attributes() && index-- == 0) {
      return &event;
    }
  }
  return nullptr;
}
std::string marker_data(const FakeService& service, int index) {
  const HistoryEvent* event = marker_of(service, index);
  return event == nullptr ? "no such marker"
                          : event->marker_recorded_event_attributes().details().at("data").payloads(0).data();
}
std::vector<EventType> types_of(const FakeService& service) {
  std::vector<EventType> types;
  for (const HistoryEvent& event : service.events()) {
    types.push_back(event.event_type());
  }
  return types;
}

template <class W>
struct Play {
  explicit Play() : service("W"), worker(detail::workflow_definition<W>(), service) {}
  FakeService service;
  Worker worker;
};

TEST(LocalActivities, RunWithinTheirWorkflowTask) {
  Play<OneLocal> play;
  const Completion& asked = play.worker.take_task();
  ASSERT_EQ(asked.start_local_activities.size(), 1U);
  EXPECT_TRUE(asked.waits_for_local_activities);
  EXPECT_TRUE(asked.commands.empty());
  const LocalActivityTask task = asked.start_local_activities[0];
  EXPECT_EQ(task.activity_type, "add");
  EXPECT_EQ(task.activity_id, "1");
  EXPECT_EQ(task.first_attempt, 1);
  EXPECT_EQ(task.arguments, to_payloads(1, 2));
  const Completion& ended = play.worker.succeed(1, 3);
  EXPECT_FALSE(ended.waits_for_local_activities);
  EXPECT_TRUE(ended.closes_run);
  EXPECT_EQ(result_text(ended), "3");
  play.worker.answer();
  EXPECT_THAT(types_of(play.service),
              ElementsAre(EVENT_TYPE_WORKFLOW_EXECUTION_STARTED, EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
                          EVENT_TYPE_WORKFLOW_TASK_STARTED, EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
                          EVENT_TYPE_MARKER_RECORDED, EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED));
  EXPECT_EQ(replay_error<OneLocal>(play.service), "");
}

TEST(LocalActivities, HaveTheMarkersOfTemporalsRustCore) {
  Play<OneLocal> play;
  play.worker.take_task();
  play.worker.succeed(1, 3);
  play.worker.answer();
  const auto& marker = marker_of(play.service, 0)->marker_recorded_event_attributes();
  EXPECT_EQ(marker.marker_name(), "core_local_activity");
  EXPECT_EQ(marker.details().at("data").payloads(0).metadata().at("encoding"), "json/plain");
  EXPECT_EQ(marker_data(play.service, 0),
            R"({"activation_index":1,"activity_id":"1","activity_type":"add","attempt":1,"backoff":null,)"
            R"("complete_time":{"nanos":250000000,"seconds":1000010},)"
            R"("original_schedule_time":{"nanos":0,"seconds":1500000000},"seq":1})");
  EXPECT_EQ(marker.details().at("result").payloads(0).data(), "3");
}

TEST(LocalActivities, AreReplayedFromTheirMarkersAtEveryTask) {
  Play<Mixed> play;
  play.worker.take_task();
  play.worker.succeed(1, 3);
  play.worker.answer();
  play.service.complete_activity("2", to_payload(std::string("far")));
  play.worker.take_task();
  EXPECT_EQ(play.worker.running().at(4).activity_type, "echo");
  play.worker.succeed(4, std::string("near"));
  play.worker.succeed(3, 4);
  const std::vector<Command> second = play.worker.last().commands;
  play.worker.answer();
  play.service.fire_next_timer();
  play.worker.take_task();
  EXPECT_EQ(result_text(play.worker.last()), R"("far near 4")");
  play.worker.answer();
  EXPECT_EQ(replay_error<Mixed>(play.service), "");
  // Cut at the last task: nothing is run again, and the commands are the same.
  for (const HistoryEvent& event : play.service.events()) {
    if (event.event_type() == EVENT_TYPE_WORKFLOW_TASK_STARTED && event.event_id() > 12) {
      WorkflowRun again(detail::workflow_definition<Mixed>(), identity());
      const Completion cut = again.activate(play.service.slice(1, event.event_id()), {event.event_id() - 1});
      EXPECT_THAT(cut.start_local_activities, IsEmpty());
      EXPECT_EQ(result_text(cut), R"("far near 4")");
    }
  }
}

// The order in which they end decides about the commands after them, and only history knows it.
TEST(LocalActivities, ThatEndInAnotherOrderAreReplayedInThatOrder) {
  Play<Racing> play;
  play.worker.take_task();
  play.worker.succeed(3, 3);
  play.worker.succeed(1, 1);
  play.worker.succeed(2, 2);
  play.worker.answer();
  while (!play.service.closed()) {
    play.service.fire_next_timer();
    play.worker.take_task();
    play.worker.answer();
  }
  EXPECT_EQ(result_text(play.worker.last()), "[3,1,2]");
  EXPECT_EQ(replay_error<Racing>(play.service), "");
}

TEST(LocalActivities, FailWithTheirCause) {
  Play<LocalFailure> play;
  play.worker.take_task();
  const Completion& ended = play.worker.fail(1, std::runtime_error("no"));
  EXPECT_EQ(result_text(ended), R"("Local Activity failed: no")");
  play.worker.answer();
  EXPECT_EQ(marker_of(play.service, 0)->marker_recorded_event_attributes().failure().message(), "no");
  EXPECT_EQ(replay_error<LocalFailure>(play.service), "");
}

TEST(LocalActivities, TimeOutWithTheirCause) {
  Play<LocalFailure> play;
  play.worker.take_task();
  const Completion& ended = play.worker.end(
      1, {.failure = api::timeout_failure("Activity timed out", TIMEOUT_TYPE_START_TO_CLOSE), .runtime = 1s});
  EXPECT_EQ(result_text(ended), R"("Local Activity timed out: Activity timed out")");
  play.worker.answer();
  EXPECT_EQ(replay_error<LocalFailure>(play.service), "");
}

TEST(LocalActivities, WithoutATimeoutFailAtOnce) {
  Play<NoTimeout> play;
  EXPECT_THAT(play.worker.take_task().failure.message(),
              HasSubstr("Local activity must have start_to_close_timeout or schedule_to_close_timeout"));
}

TEST(LocalActivities, CancelledByTryingAreOverForTheCodeAtOnce) {
  Play<CancelRunning<ActivityCancellationType::kTryCancel>> play;
  play.worker.take_task();
  const Completion& ended = play.worker.succeed(2, 0);
  EXPECT_EQ(result_text(ended), R"("cancelled: Local Activity cancelled")");
  EXPECT_THAT(play.worker.stopped(), ElementsAre(1U));
  EXPECT_FALSE(ended.waits_for_local_activities);
  // What the worker says later is of no interest.
  EXPECT_EQ(serialised(play.worker.succeed(1, std::string("x")).commands), serialised(ended.commands));
  play.worker.answer();
  EXPECT_THAT(marker_data(play.service, 1),
              AllOf(HasSubstr(R"("attempt":0)"), HasSubstr(R"("seq":1)"),
                    HasSubstr(R"("complete_time":null)"), HasSubstr(R"("activation_index":2)")));
  EXPECT_EQ(replay_error<CancelRunning<ActivityCancellationType::kTryCancel>>(play.service), "");
}

TEST(LocalActivities, AbandonedAreNotStopped) {
  Play<CancelRunning<ActivityCancellationType::kAbandon>> play;
  play.worker.take_task();
  EXPECT_EQ(result_text(play.worker.succeed(2, 0)), R"("cancelled: Local Activity cancelled")");
  EXPECT_THAT(play.worker.stopped(), IsEmpty());
  play.worker.answer();
  EXPECT_EQ(replay_error<CancelRunning<ActivityCancellationType::kAbandon>>(play.service), "");
}

TEST(LocalActivities, WhoseCancellationIsAwaitedSayHowItWent) {
  Play<CancelRunning<ActivityCancellationType::kWaitCancellationCompleted>> play;
  play.worker.take_task();
  const Completion& asked = play.worker.succeed(2, 0);
  EXPECT_THAT(play.worker.stopped(), ElementsAre(1U));
  EXPECT_TRUE(asked.waits_for_local_activities);
  temporal::api::failure::v1::Failure cancelled;
  cancelled.set_message("tidied up");
  cancelled.mutable_canceled_failure_info();
  const Completion& ended = play.worker.end(1, {.failure = cancelled, .runtime = 1s});
  EXPECT_EQ(result_text(ended), R"("cancelled: Local Activity cancelled")");
  play.worker.answer();
  EXPECT_EQ(replay_error<CancelRunning<ActivityCancellationType::kWaitCancellationCompleted>>(play.service),
            "");
}

TEST(LocalActivities, CancelledByTheCodeThatStartedThemNeverRun) {
  Play<CancelAtOnce> play;
  const Completion& completion = play.worker.take_task();
  EXPECT_THAT(completion.start_local_activities, IsEmpty());
  EXPECT_THAT(completion.stop_local_activities, IsEmpty());
  EXPECT_EQ(completion.commands.size(), 2U);
  play.worker.answer();
  play.service.fire_next_timer();
  EXPECT_EQ(result_text(play.worker.take_task()), R"("cancelled: Local Activity cancelled")");
  play.worker.answer();
  EXPECT_EQ(replay_error<CancelAtOnce>(play.service), "");
}

TEST(LocalActivities, BackOffByADurableTimer) {
  Play<BackingOff> play;
  play.worker.take_task();
  LocalActivityOutcome again{
      .failure = api::exception_to_failure(std::make_exception_ptr(ApplicationError("not yet"))),
      .attempt = 3,
      .runtime = 1s,
      .backoff = 90s};
  const Completion& paused = play.worker.end(1, again);
  ASSERT_EQ(paused.commands.size(), 2U);
  EXPECT_EQ(paused.commands[1].start_timer_command_attributes().start_to_fire_timeout().seconds(), 90);
  play.worker.answer();
  EXPECT_THAT(marker_data(play.service, 0), HasSubstr(R"("backoff":{"nanos":0,"seconds":90})"));
  play.service.fire_next_timer();
  play.worker.take_task();
  const LocalActivityTask& next = play.worker.running().at(2);
  EXPECT_EQ(next.first_attempt, 4);
  EXPECT_EQ(next.activity_id, "2");
  EXPECT_EQ(next.arguments, to_payloads(std::string("again")));
  EXPECT_EQ(next.scheduled_time, std::chrono::system_clock::time_point(1'500'000'000s));
  const Completion& ended = play.worker.succeed(2, std::string("done"));
  EXPECT_EQ(result_text(ended), R"("\"done\"")");
  EXPECT_EQ(ended.commands[0].user_metadata().summary().data(), "\"patient\"");
  play.worker.answer();
  EXPECT_EQ(replay_error<BackingOff>(play.service), "");
}

TEST(LocalActivities, CanBeCancelledWhileTheyBackOff) {
  Play<CancelBackoff> play;
  play.worker.take_task();
  play.worker.end(1,
                  {.failure = api::exception_to_failure(std::make_exception_ptr(ApplicationError("not yet"))),
                   .runtime = 1s,
                   .backoff = 90s});
  play.worker.answer();
  play.service.signal("stop");
  EXPECT_EQ(result_text(play.worker.take_task()), R"("cancelled: Local Activity cancelled")");
  play.worker.answer();
  EXPECT_EQ(replay_error<CancelBackoff>(play.service), "");
}

TEST(LocalActivities, GoOnOverSeveralWorkflowTasks) {
  Play<OneLocal> play;
  play.worker.take_task();
  play.worker.answer();  // a heartbeat
  EXPECT_TRUE(play.worker.take_task().waits_for_local_activities);
  EXPECT_EQ(play.worker.running().size(), 1U);
  const HistoryEvents until_here = play.service.events();
  EXPECT_EQ(result_text(play.worker.succeed(1, 3)), "3");
  play.worker.answer();
  EXPECT_THAT(marker_data(play.service, 0), HasSubstr(R"("activation_index":0)"));
  EXPECT_EQ(replay_error<OneLocal>(play.service), "");
  // Another worker takes over in the middle: there is no marker, so it runs the activity.
  WorkflowRun elsewhere(detail::workflow_definition<OneLocal>(), identity());
  const Completion taken_over = elsewhere.activate(until_here, {3});
  ASSERT_EQ(taken_over.start_local_activities.size(), 1U);
  EXPECT_EQ(result_text(elsewhere.resolve_local_activity(1, {.result = to_payload(3)})), "3");
}

TEST(LocalActivities, MoveTheWorkflowsTimeOn) {
  Play<KeepsTime> play;
  play.worker.take_task();
  EXPECT_EQ(result_text(play.worker.succeed(1, 2)), "true");
}

TEST(LocalActivities, OfAWorkflowThatEndedAreNotWaitedFor) {
  Play<EndsEarly> play;
  play.worker.take_task();
  const Completion& ended = play.worker.succeed(2, 2);
  EXPECT_TRUE(ended.closes_run);
  EXPECT_FALSE(ended.waits_for_local_activities);
  EXPECT_EQ(ended.commands.size(), 2U);
}

// ---- code that does something else than its history

}  // namespace

struct OtherType {
  Task<std::string> run() { co_return co_await execute_local_activity<echo>("x", kLocal); }
};
struct NoLocal {
  Task<> run() { co_return; }
};
struct Sleeps {
  Task<> run() { co_await sleep(1s); }
};

namespace {

FakeService history_of_one_local() {
  Play<OneLocal> play;
  play.worker.take_task();
  play.worker.succeed(1, 3);
  play.worker.answer();
  return play.service;
}

TEST(LocalActivities, OfAnotherTypeThanInHistoryAreNoticed) {
  EXPECT_THAT(
      replay_error<OtherType>(history_of_one_local()),
      AllOf(
          HasSubstr("history has event 5, MarkerRecorded (local activity id \"1\", type \"add\")"),
          HasSubstr("the code started a local activity id \"1\", type \"echo\" at local_activities_test.cc:"),
          HasSubstr("local activity type \"echo\" instead of \"add\"")));
}

TEST(LocalActivities, ThatTheCodeDoesNotStartAreNoticed) {
  EXPECT_THAT(replay_error<NoLocal>(history_of_one_local()),
              AllOf(HasSubstr("event 5, MarkerRecorded (local activity id \"1\", type \"add\")"),
                    HasSubstr("the code produced CompleteWorkflowExecution")));
}

TEST(LocalActivities, ThatHistoryDoesNotHaveAreNoticed) {
  FakeService service("W");
  Worker worker(detail::workflow_definition<Sleeps>(), service);
  worker.take_task();
  worker.answer();
  service.fire_next_timer();
  worker.take_task();
  worker.answer();
  EXPECT_THAT(
      replay_error<OneLocal>(service),
      AllOf(
          HasSubstr("history has event 5, TimerStarted"),
          HasSubstr("the code started a local activity id \"1\", type \"add\" at local_activities_test.cc:"),
          HasSubstr("which has no marker before it")));
}

}  // namespace
}  // namespace local_activities
}  // namespace perdure::testing
