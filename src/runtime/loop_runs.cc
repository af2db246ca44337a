// Changing runs: one command, one transition; a command that throws costs its run its place in memory.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/check.h"
#include "runtime/loop.h"

namespace perdure::runtime {
namespace {

constexpr int kStrikes = 3;

}  // namespace

engine::Context Loop::context() {
  return {now_, &random_, incarnation_, [this] { return ExecutionId{next_execution_id_++}; }};
}

// Takes what a command did into the round. True: there is something to make durable.
bool Loop::apply(engine::Outcome outcome) {
  for (auto& created : outcome.created) {
    runs_.insert(std::move(created));
  }
  const bool wrote = !outcome.writes.empty();
  if (wrote) {
    Transition transition{++sequence_, now_, std::move(outcome.writes)};
    for (RunWrite& write : transition.writes) {
      auto entry = runs_.get(write.execution);
      check(entry.ok(), "a command changes runs that are in memory");
      (*entry)->dirty = true;
      round_.touched.insert(write.execution);
      if (write.make_current) {
        runs_.make_current(write.key, write.execution);
      }
      for (Item& item : write.upsert) {
        if (!item.queue.empty() && item.ready_order == 0) {
          item.ready_order = transition.sequence;
        }
      }
      due_.note(write);
      add_to_outbox(write);
      round_.bytes += write.state.size();
      for (const HistoryBatch& batch : write.append) {
        round_.bytes += batch.events.size();
      }
    }
    round_.transitions.push_back(std::move(transition));
    std::move(outcome.events.begin(), outcome.events.end(), std::back_inserter(round_.events));
  }
  for (engine::ReadyTask& ready : outcome.ready) {
    if (const auto entry = runs_.get(ready.execution);
        entry.ok() && ready.item.kind == ItemKind::kWorkflowTask && (*entry)->run->has_speculative_task()) {
      offer_speculative(ready);
      continue;
    }
    offer(std::move(ready.queue), {sequence_, ready.execution, ready.item});
  }
  if (!outcome.updates.empty()) {
    pass_on(std::move(outcome.updates));
  }
  return wrote;
}

// Keeps the deadline of a task that is started in memory only; the store knows nothing of it.
void Loop::refresh(CachedRun& entry) {
  if (!entry.run->has_speculative_task() || entry.run->has_started_workflow_task()) {
    forget_speculative(entry.execution);
  }
  note_tasks_under_way(entry);
  const auto deadline = engine::volatile_deadline(*entry.run);
  if (deadline == entry.volatile_deadline) {
    return;
  }
  if (entry.volatile_deadline) {
    volatile_deadlines_.erase({*entry.volatile_deadline, entry.execution});
  }
  entry.volatile_deadline = deadline;
  if (deadline) {
    volatile_deadlines_.insert({*deadline, entry.execution});
  }
}

void Loop::settle(bool wait, Finish finish) {
  if (wait) {
    round_.finishes.push_back(std::move(finish));
  } else {
    finish(Status());
  }
}

// A read that says the store is beyond trust ends everything, as a commit would.
void Loop::note_read_failure(const Status& status) {
  if (status.code() == Code::kUnavailable && !ended_) {
    die(status);
  }
}

Status Loop::usable(ExecutionId execution) const {
  auto strikes = strikes_.find(execution);
  if (strikes == strikes_.end() || strikes->second < kStrikes) {
    return {};
  }
  return internal_error(
      fmt::format("this run is quarantined: {} commands on it in a row failed inside the service; "
                  "the other runs go on, restarting the service tries it again",
                  kStrikes));
}

Status Loop::guarded(ExecutionId execution, const std::function<void()>& command) {
  try {
    command();
  } catch (const std::exception& error) {
    return command_threw(execution, error.what());
  }
  strikes_.erase(execution);
  return {};
}

Status Loop::command_threw(ExecutionId execution, const std::string& what) {
  Status status = internal_error("the request failed inside the service and changed nothing: " + what);
  ++stats_.commands_thrown;
  if (execution.value == 0) {
    return status;
  }
  auto entry = runs_.get(execution);
  if (entry.ok() && !(*entry)->broken) {
    (*entry)->broken = true;
    broken_.push_back(execution);
  }
  ++strikes_[execution];
  return status;
}

void Loop::execute(const RunTarget& target, Body body, Finish finish) {
  if (ended_) {
    finish(mailbox_.state());
    return;
  }
  auto found = runs_.find(target);
  if (!found.ok()) {
    note_read_failure(found.status());
    finish(found.status());
    return;
  }
  CachedRun& entry = **found;
  if (Status status = usable(entry.execution); !status.ok()) {
    finish(status);
    return;
  }
  if (entry.broken) {
    deferred_.push_back([this, target, body = std::move(body), finish = std::move(finish)](Service&) mutable {
      execute(target, std::move(body), std::move(finish));
    });
    return;
  }
  engine::Outcome out;
  if (Status status = guarded(entry.execution, [&] { body(out, *entry.run, context()); }); !status.ok()) {
    finish(status);
    return;
  }
  const bool wrote = apply(std::move(out));
  refresh(entry);
  settle(wrote || entry.dirty, std::move(finish));
}

void Loop::start_on_current(const WorkflowKey& key, StartBody body, Reply<StartAnswer> reply) {
  if (ended_) {
    reply(mailbox_.state());
    return;
  }
  auto found = runs_.find_current(key);
  if (!found.ok()) {
    note_read_failure(found.status());
    reply(found.status());
    return;
  }
  CachedRun* current = *found;
  const ExecutionId current_id = current == nullptr ? ExecutionId{} : current->execution;
  if (Status status = usable(current_id); !status.ok()) {
    reply(status);
    return;
  }
  if (current != nullptr && current->broken) {
    deferred_.push_back([this, key, body = std::move(body), reply = std::move(reply)](Service&) {
      start_on_current(key, body, reply);
    });
    return;
  }
  engine::Outcome out;
  std::optional<Result<engine::StartReply>> result;
  Status status = guarded(current_id, [&] {
    result.emplace(body(out, current == nullptr ? nullptr : current->run.get(), context()));
  });
  if (!status.ok()) {
    reply(status);
    return;
  }
  const bool wrote = apply(std::move(out));
  if (current != nullptr) {
    refresh(*current);
  }
  auto answer = result->ok() ? describe_start(std::move(**result)) : Result<StartAnswer>(result->status());
  if (answer.ok()) {
    refresh(**runs_.get(answer->reply.execution));  // its first task may have been handed out already
  }
  settle(wrote || (current != nullptr && current->dirty),
         [answer = std::move(answer), reply = std::move(reply)](const Status& outcome) {
           reply(outcome.ok() ? answer : Result<StartAnswer>(outcome));
         });
}

Result<StartAnswer> Loop::describe_start(engine::StartReply reply) {
  auto run = runs_.get(reply.execution);
  if (!run.ok()) {
    return run.status();
  }
  StartAnswer answer{std::move(reply), engine::first_run_id(*(*run)->run),
                     engine::execution_status(*(*run)->run)};
  return answer;
}

void Loop::drop_run(ExecutionId execution) {
  std::erase_if(volatile_deadlines_, [execution](const auto& entry) { return entry.second == execution; });
  workflow_task_under_way_.erase(execution);
  activities_under_way_.erase(execution);
  abort_update_waits(execution);
  forget_speculative(execution);
  runs_.drop(execution);
  due_.forget(execution);
}

void Loop::drop_broken_runs() {
  for (const ExecutionId execution : std::exchange(broken_, {})) {
    drop_run(execution);
    reoffer(execution);
  }
}

// What of this run waits on a queue according to the store; matching may have handed it out in vain.
void Loop::reoffer(ExecutionId execution) {
  auto loaded = storage_->load(execution);
  if (!loaded.ok()) {
    note_read_failure(loaded.status());
    return;
  }
  if (loaded->has_value()) {
    for (Item& item : (*loaded)->items) {
      if (!item.queue.empty()) {
        offers_.emplace_back(std::move(item.queue),
                             matching::WaitingTask{item.ready_order, execution, item.key});
      }
    }
  }
}

}  // namespace perdure::runtime
