#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;

// Two activities with a timer between; what it does is chosen by the test, as if its code had changed.
struct Changing {
  static inline int version = 1;
  static constexpr std::string_view workflow_name = "Changing";
  Task<int> run() {
    const ActivityOptions options{.start_to_close_timeout = 10s};
    int sum = 0;
    if (version == 2) {
      sum = static_cast<int>((co_await workflow::execute_activity<echo>("x", options)).size());
    } else if (version == 3) {
      co_await workflow::sleep(1s);
    } else if (version == 4) {
      co_return 0;
    } else if (version == 7) {
      co_await workflow::execute_activity_by_name<std::string>("echo", options, std::string("x"));
    } else {
      sum = co_await workflow::execute_activity<add>(1, 2, options);
    }
    if (version == 5) {
      auto extra = workflow::start_activity<add>(0, 0, options);
    }
    if (version != 6) {
      co_await workflow::sleep(1s);
    }
    co_return sum + co_await workflow::execute_activity<add>(3, 4, options);
  }
};

class Replay : public ::testing::Test {
 protected:
  Replay() { Changing::version = 1; }
  ~Replay() override { Changing::version = 1; }

  static FakeService recorded() {
    FakeService service("Changing");
    WorkflowRun run(detail::workflow_definition<Changing>(), identity());
    drive(run, service, test_activities());
    return service;
  }
  static Completion replay(const FakeService& service) {
    WorkflowRun run(detail::workflow_definition<Changing>(), identity());
    return run.activate(service.events(), {service.last_event_id()});
  }
  static std::string error_of(int version) {
    const FakeService service = recorded();
    Changing::version = version;
    const Completion completion = replay(service);
    EXPECT_EQ(completion.outcome, Completion::Outcome::kTaskFailure);
    EXPECT_EQ(completion.cause, WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR);
    return completion.failure.message();
  }
};

TEST_F(Replay, OfUnchangedCodeAgreesWithItsHistory) {
  const Completion completion = replay(recorded());
  EXPECT_EQ(completion.outcome, Completion::Outcome::kCommands);
  EXPECT_TRUE(completion.commands.empty());
}

TEST_F(Replay, NamesThePlaceOfACallByName) {
  EXPECT_THAT(error_of(7),
              AllOf(HasSubstr("activity type \"echo\" instead of \"add\""), HasSubstr("at replay_test.cc:")));
}

TEST_F(Replay, NamesAnotherActivityType) {
  EXPECT_THAT(error_of(2),
              AllOf(HasSubstr("[TMPRL1100]"), HasSubstr("event 5, ActivityTaskScheduled"),
                    HasSubstr("activity type \"echo\" instead of \"add\""), HasSubstr("at replay_test.cc:")));
}

TEST_F(Replay, NamesAnotherKindOfCommand) {
  EXPECT_THAT(error_of(3),
              AllOf(HasSubstr("event 5, ActivityTaskScheduled (activity id \"1\", type \"add\")"),
                    HasSubstr("the code produced StartTimer (timer id \"1\")")));
}

TEST_F(Replay, NamesACompletionThatComesTooEarly) {
  EXPECT_THAT(error_of(4), HasSubstr("the code produced CompleteWorkflowExecution"));
}

TEST_F(Replay, NamesACommandThatHistoryDoesNotHave) {
  EXPECT_THAT(error_of(5), HasSubstr("but the code produced ScheduleActivityTask (activity id \"2\""));
}

TEST_F(Replay, NamesACommandThatTheCodeNoLongerMakes) {
  EXPECT_THAT(error_of(6),
              AllOf(HasSubstr("TimerStarted (timer id \"1\")"), HasSubstr("ScheduleActivityTask")));
}

TEST_F(Replay, NamesTheLastEventThatMatches) {
  EXPECT_THAT(error_of(5), AllOf(HasSubstr("The last event that matches is event "),
                                 ContainsRegex("of the call at replay_test.cc:[0-9]+\\. The workflow's code"),
                                 HasSubstr("workflow::patched()"), HasSubstr("reset the run")));
  EXPECT_THAT(error_of(2), HasSubstr("No event before it records what the code did. The workflow's code"));
}

TEST_F(Replay, NamesTheEventAfterWhichACommandIsMissing) {
  FakeService service("Changing");
  service.start_task();
  service.complete_task(std::vector<Command>());
  service.signal("anything");
  service.start_task();
  const Completion completion = replay(service);
  EXPECT_THAT(completion.failure.message(),
              AllOf(HasSubstr("the code produced ScheduleActivityTask (activity id \"1\", type \"add\")"),
                    HasSubstr("nothing before event 5, WorkflowExecutionSignaled")));
}

