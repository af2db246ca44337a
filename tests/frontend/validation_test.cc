// Each bad request with the code and text that Temporal gives it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "engine/cron.h"
#include "frontend/validate.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::HasSubstr;

const std::string kLong(1'001, 'x');

void expect_refused(const std::optional<Status>& status, Code code, const std::string& message) {
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code(), code);
  EXPECT_EQ(status->message(), message);
}

struct BadStart {
  const char* name;
  void (*spoil)(wire::StartWorkflowExecutionRequest&);
  Code code;
  const char* message;
};

class StartValidation : public ::testing::TestWithParam<BadStart> {};

TEST_P(StartValidation, IsRefusedWithTemporalsText) {
  Rig rig;
  auto request = Rig::start_request("w");
  GetParam().spoil(request);
  auto started = rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  expect_refused(started->status, GetParam().code, GetParam().message);
  EXPECT_EQ(rig.storage->commits, 0);
}

using Start = wire::StartWorkflowExecutionRequest;

INSTANTIATE_TEST_SUITE_P(
    Requests, StartValidation,
    ::testing::Values(
        BadStart{"NoNamespace", [](Start& r) { r.clear_namespace_(); }, Code::kInvalidArgument,
                 "Namespace is empty."},
        BadStart{"LongNamespace", [](Start& r) { r.set_namespace_(kLong); }, Code::kInvalidArgument,
                 "Namespace length exceeds limit."},
        BadStart{"UnknownNamespace", [](Start& r) { r.set_namespace_("nowhere"); }, Code::kNotFound,
                 "Namespace nowhere is not found."},
        BadStart{"NoWorkflowId", [](Start& r) { r.clear_workflow_id(); }, Code::kInvalidArgument,
                 "WorkflowId is not set on request."},
        BadStart{"LongWorkflowId", [](Start& r) { r.set_workflow_id(kLong); }, Code::kInvalidArgument,
                 "WorkflowId exceeds maximum allowed length (1001/1000)"},
        BadStart{"NoType", [](Start& r) { r.clear_workflow_type(); }, Code::kInvalidArgument,
                 "WorkflowType is not set on request."},
        BadStart{"LongType", [](Start& r) { r.mutable_workflow_type()->set_name(kLong); },
                 Code::kInvalidArgument, "WorkflowType length exceeds limit."},
        BadStart{"NoQueue", [](Start& r) { r.clear_task_queue(); }, Code::kInvalidArgument,
                 "taskQueue is not set"},
        BadStart{"NoQueueName", [](Start& r) { r.mutable_task_queue()->clear_name(); },
                 Code::kInvalidArgument, "missing task queue name"},
        BadStart{"LongQueue", [](Start& r) { r.mutable_task_queue()->set_name(kLong); },
                 Code::kInvalidArgument, "taskQueue length exceeds limit"},
        BadStart{"ReservedQueue", [](Start& r) { r.mutable_task_queue()->set_name("/_sys/orders"); },
                 Code::kInvalidArgument, "task queue name cannot start with reserved prefix /_sys/"},
        BadStart{"LongRequestId", [](Start& r) { r.set_request_id(kLong); }, Code::kInvalidArgument,
                 "RequestId length exceeds limit."},
        BadStart{"NegativeExecutionTimeout",
                 [](Start& r) { r.mutable_workflow_execution_timeout()->set_seconds(-1); },
                 Code::kInvalidArgument,
                 "An invalid WorkflowExecutionTimeoutSeconds is set on request. cause: negative duration"},
        BadStart{"NegativeRunTimeout", [](Start& r) { r.mutable_workflow_run_timeout()->set_seconds(-1); },
                 Code::kInvalidArgument,
                 "An invalid WorkflowRunTimeoutSeconds is set on request. cause: negative duration"},
        BadStart{"NegativeTaskTimeout", [](Start& r) { r.mutable_workflow_task_timeout()->set_nanos(-1); },
                 Code::kInvalidArgument,
                 "An invalid WorkflowTaskTimeoutSeconds is set on request. cause: negative duration"},
        BadStart{"MixedSigns",
                 [](Start& r) {
                   r.mutable_workflow_run_timeout()->set_seconds(1);
                   r.mutable_workflow_run_timeout()->set_nanos(-1);
                 },
                 Code::kInvalidArgument,
                 "An invalid WorkflowRunTimeoutSeconds is set on request. cause: duration has seconds and "
                 "nanos with "
                 "different signs"},
        BadStart{"NegativeDelay", [](Start& r) { r.mutable_workflow_start_delay()->set_seconds(-1); },
                 Code::kInvalidArgument,
                 "An invalid WorkflowStartDelaySeconds is set on request. cause: negative duration"},
        BadStart{"CronAndDelay",
                 [](Start& r) {
                   r.set_cron_schedule("* * * * *");
                   r.mutable_workflow_start_delay()->set_seconds(1);
                 },
                 Code::kInvalidArgument, "CronSchedule and WorkflowStartDelay may not be used together."},
        BadStart{"BadCron", [](Start& r) { r.set_cron_schedule("every day"); }, Code::kInvalidArgument,
                 "invalid CronSchedule."},
        BadStart{"CronThatNeverComes", [](Start& r) { r.set_cron_schedule("0 0 31 2 *"); },
                 Code::kInvalidArgument,
                 "invalid CronSchedule, no time can be found to satisfy the schedule"},
        BadStart{"CronZone", [](Start& r) { r.set_cron_schedule("CRON_TZ=Europe/Berlin 0 9 * * *"); },
                 Code::kUnimplemented,
                 "CronSchedule in a time zone other than UTC is not implemented by this version of Perdure"},
        BadStart{"RetryBackoff", [](Start& r) { r.mutable_retry_policy()->set_backoff_coefficient(0.5); },
                 Code::kInvalidArgument, "BackoffCoefficient cannot be less than 1 on retry policy."},
        BadStart{"RetryAttempts", [](Start& r) { r.mutable_retry_policy()->set_maximum_attempts(-1); },
                 Code::kInvalidArgument, "MaximumAttempts cannot be negative on retry policy."},
        BadStart{"RetryInitial",
                 [](Start& r) { r.mutable_retry_policy()->mutable_initial_interval()->set_seconds(-1); },
                 Code::kInvalidArgument, "invalid InitialInterval set on retry policy: negative duration"},
        BadStart{"RetryMaximum",
                 [](Start& r) { r.mutable_retry_policy()->mutable_maximum_interval()->set_nanos(1); },
                 Code::kInvalidArgument,
                 "MaximumInterval cannot be less than InitialInterval on retry policy."},
        BadStart{"RetryTimeoutType",
                 [](Start& r) {
                   r.mutable_retry_policy()->add_non_retryable_error_types("TemporalTimeout:Never");
                 },
                 Code::kInvalidArgument, "Invalid timeout type value: Never."},
        BadStart{"ConflictingPolicies",
                 [](Start& r) {
                   r.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
                   r.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING);
                 },
                 Code::kInvalidArgument,
                 "Invalid WorkflowIDReusePolicy: WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE cannot be used "
                 "together "
                 "with WorkflowIdConflictPolicy WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING"},
        BadStart{"LargeInput", [](Start& r) { *r.mutable_input() = payloads(std::string(2'097'200, 'x')); },
                 Code::kInvalidArgument, "Blob data size exceeds limit."},
        BadStart{"LargeMemo",
                 [](Start& r) {
                   (*r.mutable_memo()->mutable_fields())["k"].set_data(std::string(2'097'200, 'x'));
                 },
                 Code::kInvalidArgument, "Memo size exceeds limit."},
        BadStart{"InvalidUtf8", [](Start& r) { r.set_workflow_id("caf\xe9"); }, Code::kInvalidArgument,
                 "field temporal.api.workflowservice.v1.StartWorkflowExecutionRequest.workflow_id contains "
                 "invalid "
                 "UTF-8"},
        BadStart{"OnConflict", [](Start& r) { r.mutable_on_conflict_options()->set_attach_request_id(true); },
                 Code::kUnimplemented, "OnConflictOptions are not implemented by this version of Perdure"},
        BadStart{"TimeSkipping", [](Start& r) { r.mutable_time_skipping_config()->set_enabled(true); },
                 Code::kUnimplemented, "The Time-Skipping feature is not enabled for namespace."}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Validation, AnUnknownNamespaceCarriesItsDetail) {
  Rig rig;
  auto request = Rig::start_request("w");
  request.set_namespace_("nowhere");
  auto started = rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  EXPECT_EQ(started->status->detail_type(), "temporal.api.errordetails.v1.NamespaceNotFoundFailure");
  temporal::api::errordetails::v1::NamespaceNotFoundFailure detail;
  ASSERT_TRUE(detail.ParseFromString(started->status->detail()));
  EXPECT_EQ(detail.namespace_(), "nowhere");
}

