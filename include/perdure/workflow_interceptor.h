#pragma once
// Interceptors around workflow code: inbound, what the service asks of a run; outbound, what the run asks of
// the service. See interceptor.h.
#include <chrono>
#include <memory>
#include <source_location>
#include <string>
#include <utility>

#include "perdure/continue_as_new.h"
#include "perdure/detail/workflow_definition.h"
#include "perdure/payload.h"
#include "perdure/task.h"
#include "perdure/workflow_children.h"
#include "perdure/workflow_handles.h"
#include "perdure/workflow_options.h"

namespace perdure {

struct ExecuteWorkflowInput {  // of what type: workflow::info()
  Payloads args{};
  Headers headers{};
};
// How run() ended: with `result`, or asking to continue as new.
using ExecuteWorkflowOutput = detail::RunResult;
struct HandleSignalInput {
  std::string signal{};
  Payloads args{};
  Headers headers{};
};
struct HandleQueryInput {
  std::string query{};
  Payloads args{};
  Headers headers{};
};
struct HandleUpdateInput {
  std::string id{};
  std::string update{};
  Payloads args{};
  Headers headers{};
};
struct StartActivityInput {
  std::string activity{};  // its type
  Payloads args{};
  ActivityOptions options{};
  Headers headers{};
  std::source_location where{};  // of the call, for messages
};
struct StartLocalActivityInput {
  std::string activity{};  // its type
  Payloads args{};
  LocalActivityOptions options{};
  Headers headers{};
  std::source_location where{};
};
struct StartTimerInput {
  std::chrono::nanoseconds duration{};
  std::string summary{};
  std::source_location where{};
};
struct StartChildWorkflowInput {
  std::string workflow{};  // its type
  Payloads args{};
  ChildWorkflowOptions options{};
  Headers headers{};
  std::source_location where{};
};
struct SignalChildWorkflowInput {
  std::string child_workflow_id{};
  std::string signal{};
  Payloads args{};
  Headers headers{};
  std::source_location where{};
};
struct SignalExternalWorkflowInput {
  std::string workflow_id{};
  std::string workflow_run_id{};  // empty: the current run
  std::string signal{};
  Payloads args{};
  Headers headers{};
  std::source_location where{};
};
struct CancelExternalWorkflowInput {
  std::string workflow_id{};
  std::string workflow_run_id{};  // empty: the current run
  std::string reason{};
  std::source_location where{};
};
struct ContinueAsNewInput {
  std::string workflow{};  // its type
  Payloads args{};
  ContinueAsNewOptions options{};
  Headers headers{};
};

// One for a run. Its methods run in workflow code: they are replayed, so what they do has to be
// deterministic, and what they do outside (spans, counters) has to ask workflow::is_replaying() first. Named
// as in temporalio.worker.WorkflowOutboundInterceptor.
class WorkflowOutboundInterceptor {
 public:
  explicit WorkflowOutboundInterceptor(std::unique_ptr<WorkflowOutboundInterceptor> next)
      : next_(std::move(next)) {}
  WorkflowOutboundInterceptor(const WorkflowOutboundInterceptor&) = delete;
  WorkflowOutboundInterceptor& operator=(const WorkflowOutboundInterceptor&) = delete;
  virtual ~WorkflowOutboundInterceptor() = default;

  virtual workflow::ActivityHandle<Payload> start_activity(StartActivityInput input) {
    return next_->start_activity(std::move(input));
  }
  virtual workflow::ActivityHandle<Payload> start_local_activity(StartLocalActivityInput input) {
    return next_->start_local_activity(std::move(input));
  }
  // workflow::sleep, but not of zero.
  virtual workflow::TimerHandle start_timer(StartTimerInput input) {
    return next_->start_timer(std::move(input));
  }
  virtual workflow::ChildWorkflowHandle<Payload> start_child_workflow(StartChildWorkflowInput input) {
    return next_->start_child_workflow(std::move(input));
  }
  virtual workflow::Delivery signal_child_workflow(SignalChildWorkflowInput input) {
    return next_->signal_child_workflow(std::move(input));
  }
  virtual workflow::Delivery signal_external_workflow(SignalExternalWorkflowInput input) {
    return next_->signal_external_workflow(std::move(input));
  }
  virtual workflow::Delivery cancel_external_workflow(CancelExternalWorkflowInput input) {
    return next_->cancel_external_workflow(std::move(input));
  }
  virtual void continue_as_new(ContinueAsNewInput input) { next_->continue_as_new(std::move(input)); }

 protected:
  WorkflowOutboundInterceptor() = default;  // of the last in the chain, which overrides everything
  WorkflowOutboundInterceptor& next() { return *next_; }

 private:
  std::unique_ptr<WorkflowOutboundInterceptor> next_;
};

// One for a run, made when its code first runs in this worker and destroyed after the last of its coroutines.
// Named as in temporalio.worker.WorkflowInboundInterceptor.
class WorkflowInboundInterceptor {
 public:
  explicit WorkflowInboundInterceptor(std::unique_ptr<WorkflowInboundInterceptor> next)
      : next_(std::move(next)) {}
  WorkflowInboundInterceptor(const WorkflowInboundInterceptor&) = delete;
  WorkflowInboundInterceptor& operator=(const WorkflowInboundInterceptor&) = delete;
  virtual ~WorkflowInboundInterceptor() = default;

  // Called first. To intercept what the run asks for:
  //   next().init(std::make_unique<MyOutbound>(std::move(outbound), …));
  virtual void init(std::unique_ptr<WorkflowOutboundInterceptor> outbound) {
    next_->init(std::move(outbound));
  }
  // Awaiting next().execute_workflow() does not return when run() awaited continue_as_new().
  virtual Task<ExecuteWorkflowOutput> execute_workflow(ExecuteWorkflowInput input) {
    return next_->execute_workflow(std::move(input));
  }
  // Of a signal that the workflow has a handler for.
  virtual Task<void> handle_signal(HandleSignalInput input) { return next_->handle_signal(std::move(input)); }
  // Must change nothing, as the handler. What is thrown is the answer's error.
  virtual Payload handle_query(HandleQueryInput input) { return next_->handle_query(std::move(input)); }
  // Called for every update when it arrives, not in a replay. What is thrown refuses the update.
  virtual void handle_update_validator(HandleUpdateInput input) {
    next_->handle_update_validator(std::move(input));
  }
  virtual Task<Payload> handle_update_handler(HandleUpdateInput input) {
    return next_->handle_update_handler(std::move(input));
  }

 protected:
  WorkflowInboundInterceptor() = default;  // of the last in the chain, which overrides everything
  WorkflowInboundInterceptor& next() { return *next_; }

 private:
  std::unique_ptr<WorkflowInboundInterceptor> next_;
};

}  // namespace perdure
