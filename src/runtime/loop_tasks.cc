// Queues and pollers: who gets which task, and what has to be durable before it leaves.
#include <chrono>
#include <utility>

#include "api/convert.h"
#include "base/check.h"
#include "base/limits.h"
#include "base/planted.h"
#include "runtime/loop.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::runtime {
namespace {

constexpr std::chrono::seconds kStickyWorkerGone{10};
constexpr std::size_t kStickyQueuesRemembered =
    10'000;  // beyond it, those of workers that are gone are forgotten

Status too_many_pollers(const std::string& queue) {
  temporal::api::errordetails::v1::ResourceExhaustedFailure detail;
  detail.set_cause(temporal::api::enums::v1::RESOURCE_EXHAUSTED_CAUSE_CONCURRENT_LIMIT);
  detail.set_scope(temporal::api::enums::v1::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE);
  return api::with_detail(Code::kResourceExhausted,
                          "too many pollers wait on queue " + queue + " (limit " +
                              std::to_string(limits::kPollersPerQueue) + "); use fewer pollers or workers",
                          detail);
}

}  // namespace

void Loop::WaitingPoll::answer(const Status& status) const {
  if (workflow_reply) {
    workflow_reply(status.ok() ? Result<std::optional<WorkflowTaskHandOut>>(std::nullopt) : status);
  } else {
    activity_reply(status.ok() ? Result<std::optional<ActivityTaskHandOut>>(std::nullopt) : status);
  }
}

void Loop::poll_workflow_task(Poll poll, Reply<std::optional<WorkflowTaskHandOut>> reply) {
  add_poll({std::move(poll), {}, std::move(reply), nullptr});
}

void Loop::poll_activity_task(Poll poll, Reply<std::optional<ActivityTaskHandOut>> reply) {
  add_poll({std::move(poll), {}, nullptr, std::move(reply)});
}

void Loop::add_poll(WaitingPoll waiting) {
  if (ended_) {
    waiting.answer(mailbox_.state());
    return;
  }
  const Poll& poll = waiting.poll;
  check(!is_waiting(poll.id), "a waiting call has an id of its own");
  if (!matching_.add_poller(poll.queue, poll.id)) {
    waiting.answer(too_many_pollers(poll.queue));
    return;
  }
  matching_.set_rate(poll.queue, poll.tasks_per_second, now_);
  waiting.deadline = patience_time() + poll.max_wait;
  wait_deadlines_.insert({waiting.deadline, poll.id});
  if (poll.poller.sticky) {
    note_sticky_poll(poll.queue);
  }
  polls_.emplace(poll.id, std::move(waiting));
}

Loop::WaitingPoll Loop::take_poll(std::uint64_t id) {
  auto node = polls_.extract(id);
  check(!node.empty(), "a poll that is answered was waiting");
  WaitingPoll waiting = std::move(node.mapped());
  wait_deadlines_.erase({waiting.deadline, id});
  matching_.remove_poller(waiting.poll.queue, id);
  if (waiting.poll.poller.sticky) {
    note_sticky_poll(waiting.poll.queue);
  }
  if (waiting.activity_reply && clock_.skips()) {
    activity_polls_[waiting.poll.queue] = patience_time();
  }
  return waiting;
}

void Loop::cancel(std::uint64_t id) {
  if (polls_.contains(id)) {
    take_poll(id).answer(Status(Code::kCancelled, "the caller cancelled"));
  } else if (history_waits_.contains(id)) {
    take_history_wait(id).reply(Status(Code::kCancelled, "the caller cancelled"));
  } else if (queries_.contains(id)) {
    finish_query(id, Status(Code::kCancelled, "the caller cancelled"));
  } else if (updates_.contains(id)) {
    take_update(id).reply(Status(Code::kCancelled, "the caller cancelled"));
  }
}

void Loop::release_polls(const std::string& sticky_queue, const std::string& worker_instance_key) {
  std::vector<std::uint64_t> released;
  for (const auto& [id, waiting] : polls_) {
    const bool on_queue = !sticky_queue.empty() && waiting.poll.queue == sticky_queue;
    const bool of_worker =
        !worker_instance_key.empty() && waiting.poll.worker_instance_key == worker_instance_key;
    if (on_queue || of_worker) {
      released.push_back(id);
    }
  }
  for (const std::uint64_t id : released) {
    take_poll(id).answer(Status());
  }
  sticky_polls_.erase(sticky_queue);
}

