// Long polls for tasks, and the end of a worker that polled.
#include <chrono>
#include <utility>

#include "api/convert.h"
#include "base/limits.h"
#include "engine/queue_key.h"
#include "frontend/core.h"
#include "frontend/validate.h"

namespace perdure::frontend {
namespace {

using WorkflowPollCall = CallPointer<wire::PollWorkflowTaskQueueRequest, wire::PollWorkflowTaskQueueResponse>;
using ActivityPollCall = CallPointer<wire::PollActivityTaskQueueRequest, wire::PollActivityTaskQueueResponse>;
using ShutdownCall = CallPointer<wire::ShutdownWorkerRequest, wire::ShutdownWorkerResponse>;

constexpr std::chrono::seconds kShortestPoll{2};  // Temporal's MinLongPollTimeout

// The API calls the field deprecated, but SDKs still report their build here.
template <class Request>
const temporal::api::common::v1::WorkerVersionCapabilities& version_of(const Request& request) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  return request.worker_version_capabilities();
#pragma clang diagnostic pop
}

// Tasks are not routed by the version of a worker; one that relies on it would get those of others.
template <class Request>
bool is_versioned(const Request& request) {
  return version_of(request).use_versioning() ||
         request.deployment_options().worker_versioning_mode() ==
             temporal::api::enums::v1::WORKER_VERSIONING_MODE_VERSIONED;
}

template <class CallType>
Status validate_poll(CallType& call) {
  auto& request = call.request;
  if (call.options.timeout && *call.options.timeout < kShortestPoll) {
    return failed_precondition("Context timeout is too short.");
  }
  if (Status status = validate_identity(request.identity()); !status.ok()) {
    return status;
  }
  if (is_versioned(request)) {
    return Status(Code::kUnimplemented, "worker versioning is not implemented by this version of Perdure");
  }
  const bool has_queue = request.has_task_queue();
  return validate_task_queue(has_queue, request.mutable_task_queue());
}

// What matching and the engine want to know of a poll.
template <class CallType>
runtime::Poll poll_of(CallType& call, engine::TaskKind kind, runtime::Service& service) {
  const auto& request = call.request;
  runtime::Poll poll;
  poll.id = call.ticket;
  poll.queue = engine::queue_key(kind, request.namespace_(), request.task_queue().name());
  poll.poller.identity = request.identity();
  poll.poller.request_id = uuid4(service.random());
  poll.poller.holder = call.options.in_process ? service.incarnation() : 0;
  poll.poller.task_queue = request.task_queue().name();
  poll.poller.sticky = request.task_queue().kind() == temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY;
  poll.poller.build_id = version_of(request).build_id();
  poll.worker_instance_key = request.worker_instance_key();
  poll.max_wait = longest_wait(call.options, limits::kMatchingLongPoll);
  return poll;
}

void poll_workflow_task(Core& core, WorkflowPollCall call) {
  if (Status status = validate_poll(*call); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [&core, call](runtime::Service& service) {
    service.poll_workflow_task(poll_of(*call, engine::TaskKind::kWorkflow, service),
                               [&core, call](Result<std::optional<runtime::WorkflowTaskHandOut>> task) {
                                 if (!task.ok()) {
                                   call->answer(task.status());
                                   return;
                                 }
                                 if (task->has_value()) {
                                   write_workflow_task(core.tokens, NamespaceName(call->request.namespace_()),
                                                       **task, call->response);
                                 }
                                 call->finish();
                               });
  });
}

void poll_activity_task(Core& core, ActivityPollCall call) {
  if (Status status = validate_poll(*call); !status.ok()) {
    call->answer(status);
    return;
  }
  core.post(call, [&core, call](runtime::Service& service) {
    runtime::Poll poll = poll_of(*call, engine::TaskKind::kActivity, service);
    if (const auto& metadata = call->request.task_queue_metadata(); metadata.has_max_tasks_per_second()) {
      poll.tasks_per_second = metadata.max_tasks_per_second().value();
    }
    service.poll_activity_task(std::move(poll),
                               [&core, call](Result<std::optional<runtime::ActivityTaskHandOut>> task) {
                                 if (!task.ok()) {
                                   call->answer(task.status());
                                   return;
                                 }
                                 if (task->has_value()) {
                                   engine::ActivityTaskStart& start = *(*task)->start;
                                   const RunId run_id(start.response.workflow_execution().run_id());
                                   write_activity_task(core.tokens, NamespaceName(call->request.namespace_()),
                                                       (*task)->execution, run_id, start, call->response);
                                 }
                                 call->finish();
                               });
  });
}

void shutdown_worker(Core& core, ShutdownCall call) {
  core.post(
      call,
      [&core, call](runtime::Service& service) {
        const auto& request = call->request;
        if (request.has_worker_heartbeat() &&
            request.worker_heartbeat().ByteSizeLong() <= limits::kWorkerHeartbeat) {
          core.workers.record(NamespaceName(request.namespace_()), request.worker_heartbeat(), service.now());
        }
        const std::string sticky = request.sticky_task_queue().empty()
                                       ? std::string()
                                       : engine::queue_key(engine::TaskKind::kWorkflow, request.namespace_(),
                                                           request.sticky_task_queue());
        service.release_polls(sticky, request.worker_instance_key());
        call->finish();
      },
      runtime::Admission::kReserved);
}

}  // namespace

void write_workflow_task(const Tokens& tokens, const NamespaceName& namespace_name,
                         const runtime::WorkflowTaskHandOut& task, wire::PollWorkflowTaskQueueResponse* out) {
  out->Swap(&task.start->response);
  const RunId run_id(out->workflow_execution().run_id());
  out->set_task_token(
      task.query ? tokens.seal(QueryTaskToken{namespace_name, *task.query})
                 : tokens.seal(WorkflowTaskToken{namespace_name, task.execution, run_id, task.start->ref}));
  if (task.history_continues_at == 0) {
    return;
  }
  HistoryToken next;
  next.namespace_name = namespace_name;
  next.execution = task.execution;
  next.run_id = run_id;
  next.next = task.history_continues_at;
  next.end = task.start->next_event_id;
  next.paging = true;
  if (!task.start->unstored_events.empty()) {
    temporal::api::history::v1::History suffix;
    for (const auto& event : task.start->unstored_events) {
      *suffix.add_events() = event;
    }
    next.suffix = api::serialize(suffix);
  }
  out->set_next_page_token(tokens.seal(next));
}

void write_activity_task(const Tokens& tokens, const NamespaceName& namespace_name, ExecutionId execution,
                         const RunId& run_id, engine::ActivityTaskStart& start,
                         wire::PollActivityTaskQueueResponse* out) {
  out->Swap(&start.response);
  out->set_task_token(tokens.seal(ActivityTaskToken{namespace_name, execution, run_id, start.ref}));
}

void add_poll_methods(Methods& methods) {
  add_method(methods, "PollWorkflowTaskQueue", NamespaceRule::kRequired, &poll_workflow_task);
  add_method(methods, "PollActivityTaskQueue", NamespaceRule::kRequired, &poll_activity_task);
  add_method(methods, "ShutdownWorker", NamespaceRule::kRequired, &shutdown_worker);
}

}  // namespace perdure::frontend
