#include "transcript.h"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

namespace perdure::engine::testing {

std::string Transcript::run(const std::vector<std::string>& commands) {
  output_.clear();
  for (const std::string& command : commands) {
    carry_out(parse_line(command));
    print_events();
  }
  return output_;
}

void Transcript::carry_out(const Line& line) {
  if (line.name == "start") {
    start(line);
  } else if (line.name == "signal") {
    signal(line);
  } else if (line.name == "cancel") {
    cancel(line);
  } else if (line.name == "terminate") {
    terminate(line);
  } else if (line.name == "poll-workflow") {
    poll_workflow(line);
  } else if (line.name == "complete") {
    complete(line);
  } else if (line.name == "fail-task") {
    fail_task(line);
  } else if (line.name == "poll-activity") {
    poll_activity(line);
  } else if (line.name.ends_with("-activity") || line.name == "heartbeat") {
    activity_answer(line);
  } else if (line.name == "advance") {
    world_.advance(Duration(parse_duration(line.values.begin()->first)));
  } else if (line.name == "crash") {
    world_.crash();
  } else if (line.name == "reset") {
    reset(line);
  } else if (line.name == "hold-outbox") {
    world_.hold_outbox(true);
  } else if (line.name == "release-outbox") {
    world_.hold_outbox(false);
    world_.advance({});
  } else if (line.name == "signal-with-start") {
    signal_with_start(line);
  } else if (line.name == "describe") {
    describe(line);
  } else if (line.name == "items") {
    items(line);
  } else if (line.name == "history") {
    for (const auto& event : world_.kept(line.get("id")).events) {
      print("  " + renderer_.event(event));
    }
  } else {
    throw std::invalid_argument("no such command: " + line.name);
  }
}

void Transcript::print_status(const Status& status) {
  if (!status.ok()) {
    print("error " + status.to_string());
  }
}

std::string Transcript::run_name(ExecutionId id) {
  auto [name, is_new] = run_names_.try_emplace(id);
  if (is_new) {
    const std::string& workflow_id = world_.kept(id).key.workflow_id.value;
    const int number = ++runs_of_id_[workflow_id];
    name->second = number == 1 ? workflow_id : fmt::format("{}#{}", workflow_id, number);
  }
  return name->second;
}

void Transcript::print_events() {
  for (const auto& [id, event] : world_.take_new_events()) {
    print(run_name(id) + ": " + renderer_.event(event));
  }
  for (const ReadyTask& task : world_.take_ready()) {
    print(fmt::format("task-queue {}: {} {}", task.queue,
                      task.item.kind == ItemKind::kWorkflowTask ? "WorkflowTask" : "ActivityTask",
                      run_name(task.execution)));
  }
}

namespace {

wire::StartWorkflowExecutionRequest start_request_of(const Line& line) {
  wire::StartWorkflowExecutionRequest request = start_request(line.get("id"));
  request.set_request_id(line.get("request", "start-" + line.get("id")));
  request.mutable_workflow_type()->set_name(line.get("type", "Flow"));
  request.mutable_task_queue()->set_name(line.get("queue", "q"));
  if (line.has("reuse")) {
    request.set_workflow_id_reuse_policy(by_name<enums::WorkflowIdReusePolicy>(line.get("reuse")));
  }
  if (line.has("conflict")) {
    request.set_workflow_id_conflict_policy(by_name<enums::WorkflowIdConflictPolicy>(line.get("conflict")));
  }
  if (line.has("run-timeout")) {
    *request.mutable_workflow_run_timeout() = duration(line.get("run-timeout"));
  }
  if (line.has("execution-timeout")) {
    *request.mutable_workflow_execution_timeout() = duration(line.get("execution-timeout"));
  }
  if (line.has("task-timeout")) {
    *request.mutable_workflow_task_timeout() = duration(line.get("task-timeout"));
  }
  if (line.has("delay")) {
    *request.mutable_workflow_start_delay() = duration(line.get("delay"));
  }
  if (line.has("retry")) {
    *request.mutable_retry_policy() = retry_policy(line.get("retry"));
  }
  request.set_cron_schedule(line.get("cron"));
  if (line.has("input")) {
    *request.mutable_input() = text(line.get("input"));
  }
  return request;
}

}  // namespace

void Transcript::print_start(const Result<StartReply>& reply) {
  print_status(reply.status());
  if (reply) {
    print(fmt::format("{} {}", reply->started ? "started" : "existing", reply->run_id));
  }
}

void Transcript::start(const Line& line) { print_start(world_.start(start_request_of(line))); }

void Transcript::signal_with_start(const Line& line) {
  wire::StartWorkflowExecutionRequest start = start_request_of(line);
  if (!line.has("conflict")) {
    start.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING);
  }
  wire::SignalWorkflowExecutionRequest signal;
  signal.set_signal_name(line.get("name", "s"));
  signal.set_identity("client");
  signal.set_request_id(start.request_id());
  Execution* current = world_.knows(line.get("id")) ? &world_.execution(line.get("id")) : nullptr;
  std::optional<Result<StartReply>> reply;
  world_.run([&](Outcome& out) {
    reply = signal_with_start_workflow(out, current, start, signal, world_.context());
  });
  print_start(*reply);
}

