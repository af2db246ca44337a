#pragma once
// Interceptors around what a client sends. See interceptor.h.
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "perdure/client_options.h"
#include "perdure/error.h"
#include "perdure/payload.h"

namespace perdure {

struct StartWorkflowInput {
  std::string workflow{};  // its type
  Payloads args{};
  WorkflowOptions options{};
  Headers headers{};
};
struct StartWorkflowOutput {
  std::string id{};
  std::string run_id{};
  std::string first_execution_run_id{};
};
// Which workflow: of a handle that came from a start, the chain that began with first_execution_run_id.
struct WorkflowTarget {
  std::string id{};
  std::string run_id{};
  std::string first_execution_run_id{};
};
struct SignalWorkflowInput {
  WorkflowTarget workflow{};
  std::string signal{};
  Payloads args{};
  Headers headers{};
};
struct QueryWorkflowInput {
  WorkflowTarget workflow{};
  std::string query{};
  Payloads args{};
  QueryOptions options{};
  Headers headers{};
};
struct StartWorkflowUpdateInput {
  WorkflowTarget workflow{};
  std::string update{};
  Payloads args{};
  StartUpdateOptions options{};  // with an id
  Headers headers{};
};
// How an update ended.
struct WorkflowUpdateOutcome {
  Payload result{};
  std::shared_ptr<const FailureError> failure{};  // null: `result`
};
struct StartWorkflowUpdateOutput {
  std::string id{};
  std::string workflow_id{};
  std::string workflow_run_id{};
  std::optional<WorkflowUpdateOutcome> outcome{};  // when it is known already
};
struct StartUpdateWithStartWorkflowInput {
  StartWorkflowInput start{};
  StartWorkflowUpdateInput update{};  // its target is the workflow that is started
};
struct StartUpdateWithStartWorkflowOutput {
  StartWorkflowOutput start{};
  StartWorkflowUpdateOutput update{};
};
struct WorkflowUpdateResultInput {
  std::string id{};
  std::string workflow_id{};
  std::string workflow_run_id{};
};
struct CancelWorkflowInput {
  WorkflowTarget workflow{};
  std::string reason{};
};
struct TerminateWorkflowInput {
  WorkflowTarget workflow{};
  std::string reason{};
};
struct DescribeWorkflowInput {
  WorkflowTarget workflow{};
};
struct WorkflowResultInput {
  WorkflowTarget workflow{};
};
// By token, or, where that is empty, by ids.
struct AsyncActivityTarget {
  std::string task_token{};
  std::string workflow_id{};
  std::string run_id{};
  std::string activity_id{};
};
struct HeartbeatAsyncActivityInput {
  AsyncActivityTarget activity{};
  Payloads details{};
};
struct CompleteAsyncActivityInput {
  AsyncActivityTarget activity{};
  Payload result{};
};
struct FailAsyncActivityInput {
  AsyncActivityTarget activity{};
  std::exception_ptr error{};
  Payloads last_heartbeat_details{};
};
struct ReportCancellationAsyncActivityInput {
  AsyncActivityTarget activity{};
  Payloads details{};
};

// One for a client, called on several threads at once. Each call blocks, and throws what the client throws.
// Named as in temporalio.client.OutboundInterceptor.
class ClientOutboundInterceptor {
 public:
  explicit ClientOutboundInterceptor(std::unique_ptr<ClientOutboundInterceptor> next)
      : next_(std::move(next)) {}
  ClientOutboundInterceptor(const ClientOutboundInterceptor&) = delete;
  ClientOutboundInterceptor& operator=(const ClientOutboundInterceptor&) = delete;
  virtual ~ClientOutboundInterceptor() = default;

  virtual StartWorkflowOutput start_workflow(StartWorkflowInput input) {
    return next_->start_workflow(std::move(input));
  }
  virtual void signal_workflow(SignalWorkflowInput input) { next_->signal_workflow(std::move(input)); }
  virtual Payload query_workflow(QueryWorkflowInput input) { return next_->query_workflow(std::move(input)); }
  // Returns when the update is as far as its options say.
  virtual StartWorkflowUpdateOutput start_workflow_update(StartWorkflowUpdateInput input) {
    return next_->start_workflow_update(std::move(input));
  }
  virtual StartUpdateWithStartWorkflowOutput start_update_with_start_workflow(
      StartUpdateWithStartWorkflowInput input) {
    return next_->start_update_with_start_workflow(std::move(input));
  }
  // Waits until the update has ended.
  virtual WorkflowUpdateOutcome workflow_update_result(WorkflowUpdateResultInput input) {
    return next_->workflow_update_result(std::move(input));
  }
  virtual void cancel_workflow(CancelWorkflowInput input) { next_->cancel_workflow(std::move(input)); }
  virtual void terminate_workflow(TerminateWorkflowInput input) {
    next_->terminate_workflow(std::move(input));
  }
  virtual WorkflowExecutionDescription describe_workflow(DescribeWorkflowInput input) {
    return next_->describe_workflow(std::move(input));
  }
  // Waits until the workflow is closed.
  virtual Payload workflow_result(WorkflowResultInput input) {
    return next_->workflow_result(std::move(input));
  }

  virtual void heartbeat_async_activity(HeartbeatAsyncActivityInput input) {
    next_->heartbeat_async_activity(std::move(input));
  }
  virtual void complete_async_activity(CompleteAsyncActivityInput input) {
    next_->complete_async_activity(std::move(input));
  }
  virtual void fail_async_activity(FailAsyncActivityInput input) {
    next_->fail_async_activity(std::move(input));
  }
  virtual void report_cancellation_async_activity(ReportCancellationAsyncActivityInput input) {
    next_->report_cancellation_async_activity(std::move(input));
  }

 protected:
  ClientOutboundInterceptor() = default;  // of the last in the chain, which overrides everything
  ClientOutboundInterceptor& next() { return *next_; }

 private:
  std::unique_ptr<ClientOutboundInterceptor> next_;
};

}  // namespace perdure
