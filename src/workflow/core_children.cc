// Child workflows, and signals and cancellations to other workflows.
#include <utility>

#include "perdure/workflow.h"
#include "workflow/core.h"
#include "workflow/inert_operation.h"
#include "workflow/machines/child_workflow.h"
#include "workflow/machines/external_cancel.h"
#include "workflow/machines/external_signal.h"

namespace perdure::workflow_core {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

// Of a run that has ended or left its worker.
class InertChild final : public detail::ChildOperation {
 public:
  void cancel() override {}
  std::shared_ptr<detail::Operation> started() override { return std::make_shared<InertOperation>(); }
  const std::string& workflow_id() const override { return nothing_; }
  const std::string& run_id() const override { return nothing_; }

 private:
  const std::string nothing_;
};

}  // namespace

std::shared_ptr<detail::ChildOperation> WorkflowRun::Core::start_child_workflow(
    detail::ChildWorkflowRequest request) {
  outbox_->check_writable("start a child workflow");
  if (outbox_->closed) {
    return std::make_shared<InertChild>();
  }
  return interception_ ? interception_->start_child_workflow(std::move(request))
                       : schedule_child_workflow(std::move(request));
}

std::shared_ptr<detail::ChildOperation> WorkflowRun::Core::schedule_child_workflow(
    detail::ChildWorkflowRequest request) {
  validate(request.options);
  if (request.options.id.empty()) {
    request.options.id = workflow::uuid4();
  }
  if (request.options.task_queue.empty()) {
    request.options.task_queue = info_.task_queue;
  }
  const std::source_location where = request.where;
  auto machine = std::make_shared<ChildWorkflowMachine>(std::move(request), info_.namespace_name, outbox_);
  outbox_->commands.push_back({COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION, machine, where});
  return machine;
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::signal_external(detail::SignalExternalRequest request) {
  outbox_->check_writable("signal another workflow");
  if (outbox_->closed) {
    return std::make_shared<InertOperation>();
  }
  return interception_ ? interception_->signal_external(std::move(request))
                       : schedule_signal_external(std::move(request));
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::schedule_signal_external(
    detail::SignalExternalRequest request) {
  const std::source_location where = request.where;
  auto machine = std::make_shared<ExternalSignalMachine>(std::move(request), outbox_);
  outbox_->commands.push_back({COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION, machine, where});
  return machine;
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::cancel_external(detail::CancelExternalRequest request) {
  outbox_->check_writable("cancel another workflow");
  if (outbox_->closed) {
    return std::make_shared<InertOperation>();
  }
  return interception_ ? interception_->cancel_external(std::move(request))
                       : schedule_cancel_external(std::move(request));
}

std::shared_ptr<detail::Operation> WorkflowRun::Core::schedule_cancel_external(
    detail::CancelExternalRequest request) {
  const std::source_location where = request.where;
  auto machine = std::make_shared<ExternalCancelMachine>(std::move(request), false);
  outbox_->commands.push_back({COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION, machine, where});
  return machine;
}

}  // namespace perdure::workflow_core