void Transcript::reset(const Line& line) {
  wire::ResetWorkflowExecutionRequest request;
  request.set_workflow_task_finish_event_id(std::stoll(line.get("to")));
  request.set_reason(line.get("reason", "again"));
  request.set_request_id(line.get("request", "reset"));
  if (line.has("exclude")) {
    request.add_reset_reapply_exclude_types(by_name<enums::ResetReapplyExcludeType>(line.get("exclude")));
  }
  const auto reply = world_.reset(line.get("id"), std::stoi(line.get("run", "0")), request);
  print_status(reply.status());
  if (reply) {
    print("reset to " + reply->run_id());
  }
}

void Transcript::signal(const Line& line) {
  wire::SignalWorkflowExecutionRequest request;
  request.set_signal_name(line.get("name", "s"));
  request.set_request_id(line.get("request"));
  request.set_identity("client");
  if (line.has("input")) {
    *request.mutable_input() = text(line.get("input"));
  }
  world_.run([&](Outcome& out) {
    print_status(signal_workflow(out, world_.execution(line.get("id")), request, world_.context()).status());
  });
}

void Transcript::cancel(const Line& line) {
  wire::RequestCancelWorkflowExecutionRequest request;
  request.set_reason(line.get("reason"));
  request.set_identity("client");
  world_.run([&](Outcome& out) {
    print_status(
        request_cancel_workflow(out, world_.execution(line.get("id")), request, world_.context()).status());
  });
}

void Transcript::terminate(const Line& line) {
  wire::TerminateWorkflowExecutionRequest request;
  request.set_reason(line.get("reason"));
  request.set_identity("client");
  world_.run([&](Outcome& out) {
    print_status(
        terminate_workflow(out, world_.execution(line.get("id")), request, world_.context()).status());
  });
}

std::string Transcript::print_task(const Task& task, const WorkflowTaskStart& start) {
  std::string unstored;
  for (const history::HistoryEvent& event : start.unstored_events) {
    unstored += fmt::format(" {}({})", short_name(event.event_type()), event.event_id());
  }
  return fmt::format("{} workflow task: scheduled={} started={} attempt={} previous={} history=[{},{}){}{}",
                     task.workflow_id, start.ref.scheduled_event_id, start.ref.started_event_id,
                     start.ref.attempt, start.previous_started_event_id, start.first_event_id,
                     start.next_event_id, start.ref.incarnation != 0 ? " in memory" : "", unstored);
}