// Reads back the parts of queues that pollers wait for. Only at the beginning of a round, when everything
// that was ever offered is in the store.
bool Loop::read_pages() {
  const auto requests = matching_.take_page_requests();
  for (const matching::PageRequest& request : requests) {
    const storage::QueuedItem after{request.after.execution, request.after.item, request.after.ready_order};
    auto page = storage_->read_queue(request.queue, after, static_cast<int>(request.limit));
    if (!page.ok()) {
      matching_.page_failed(request);
      note_read_failure(page.status());
      continue;
    }
    std::vector<matching::WaitingTask> tasks;
    tasks.reserve(page->size());
    for (const storage::QueuedItem& item : *page) {
      tasks.push_back({item.ready_order, item.execution, item.key});
    }
    matching_.add_page(request, tasks);
  }
  return !requests.empty();
}

void Loop::offer(std::string queue, const matching::WaitingTask& task) {
  if (task.item.kind == ItemKind::kWorkflowTask) {
    auto entry = runs_.get(task.execution);
    std::string normal = entry.ok() ? engine::queue_behind_sticky(*(*entry)->run) : std::string();
    if (!normal.empty() && !sticky_worker_lives(queue)) {
      offers_.emplace_back(std::move(normal),
                           task);  // the store has it on the sticky queue, where it times out
    }
  }
  offers_.emplace_back(std::move(queue), task);
}

void Loop::offer_speculative(const engine::ReadyTask& task) {
  const auto offer_on = [&](const std::string& queue) {
    if (speculative_on_[queue].insert(task.execution).second) {
      speculative_queues_of_[task.execution].push_back(queue);
    }
  };
  const auto entry = runs_.get(task.execution);
  const std::string normal = entry.ok() ? engine::queue_behind_sticky(*(*entry)->run) : std::string();
  if (!normal.empty() && !sticky_worker_lives(task.queue)) {
    offer_on(normal);
  }
  offer_on(task.queue);
  queries_to_dispatch_ = true;
}

void Loop::forget_speculative(ExecutionId execution) {
  auto found = speculative_queues_of_.find(execution);
  if (found == speculative_queues_of_.end()) {
    return;
  }
  for (const std::string& queue : found->second) {
    auto on = speculative_on_.find(queue);
    on->second.erase(execution);
    if (on->second.empty()) {
      speculative_on_.erase(on);
    }
  }
  speculative_queues_of_.erase(found);
}

bool Loop::dispatch_speculative() {
  std::vector<std::pair<ExecutionId, std::pair<std::string, std::uint64_t>>> matches;  // run, queue and poll
  for (const auto& [queue, executions] : speculative_on_) {
    for (const ExecutionId execution : executions) {
      const auto poller = matching_.take_poller(queue);
      if (!poller) {
        break;
      }
      matches.push_back({execution, {queue, *poller}});
    }
  }
  for (const auto& [execution, place] : matches) {
    auto found = runs_.get(execution);
    const bool started = found.ok() && !(*found)->broken && usable(execution).ok() &&
                         (*found)->run->has_speculative_task() && start_workflow_task(**found, place.second);
    forget_speculative(execution);
    if (!started) {
      matching_.return_poller(place.first, place.second);
    }
  }
  return !matches.empty();
}

// As Temporal's matching: a worker that has polled its sticky queue within the last seconds will do so again.
bool Loop::sticky_worker_lives(const std::string& queue) const {
  auto seen = sticky_polls_.find(queue);
  return matching_.pollers(queue) > 0 ||
         (seen != sticky_polls_.end() && patience_time() - seen->second <= kStickyWorkerGone);
}

void Loop::note_sticky_poll(const std::string& queue) {
  const Timestamp now = patience_time();
  sticky_polls_[queue] = now;
  if (sticky_polls_.size() > kStickyQueuesRemembered) {
    std::erase_if(sticky_polls_, [now](const auto& seen) { return now - seen.second > kStickyWorkerGone; });
  }
}

