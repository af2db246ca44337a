// Runs that wait for local activities: their workflow tasks stay open, and are continued by another one (a
// heartbeat) before they time out.
#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "api/failure_conversion.h"
#include "worker/warn.h"
#include "worker/workflow_worker.h"

namespace perdure::worker {
namespace {

using workflow_core::Completion;

// As Temporal's SDKs: of the task's timeout.
std::chrono::nanoseconds heartbeat_after(std::chrono::nanoseconds task_timeout) {
  constexpr std::chrono::nanoseconds kDefault = std::chrono::seconds(10);
  return (task_timeout.count() > 0 ? task_timeout : kDefault) * 8 / 10;
}

}  // namespace

std::string WorkflowWorker::unknown_local_activity(const Completion& completion) const {
  for (const auto& task : completion.start_local_activities) {
    if (!activities_.knows(task.activity_type)) {
      return fmt::format(
          "local activity {} is not registered on this worker, which has to run it itself; available "
          "activities: {}",
          task.activity_type, activities_.registered());
    }
  }
  return "";
}

// Tells the local activities what the code wants of them; then waits for them or answers the task.
void WorkflowWorker::settle(const std::shared_ptr<Activation>& activation, Completion completion) {
  const WorkflowTask& task = *activation->task;
  const std::string& run_id = task.workflow_execution().run_id();
  if (const std::string unknown = unknown_local_activity(completion); !unknown.empty()) {
    completion.outcome = Completion::Outcome::kTaskFailure;
    completion.cause = temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE;
    completion.failure = api::exception_to_failure(
        std::make_exception_ptr(ApplicationError(unknown, {.type = "NotFoundError"})));
  }
  const bool ends = completion.outcome != Completion::Outcome::kCommands || completion.closes_run;
  if (ends) {
    local_activities_.leave(run_id);
  } else {
    const LocalActivityOwner owner{task.workflow_type().name(), task.workflow_execution().workflow_id(),
                                   run_id, activation->incarnation};
    for (auto& wanted : completion.start_local_activities) {
      local_activities_.start(owner, std::move(wanted));
    }
    for (const std::uint32_t number : completion.stop_local_activities) {
      local_activities_.cancel(run_id, number);
    }
  }
  if (!ends && completion.waits_for_local_activities) {
    hold(activation, std::move(completion));
    return;
  }
  // What refers to the activation may outlive this thread; the run, which is destroyed here, may not.
  answer(task, std::exchange(activation->run, nullptr), std::move(completion));
}

void WorkflowWorker::hold(const std::shared_ptr<Activation>& activation, Completion completion) {
  const std::string& run_id = activation->task->workflow_execution().run_id();
  const std::string& token = activation->task->task_token();
  for (const std::string& warning : std::exchange(completion.warnings, {})) {
    warn(warning, {{"workflow_id", activation->task->workflow_execution().workflow_id()},
                   {"run_id", activation->task->workflow_execution().run_id()}});
  }
  Held& held = held_[run_id];
  held.activation = activation;
  held.completion = std::move(completion);
  if (!held.heartbeat) {
    const auto due = activation->received + heartbeat_after(activation->run->task_timeout());
    const auto wait = std::max(due - EventLoop::Clock::now(), EventLoop::Clock::duration::zero());
    held.heartbeat = calls_.loop().run_after(
        wait, [this, run_id, token] { enqueue([this, run_id, token] { heartbeat(run_id, token); }); });
  }
  for (LocalResult& result : std::exchange(activation->local_results, {})) {
    local_activity_ended(run_id, std::move(result));
  }
}

void WorkflowWorker::local_activity_ended(const std::string& run_id, LocalResult result) {
  const auto found = held_.find(run_id);
  if (found == held_.end()) {
    return;  // the code waits for nothing any more
  }
  const std::shared_ptr<Activation> activation = found->second.activation;
  if (result.incarnation != activation->incarnation) {
    return;  // the run was dropped and replayed; the number may mean another activity now
  }
  if (found->second.state != Held::State::kOpen) {
    activation->local_results.push_back(std::move(result));
    return;
  }
  if (!result.outcome) {
    hand_over(run_id);
    return;
  }
  Completion completion = run_code(*activation->task, [&] {
    return activation->run->resolve_local_activity(result.number, *std::move(result.outcome));
  });
  if (completion.waits_for_local_activities && completion.outcome == Completion::Outcome::kCommands &&
      unknown_local_activity(completion).empty()) {
    settle(activation, std::move(completion));  // held as before
    return;
  }
  if (found->second.heartbeat) {
    calls_.loop().cancel(*found->second.heartbeat);
  }
  held_.erase(found);
  settle(activation, std::move(completion));
}

// The task would time out: what was done so far is written, and the run goes on with another task.
void WorkflowWorker::heartbeat(const std::string& run_id, const std::string& task_token) {
  const auto found = held_.find(run_id);
  if (found == held_.end() || found->second.state != Held::State::kOpen ||
      found->second.activation->task->task_token() != task_token) {
    return;
  }
  found->second.state = Held::State::kAnswered;
  const std::shared_ptr<Activation> activation = found->second.activation;
  complete(*activation->task, found->second.completion, Answer::kHeartbeat,
           answer_queries(*activation->task, activation->run.get()));
}

void WorkflowWorker::go_on(const std::string& run_id, WorkflowTask task) {
  const auto found = held_.find(run_id);
  if (found == held_.end()) {
    process(std::move(task));
    return;
  }
  const std::shared_ptr<Activation> before = found->second.activation;
  auto activation =
      std::make_shared<Activation>(Activation{.task = std::make_shared<const WorkflowTask>(std::move(task)),
                                              .definition = before->definition,
                                              .run = std::move(before->run),
                                              .begun = metrics_.now(),
                                              .received = EventLoop::Clock::now(),
                                              .local_results = std::move(before->local_results),
                                              .incarnation = before->incarnation});
  found->second.activation = activation;
  found->second.state = Held::State::kReading;
  begin(activation);
}

// The activation is worked on now, or never will be.
void WorkflowWorker::stop_holding(const std::shared_ptr<Activation>& activation) {
  const auto found = held_.find(activation->task->workflow_execution().run_id());
  if (found != held_.end() && found->second.activation == activation) {
    held_.erase(found);
  }
}

void WorkflowWorker::hand_over(const std::string& run_id) {
  const auto found = held_.find(run_id);
  const std::shared_ptr<Activation> activation = found->second.activation;
  Completion completion = std::move(found->second.completion);
  if (found->second.heartbeat) {
    calls_.loop().cancel(*found->second.heartbeat);
  }
  held_.erase(found);
  local_activities_.leave(run_id);
  QueryResults query_results = answer_queries(*activation->task, activation->run.get());
  activation->run = nullptr;
  complete(*activation->task, std::move(completion), Answer::kHandOver, std::move(query_results));
}

void WorkflowWorker::drop_held(const std::string& run_id) {
  const auto found = held_.find(run_id);
  if (found == held_.end()) {
    return;
  }
  local_activities_.drop(run_id);
  if (found->second.heartbeat) {
    calls_.loop().cancel(*found->second.heartbeat);
  }
  const Held::State state = found->second.state;
  if (state != Held::State::kReading) {
    found->second.activation->run = nullptr;
  }
  held_.erase(found);
  if (state == Held::State::kOpen) {
    release();
  }
}

// The next task would come over a queue, of which nobody takes any more.
void WorkflowWorker::drop_held_if_stopping(const std::string& run_id) {
  const auto found = held_.find(run_id);
  if (found == held_.end() || found->second.state != Held::State::kAnswered || waits_for_answer(run_id)) {
    return;
  }
  bool stopping = false;
  {
    const std::lock_guard lock(mutex_);
    stopping = stopping_;
  }
  if (stopping) {
    drop_held(run_id);
  }
}

}  // namespace perdure::worker
