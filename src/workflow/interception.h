#pragma once
// The interceptors of one run, around what the run does itself.
#include <chrono>
#include <functional>
#include <memory>
#include <source_location>
#include <string>
#include <vector>

#include "perdure/interceptor.h"

namespace perdure::workflow_core {

using Interceptors = std::vector<std::shared_ptr<Interceptor>>;

// What the last links of the chains do.
struct RunCalls {
  std::function<Task<detail::RunResult>(const ExecuteWorkflowInput&)> execute_workflow;
  std::function<Task<void>(const HandleSignalInput&)> handle_signal;
  std::function<Payload(const HandleQueryInput&)> handle_query;
  std::function<void(const HandleUpdateInput&)> handle_update_validator;
  std::function<Task<Payload>(const HandleUpdateInput&)> handle_update_handler;
  std::function<std::shared_ptr<detail::Operation>(detail::ActivityRequest)> start_activity;
  std::function<std::shared_ptr<detail::ChildOperation>(detail::ChildWorkflowRequest)> start_child_workflow;
  std::function<std::shared_ptr<detail::Operation>(detail::SignalExternalRequest)> signal_external;
  std::function<std::shared_ptr<detail::Operation>(detail::CancelExternalRequest)> cancel_external;
  std::function<std::shared_ptr<detail::Operation>(detail::LocalActivityRequest)> start_local_activity;
  std::function<std::shared_ptr<detail::Operation>(StartTimerInput)> start_timer;
  std::function<void(workflow::ContinueAsNew)> continue_as_new;
};

// The coroutines that the inbound chain makes are destroyed before it.
class Interception {
 public:
  Interception(const Interceptors& interceptors, RunCalls calls);

  WorkflowInboundInterceptor& inbound() { return *inbound_; }
  std::shared_ptr<detail::Operation> start_activity(detail::ActivityRequest request);
  std::shared_ptr<detail::Operation> start_local_activity(detail::LocalActivityRequest request);
  std::shared_ptr<detail::Operation> start_timer(StartTimerInput input);
  std::shared_ptr<detail::ChildOperation> start_child_workflow(detail::ChildWorkflowRequest request);
  std::shared_ptr<detail::Operation> signal_external(detail::SignalExternalRequest request);
  std::shared_ptr<detail::Operation> cancel_external(detail::CancelExternalRequest request);
  void continue_as_new(const workflow::ContinueAsNew& request);

 private:
  class Inbound;
  class Outbound;

  const RunCalls calls_;
  std::unique_ptr<WorkflowOutboundInterceptor> outbound_;
  std::unique_ptr<WorkflowInboundInterceptor> inbound_;
};

}  // namespace perdure::workflow_core
