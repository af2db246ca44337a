#include "client/outbound.h"

#include <utility>

#include "client/connection.h"
#include "client/repeated_call.h"
#include "client/update_calls.h"
#include "perdure/async_activity.h"
#include "perdure/detail/client_calls.h"
#include "perdure/error.h"

namespace perdure::client {
namespace {

class Outbound final : public ClientOutboundInterceptor {
 public:
  explicit Outbound(Connection& connection) : connection_(connection) {}

  StartWorkflowOutput start_workflow(StartWorkflowInput input) override {
    return make_call(connection_, prepare_start(connection_, input));
  }
  void signal_workflow(SignalWorkflowInput input) override {
    make_call(connection_, prepare_signal(connection_, input));
  }
  Payload query_workflow(QueryWorkflowInput input) override {
    return make_call(connection_, prepare_query(connection_, input));
  }
  StartWorkflowUpdateOutput start_workflow_update(StartWorkflowUpdateInput input) override {
    return make_repeated_call(connection_, UpdateCall(connection_, input));
  }
  StartUpdateWithStartWorkflowOutput start_update_with_start_workflow(
      StartUpdateWithStartWorkflowInput input) override {
    return make_repeated_call(connection_, UpdateWithStartCall(connection_, input));
  }
  WorkflowUpdateOutcome workflow_update_result(WorkflowUpdateResultInput input) override {
    return make_repeated_call(connection_, UpdateResultCall(connection_, input));
  }
  void cancel_workflow(CancelWorkflowInput input) override {
    make_call(connection_, prepare_cancel(connection_, input));
  }
  void terminate_workflow(TerminateWorkflowInput input) override {
    make_call(connection_, prepare_terminate(connection_, input));
  }
  WorkflowExecutionDescription describe_workflow(DescribeWorkflowInput input) override {
    return make_call(connection_, prepare_describe(connection_, input));
  }
  Payload workflow_result(WorkflowResultInput input) override { return wait_for_result(connection_, input); }
  void heartbeat_async_activity(HeartbeatAsyncActivityInput input) override {
    make_call(connection_, prepare_heartbeat(connection_, input));
  }
  void complete_async_activity(CompleteAsyncActivityInput input) override {
    make_call(connection_, prepare_completion(connection_, input));
  }
  void fail_async_activity(FailAsyncActivityInput input) override {
    make_call(connection_, prepare_failure(connection_, input));
  }
  void report_cancellation_async_activity(ReportCancellationAsyncActivityInput input) override {
    make_call(connection_, prepare_cancellation(connection_, input));
  }

 private:
  Connection& connection_;
};

}  // namespace

Payload result_or_throw(const WorkflowUpdateOutcome& outcome) {
  if (outcome.failure != nullptr) {
    throw WorkflowUpdateFailedError(outcome.failure);
  }
  return outcome.result;
}

bool is_calls_themselves(const ClientOutboundInterceptor& outbound) {
  return dynamic_cast<const Outbound*>(&outbound) != nullptr;
}

std::unique_ptr<ClientOutboundInterceptor> make_outbound(
    Connection& connection, const std::vector<std::shared_ptr<Interceptor>>& interceptors) {
  std::unique_ptr<ClientOutboundInterceptor> chain = std::make_unique<Outbound>(connection);
  for (auto interceptor = interceptors.rbegin(); interceptor != interceptors.rend(); ++interceptor) {
    chain = (*interceptor)->intercept_client(std::move(chain));
  }
  return chain;
}

}  // namespace perdure::client

