// What workers say about workflow tasks: api/recordworkflowtaskstarted, api/respondworkflowtaskcompleted and
// api/respondworkflowtaskfailed of Temporal.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "api/convert.h"
#include "base/limits.h"
#include "engine/close.h"
#include "engine/commands.h"
#include "engine/commit.h"
#include "engine/durations.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/failures.h"
#include "engine/history.h"
#include "engine/machines/activity.h"
#include "engine/machines/update.h"
#include "engine/machines/workflow_task.h"
#include "engine/run_requests.h"

namespace perdure::engine {

namespace {

constexpr const char* kTaskNotFound = "Workflow task not found.";
constexpr std::chrono::minutes kHeartbeatTimeout{30};  // history.workflowTaskHeartbeatTimeout
// As Temporal's inline start of the next task.
constexpr const char* kInlineRequestId = "request-from-RespondWorkflowTaskCompleted";

// Transient attempts start durably; if something new was appended since, the task becomes an ordinary first
// attempt.
void start_transient(Step& step, const PollerInfo& poller) {
  Execution& run = step.run;
  if (run.workflow_task()->scheduled_event_id() != run.info().next_event_id()) {
    const std::int64_t timeout = run.workflow_task()->start_to_close_timeout();
    const std::int64_t original = run.workflow_task()->original_scheduled_time();
    run.remove({ItemKind::kWorkflowTask, 0});
    run.info().set_workflow_task_attempt(1);
    schedule_workflow_task_heartbeat(step, Timestamp{original});
    run.change_workflow_task().set_start_to_close_timeout(timeout);
    start_workflow_task_volatile(step, poller, poller.request_id);
    make_start_durable(step);
    run.change_workflow_task().set_incarnation(0);
    return;
  }
  state::WorkflowTaskState& task = run.change_workflow_task();
  task.set_started_event_id(task.scheduled_event_id() + 1);
  task.set_started_time(step.now().nanos);
  task.set_request_id(poller.request_id);
  task.set_identity(poller.identity);
  task.set_build_id(poller.build_id);
  task.set_history_size_bytes(run.info().history_bytes());
  task.set_holder(poller.holder);
}

// None: `poller` may have the waiting task.
std::optional<Status> refuse_start(const Execution& run, const PollerInfo& poller) {
  const state::WorkflowTaskState* task = run.workflow_task();
  if (!run.running()) {
    return not_found(kRunClosed);
  }
  if (task == nullptr) {
    return not_found(kTaskNotFound);
  }
  if (run.has_started_workflow_task()) {
    return not_found("Workflow task already started.");
  }
  if (!task->sticky() && poller.sticky) {
    return not_found("rejecting sticky poller because workflow has moved to normal queue");
  }
  return std::nullopt;
}

const std::string& started_request_id(const Execution& run) {
  const VolatileStart* start = run.volatile_start();
  return start != nullptr ? start->request_id : run.workflow_task()->request_id();
}

// True: it is another queue, or another timeout, than before.
bool set_sticky(const wire::RespondWorkflowTaskCompletedRequest& request, Execution* run) {
  const std::string queue = run->info().sticky_queue();
  const std::int64_t timeout_before = run->info().sticky_schedule_to_start_timeout();
  const auto changed = [&] {
    return run->info().sticky_queue() != queue ||
           run->info().sticky_schedule_to_start_timeout() != timeout_before;
  };
  if (!request.sticky_attributes().has_worker_task_queue()) {
    clear_sticky_queue(*run);
    return changed();
  }
  run->info().set_sticky_queue(request.sticky_attributes().worker_task_queue().name());
  google::protobuf::Duration timeout = request.sticky_attributes().schedule_to_start_timeout();
  const bool valid = validate_and_cap(&timeout) == nullptr;  // uncapped, the deadline would be past all time
  run->info().set_sticky_schedule_to_start_timeout(valid ? nanos(timeout) : 0);
  return changed();
}

// The task fails; the next one is scheduled, or the run is terminated. The worker gets the message as an
// error.
Status fail_task(Step& step, const TaskFailure& failure,
                 const wire::RespondWorkflowTaskCompletedRequest& request) {
  const failure::Failure why = make_server_failure(failure.message(), false);
  fail_started_workflow_task(step, {.cause = failure.cause,
                                    .why = &why,
                                    .identity = request.identity(),
                                    .binary_checksum = request.binary_checksum()});
  if (failure.terminate) {
    terminate_run(step, {.reason = failure.message(), .identity = kHistoryService});
  } else {
    schedule_workflow_task(step);
  }
  commit(step);
  return invalid_argument(failure.message());
}

bool transaction_is_too_large(const Execution& run) {
  return run.new_events().ByteSizeLong() > limits::kTransaction;
}

Status terminate_too_large(Step& step, std::size_t bytes) {
  const std::string message =
      fmt::format("transaction size of {} bytes exceeds limit of {} bytes", bytes, limits::kTransaction);
  const common::Payloads details = text_payloads(message);
  terminate_run(
      step, {.reason = "Transaction size exceeds limit.", .details = &details, .identity = kHistoryService});
  commit(step);
  return invalid_argument(message);
}

WorkflowTaskStart answer_with_updates(Execution& run, const PollerInfo& poller) {
  WorkflowTaskStart start = workflow_task_answer(run, poller.identity);
  send_updates(run, true, start.ref.started_event_id, &start.response);
  return start;
}

// One completion, from the accepted token to the commit.
class Completion {
 public:
  Completion(Step& step, const wire::RespondWorkflowTaskCompletedRequest& request, const PollerInfo& worker)
      : step_(step),
        request_(request),
        worker_(worker),
        attempt_(step.run.workflow_task()->attempt()),
        original_scheduled_time_{step.run.workflow_task()->original_scheduled_time()} {}