TEST(Validation, ARequestOverFourMebibytesHasTheTextThatSdksRecognise) {
  Rig rig;
  auto request = Rig::start_request("w");
  *request.mutable_input() = payloads(std::string(5'000'000, 'x'));
  auto started = rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  expect_refused(
      started->status, Code::kResourceExhausted,
      "grpc: received message larger than max (" + std::to_string(request.ByteSizeLong()) + " vs. 4194304)");
}

TEST(Validation, ADeeplyNestedRequestIsRefused) {
  Rig rig;
  wire::RespondActivityTaskFailedRequest request;
  auto* failure = request.mutable_failure();
  for (int i = 0; i < 2'000; ++i) {
    failure = failure->mutable_cause();
  }
  auto failed = rig.call<wire::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", request);
  expect_refused(failed->status, Code::kInvalidArgument, "the request is nested deeper than 90 messages");
}

TEST(Validation, ValidUtf8OfEveryLengthIsAccepted) {
  Rig rig;
  EXPECT_TRUE(rig.start("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")->ok());
}

TEST(Validation, AMethodThatIsNotImplementedSaysItsName) {
  Rig rig;
  auto answer = rig.call<wire::CreateScheduleResponse>("CreateSchedule", wire::CreateScheduleRequest());
  expect_refused(answer->status, Code::kUnimplemented,
                 "CreateSchedule is not implemented by this version of Perdure");
  auto unknown = rig.call<wire::QueryWorkflowResponse>("MakeCoffee", wire::QueryWorkflowRequest());
  expect_refused(unknown->status, Code::kUnimplemented, "unknown method MakeCoffee");
}