bool Loop::dispatch() {
  bool worked = dispatch_queries();
  worked |= dispatch_speculative();
  while (!ended_) {
    for (const auto& [queue, task] : std::exchange(offers_, {})) {
      matching_.offer(queue, task);
    }
    auto match = matching_.next_match(now_);
    if (!match) {
      break;
    }
    worked = true;
    hand_out(*match);
  }
  return worked;
}

void Loop::hand_out(const matching::Match& match) {
  auto found = runs_.get(match.task.execution);
  if (!found.ok()) {
    note_read_failure(found.status());
  }
  if (ended_) {
    return;
  }
  const bool started = found.ok() && !(*found)->broken && usable(match.task.execution).ok() &&
                       start_task(**found, match.task.item, match.poller);
  if (!started) {
    matching_.return_poller(match.queue, match.poller);
  }
}

// False: the task is stale, the poller goes on waiting.
bool Loop::start_task(CachedRun& entry, ItemKey item, std::uint64_t poll_id) {
  switch (item.kind) {
    case ItemKind::kWorkflowTask:
      return start_workflow_task(entry, poll_id);
    case ItemKind::kActivity:
      return start_activity(entry, item, poll_id);
    default:
      return false;
  }
}

bool Loop::start_workflow_task(CachedRun& entry, std::uint64_t poll_id) {
  const WaitingPoll& waiting = polls_.at(poll_id);
  engine::Outcome out;
  std::optional<Result<engine::WorkflowTaskStart>> started;
  const Status status = guarded(entry.execution, [&] {
    started.emplace(engine::start_workflow_task(out, *entry.run, waiting.poll.poller, context()));
  });
  if (!status.ok()) {
    return false;
  }
  const bool wrote = apply(std::move(out));
  refresh(entry);
  if (!started->ok() || !waiting.workflow_reply) {
    return false;
  }
  WaitingPoll taken = take_poll(poll_id);
  auto start = std::make_shared<engine::WorkflowTaskStart>(std::move(**started));
  attach_queries(entry.execution, &start->response);
  settle(wrote || entry.dirty, [this, execution = entry.execution, start = std::move(start),
                                reply = std::move(taken.workflow_reply)](const Status& outcome) {
    if (!outcome.ok()) {
      reply(outcome);
      return;
    }
    auto task = with_history(execution, start);
    reply(task.ok() ? Result<std::optional<WorkflowTaskHandOut>>(std::move(*task)) : task.status());
  });
  return true;
}

bool Loop::start_activity(CachedRun& entry, ItemKey item, std::uint64_t poll_id) {
  const WaitingPoll& waiting = polls_.at(poll_id);
  engine::Outcome out;
  std::optional<Result<engine::ActivityTaskStart>> started;
  const Status status = guarded(entry.execution, [&] {
    started.emplace(engine::start_activity(out, *entry.run, item.id, waiting.poll.poller, context()));
  });
  if (!status.ok()) {
    return false;
  }
  const bool wrote = apply(std::move(out));
  refresh(entry);
  if (!started->ok() || !waiting.activity_reply) {
    return false;
  }
  WaitingPoll taken = take_poll(poll_id);
  const bool wait = (wrote || entry.dirty) && !planted(PlantedBug::kDispatchBeforeCommit);
  const ActivityTaskHandOut task{entry.execution,
                                 std::make_shared<engine::ActivityTaskStart>(std::move(**started))};
  settle(wait, [task, reply = std::move(taken.activity_reply)](const Status& outcome) {
    reply(outcome.ok() ? Result<std::optional<ActivityTaskHandOut>>(task) : outcome);
  });
  return true;
}

Result<WorkflowTaskHandOut> Loop::with_history(ExecutionId execution,
                                               std::shared_ptr<engine::WorkflowTaskStart> start) {
  auto* history = start->response.mutable_history();
  auto next = histories_.read(execution, start->first_event_id, start->next_event_id,
                              options_.history_page_events, limits::kHistoryPageBytes, history);
  if (!next.ok()) {
    note_read_failure(next.status());
    return next.status();
  }
  const bool more = *next < start->next_event_id;
  if (!more) {
    for (auto& event : start->unstored_events) {
      *history->add_events() = std::move(event);
    }
    start->unstored_events.clear();
  }
  return WorkflowTaskHandOut{execution, std::move(start), more ? *next : 0, std::nullopt};
}

}  // namespace perdure::runtime
