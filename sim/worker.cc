// Life, polls and workflow tasks of a simulated worker; activities are in worker_activities.cc.
#include "worker.h"

#include "reads.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"
#include "temporal/api/enums/v1/task_queue.pb.h"

namespace perdure::sim {

namespace enums = temporal::api::enums::v1;

Worker::Worker(World& world, WorkerRecords& records, int index)
    : world_(world),
      records_(records),
      index_(index),
      random_(world.plan.seed * 31 + 0x776f726bULL + static_cast<std::uint64_t>(index)) {}

void Worker::start() {
  poll_workflow_tasks(false);
  if (world_.plan.sticky) {
    poll_workflow_tasks(true);
  }
  poll_activity_tasks();
  poll_activity_tasks();
}

void Worker::forget() {
  ++life_;
  cache_.clear();
  code_cache_.clear();
  after(std::chrono::milliseconds(100 + random_.below(300)), [this] { start(); });
}

void Worker::pause(Duration duration) { paused_until_ = world_.schedule.now() + duration; }

void Worker::after(Duration delay, std::function<void()> action) {
  const int life = life_;
  world_.schedule.after(delay, [this, life, action = std::move(action)] {
    if (life != life_) {
      return;
    }
    if (world_.schedule.now() < paused_until_) {
      after(paused_until_ - world_.schedule.now(), action);
      return;
    }
    action();
  });
}

std::string Worker::sticky_queue() const {
  return fmt::format("sticky-{}-{}", index_, in_process() ? life_ : 0);
}

template <class Request, class Response>
void Worker::poll(const char* method, Request request, std::function<void()> again) {
  request.set_namespace_(kNamespace);
  request.set_identity(fmt::format("worker{}", index_));
  const int life = life_;
  world_.network.call<Request, Response>(
      link_, method, request, in_process(),
      [this, life, again = std::move(again)](const Status& status, Response& response) {
        if (life != life_) {
          return;
        }
        if (status.ok() && !response.task_token().empty()) {
          take(response);
        }
        after(status.ok() ? Duration(std::chrono::milliseconds(1))
                          : std::chrono::milliseconds(50 + random_.below(200)),
              again);
      });
}

void Worker::poll_workflow_tasks(bool sticky) {
  wire::PollWorkflowTaskQueueRequest request;
  request.mutable_task_queue()->set_name(sticky ? sticky_queue() : kQueue);
  if (sticky) {
    request.mutable_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
    request.mutable_task_queue()->set_normal_name(kQueue);
  }
  poll<wire::PollWorkflowTaskQueueRequest, wire::PollWorkflowTaskQueueResponse>(
      "PollWorkflowTaskQueue", std::move(request), [this, sticky] { poll_workflow_tasks(sticky); });
}

void Worker::poll_activity_tasks() {
  wire::PollActivityTaskQueueRequest request;
  request.mutable_task_queue()->set_name(kQueue);
  poll<wire::PollActivityTaskQueueRequest, wire::PollActivityTaskQueueResponse>(
      "PollActivityTaskQueue", std::move(request), [this] { poll_activity_tasks(); });
}

void Worker::take(const wire::PollWorkflowTaskQueueResponse& response) {
  auto task = std::make_shared<WorkflowTask>();
  task->response = response;
  task->generation = world_.node.generation();
  task->page_token = response.next_page_token();
  task->events.assign(response.history().events().begin(), response.history().events().end());
  world_.log("worker{} takes workflow task of {}/{}: started {} attempt {} events {}", index_,
             response.workflow_execution().workflow_id(), response.workflow_execution().run_id(),
             response.started_event_id(), response.attempt(), task->events.size());
  gather_history(task);
}

void Worker::gather_history(const WorkflowTaskPointer& task) {
  if (!task->page_token.empty()) {
    fetch_page(task);
    return;
  }
  const std::string& run_id = task->response.workflow_execution().run_id();
  if (task->events.empty() || task->events.front().event_id() == 1) {
    check_task(*task);
    handle(task);
    return;
  }
  const auto cached = cache_.find(run_id);
  const std::int64_t first = task->events.front().event_id();
  if (cached != cache_.end() && static_cast<std::int64_t>(cached->second.size()) >= first - 1) {
    Events whole(cached->second.begin(), cached->second.begin() + (first - 1));
    whole.insert(whole.end(), task->events.begin(), task->events.end());
    task->events = std::move(whole);
    world_.report.mark("sticky task continued from the worker's cache");
    check_task(*task);
    handle(task);
    return;
  }
  world_.report.mark("sticky cache miss");
  fetch_whole_history(task, "", std::make_shared<Events>());
}

void Worker::fetch_page(const WorkflowTaskPointer& task) {
  wire::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_(kNamespace);
  *request.mutable_execution() = task->response.workflow_execution();
  request.set_next_page_token(task->page_token);
  const int life = life_;
  world_.network.call<wire::GetWorkflowExecutionHistoryRequest, wire::GetWorkflowExecutionHistoryResponse>(
      link_, "GetWorkflowExecutionHistory", request, in_process(),
      [this, life, task](const Status& status, wire::GetWorkflowExecutionHistoryResponse& response) {
        if (life != life_ || !status.ok()) {
          return;  // the task times out
        }
        task->events.insert(task->events.end(), response.history().events().begin(),
                            response.history().events().end());
        task->page_token = response.next_page_token();
        gather_history(task);
      });
}

void Worker::fetch_whole_history(const WorkflowTaskPointer& task, const std::string& page_token,
                                 std::shared_ptr<Events> fetched) {
  wire::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_(kNamespace);
  *request.mutable_execution() = task->response.workflow_execution();
  request.set_next_page_token(page_token);
  request.set_maximum_page_size(static_cast<int>(1 + random_.below(10)));
  const int life = life_;
  world_.network.call<wire::GetWorkflowExecutionHistoryRequest, wire::GetWorkflowExecutionHistoryResponse>(
      link_, "GetWorkflowExecutionHistory", request, in_process(),
      [this, life, task, fetched](const Status& status, wire::GetWorkflowExecutionHistoryResponse& response) {
        if (life != life_ || !status.ok()) {
          return;
        }
        const std::int64_t first = task->events.front().event_id();
        for (const auto& event : response.history().events()) {
          check_shown_event(world_, task->response.workflow_execution().run_id(), event,
                            "a worker without a cache");
          if (event.event_id() < first) {
            fetched->push_back(event);
          }
        }
        if (!response.next_page_token().empty() && static_cast<std::int64_t>(fetched->size()) < first - 1) {
          fetch_whole_history(task, response.next_page_token(), fetched);
          return;
        }
        world_.report.expect(static_cast<std::int64_t>(fetched->size()) == first - 1, "H6",
                             "run {}: the history before event {} has {} events",
                             task->response.workflow_execution().run_id(), first, fetched->size());
        fetched->insert(fetched->end(), task->events.begin(), task->events.end());
        task->events = std::move(*fetched);
        check_task(*task);
        handle(task);
      });
}

void Worker::check_task(const WorkflowTask& task) {
  const std::string& run_id = task.response.workflow_execution().run_id();
  const Events& events = task.events;
  const bool ends_well = !events.empty() &&
                         events.back().event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_STARTED &&
                         events.back().event_id() == task.response.started_event_id();
  world_.report.expect(
      ends_well, "H5", "run {}: the history of a workflow task ends with {} of {} events, started {}", run_id,
      events.empty() ? 0 : events.back().event_id(), events.size(), task.response.started_event_id());
  for (std::size_t i = 0; i < events.size(); ++i) {
    world_.report.expect(events[i].event_id() == static_cast<std::int64_t>(i) + 1, "H1",
                         "run {}: a worker is given event {} at place {}", run_id, events[i].event_id(),
                         i + 1);
  }
  // The started event of a first attempt, and both events of a later one, are not stored yet.
  // What the worker remembers was checked when it was shown.
  const std::size_t volatile_events = task.response.attempt() > 1 ? 2 : 1;
  const std::int64_t first =
      task.response.history().events_size() > 0 ? task.response.history().events(0).event_id() : 1;
  for (std::size_t i = static_cast<std::size_t>(first - 1); i + volatile_events < events.size(); ++i) {
    check_shown_event(world_, run_id, events[i], "a worker");
  }
}

// What a workflow takes for the time, and what a later replay of it will: the time of the started event. It
// was not stored when it was shown, and has to be stored as it was shown.
void Worker::check_started_event(const WorkflowTask& task) {
  const MirrorRun* run = world_.node.mirror().find_run(task.response.workflow_execution().run_id());
  const auto& shown = task.events.back();
  const auto index = static_cast<std::size_t>(shown.event_id() - 1);
  if (run == nullptr || index >= run->events.size()) {
    world_.report.violate("D1", "a workflow task is completed, and its started event is not stored");
    return;
  }
  const auto& stored = run->events[index].event;
  if (stored.event_type() != shown.event_type() ||
      stored.event_time().seconds() != shown.event_time().seconds() ||
      stored.event_time().nanos() != shown.event_time().nanos()) {
    world_.report.violate("H6",
                          fmt::format("run {}: the worker was shown {}, stored is {}", run->run_id.value,
                                      shown.ShortDebugString(), stored.ShortDebugString()));
  }
}

void Worker::handle(const WorkflowTaskPointer& task) {
  if (world_.report.violation()) {
    return;
  }
  if (task->response.workflow_type().name() == kCodeType) {
    run_code(task);
  } else {
    answer(task, decide(task->events, task->response.workflow_execution().run_id(), world_.report));
  }
}

void Worker::answer(const WorkflowTaskPointer& task, const Decision& decision) {
  const std::string& run_id = task->response.workflow_execution().run_id();
  const double chaos = world_.healing ? 0.0 : world_.plan.worker_chaos;
  Duration delay = milliseconds_below(random_, 8);
  if (random_.chance(chaos)) {
    switch (random_.below(6)) {
      case 0:
        world_.report.mark("worker: workflow task never answered");
        cache_.erase(run_id);
        return;
      case 1:
        world_.report.mark("worker: workflow task failed");
        after(delay, [this, task] { fail(task); });
        return;
      case 2:
        world_.report.mark("worker: completion poisoned");
        after(delay, [this, task, decision] { complete(task, decision, 1, true); });
        return;
      case 3:
        world_.report.mark("worker: workflow task answered late");
        delay = std::chrono::milliseconds(500 + random_.below(14'000));
        break;
      case 4:
        // Signals come in while it is under way.
        delay = std::chrono::milliseconds(100 + random_.below(900));
        break;
      default:
        world_.report.mark("worker: workflow task completed twice");
        after(delay, [this, task, decision] { complete(task, decision, 2, false); });
        return;
    }
  }
  after(delay, [this, task, decision] { complete(task, decision, 1, false); });
}

void Worker::fail(const WorkflowTaskPointer& task) {
  Operation& operation = world_.begin(Operation::Kind::kWorkflowTaskFail);
  operation.workflow_id = task->response.workflow_execution().workflow_id();
  operation.run_id = task->response.workflow_execution().run_id();
  wire::RespondWorkflowTaskFailedRequest request;
  request.set_namespace_(kNamespace);
  request.set_task_token(task->response.task_token());
  request.set_identity(fmt::format("op{}", operation.id));
  request.set_cause(enums::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE);
  request.mutable_failure()->set_message("the worker does not like this one");
  cache_.erase(operation.run_id);
  const int life = life_;
  world_.network.call<wire::RespondWorkflowTaskFailedRequest, wire::RespondWorkflowTaskFailedResponse>(
      link_, "RespondWorkflowTaskFailed", request, in_process(),
      [this, life, task, &operation](const Status& status, wire::RespondWorkflowTaskFailedResponse&) {
        world_.end(operation, status);
        if (status.ok()) {
          world_.report.expect(++records_.accepted[task->response.task_token()] == 1, "H5",
                               "a workflow task of run {} is answered twice", operation.run_id);
        }
        if (life == life_ && status.code() == Code::kUnavailable && random_.chance(0.5)) {
          after(std::chrono::milliseconds(200), [this, task] { fail(task); });
        }
      });
}

void Worker::complete(const WorkflowTaskPointer& task, const Decision& decision, int repeats, bool poisoned) {
  Operation& operation = world_.begin(Operation::Kind::kWorkflowTask);
  operation.workflow_id = task->response.workflow_execution().workflow_id();
  operation.run_id = task->response.workflow_execution().run_id();
  wire::RespondWorkflowTaskCompletedRequest request;
  request.set_namespace_(kNamespace);
  request.set_task_token(task->response.task_token());
  request.set_identity(fmt::format("op{}", operation.id));
  if (poisoned) {
    // A good command, then one that must be refused: neither may take effect.
    auto& good = *request.add_commands();
    good.set_command_type(enums::COMMAND_TYPE_START_TIMER);
    good.mutable_start_timer_command_attributes()->set_timer_id("poison");
    good.mutable_start_timer_command_attributes()->mutable_start_to_fire_timeout()->set_seconds(1);
    auto& bad = *request.add_commands();
    bad.set_command_type(enums::COMMAND_TYPE_START_TIMER);
    bad.mutable_start_timer_command_attributes();
  } else {
    request.mutable_commands()->Assign(decision.commands.begin(), decision.commands.end());
  }
  if (world_.plan.sticky) {
    auto& sticky = *request.mutable_sticky_attributes();
    sticky.mutable_worker_task_queue()->set_name(sticky_queue());
    sticky.mutable_worker_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
    sticky.mutable_worker_task_queue()->set_normal_name(kQueue);
    sticky.mutable_schedule_to_start_timeout()->set_seconds(2);
  }
  request.set_return_new_workflow_task(world_.plan.return_new_task);
  request.set_force_create_new_workflow_task(
      !poisoned && (decision.heartbeat || (!decision.completes && !world_.healing && random_.chance(0.02))));
  const int life = life_;
  world_.network.call<wire::RespondWorkflowTaskCompletedRequest, wire::RespondWorkflowTaskCompletedResponse>(
      link_, "RespondWorkflowTaskCompleted", request, in_process(),
      [this, life, task, decision, &operation, poisoned](
          const Status& status, wire::RespondWorkflowTaskCompletedResponse& response) {
        world_.end(operation, status);
        if (status.ok()) {
          world_.report.expect(!poisoned, "H9", "run {}: a completion with a bad command is accepted",
                               operation.run_id);
          world_.report.expect(++records_.accepted[task->response.task_token()] == 1, "H5",
                               "a workflow task of run {} is completed twice", operation.run_id);
          // A first attempt may have been made durable after it was handed out, and then outlives its
          // process. That it is the one that is stored is checked by check_started_event().
          if (task->generation != world_.node.generation()) {
            world_.report.mark("completion of a workflow task of an earlier process");
          }
          if (decision.code && !poisoned) {
            remember_code(task, decision);
          }
        }
        if (life == life_) {
          completed(task, decision, status, response, poisoned);
          if (status.code() == Code::kUnavailable && random_.chance(0.5)) {
            world_.report.mark("worker: completion retried after an unknown outcome");
            const Decision again =
                decision.code ? decision : decide(task->events, operation.run_id, world_.report);
            after(std::chrono::milliseconds(200),
                  [this, task, again, poisoned] { complete(task, again, 1, poisoned); });
          }
        }
      });
  if (repeats > 1) {
    complete(task, decision, repeats - 1, poisoned);
  }
}

void Worker::completed(const WorkflowTaskPointer& task, const Decision& decision, const Status& status,
                       const wire::RespondWorkflowTaskCompletedResponse& response, bool poisoned) {
  const std::string& run_id = task->response.workflow_execution().run_id();
  if (!status.ok() || poisoned) {
    cache_.erase(run_id);
    forget_code(run_id);
    return;
  }
  check_started_event(*task);
  if (world_.plan.sticky && !random_.chance(0.05)) {
    cache_[run_id] = task->events;
  } else {
    cache_.erase(run_id);
  }
  if (decision.code && !decision.completes) {
    forget_code(run_id);
    code_cache_[run_id] = decision.code;
  }
  for (const auto& activity : response.activity_tasks()) {
    world_.report.mark("eager activity");
    take(activity);
  }
  if (response.has_workflow_task() && !response.workflow_task().task_token().empty()) {
    world_.report.mark("next workflow task came with the completion");
    take(response.workflow_task());
  }
}

}  // namespace perdure::sim
