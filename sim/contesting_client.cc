#include <algorithm>

#include "client.h"
#include "reads.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::sim {

namespace enums = temporal::api::enums::v1;

ContestingClient::ContestingClient(World& world, std::string workflow_id, int index)
    : world_(world),
      workflow_id_(std::move(workflow_id)),
      index_(index),
      random_(world.plan.seed * 131 + 0x636c69ULL + fnv(workflow_id_) + static_cast<std::uint64_t>(index)) {}

void ContestingClient::start() { next(); }

void ContestingClient::next() {
  if (world_.healing) {
    return;
  }
  world_.schedule.after(around(random_, world_.plan.think_time), [this] {
    if (!world_.healing) {
      perform(std::make_shared<Intent>(choose()));
    }
  });
}

ContestingClient::Intent ContestingClient::choose() {
  Intent intent;
  intent.request_id = fmt::format("{}-c{}-r{}", workflow_id_, index_, next_request_++);
  if (!seen_runs_.empty() && random_.chance(0.2)) {
    intent.run_id = seen_runs_[random_.below(seen_runs_.size())];
  }
  const std::uint64_t dice = random_.below(100);
  if (dice < 30) {
    intent.kind = Operation::Kind::kStart;
    intent.run_id.clear();
    if (!last_start_request_.empty() && random_.chance(0.2)) {
      intent.request_id = last_start_request_;
    }
    last_start_request_ = intent.request_id;
    choose_policies(intent);
    intent.program = make_contested_program(random_, world_.plan.eager_activities);
    intent.run_timeout_ms = random_.chance(0.3) ? 1'000 + static_cast<int>(random_.below(10'000)) : 0;
  } else if (dice < 62) {
    intent.kind = Operation::Kind::kSignal;
    intent.input = intent.request_id;
    if (!last_signal_request_.empty() && random_.chance(0.15)) {
      intent.request_id = last_signal_request_;
      intent.input = last_signal_input_;
      world_.report.mark("client: signal sent again after its answer");
    }
    last_signal_request_ = intent.request_id;
    last_signal_input_ = intent.input;
  } else if (dice < 67) {
    intent.kind = Operation::Kind::kCancel;
  } else if (dice < 72) {
    intent.kind = Operation::Kind::kTerminate;
  } else if (dice < 88) {
    intent.kind = Operation::Kind::kDescribe;
  } else {
    intent.kind = Operation::Kind::kHistory;
  }
  return intent;
}

void ContestingClient::choose_policies(Intent& intent) {
  intent.reuse_policy = static_cast<int>(random_.below(4));
  if (random_.chance(0.5)) {
    intent.reuse_policy = enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE;
  }
  intent.conflict_policy = random_.chance(0.5) ? enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING
                                               : static_cast<int>(random_.below(4));
  if (intent.conflict_policy == enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING &&
      intent.reuse_policy == enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE) {
    intent.reuse_policy = enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE;  // the combination is refused
  }
}

Operation& ContestingClient::begin(const Intent& intent) {
  Operation& operation = world_.begin(intent.kind);
  operation.workflow_id = workflow_id_;
  operation.run_id = intent.run_id;
  operation.request_id = intent.request_id;
  operation.input = intent.input;
  operation.reuse_policy = intent.reuse_policy;
  operation.conflict_policy = intent.conflict_policy;
  return operation;
}

void ContestingClient::perform(const IntentPointer& intent) {
  Operation& operation = begin(*intent);
  switch (intent->kind) {
    case Operation::Kind::kStart:
      call_start(intent, operation);
      break;
    case Operation::Kind::kSignal:
      call_signal(intent, operation);
      break;
    case Operation::Kind::kCancel:
      call_cancel(intent, operation);
      break;
    case Operation::Kind::kTerminate:
      call_terminate(intent, operation);
      break;
    case Operation::Kind::kDescribe:
      call_describe(intent, operation);
      break;
    default:
      read_history(intent, operation);
      break;
  }
}

