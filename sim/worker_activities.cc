// The activities of a simulated worker, and what the engine must not do to them: A2 to A6.
#include <algorithm>
#include <cmath>

#include "api/convert.h"
#include "api/payload_conversion.h"
#include "perdure/serialize.h"
#include "worker.h"

namespace perdure::sim {
namespace {

// As the retry policy says: how long after failure number `failures` the next attempt comes, at the earliest.
Duration retry_interval(const ActivityStep& step, int failures) {
  const double interval = step.initial_interval_ms * std::pow(step.coefficient_tenths / 10.0, failures - 1);
  // The service's own rounding is not ours to judge: a millisecond is granted.
  return std::chrono::milliseconds(
      static_cast<std::int64_t>(std::min(interval, static_cast<double>(step.maximum_interval_ms))) - 1);
}

std::string text_of(const temporal::api::common::v1::Payloads& payloads) {
  return payloads.payloads_size() == 0 ? std::string() : payloads.payloads(0).data();
}

}  // namespace

void Worker::take(const wire::PollActivityTaskQueueResponse& response) {
  auto task = std::make_shared<ActivityTask>();
  task->response = response;
  task->name = response.workflow_execution().run_id() + "/" + response.activity_id();
  task->step = response.workflow_type().name() == kCodeType ? code_activity_step(response)
                                                            : decode_activity(text_of(response.input()));
  world_.log("worker{} takes activity {} attempt {}", index_, task->name, response.attempt());
  ActivityRecord& record =
      records_.activities[{response.workflow_execution().run_id(), response.activity_id()}];
  record.step = task->step;
  check_attempt(record, *task);
  check_heartbeat_details(record, *task);
  if (world_.report.violation()) {
    return;
  }
  if (attempt_of(*task) == nullptr) {
    Attempt attempt;
    attempt.number = response.attempt();
    attempt.started_at = api::from_proto(response.started_time());
    attempt.scheduled_at = api::from_proto(response.current_attempt_scheduled_time());
    attempt.taken_order = world_.ledger.next_order();
    const auto later = std::find_if(record.attempts.begin(), record.attempts.end(),
                                    [&](const Attempt& other) { return other.number > attempt.number; });
    record.attempts.insert(later, attempt);
  }
  Attempt& attempt = *attempt_of(*task);
  ++attempt.executions;
  world_.report.expect(attempt.executions == 1, "A3",
                       "the code of activity {} attempt {} is started {} times", task->name, attempt.number,
                       attempt.executions);
  if (attempt.number > 1) {
    world_.report.mark("activity attempt above 1");
  }
  after(milliseconds_below(random_, 10), [this, task] { run(task); });
}

void Worker::check_attempt(ActivityRecord& record, const ActivityTask& task) {
  const int number = task.response.attempt();
  const int maximum = task.step.maximum_attempts;
  Report& report = world_.report;
  report.expect(number >= 1 && (maximum == 0 || number <= maximum), "A4",
                "activity {}: attempt {} of at most {}", task.name, number, maximum);
  const MirrorRun* run = world_.node.mirror().find_run(task.response.workflow_execution().run_id());
  report.expect(run != nullptr, "D2", "activity {} is handed out, its run is not stored", task.name);
  if (run != nullptr && orderly()) {
    // Its start must be durable: the store's item no longer waits on a queue.
    for (const auto& [scheduled, activity] : run->check.activities()) {
      if (activity.attributes.activity_id() != task.response.activity_id()) {
        continue;
      }
      const auto item = run->items.find(ItemKey{ItemKind::kActivity, scheduled});
      report.expect(item == run->items.end() || item->second.queue.empty(), "A3",
                    "activity {} attempt {} is handed out, in the store it still waits on its queue",
                    task.name, number);
    }
  }
  if (record.attempts.empty()) {
    return;
  }
  const Attempt& last = record.attempts.back();
  if (!orderly() && number < last.number) {
    report.mark("network: attempts arrive out of order");
    return;
  }
  report.expect(number >= last.number, "A4", "activity {}: attempt {} follows {}", task.name, number,
                last.number);
  report.expect(!last.answered || last.failed, "A1", "activity {}: attempt {} follows a success", task.name,
                number);
  if (number == last.number) {
    return;  // A3 is reported by the caller
  }
  const Timestamp started = api::from_proto(task.response.started_time());
  const Timestamp failed_at =
      number == last.number + 1 && last.answered ? last.answered_after : last.started_at;
  report.expect(started >= failed_at + retry_interval(task.step, number - 1), "A5",
                "activity {}: attempt {} starts {} ns after the end of the one before, the interval is {} ns",
                task.name, number, (started - failed_at).count(),
                retry_interval(task.step, number - 1).count());
  if (number == last.number + 1 && last.answered) {
    report.mark("retry interval checked");
  }
}

void Worker::check_heartbeat_details(const ActivityRecord& record, const ActivityTask& task) {
  const std::string details = text_of(task.response.heartbeat_details());
  std::string accepted;
  std::vector<std::string> possible;
  bool gap = task.response.attempt() != (record.attempts.empty() ? 1 : record.attempts.back().number + 1);
  for (const Attempt& attempt : record.attempts) {
    if (attempt.accepted_heartbeats > 0) {
      accepted = attempt.last_accepted_details;
      possible.clear();
    }
    possible.insert(possible.end(), attempt.unknown_details.begin(), attempt.unknown_details.end());
  }
  const bool known =
      details == accepted || std::find(possible.begin(), possible.end(), details) != possible.end();
  if (!details.empty()) {
    world_.report.mark("heartbeat details given to the next attempt");
  }
  world_.report.expect(known || gap, "A6",
                       "activity {}: attempt {} is given heartbeat details '{}', accepted was '{}'",
                       task.name, task.response.attempt(), details, accepted);
}

void Worker::run(const ActivityTaskPointer& task) {
  const double chaos = world_.healing ? 0.0 : world_.plan.worker_chaos;
  Duration delay{0};
  if (random_.chance(chaos)) {
    if (random_.chance(0.4)) {
      world_.report.mark("worker: activity never answered");
      return;
    }
    world_.report.mark("worker: activity answered late");
    delay = std::chrono::milliseconds(task->step.start_to_close_ms + static_cast<int>(random_.below(6'000)));
  }
  if (tells_own_run(task, delay)) {
    return;
  }
  const int attempt = task->response.attempt();
  switch (task->step.behaviour) {
    case Behaviour::kNonRetryable:
      after(delay, [this, task] { answer_failed(task, true, 5); });
      return;
    case Behaviour::kFailFirst:
      if (attempt <= task->step.count) {
        after(delay, [this, task] { answer_failed(task, false, 5); });
        return;
      }
      break;
    case Behaviour::kHeartbeat:
      if (delay.count() == 0) {
        heartbeat(task, task->step.count);
        return;
      }
      break;
    case Behaviour::kSlow:
      delay += std::chrono::milliseconds(task->step.count);
      break;
    case Behaviour::kSilent:
      if (task->step.count > 0) {
        // Too late for this attempt, and perhaps while the next one runs.
        after(std::chrono::milliseconds(task->step.start_to_close_ms + 1'000 +
                                        static_cast<int>(random_.below(1'000))),
              [this, task] { answer_completed(task, 1); });
      }
      return;
    default:
      break;
  }
  after(delay, [this, task] { answer_completed(task, 5); });
}

Attempt* Worker::attempt_of(const ActivityTask& task) {
  auto& attempts =
      records_.activities[{task.response.workflow_execution().run_id(), task.response.activity_id()}]
          .attempts;
  for (Attempt& attempt : attempts) {
    if (attempt.number == task.response.attempt()) {
      return &attempt;
    }
  }
  return nullptr;
}

void Worker::accepted(const ActivityTask& task, const Operation& operation, bool failed) {
  const auto& record =
      records_.activities[{task.response.workflow_execution().run_id(), task.response.activity_id()}];
  Attempt* attempt = attempt_of(task);
  // Over a network the answer may arrive after the next attempt did.
  const Attempt& newest = record.attempts.back();
  const bool in_time = !orderly() && operation.invoked_order < newest.taken_order;
  world_.report.expect(attempt == &newest || in_time, "A2",
                       "activity {}: {} of attempt {} is accepted, attempt {} was handed out", task.name,
                       name_of(operation.kind), task.response.attempt(), record.attempts.back().number);
  if (operation.kind == Operation::Kind::kHeartbeat) {
    return;
  }
  world_.report.expect(!attempt->answered, "A1", "activity {}: two answers to attempt {} are accepted",
                       task.name, attempt->number);
  attempt->answered = true;
  attempt->failed = failed;
  attempt->answered_after = operation.invoked_time;
}

void Worker::heartbeat(const ActivityTaskPointer& task, int left) {
  if (left == 0) {
    answer_completed(task, 5);
    return;
  }
  Operation& operation = world_.begin(Operation::Kind::kHeartbeat);
  operation.workflow_id = task->response.workflow_execution().workflow_id();
  operation.run_id = task->response.workflow_execution().run_id();
  operation.input = fmt::format("beat{}", operation.id);
  wire::RecordActivityTaskHeartbeatRequest request;
  request.set_namespace_(kNamespace);
  request.set_task_token(task->response.task_token());
  request.set_identity(fmt::format("op{}", operation.id));
  request.mutable_details()->add_payloads()->set_data(operation.input);
  if (!orderly()) {
    attempt_of(*task)->unknown_details.push_back(operation.input);  // it may arrive before its answer does
  }
  const int life = life_;
  world_.network.call<wire::RecordActivityTaskHeartbeatRequest, wire::RecordActivityTaskHeartbeatResponse>(
      link_, "RecordActivityTaskHeartbeat", request, in_process(),
      [this, life, task, left, &operation](const Status& status,
                                           wire::RecordActivityTaskHeartbeatResponse& response) {
        world_.end(operation, status);
        Attempt* attempt = attempt_of(*task);
        if (status.ok()) {
          accepted(*task, operation, false);
          ++attempt->accepted_heartbeats;
          attempt->last_accepted_details = operation.input;
          attempt->last_accepted_after = operation.invoked_time;
          if (orderly()) {  // else one of them may still arrive
            attempt->unknown_details.clear();
          }
        } else if (operation.unknown()) {
          attempt->unknown_details.push_back(operation.input);
        }
        if (life != life_ || status.code() == Code::kNotFound) {
          return;
        }
        if (status.ok() && response.cancel_requested()) {
          world_.report.mark("heartbeat says: cancelled");
          answer_canceled(task, 5);
          return;
        }
        after(std::chrono::milliseconds(static_cast<std::int64_t>(
                  random_.below(static_cast<std::uint64_t>(task->step.heartbeat_ms)))),
              [this, task, left] { heartbeat(task, left - 1); });
      });
}

void Worker::answer_completed(const ActivityTaskPointer& task, int tries) {
  Operation& operation = world_.begin(Operation::Kind::kActivityComplete);
  operation.workflow_id = task->response.workflow_execution().workflow_id();
  operation.run_id = task->response.workflow_execution().run_id();
  wire::RespondActivityTaskCompletedRequest request;
  request.set_namespace_(kNamespace);
  request.set_task_token(task->response.task_token());
  request.set_identity(fmt::format("op{}", operation.id));
  api::set_payload(request.mutable_result()->add_payloads(), to_payload(std::string("done")));
  const int life = life_;
  world_.network.call<wire::RespondActivityTaskCompletedRequest, wire::RespondActivityTaskCompletedResponse>(
      link_, "RespondActivityTaskCompleted", request, in_process(),
      [this, life, task, tries, &operation](const Status& status,
                                            wire::RespondActivityTaskCompletedResponse&) {
        world_.end(operation, status);
        if (status.ok()) {
          accepted(*task, operation, false);
        }
        if (life == life_ && tries > 1 &&
            (status.code() == Code::kUnavailable || status.code() == Code::kResourceExhausted)) {
          after(std::chrono::milliseconds(100 + random_.below(300)),
                [this, task, tries] { answer_completed(task, tries - 1); });
        }
      });
  if (tries > 1 && !world_.healing && random_.chance(world_.plan.worker_chaos)) {
    world_.report.mark("worker: activity completed twice");
    after(milliseconds_below(random_, 2'000), [this, task] { answer_completed(task, 1); });
  }
}

void Worker::answer_failed(const ActivityTaskPointer& task, bool non_retryable, int tries) {
  Operation& operation = world_.begin(Operation::Kind::kActivityFail);
  operation.workflow_id = task->response.workflow_execution().workflow_id();
  operation.run_id = task->response.workflow_execution().run_id();
  wire::RespondActivityTaskFailedRequest request;
  request.set_namespace_(kNamespace);
  request.set_task_token(task->response.task_token());
  request.set_identity(fmt::format("op{}", operation.id));
  request.mutable_failure()->set_message("as the program says");
  auto& info = *request.mutable_failure()->mutable_application_failure_info();
  info.set_type("Planned");
  info.set_non_retryable(non_retryable);
  const int life = life_;
  world_.network.call<wire::RespondActivityTaskFailedRequest, wire::RespondActivityTaskFailedResponse>(
      link_, "RespondActivityTaskFailed", request, in_process(),
      [this, life, task, non_retryable, tries, &operation](const Status& status,
                                                           wire::RespondActivityTaskFailedResponse&) {
        world_.end(operation, status);
        if (status.ok()) {
          accepted(*task, operation, true);
        }
        if (life == life_ && tries > 1 &&
            (status.code() == Code::kUnavailable || status.code() == Code::kResourceExhausted)) {
          after(std::chrono::milliseconds(100 + random_.below(300)),
                [this, task, non_retryable, tries] { answer_failed(task, non_retryable, tries - 1); });
        }
      });
}

void Worker::answer_canceled(const ActivityTaskPointer& task, int tries) {
  Operation& operation = world_.begin(Operation::Kind::kActivityCancel);
  operation.workflow_id = task->response.workflow_execution().workflow_id();
  operation.run_id = task->response.workflow_execution().run_id();
  wire::RespondActivityTaskCanceledRequest request;
  request.set_namespace_(kNamespace);
  request.set_task_token(task->response.task_token());
  request.set_identity(fmt::format("op{}", operation.id));
  const int life = life_;
  world_.network.call<wire::RespondActivityTaskCanceledRequest, wire::RespondActivityTaskCanceledResponse>(
      link_, "RespondActivityTaskCanceled", request, in_process(),
      [this, life, task, tries, &operation](const Status& status,
                                            wire::RespondActivityTaskCanceledResponse&) {
        world_.end(operation, status);
        if (status.ok()) {
          accepted(*task, operation, false);
        }
        if (life == life_ && tries > 1 && status.code() == Code::kUnavailable) {
          after(std::chrono::milliseconds(200), [this, task, tries] { answer_canceled(task, tries - 1); });
        }
      });
}

}  // namespace perdure::sim