// What handles and clients call.
namespace perdure::detail {
namespace {

WorkflowTarget target_of(const WorkflowReference& workflow) {
  return {workflow.workflow_id, workflow.run_id, workflow.first_execution_run_id};
}
AsyncActivityTarget target_of(const AsyncActivityReference& activity) {
  return {activity.task_token, activity.workflow_id, activity.run_id, activity.activity_id};
}

}  // namespace

WorkflowReference start_workflow(const std::shared_ptr<client::Connection>& connection,
                                 std::string workflow_type, Payloads arguments,
                                 const WorkflowOptions& options) {
  StartWorkflowOutput started = connection->outbound().start_workflow({.workflow = std::move(workflow_type),
                                                                       .args = std::move(arguments),
                                                                       .options = options,
                                                                       .headers = {}});
  return {connection, std::move(started.id), std::move(started.run_id),
          std::move(started.first_execution_run_id)};
}

Payload wait_for_result(const WorkflowReference& workflow) {
  return workflow.connection->outbound().workflow_result({target_of(workflow)});
}
void signal_workflow(const WorkflowReference& workflow, const std::string& name, Payloads arguments) {
  workflow.connection->outbound().signal_workflow(
      {.workflow = target_of(workflow), .signal = name, .args = std::move(arguments), .headers = {}});
}
Payload query_workflow(const WorkflowReference& workflow, const std::string& query, Payloads arguments,
                       const QueryOptions& options) {
  return workflow.connection->outbound().query_workflow({.workflow = target_of(workflow),
                                                         .query = query,
                                                         .args = std::move(arguments),
                                                         .options = options,
                                                         .headers = {}});
}

namespace {

UpdateReference reference_of(const std::shared_ptr<client::Connection>& connection,
                             StartWorkflowUpdateOutput started, const StartUpdateOptions& options) {
  UpdateReference update{connection, std::move(started.id), std::move(started.workflow_id),
                         std::move(started.workflow_run_id), nullptr};
  if (!started.outcome && options.wait_for_stage == WorkflowUpdateStage::kCompleted) {
    started.outcome = connection->outbound().workflow_update_result(
        {update.id, update.workflow_id, update.workflow_run_id});
  }
  if (started.outcome) {
    update.outcome = std::make_shared<const WorkflowUpdateOutcome>(*std::move(started.outcome));
  }
  return update;
}

}  // namespace

UpdateReference start_update(const WorkflowReference& workflow, const std::string& update, Payloads arguments,
                             const StartUpdateOptions& options) {
  return reference_of(workflow.connection,
                      workflow.connection->outbound().start_workflow_update({.workflow = target_of(workflow),
                                                                             .update = update,
                                                                             .args = std::move(arguments),
                                                                             .options = options,
                                                                             .headers = {}}),
                      options);
}

UpdateReference start_update_with_start(const std::shared_ptr<client::Connection>& connection,
                                        WithStart& start, const std::string& update, Payloads arguments,
                                        const StartUpdateOptions& options) {
  if (start.started) {
    throw OptionsError(
        "this start was used with an update before: make another one with with_start_workflow()");
  }
  StartUpdateWithStartWorkflowOutput output = connection->outbound().start_update_with_start_workflow(
      {.start = {.workflow = start.workflow_type,
                 .args = start.arguments,
                 .options = start.options,
                 .headers = {}},
       .update = {.workflow = {.id = start.options.id, .run_id = "", .first_execution_run_id = ""},
                  .update = update,
                  .args = std::move(arguments),
                  .options = options,
                  .headers = {}}});
  start.started = WorkflowReference{connection, std::move(output.start.id), std::move(output.start.run_id),
                                    std::move(output.start.first_execution_run_id)};
  return reference_of(connection, std::move(output.update), options);
}

Payload update_result(const UpdateReference& update) {
  const WorkflowUpdateOutcome outcome = update.outcome != nullptr
                                            ? *update.outcome
                                            : update.connection->outbound().workflow_update_result(
                                                  {update.id, update.workflow_id, update.workflow_run_id});
  return client::result_or_throw(outcome);
}

void cancel_workflow(const WorkflowReference& workflow, const std::string& reason) {
  workflow.connection->outbound().cancel_workflow({target_of(workflow), reason});
}
void terminate_workflow(const WorkflowReference& workflow, const std::string& reason) {
  workflow.connection->outbound().terminate_workflow({target_of(workflow), reason});
}
WorkflowExecutionDescription describe_workflow(const WorkflowReference& workflow) {
  return workflow.connection->outbound().describe_workflow({target_of(workflow)});
}

void heartbeat_async_activity(const AsyncActivityReference& activity, Payloads details) {
  activity.connection->outbound().heartbeat_async_activity({target_of(activity), std::move(details)});
}
void complete_async_activity(const AsyncActivityReference& activity, Payload result) {
  activity.connection->outbound().complete_async_activity({target_of(activity), std::move(result)});
}
void fail_async_activity(const AsyncActivityReference& activity, const std::exception_ptr& failure,
                         Payloads last_heartbeat_details) {
  activity.connection->outbound().fail_async_activity(
      {target_of(activity), failure, std::move(last_heartbeat_details)});
}
void cancel_async_activity(const AsyncActivityReference& activity, Payloads details) {
  activity.connection->outbound().report_cancellation_async_activity(
      {target_of(activity), std::move(details)});
}

}  // namespace perdure::detail