void ContestingClient::finish(const IntentPointer& intent, Operation& operation, const Status& status) {
  world_.end(operation, status);
  const bool again = operation.unknown() && --intent->tries > 0;
  if (!again) {
    next();
    return;
  }
  world_.report.mark("client: repeated after an unknown outcome");
  world_.schedule.after(std::chrono::milliseconds(20 + random_.below(400)),
                        [this, intent] { perform(intent); });
}

void ContestingClient::call_start(const IntentPointer& intent, Operation& operation) {
  wire::StartWorkflowExecutionRequest request;
  request.set_namespace_(kNamespace);
  request.set_workflow_id(workflow_id_);
  request.mutable_workflow_type()->set_name("contested");
  request.mutable_task_queue()->set_name(kQueue);
  request.mutable_input()->add_payloads()->set_data(encode(intent->program));
  request.set_identity(fmt::format("op{}", operation.id));
  request.set_request_id(intent->request_id);
  request.set_workflow_id_reuse_policy(static_cast<enums::WorkflowIdReusePolicy>(intent->reuse_policy));
  request.set_workflow_id_conflict_policy(
      static_cast<enums::WorkflowIdConflictPolicy>(intent->conflict_policy));
  if (intent->run_timeout_ms > 0) {
    request.mutable_workflow_run_timeout()->set_seconds(intent->run_timeout_ms / 1'000);
  }
  if (intent->program.workflow_task_timeout_ms > 0) {
    request.mutable_workflow_task_timeout()->set_seconds(intent->program.workflow_task_timeout_ms / 1'000);
  }
  world_.network.call<wire::StartWorkflowExecutionRequest, wire::StartWorkflowExecutionResponse>(
      link_, "StartWorkflowExecution", request, false,
      [this, intent, &operation](const Status& status, wire::StartWorkflowExecutionResponse& response) {
        operation.reply_run_id = response.run_id();
        operation.reply_started = response.started();
        if (status.ok() && seen_runs_.size() < 50) {
          seen_runs_.push_back(response.run_id());
        }
        finish(intent, operation, status);
      });
}

void ContestingClient::call_signal(const IntentPointer& intent, Operation& operation) {
  wire::SignalWorkflowExecutionRequest request;
  request.set_namespace_(kNamespace);
  request.mutable_workflow_execution()->set_workflow_id(workflow_id_);
  request.mutable_workflow_execution()->set_run_id(intent->run_id);
  request.set_signal_name("go");
  request.mutable_input()->add_payloads()->set_data(intent->input);
  request.set_identity(fmt::format("op{}", operation.id));
  request.set_request_id(intent->request_id);
  world_.network.call<wire::SignalWorkflowExecutionRequest, wire::SignalWorkflowExecutionResponse>(
      link_, "SignalWorkflowExecution", request, false,
      [this, intent, &operation](const Status& status, wire::SignalWorkflowExecutionResponse&) {
        finish(intent, operation, status);
      });
}

void ContestingClient::call_cancel(const IntentPointer& intent, Operation& operation) {
  wire::RequestCancelWorkflowExecutionRequest request;
  request.set_namespace_(kNamespace);
  request.mutable_workflow_execution()->set_workflow_id(workflow_id_);
  request.mutable_workflow_execution()->set_run_id(intent->run_id);
  request.set_identity(fmt::format("op{}", operation.id));
  request.set_request_id(intent->request_id);
  world_.network
      .call<wire::RequestCancelWorkflowExecutionRequest, wire::RequestCancelWorkflowExecutionResponse>(
          link_, "RequestCancelWorkflowExecution", request, false,
          [this, intent, &operation](const Status& status, wire::RequestCancelWorkflowExecutionResponse&) {
            finish(intent, operation, status);
          });
}

void ContestingClient::call_terminate(const IntentPointer& intent, Operation& operation) {
  wire::TerminateWorkflowExecutionRequest request;
  request.set_namespace_(kNamespace);
  request.mutable_workflow_execution()->set_workflow_id(workflow_id_);
  request.mutable_workflow_execution()->set_run_id(intent->run_id);
  request.set_identity(fmt::format("op{}", operation.id));
  world_.network.call<wire::TerminateWorkflowExecutionRequest, wire::TerminateWorkflowExecutionResponse>(
      link_, "TerminateWorkflowExecution", request, false,
      [this, intent, &operation](const Status& status, wire::TerminateWorkflowExecutionResponse&) {
        finish(intent, operation, status);
      });
}

void ContestingClient::call_describe(const IntentPointer& intent, Operation& operation) {
  wire::DescribeWorkflowExecutionRequest request;
  request.set_namespace_(kNamespace);
  request.mutable_execution()->set_workflow_id(workflow_id_);
  request.mutable_execution()->set_run_id(intent->run_id);
  world_.network.call<wire::DescribeWorkflowExecutionRequest, wire::DescribeWorkflowExecutionResponse>(
      link_, "DescribeWorkflowExecution", request, false,
      [this, intent, &operation](const Status& status, wire::DescribeWorkflowExecutionResponse& response) {
        operation.reply_run_id = response.workflow_execution_info().execution().run_id();
        operation.reply_status = response.workflow_execution_info().status();
        finish(intent, operation, status);
      });
}

void ContestingClient::read_history(const IntentPointer& intent, Operation& operation) {
  read_page(intent, operation, random_.chance(0.3), "", std::make_shared<std::int64_t>(1));
}

void ContestingClient::read_page(const IntentPointer& intent, Operation& operation, bool wait,
                                 const std::string& token, std::shared_ptr<std::int64_t> next_event) {
  wire::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_(kNamespace);
  request.mutable_execution()->set_workflow_id(workflow_id_);
  request.mutable_execution()->set_run_id(intent->run_id);
  request.set_maximum_page_size(static_cast<int>(1 + random_.below(20)));
  request.set_wait_new_event(wait);
  request.set_next_page_token(token);
  const std::uint64_t call =
      world_.network
          .call<wire::GetWorkflowExecutionHistoryRequest, wire::GetWorkflowExecutionHistoryResponse>(
              link_, "GetWorkflowExecutionHistory", request, false,
              [this, intent, wait, next_event, &operation](
                  const Status& status, wire::GetWorkflowExecutionHistoryResponse& response) {
                if (!status.ok()) {
                  finish(intent, operation, status);
                  return;
                }
                const auto& events = response.history().events();
                if (!events.empty() && events[0].event_id() == 1) {
                  // All pages are of one run: the one whose start is shown.
                  operation.reply_run_id =
                      events[0].workflow_execution_started_event_attributes().original_execution_run_id();
                }
                for (const auto& event : events) {
                  world_.report.expect(event.event_id() == *next_event, "H6",
                                       "{}: a page goes on with event {} instead of {}", workflow_id_,
                                       event.event_id(), *next_event);
                  ++*next_event;
                  check_shown_event(world_, operation.reply_run_id, event, "a reader");
                }
                if (response.next_page_token().empty() || world_.healing || *next_event > 60) {
                  const MirrorRun* run = world_.node.mirror().find_run(operation.reply_run_id);
                  if (response.next_page_token().empty() && run != nullptr) {
                    // The last page: everything stored before the call was made is in it.
                    const auto missing = static_cast<std::size_t>(*next_event - 1);
                    world_.report.expect(
                        missing >= run->events.size() || run->events[missing].sequence > operation.invoked,
                        "H6", "{}: a history read ends before event {}, which was stored before",
                        workflow_id_, *next_event);
                  }
                  finish(intent, operation, status);
                  return;
                }
                read_page(intent, operation, wait, response.next_page_token(), next_event);
              });
  if (wait) {
    // Its own patience: the service's may last for an hour when the clock was set back.
    const std::uint64_t bound = random_.chance(0.5) ? 3'000 : 25'000;
    world_.schedule.after(std::chrono::milliseconds(200 + random_.below(bound)),
                          [this, call] { world_.network.cancel(call); });
  }
}

}  // namespace perdure::sim