TEST_F(Replay, OfAnEventThatNoCommandMadeNamesIt) {
  FakeService service("Changing");
  service.start_task();
  temporal::api::command::v1::Command timer;
  timer.set_command_type(COMMAND_TYPE_START_TIMER);
  timer.mutable_start_timer_command_attributes()->set_timer_id("9");
  Changing::version = 4;
  WorkflowRun run(detail::workflow_definition<Changing>(), identity());
  service.complete_task({run.activate(service.events(), {}).commands[0], timer});
  EXPECT_THAT(replay(service).failure.message(), HasSubstr("the code did nothing that would write it"));
}

TEST_F(Replay, SkipsWorkflowTasksThatFailed) {
  FakeService service("Changing");
  service.start_task();
  service.fail_task();
  WorkflowRun run(detail::workflow_definition<Changing>(), identity());
  const Driven driven = drive(run, service, test_activities());
  EXPECT_EQ(result_text(driven.last), "10");
  EXPECT_EQ(replay(service).failure.message(), "");
}

TEST_F(Replay, AsksForTheFullHistoryWhenEventsAreMissing) {
  const FakeService service = recorded();
  WorkflowRun run(detail::workflow_definition<Changing>(), identity());
  EXPECT_EQ(run.activate(service.slice(4, 8), {}).outcome, Completion::Outcome::kNeedsFullHistory);
}

TEST_F(Replay, AsksForTheFullHistoryAfterAnAnswerThatTheServiceRefused) {
  FakeService service("Changing");
  service.start_task();
  WorkflowRun run(detail::workflow_definition<Changing>(), identity());
  run.activate(service.events(), {});
  service.fail_task();
  service.start_task();
  EXPECT_EQ(run.activate(service.slice(4, 6), {}).outcome, Completion::Outcome::kNeedsFullHistory);
}

TEST_F(Replay, SkipsEventsThatItHasSeen) {
  FakeService service("Changing");
  service.start_task();
  WorkflowRun run(detail::workflow_definition<Changing>(), identity());
  const Completion first = run.activate(service.events(), {});
  service.complete_task(first.commands);
  service.complete_activity("1", to_payload(3));
  service.start_task();
  const Completion second = run.activate(service.events(), {3});
  ASSERT_EQ(second.commands.size(), 1U);
  EXPECT_EQ(second.commands[0].command_type(), COMMAND_TYPE_START_TIMER);
}

struct Observer {
  Task<std::vector<std::int64_t>> run() {
    std::vector<std::int64_t> seen;
    for (int i = 0; i < 3; ++i) {
      seen.push_back(std::chrono::system_clock::to_time_t(workflow::now()));
      seen.push_back(workflow::is_replaying() ? 1 : 0);
      seen.push_back(workflow::info().current_history_length);
      co_await workflow::sleep(1s);
    }
    co_return seen;
  }
};

TEST_F(Replay, SeesTheTimeAndLengthOfEachTaskAndKnowsWhichAreOver) {
  FakeService service("Observer");
  WorkflowRun run(detail::workflow_definition<Observer>(), identity());
  const Driven driven = drive(run, service, test_activities());
  EXPECT_EQ(result_text(driven.last), "[1000010,0,3,1000020,0,8,1000030,0,13]");
  WorkflowRun again(detail::workflow_definition<Observer>(), identity());
  const AnsweredTask& last = driven.tasks[driven.tasks.size() - 1];
  const Completion completion =
      again.activate(service.slice(1, last.started_event_id), {last.previous_started_event_id});
  EXPECT_EQ(result_text(completion), "[1000010,1,3,1000020,1,8,1000030,1,13]");
}

struct Informed {
  Task<std::string> run() {
    const workflow::Info& info = workflow::info();
    co_return info.namespace_name + " " + info.workflow_id + " " + info.run_id + " " + info.workflow_type +
        " " + info.task_queue + " " + info.first_execution_run_id;
  }
};

TEST_F(Replay, KnowsItsRun) {
  FakeService service("Informed");
  WorkflowRun run(detail::workflow_definition<Informed>(), identity());
  EXPECT_EQ(result_text(drive(run, service, {}).last), "\"default workflow-1 run-1 Informed queue run-0\"");
}

}  // namespace perdure::testing
