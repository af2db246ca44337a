// SignalWithStartWorkflowExecution: a start and a signal in one request.
#include <memory>
#include <utility>

#include "base/random.h"
#include "engine/links.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

using SignalWithStartCall = CallPointer<wire::SignalWithStartWorkflowExecutionRequest,
                                        wire::SignalWithStartWorkflowExecutionResponse>;

// The two requests that it stands for; they share the call's life.
struct Parts {
  SignalWithStartCall call;
  wire::StartWorkflowExecutionRequest start;
  wire::SignalWorkflowExecutionRequest signal;
};

void fill_start(const wire::SignalWithStartWorkflowExecutionRequest& from,
                wire::StartWorkflowExecutionRequest* start) {
  start->set_namespace_(from.namespace_());
  start->set_workflow_id(from.workflow_id());
  start->set_identity(from.identity());
  start->set_request_id(from.request_id());
  start->set_workflow_id_reuse_policy(from.workflow_id_reuse_policy());
  start->set_workflow_id_conflict_policy(from.workflow_id_conflict_policy());
  start->set_cron_schedule(from.cron_schedule());
  *start->mutable_links() = from.links();
  if (from.has_workflow_type()) {
    *start->mutable_workflow_type() = from.workflow_type();
  }
  if (from.has_task_queue()) {
    *start->mutable_task_queue() = from.task_queue();
  }
  if (from.has_input()) {
    *start->mutable_input() = from.input();
  }
  if (from.has_header()) {
    *start->mutable_header() = from.header();
  }
  if (from.has_workflow_execution_timeout()) {
    *start->mutable_workflow_execution_timeout() = from.workflow_execution_timeout();
  }
  if (from.has_workflow_run_timeout()) {
    *start->mutable_workflow_run_timeout() = from.workflow_run_timeout();
  }
  if (from.has_workflow_task_timeout()) {
    *start->mutable_workflow_task_timeout() = from.workflow_task_timeout();
  }
}

void fill_start_options(const wire::SignalWithStartWorkflowExecutionRequest& from,
                        wire::StartWorkflowExecutionRequest* start) {
  if (from.has_retry_policy()) {
    *start->mutable_retry_policy() = from.retry_policy();
  }
  if (from.has_memo()) {
    *start->mutable_memo() = from.memo();
  }
  if (from.has_search_attributes()) {
    *start->mutable_search_attributes() = from.search_attributes();
  }
  if (from.has_workflow_start_delay()) {
    *start->mutable_workflow_start_delay() = from.workflow_start_delay();
  }
  if (from.has_user_metadata()) {
    *start->mutable_user_metadata() = from.user_metadata();
  }
  if (from.has_versioning_override()) {
    *start->mutable_versioning_override() = from.versioning_override();
  }
  if (from.has_priority()) {
    *start->mutable_priority() = from.priority();
  }
  if (from.has_time_skipping_config()) {
    *start->mutable_time_skipping_config() = from.time_skipping_config();
  }
}

void fill_signal(const wire::SignalWithStartWorkflowExecutionRequest& from,
                 wire::SignalWorkflowExecutionRequest* signal) {
  signal->set_signal_name(from.signal_name());
  signal->set_identity(from.identity());
  if (from.has_signal_input()) {
    *signal->mutable_input() = from.signal_input();
  }
  if (from.has_header()) {
    *signal->mutable_header() = from.header();
  }
  *signal->mutable_links() = from.links();
}

void write_answer(const Parts& parts, const runtime::StartAnswer& answer) {
  auto* response = parts.call->response;
  response->set_run_id(answer.reply.run_id);
  response->set_first_execution_run_id(answer.first_run_id);
  response->set_started(answer.reply.started);
  *response->mutable_signal_link() = engine::request_link(
      parts.start.namespace_(), parts.start.workflow_id(), answer.reply.run_id, parts.start.request_id(),
      temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED);
}

void signal_with_start(Core& core, SignalWithStartCall call) {
  auto parts = std::make_shared<Parts>();
  parts->call = call;
  fill_start(call->request, &parts->start);
  fill_start_options(call->request, &parts->start);
  fill_signal(call->request, &parts->signal);
  if (Status status = validate_signal_with_start(call->request, parts->start); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [parts](runtime::Service& service) {
    if (parts->start.request_id().empty()) {
      parts->start.set_request_id(uuid4(service.random()));
    }
    parts->signal.set_request_id(parts->start.request_id());
    service.signal_with_start_workflow(parts->start, parts->signal,
                                       [parts](Result<runtime::StartAnswer> answer) {
                                         if (!answer.ok()) {
                                           parts->call->answer(answer.status());
                                           return;
                                         }
                                         write_answer(*parts, *answer);
                                         parts->call->finish();
                                       });
  });
}

}  // namespace

void add_signal_with_start_methods(Methods& methods) {
  add_method(methods, "SignalWithStartWorkflowExecution", NamespaceRule::kRegistered, &signal_with_start);
}

}  // namespace perdure::frontend
