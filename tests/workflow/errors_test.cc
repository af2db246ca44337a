#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

class OutOfStock : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Throws {
  Task<int> run(std::string what) {
    if (what == "application") {
      throw ApplicationError("broken",
                             {.type = "Broken", .non_retryable = true, .details = to_payloads(1, "two")});
    }
    if (what == "activity") {
      co_return co_await workflow::execute_activity<refuse>(1, {.start_to_close_timeout = 10s});
    }
    if (what == "options") {
      co_return co_await workflow::execute_activity<refuse>(1, ActivityOptions{});
    }
    if (what == "condition") {
      co_await workflow::wait_condition([] { return false; }, 1s);
    }
    throw OutOfStock("no tea left");
  }
};

Driven run_throwing(const std::string& what) {
  FakeService service("Throws", to_payloads(what));
  WorkflowRun run(detail::workflow_definition<Throws>(), identity());
  return drive(run, service, test_activities());
}

temporal::api::failure::v1::Failure failure_of(const Driven& driven) {
  EXPECT_EQ(driven.last.commands.size(), 1U);
  return driven.last.commands[0].fail_workflow_execution_command_attributes().failure();
}

TEST(Errors, AnApplicationErrorFailsTheWorkflowWithAllItHolds) {
  const auto failure = failure_of(run_throwing("application"));
  EXPECT_EQ(failure.message(), "broken");
  EXPECT_EQ(failure.application_failure_info().type(), "Broken");
  EXPECT_TRUE(failure.application_failure_info().non_retryable());
  EXPECT_EQ(failure.application_failure_info().details().payloads_size(), 2);
}

TEST(Errors, AnActivityErrorFailsTheWorkflowWithItsCause) {
  const auto failure = failure_of(run_throwing("activity"));
  EXPECT_EQ(failure.message(), "Activity task failed");
  EXPECT_EQ(failure.activity_failure_info().activity_type().name(), "refuse");
  EXPECT_EQ(failure.activity_failure_info().retry_state(), RETRY_STATE_MAXIMUM_ATTEMPTS_REACHED);
  EXPECT_EQ(failure.cause().application_failure_info().type(), "Boom");
}

TEST(Errors, ATimeoutOfAConditionFailsTheWorkflow) {
  EXPECT_TRUE(failure_of(run_throwing("condition")).has_timeout_failure_info());
}

TEST(Errors, AnyOtherExceptionFailsTheWorkflowTaskWithItsType) {
  const Driven driven = run_throwing("other");
  EXPECT_EQ(driven.last.outcome, Completion::Outcome::kTaskFailure);
  EXPECT_EQ(driven.last.cause, WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE);
  EXPECT_EQ(driven.last.failure.message(), "no tea left");
  EXPECT_EQ(driven.last.failure.application_failure_info().type(), "OutOfStock");
}

TEST(Errors, AMissingTimeoutIsNamedAtTheCall) {
  EXPECT_EQ(run_throwing("options").failure,
            "Activity must have start_to_close_timeout or schedule_to_close_timeout");
}

TEST(Errors, ArgumentsThatDoNotDecodeFailTheWorkflowTask) {
  FakeService service("Throws", to_payloads(1));
  WorkflowRun run(detail::workflow_definition<Throws>(), identity());
  EXPECT_NE(drive(run, service, {}).failure.find("argument 1"), std::string::npos);
}

TEST(Errors, CallsOutsideOfAWorkflowAreRefusedByName) {
  try {
    (void)workflow::now();
    FAIL();
  } catch (const PerdureError& error) {
    EXPECT_NE(std::string(error.what()).find("workflow::now was called outside of a workflow"),
              std::string::npos);
  }
}

}  // namespace perdure::testing