  Result<WorkflowTaskCompletion> run() {
    if (is_heartbeat() && step_.now() > original_scheduled_time_ + kHeartbeatTimeout) {
      return end_heartbeats();
    }
    step_.run.save();
    const bool to_nothing = comes_to_nothing(step_.run, request_);
    CommandTurn turn{step_, end_task(to_nothing), request_.identity()};
    turn.namespace_id = worker_.namespace_id;
    const bool moved = set_sticky(request_, &step_.run);
    turn.has_unseen_events = has_buffered_events(step_.run);
    if (std::optional<TaskFailure> failure = carry_out_commands(turn, request_)) {
      step_.run.roll_back();
      abort_sent_updates(step_);
      if (attempt_ > 1 && failure->cause != enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND) {
        return invalid_argument(failure->message());  // left to its time-out, which slows the repetition down
      }
      return fail_task(step_, *failure, request_);
    }
    if (!request_.force_create_new_workflow_task()) {
      reject_unprocessed_updates(turn);
    }
    WorkflowTaskCompletion completion;
    start_eager_activities(turn, &completion);
    bool next = schedule_next(turn);
    if (transaction_is_too_large(step_.run)) {
      const std::size_t bytes = step_.run.new_events().ByteSizeLong();
      step_.run.roll_back();
      return terminate_too_large(step_, bytes);
    }
    std::move(turn.updates.begin(), turn.updates.end(), std::back_inserter(step_.out.updates));
    if (!to_nothing || moved || step_.run.dirty()) {
      commit(step_);
    } else {
      step_.run.forget_savepoint();
    }
    if (to_nothing) {
      completion.reset_history_event_id = step_.run.info().last_completed_started_event_id();
    }
    if (turn.successor) {
      create_run(step_.out, std::move(*turn.successor), step_.context);
    }
    next |= start_speculative();
    if (next && step_.run.running() && step_.run.volatile_start() != nullptr) {
      completion.next = workflow_task_answer(step_.run, request_.identity());
      // The asking worker has this run in its cache, sticky or not.
      completion.next->first_event_id = completion.next->previous_started_event_id + 1;
      send_updates(step_.run, !request_.force_create_new_workflow_task(),
                   completion.next->ref.started_event_id, &completion.next->response);
    }
    return completion;
  }

 private:
  bool is_heartbeat() const {
    return request_.force_create_new_workflow_task() && request_.commands().empty() &&
           request_.messages().empty();
  }

  // A worker that only asks for more time, for too long, loses the task (and its stickiness).
  Status end_heartbeats() {
    time_out_started_workflow_task(step_);
    clear_sticky_queue(step_.run);
    schedule_workflow_task(step_);
    commit(step_);
    return not_found("workflow task heartbeat timeout");
  }

  // The id of the WorkflowTaskCompleted event; 0: there is none.
  std::int64_t end_task(bool to_nothing) {
    if (!to_nothing) {
      return complete_started_workflow_task(step_, request_);
    }
    discard_speculative_workflow_task(step_.run);
    return 0;
  }

  // For updates that came while this task ran.
  bool start_speculative() {
    if (!step_.run.running() || step_.run.workflow_task() != nullptr || step_.run.admitted().empty()) {
      return false;
    }
    schedule_speculative_workflow_task(step_);
    start_inline();
    return true;
  }

  void start_inline() {
    PollerInfo poller = worker_;
    poller.identity = request_.identity();
    poller.task_queue.clear();  // not taken from a queue at all
    start_workflow_task_volatile(step_, poller, kInlineRequestId);
  }

  void start_eager_activities(const CommandTurn& turn, WorkflowTaskCompletion* completion) {
    for (std::int64_t id : turn.eager_activities) {
      if (step_.run.running() && step_.run.activity(id) != nullptr) {
        completion->eager.push_back(start_attempt(step_, id, worker_, uuid4(*step_.context.random)));
      }
    }
  }