TEST(Validation, SignalsAreChecked) {
  Rig rig;
  wire::SignalWorkflowExecutionRequest request;
  request.set_namespace_("default");
  const auto signal = [&] {
    return rig.call<wire::SignalWorkflowExecutionResponse>("SignalWorkflowExecution", request)->status;
  };
  expect_refused(signal(), Code::kInvalidArgument, "Execution is not set on request.");
  request.mutable_workflow_execution();
  expect_refused(signal(), Code::kInvalidArgument, "WorkflowId is not set on request.");
  request.mutable_workflow_execution()->set_workflow_id("w");
  request.mutable_workflow_execution()->set_run_id("not a uuid");
  expect_refused(signal(), Code::kInvalidArgument, "Invalid RunId.");
  request.mutable_workflow_execution()->clear_run_id();
  expect_refused(signal(), Code::kInvalidArgument, "SignalName is not set on request.");
  request.set_signal_name(kLong);
  expect_refused(signal(), Code::kInvalidArgument, "SignalName length exceeds limit.");
  request.set_signal_name("s");
  *request.mutable_input() = payloads(std::string(2'097'200, 'x'));
  expect_refused(signal(), Code::kInvalidArgument, "Blob data size exceeds limit.");
  request.clear_input();
  expect_refused(signal(), Code::kNotFound, "workflow not found for ID: w");
  request.mutable_workflow_execution()->set_run_id("99999999-9999-4999-8999-999999999999");
  expect_refused(signal(), Code::kNotFound,
                 "workflow execution not found for workflow ID \"w\" and run ID "
                 "\"99999999-9999-4999-8999-999999999999\"");
}

