// Workflow tasks that a simulated worker answers by running the workflow's code; its local activities run
// while the task is open.
#include "api/convert.h"
#include "api/payload_conversion.h"
#include "programs/program.h"
#include "worker.h"

namespace perdure::sim {

using workflow_core::Completion;

namespace {

workflow_core::HistoryEvents all_events(const std::vector<temporal::api::history::v1::HistoryEvent>& events) {
  return {events.begin(), events.end()};
}

}  // namespace

CodePointer Worker::take_cached_code(const std::string& run_id) {
  const auto found = code_cache_.find(run_id);
  if (found == code_cache_.end()) {
    return nullptr;
  }
  CodePointer code = found->second;
  code_cache_.erase(found);
  if (random_.chance(0.2)) {
    world_.report.mark("code: evicted");
    code->lost = true;
    return nullptr;
  }
  world_.report.mark("code: went on from the cache");
  return code;
}

void Worker::forget_code(const std::string& run_id) {
  const auto found = code_cache_.find(run_id);
  if (found != code_cache_.end()) {
    found->second->lost = true;
    code_cache_.erase(found);
  }
}

void Worker::run_code(const WorkflowTaskPointer& task) {
  const auto& execution = task->response.workflow_execution();
  const std::int64_t previous = task->response.previous_started_event_id();
  CodePointer code = take_cached_code(execution.run_id());
  Completion completion;
  if (code) {
    completion = code->run->activate(all_events(task->events), {previous});
    if (completion.outcome == Completion::Outcome::kNeedsFullHistory) {
      world_.report.mark("code: the cached run was of no use");
      code->lost = true;
      code = nullptr;
    }
  }
  if (!code) {
    code = make_code_run(execution.workflow_id(), execution.run_id());
    completion = code->run->activate(all_events(task->events), {previous});
  }
  ++code->tasks;
  code->task = task;
  code->open = true;
  code->ended.clear();
  settle_code(task, code, std::move(completion));
  if (code->open && !world_.report.violation()) {
    plan_heartbeat(task, code);
  }
}

void Worker::settle_code(const WorkflowTaskPointer& task, const CodePointer& code, Completion completion) {
  while (true) {
    const std::string& run_id = task->response.workflow_execution().run_id();
    if (completion.outcome != Completion::Outcome::kCommands) {
      world_.report.violate("R1",
                            fmt::format("run {}: the workflow task of event {} fails: {}", run_id,
                                        task->response.started_event_id(), completion.failure.message()));
      return;
    }
    for (const auto& wanted : completion.start_local_activities) {
      start_local(task, code, wanted);
    }
    code->stopped.insert(completion.stop_local_activities.begin(), completion.stop_local_activities.end());
    code->completion = std::move(completion);
    if (!code->completion.waits_for_local_activities) {
      answer_code(task, code, false);
      return;
    }
    if (code->late.empty()) {
      return;
    }
    const LocalEnd end = code->late.front();
    code->late.pop_front();
    code->ended.push_back(end);
    completion = code->run->resolve_local_activity(end.first, end.second);
  }
}

void Worker::start_local(const WorkflowTaskPointer& task, const CodePointer& code,
                         const workflow_core::LocalActivityTask& wanted) {
  world_.report.mark("code: local activity");
  const Duration runtime =
      random_.chance(0.1) ? milliseconds_below(random_, 12'000) : milliseconds_below(random_, 40);
  after(runtime, [this, run_id = task->response.workflow_execution().run_id(), code, wanted, runtime] {
    if (code->lost || world_.report.violation()) {
      return;
    }
    const LocalEnd end{wanted.number, local_outcome(wanted, code->stopped.contains(wanted.number), runtime)};
    code->late.push_back(end);
    world_.log("worker{}: local activity {} of {} ends", index_, wanted.number, run_id);
    if (code->open) {
      code->late.pop_back();
      code->ended.push_back(end);
      settle_code(std::static_pointer_cast<WorkflowTask>(code->task), code,
                  code->run->resolve_local_activity(end.first, end.second));
    } else {
      world_.report.mark("code: local activity ended between two tasks");
    }
  });
}

// The task would time out: what was done so far is written, and the run goes on with another task.
void Worker::plan_heartbeat(const WorkflowTaskPointer& task, const CodePointer& code) {
  const Duration timeout = code->run->task_timeout();
  const Duration wait = random_.chance(0.3) ? milliseconds_below(random_, 40) : timeout * 8 / 10;
  after(wait, [this, task, code, number = code->tasks] {
    if (code->open && !code->lost && code->tasks == number && !world_.report.violation()) {
      world_.report.mark("code: heartbeat of a workflow task");
      answer_code(task, code, true);
    }
  });
}

void Worker::answer_code(const WorkflowTaskPointer& task, const CodePointer& code, bool heartbeat) {
  code->open = false;
  Decision decision;
  decision.commands = code->completion.commands;
  for (auto& command : decision.commands) {
    if (command.has_schedule_activity_task_command_attributes() && !world_.plan.eager_activities) {
      command.mutable_schedule_activity_task_command_attributes()->set_request_eager_execution(false);
    }
  }
  decision.completes = code->completion.closes_run;
  decision.code = code;
  decision.heartbeat = heartbeat;
  world_.log("worker{} ran the code of {}: {} commands{}", index_,
             task->response.workflow_execution().run_id(), decision.commands.size(),
             heartbeat ? ", heartbeat" : "");
  answer(task, decision);
}

// What was accepted is what a replay has to give.
void Worker::remember_code(const WorkflowTaskPointer& task, const Decision& decision) {
  const std::string& run_id = task->response.workflow_execution().run_id();
  AnsweredCode& answered = records_.code[{run_id, task->response.started_event_id()}];
  answered.previous_started_event_id = task->response.previous_started_event_id();
  for (const auto& command : decision.code->completion.commands) {
    answered.commands.push_back(api::serialize(command));
  }
  answered.ended = decision.code->ended;
}

// The activities that signal their own run, or ask for its cancellation.
template <class Request, class Response>
void Worker::tell_own_run(const ActivityTaskPointer& task, Operation::Kind kind, int tries) {
  const auto& execution = task->response.workflow_execution();
  Operation& operation = world_.begin(kind);
  operation.workflow_id = execution.workflow_id();
  operation.run_id = execution.run_id();
  operation.request_id = "poke-" + task->name;
  Request request;
  request.set_namespace_(kNamespace);
  *request.mutable_workflow_execution() = execution;
  if constexpr (std::is_same_v<Request, wire::SignalWorkflowExecutionRequest>) {
    operation.input = task->response.input().payloads(0).data();
    request.set_signal_name("poke");
    *request.mutable_input() = task->response.input();
  }
  request.set_identity(fmt::format("op{}", operation.id));
  request.set_request_id(operation.request_id);
  const int life = life_;
  const char* method =
      kind == Operation::Kind::kSignal ? "SignalWorkflowExecution" : "RequestCancelWorkflowExecution";
  world_.network.call<Request, Response>(
      link_, method, request, in_process(),
      [this, life, task, kind, tries, &operation](const Status& status, Response&) {
        world_.end(operation, status);
        if (life != life_) {
          return;
        }
        if (status.ok() || status.code() == Code::kNotFound) {
          answer_completed(task, 5);
        } else if (tries > 1) {
          after(std::chrono::milliseconds(100 + random_.below(300)),
                [this, task, kind, tries] { tell_own_run<Request, Response>(task, kind, tries - 1); });
        }
      });
}

bool Worker::tells_own_run(const ActivityTaskPointer& task, Duration delay) {
  const std::string& type = task->response.activity_type().name();
  if (type == programs::kPoke) {
    after(delay, [this, task] {
      tell_own_run<wire::SignalWorkflowExecutionRequest, wire::SignalWorkflowExecutionResponse>(
          task, Operation::Kind::kSignal, 5);
    });
  } else if (type == programs::kCancelMe) {
    world_.report.mark("code: cancelled by itself");
    after(delay, [this, task] {
      tell_own_run<wire::RequestCancelWorkflowExecutionRequest, wire::RequestCancelWorkflowExecutionResponse>(
          task, Operation::Kind::kCancel, 5);
    });
  } else {
    return false;
  }
  return true;
}

}  // namespace perdure::sim