  // True: the next task is scheduled and handed out with the answer.
  bool schedule_next(const CommandTurn& turn) {
    // Who does not take the next task with the answer gets one for updates from the queue: an ordinary one.
    const bool for_updates = !request_.return_new_workflow_task() && !step_.run.admitted().empty();
    const bool needed = request_.force_create_new_workflow_task() || turn.has_unseen_events ||
                        turn.needs_workflow_task || for_updates;
    if (!step_.run.running() || !needed) {
      return false;
    }
    if (is_heartbeat()) {
      schedule_workflow_task_heartbeat(step_, original_scheduled_time_);
    } else {
      schedule_workflow_task(step_);
    }
    if (!request_.return_new_workflow_task()) {
      return false;
    }
    start_inline();
    return true;
  }

  Step& step_;
  const wire::RespondWorkflowTaskCompletedRequest& request_;
  const PollerInfo& worker_;
  const int attempt_;
  const Timestamp original_scheduled_time_;
};

}  // namespace

Result<WorkflowTaskStart> start_workflow_task(Outcome& out, Execution& run, const PollerInfo& poller,
                                              const Context& context) {
  if (run.running() && run.has_started_workflow_task() && !poller.request_id.empty() &&
      started_request_id(run) == poller.request_id) {
    return answer_with_updates(run, poller);
  }
  if (std::optional<Status> refusal = refuse_start(run, poller)) {
    return *refusal;
  }
  Step step{out, run, context};
  if (run.workflow_task()->attempt() > 1) {
    start_transient(step, poller);
    commit(step);
    return answer_with_updates(run, poller);
  }
  if (has_buffered_events(run)) {
    // They were buffered behind a start that died with its process. They get their ids before this one.
    commit(step);
    if (!run.running()) {
      return not_found(kRunClosed);
    }
    step.out.ready.clear();
  }
  start_workflow_task_volatile(step, poller, poller.request_id);
  return answer_with_updates(run, poller);
}

std::shared_ptr<WorkflowTaskStart> start_first_task_eagerly(Outcome& out, Execution* current,
                                                            const PollerInfo& worker,
                                                            const Context& context) {
  Execution* const run = out.created.empty() ? current : out.created.back().get();
  const state::WorkflowTaskState* const task = run == nullptr ? nullptr : run->workflow_task();
  const bool is_first =
      task != nullptr && task->attempt() == 1 && run->info().last_completed_started_event_id() == 0;
  if (!is_first) {
    return nullptr;
  }
  auto start = start_workflow_task(out, *run, worker, context);
  if (!start.ok()) {
    return nullptr;
  }
  std::erase_if(out.ready, [run](const ReadyTask& ready) {
    return ready.execution == run->id() && ready.item.kind == ItemKind::kWorkflowTask;
  });
  return std::make_shared<WorkflowTaskStart>(*std::move(start));
}

Result<WorkflowTaskCompletion> complete_workflow_task(
    Outcome& out, Execution& run, const WorkflowTaskRef& task,
    const wire::RespondWorkflowTaskCompletedRequest& request, const PollerInfo& worker,
    const Context& context) {
  if (!run.running() || !is_started_task(run, task)) {
    return not_found(kTaskNotFound);
  }
  if (Status wrong = check_command_sequence(request); !wrong.ok()) {
    return wrong;
  }
  if (Status wrong = check_messages(request); !wrong.ok()) {
    return wrong;
  }
  Step step{out, run, context};
  return Completion(step, request, worker).run();
}

Result<wire::RespondWorkflowTaskFailedResponse> fail_workflow_task(
    Outcome& out, Execution& run, const WorkflowTaskRef& task,
    const wire::RespondWorkflowTaskFailedRequest& request, const Context& context) {
  if (!run.running()) {
    return not_found(kRunClosed);
  }
  if (!is_started_task(run, task)) {
    return not_found(kTaskNotFound);
  }
  Step step{out, run, context};
  if (request.cause() == enums::WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE) {
    // No answer of this worker would ever fit.
    terminate_run(step, {.reason = short_name(request.cause()), .identity = kHistoryService});
    commit(step);
    return wire::RespondWorkflowTaskFailedResponse();
  }
  const failure::Failure why = bounded_failure(request.failure());
  fail_started_workflow_task(step, {.cause = request.cause(),
                                    .why = request.has_failure() ? &why : nullptr,
                                    .identity = request.identity(),
                                    .binary_checksum = request.binary_checksum()});
  schedule_workflow_task(step);
  commit(step);
  return wire::RespondWorkflowTaskFailedResponse();
}

std::optional<Timestamp> volatile_deadline(const Execution& run) {
  const VolatileStart* start = run.volatile_start();
  if (start == nullptr) {
    return run.has_speculative_task()
               ? std::optional(Timestamp{run.workflow_task()->schedule_to_start_deadline()})
               : std::nullopt;
  }
  return start->started_time + Duration(run.workflow_task()->start_to_close_timeout());
}

}  // namespace perdure::engine