TEST(Validation, PollsAreChecked) {
  Rig rig;
  wire::PollWorkflowTaskQueueRequest request;
  request.set_namespace_("default");
  const auto poll = [&](Duration timeout) {
    return rig
        .call<wire::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", request, {.timeout = timeout})
        ->status;
  };
  expect_refused(poll(seconds(1)), Code::kFailedPrecondition, "Context timeout is too short.");
  expect_refused(poll(seconds(70)), Code::kInvalidArgument, "taskQueue is not set");
  request.mutable_task_queue()->set_name("orders");
  request.set_identity(kLong);
  expect_refused(poll(seconds(70)), Code::kInvalidArgument, "Identity length exceeds limit.");
}

TEST(Validation, ActivityAnswersAreChecked) {
  Rig rig;
  wire::RespondActivityTaskFailedRequest failed;
  const auto fail = [&] {
    return rig.call<wire::RespondActivityTaskFailedResponse>("RespondActivityTaskFailed", failed)->status;
  };
  expect_refused(fail(), Code::kInvalidArgument, "Task token not set on request.");
  failed.set_task_token("made up");
  expect_refused(fail(), Code::kInvalidArgument, "Error deserializing task token.");
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  failed.set_task_token(rig.poll_activity()->response.task_token());
  failed.mutable_failure()->mutable_canceled_failure_info();
  expect_refused(fail(), Code::kInvalidArgument, "Failure must have ApplicationFailureInfo.");

  wire::RespondActivityTaskCompletedByIdRequest by_id;
  by_id.set_namespace_("default");
  const auto complete = [&] {
    return rig
        .call<wire::RespondActivityTaskCompletedByIdResponse>("RespondActivityTaskCompletedById", by_id)
        ->status;
  };
  expect_refused(complete(), Code::kInvalidArgument, "ActivityId is not set on request.");
  by_id.set_activity_id("b");
  expect_refused(complete(), Code::kInvalidArgument, "WorkflowId is not set on request.");
  by_id.set_workflow_id("w");
  EXPECT_EQ(complete()->code(), Code::kNotFound);
}

TEST(Validation, CronSchedules) {
  for (const char* good : {"* * * * *", "*/15 0-6,22 1 jan,MAR mon-fri", "@daily", "@every 1h30m",
                           "0 12 * * 0", "CRON_TZ=UTC 0 9 * * *", "30 4 1-7/2 * ?"}) {
    EXPECT_EQ(engine::check_cron(good), engine::CronProblem::kNone) << good;
  }
  for (const char* bad :
       {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "5-1 * * * *",
        "*/0 * * * *", "@often", "@every", "@every soon", "a b c d e", "TZ=UTC"}) {
    EXPECT_EQ(engine::check_cron(bad), engine::CronProblem::kInvalid) << bad;
  }
}

TEST(Validation, ATruncatedFailureKeepsWhatMatters) {
  temporal::api::failure::v1::Failure failure;
  failure.set_message(std::string(500, 'm') + "\xc3\xa9");
  failure.set_stack_trace(std::string(5'000, 's'));
  failure.mutable_application_failure_info()->set_type("Poor");
  failure.mutable_application_failure_info()->set_non_retryable(true);
  failure.mutable_cause()->set_message("deeper");
  const auto kept = frontend::truncated(failure, 600);
  EXPECT_EQ(kept.message(), failure.message());
  EXPECT_EQ(kept.application_failure_info().type(), "Poor");
  EXPECT_TRUE(kept.application_failure_info().non_retryable());
  EXPECT_LE(kept.ByteSizeLong(), 640u);
  EXPECT_FALSE(kept.has_cause());
  EXPECT_EQ(frontend::truncated(failure, 509).message().size(), 500u) << "not inside a character";
}

}  // namespace
}  // namespace perdure::testing