std::string Transcript::print_activity(const Task& task, const ActivityTaskStart& start) {
  const wire::PollActivityTaskQueueResponse& response = start.response;
  std::string line = fmt::format("{} activity task {}: attempt={}", task.workflow_id, response.activity_id(),
                                 response.attempt());
  if (response.has_heartbeat_details()) {
    line += " heartbeat_details=" + response.heartbeat_details().payloads(0).data();
  }
  return line;
}

void Transcript::poll_workflow(const Line& line) {
  const Worker worker{line.get("worker", "worker"), line.get("queue", "q"), line.has("sticky"),
                      line.has("in-process")};
  Task task;
  const auto answer = world_.poll_workflow(worker, &task.workflow_id);
  if (!answer) {
    print("no workflow task");
    return;
  }
  print_status(answer->status());
  if (answer->ok()) {
    task.workflow = (*answer)->ref;
    tasks_[line.get("as", "last")] = task;
    print(print_task(task, **answer));
  }
}

void Transcript::complete(const Line& line) {
  const Task& task = tasks_.at(line.get("task", "last"));
  wire::RespondWorkflowTaskCompletedRequest request;
  request.set_identity(line.get("worker", "worker"));
  request.set_force_create_new_workflow_task(line.has("force"));
  request.set_return_new_workflow_task(line.has("return-new"));
  if (line.has("sticky")) {
    const std::string sticky = line.get("sticky");
    auto* attributes = request.mutable_sticky_attributes();
    attributes->mutable_worker_task_queue()->set_name(sticky.substr(0, sticky.find(':')));
    *attributes->mutable_schedule_to_start_timeout() = duration(sticky.substr(sticky.find(':') + 1));
  }
  if (line.has("commands")) {
    for (const std::string& part : split(line.get("commands"), ';')) {
      *request.add_commands() = workflow_command(parse_line(part));
    }
  }
  PollerInfo worker;
  worker.identity = request.identity();
  worker.task_queue = "q";
  worker.namespace_id = "default-id";
  std::optional<Result<WorkflowTaskCompletion>> reply;
  const std::string workflow_id = task.workflow_id;
  const WorkflowTaskRef ref = task.workflow;
  world_.run([&](Outcome& out) {
    reply =
        complete_workflow_task(out, world_.execution(workflow_id), ref, request, worker, world_.context());
  });
  print_status(reply->status());
  if (!reply->ok()) {
    return;
  }
  for (const ActivityTaskStart& eager : (*reply)->eager) {
    Task started{workflow_id, {}, eager.ref};
    tasks_[line.get("as", "last")] = started;
    print("eager: " + print_activity(started, eager));
  }
  if ((*reply)->next) {
    Task next{workflow_id, (*reply)->next->ref, {}};
    tasks_[line.get("as", "last")] = next;
    print("next: " + print_task(next, *(*reply)->next));
  }
}

void Transcript::fail_task(const Line& line) {
  const Task& task = tasks_.at(line.get("task", "last"));
  wire::RespondWorkflowTaskFailedRequest request;
  request.set_identity(line.get("worker", "worker"));
  request.set_cause(
      by_name<enums::WorkflowTaskFailedCause>(line.get("cause", "WorkflowWorkerUnhandledFailure")));
  *request.mutable_failure() = failure_of(line);
  world_.run([&](Outcome& out) {
    print_status(
        fail_workflow_task(out, world_.execution(task.workflow_id), task.workflow, request, world_.context())
            .status());
  });
}

void Transcript::poll_activity(const Line& line) {
  const Worker worker{line.get("worker", "worker"), line.get("queue", "q"), false, line.has("in-process")};
  Task task;
  const auto answer = world_.poll_activity(worker, &task.workflow_id);
  if (!answer) {
    print("no activity task");
    return;
  }
  print_status(answer->status());
  if (answer->ok()) {
    task.activity = (*answer)->ref;
    tasks_[line.get("as", "last")] = task;
    print(print_activity(task, **answer));
  }
}

