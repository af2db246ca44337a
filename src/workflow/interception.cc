#include "workflow/interception.h"

#include <utility>

namespace perdure::workflow_core {

class Interception::Outbound final : public WorkflowOutboundInterceptor {
 public:
  explicit Outbound(const RunCalls& calls) : calls_(calls) {}

  workflow::ActivityHandle<Payload> start_activity(StartActivityInput input) override {
    return workflow::ActivityHandle<Payload>(
        calls_.start_activity({.activity_type = std::move(input.activity),
                               .arguments = std::move(input.args),
                               .options = std::move(input.options),
                               .where = input.where,
                               .headers = std::move(input.headers)}));
  }
  workflow::ActivityHandle<Payload> start_local_activity(StartLocalActivityInput input) override {
    return workflow::ActivityHandle<Payload>(
        calls_.start_local_activity({.activity_type = std::move(input.activity),
                                     .arguments = std::move(input.args),
                                     .options = std::move(input.options),
                                     .where = input.where,
                                     .headers = std::move(input.headers)}));
  }
  workflow::TimerHandle start_timer(StartTimerInput input) override {
    return workflow::TimerHandle(calls_.start_timer(std::move(input)));
  }
  workflow::ChildWorkflowHandle<Payload> start_child_workflow(StartChildWorkflowInput input) override {
    return workflow::ChildWorkflowHandle<Payload>(
        calls_.start_child_workflow({.workflow_type = std::move(input.workflow),
                                     .arguments = std::move(input.args),
                                     .options = std::move(input.options),
                                     .where = input.where,
                                     .headers = std::move(input.headers)}));
  }
  workflow::Delivery signal_child_workflow(SignalChildWorkflowInput input) override {
    return workflow::Delivery(calls_.signal_external({.workflow_id = std::move(input.child_workflow_id),
                                                      .run_id = "",
                                                      .child = true,
                                                      .signal = std::move(input.signal),
                                                      .arguments = std::move(input.args),
                                                      .where = input.where,
                                                      .headers = std::move(input.headers)}));
  }
  workflow::Delivery signal_external_workflow(SignalExternalWorkflowInput input) override {
    return workflow::Delivery(calls_.signal_external({.workflow_id = std::move(input.workflow_id),
                                                      .run_id = std::move(input.workflow_run_id),
                                                      .child = false,
                                                      .signal = std::move(input.signal),
                                                      .arguments = std::move(input.args),
                                                      .where = input.where,
                                                      .headers = std::move(input.headers)}));
  }
  workflow::Delivery cancel_external_workflow(CancelExternalWorkflowInput input) override {
    return workflow::Delivery(
        calls_.cancel_external({std::move(input.workflow_id), std::move(input.workflow_run_id),
                                std::move(input.reason), input.where}));
  }
  void continue_as_new(ContinueAsNewInput input) override {
    calls_.continue_as_new(workflow::ContinueAsNew(workflow::ContinueAsNew::MakeTag{},
                                                   {.workflow_type = std::move(input.workflow),
                                                    .arguments = std::move(input.args),
                                                    .options = std::move(input.options),
                                                    .headers = std::move(input.headers)}));
  }

 private:
  const RunCalls& calls_;
};

class Interception::Inbound final : public WorkflowInboundInterceptor {
 public:
  explicit Inbound(Interception& interception) : interception_(interception) {}

  void init(std::unique_ptr<WorkflowOutboundInterceptor> outbound) override {
    interception_.outbound_ = std::move(outbound);
  }
  Task<ExecuteWorkflowOutput> execute_workflow(ExecuteWorkflowInput input) override {
    return interception_.calls_.execute_workflow(input);
  }
  Task<void> handle_signal(HandleSignalInput input) override {
    return interception_.calls_.handle_signal(input);
  }
  Payload handle_query(HandleQueryInput input) override { return interception_.calls_.handle_query(input); }
  void handle_update_validator(HandleUpdateInput input) override {
    interception_.calls_.handle_update_validator(input);
  }
  Task<Payload> handle_update_handler(HandleUpdateInput input) override {
    return interception_.calls_.handle_update_handler(input);
  }

 private:
  Interception& interception_;
};

Interception::Interception(const Interceptors& interceptors, RunCalls calls) : calls_(std::move(calls)) {
  inbound_ = std::make_unique<Inbound>(*this);
  for (auto interceptor = interceptors.rbegin(); interceptor != interceptors.rend(); ++interceptor) {
    inbound_ = (*interceptor)->intercept_workflow(std::move(inbound_));
  }
  inbound_->init(std::make_unique<Outbound>(calls_));
}

std::shared_ptr<detail::Operation> Interception::start_activity(detail::ActivityRequest request) {
  return detail::HandleAccess::operation(
      outbound_->start_activity({.activity = std::move(request.activity_type),
                                 .args = std::move(request.arguments),
                                 .options = std::move(request.options),
                                 .headers = std::move(request.headers),
                                 .where = request.where}));
}

std::shared_ptr<detail::Operation> Interception::start_local_activity(detail::LocalActivityRequest request) {
  return detail::HandleAccess::operation(
      outbound_->start_local_activity({.activity = std::move(request.activity_type),
                                       .args = std::move(request.arguments),
                                       .options = std::move(request.options),
                                       .headers = std::move(request.headers),
                                       .where = request.where}));
}

std::shared_ptr<detail::Operation> Interception::start_timer(StartTimerInput input) {
  return detail::HandleAccess::operation(outbound_->start_timer(std::move(input)));
}

std::shared_ptr<detail::ChildOperation> Interception::start_child_workflow(
    detail::ChildWorkflowRequest request) {
  return detail::HandleAccess::operation(
      outbound_->start_child_workflow({.workflow = std::move(request.workflow_type),
                                       .args = std::move(request.arguments),
                                       .options = std::move(request.options),
                                       .headers = std::move(request.headers),
                                       .where = request.where}));
}

std::shared_ptr<detail::Operation> Interception::signal_external(detail::SignalExternalRequest request) {
  if (request.child) {
    return detail::HandleAccess::operation(
        outbound_->signal_child_workflow({.child_workflow_id = std::move(request.workflow_id),
                                          .signal = std::move(request.signal),
                                          .args = std::move(request.arguments),
                                          .headers = std::move(request.headers),
                                          .where = request.where}));
  }
  return detail::HandleAccess::operation(
      outbound_->signal_external_workflow({.workflow_id = std::move(request.workflow_id),
                                           .workflow_run_id = std::move(request.run_id),
                                           .signal = std::move(request.signal),
                                           .args = std::move(request.arguments),
                                           .headers = std::move(request.headers),
                                           .where = request.where}));
}

std::shared_ptr<detail::Operation> Interception::cancel_external(detail::CancelExternalRequest request) {
  return detail::HandleAccess::operation(
      outbound_->cancel_external_workflow({.workflow_id = std::move(request.workflow_id),
                                           .workflow_run_id = std::move(request.run_id),
                                           .reason = std::move(request.reason),
                                           .where = request.where}));
}

void Interception::continue_as_new(const workflow::ContinueAsNew& request) {
  const auto& asked = request.request();
  outbound_->continue_as_new({.workflow = asked.workflow_type,
                              .args = asked.arguments,
                              .options = asked.options,
                              .headers = asked.headers});
}

}  // namespace perdure::workflow_core