Transcript::Task Transcript::activity_of(const Line& line) const {
  if (!line.has("activity")) {
    return tasks_.at(line.get("task", "last"));
  }
  Task task;
  task.workflow_id = line.get("id");
  task.activity.activity_id = line.get("activity");
  return task;
}

void Transcript::activity_answer(const Line& line) {
  const Task task = activity_of(line);
  Execution& run = world_.execution(task.workflow_id);
  world_.run([&](Outcome& out) {
    if (line.name == "complete-activity") {
      wire::RespondActivityTaskCompletedRequest request;
      request.set_identity(line.get("worker", "worker"));
      *request.mutable_result() = text(line.get("result", "ok"));
      print_status(complete_activity(out, run, task.activity, request, world_.context()).status());
    } else if (line.name == "fail-activity") {
      wire::RespondActivityTaskFailedRequest request;
      request.set_identity(line.get("worker", "worker"));
      *request.mutable_failure() = failure_of(line);
      print_status(fail_activity(out, run, task.activity, request, world_.context()).status());
    } else if (line.name == "cancel-activity") {
      wire::RespondActivityTaskCanceledRequest request;
      request.set_identity(line.get("worker", "worker"));
      *request.mutable_details() = text(line.get("details", "stopped"));
      print_status(cancel_activity(out, run, task.activity, request, world_.context()).status());
    } else {
      wire::RecordActivityTaskHeartbeatRequest request;
      *request.mutable_details() = text(line.get("details", "half"));
      auto reply = heartbeat_activity(out, run, task.activity, request, world_.context());
      print_status(reply.status());
      if (reply && reply->cancel_requested()) {
        print("cancel requested");
      }
    }
  });
}

void Transcript::describe(const Line& line) {
  const auto response = describe_workflow(world_.execution(line.get("id")), world_.now());
  print("  config: " + renderer_.fields(response.execution_config()));
  print("  info: " + renderer_.fields(response.workflow_execution_info()));
  for (const auto& child : response.pending_children()) {
    print("  child: " + renderer_.fields(child));
  }
  print("  extended: " + renderer_.fields(response.workflow_extended_info()));
  for (const auto& activity : response.pending_activities()) {
    print("  activity: " + renderer_.fields(activity));
  }
  if (response.has_pending_workflow_task()) {
    print("  workflow task: " + renderer_.fields(response.pending_workflow_task()));
  }
}

void Transcript::items(const Line& line) {
  const std::map<ItemKind, std::string> names{{ItemKind::kWorkflowTask, "WorkflowTask"},
                                              {ItemKind::kActivity, "Activity"},
                                              {ItemKind::kTimer, "Timer"},
                                              {ItemKind::kRunTimeout, "RunTimeout"},
                                              {ItemKind::kExecutionTimeout, "ExecutionTimeout"},
                                              {ItemKind::kStartBackoff, "StartBackoff"},
                                              {ItemKind::kSignalRequestIds, "SignalRequestIds"},
                                              {ItemKind::kUpdate, "Update"},
                                              {ItemKind::kChild, "Child"},
                                              {ItemKind::kExternalSignal, "ExternalSignal"},
                                              {ItemKind::kExternalCancel, "ExternalCancel"},
                                              {ItemKind::kReportToParent, "ReportToParent"},
                                              {ItemKind::kParentClose, "ParentClose"}};
  for (const auto& [key, item] : world_.kept(line.get("id")).items) {
    std::string text = fmt::format("  item {} {}", names.at(key.kind), key.id);
    if (item.due_at) {
      text += " due=+" + duration_text((*item.due_at - kStart).count());
    }
    text += item.queue.empty() ? "" : " queue=" + item.queue;
    text += item.holder == 0 ? "" : fmt::format(" holder={}", item.holder);
    print(text);
  }
}

}  // namespace perdure::engine::testing
