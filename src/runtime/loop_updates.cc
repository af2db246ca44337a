// Updates: admitting them, and answering those who wait once what they wait for is durable. As Temporal's
// api/updateworkflow, api/pollupdate and api/multioperation.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "engine/update_texts.h"
#include "runtime/loop.h"

namespace perdure::runtime {
namespace {

namespace enums = temporal::api::enums::v1;
using engine::UpdateNews;
using engine::UpdateStage;
using temporal::api::update::v1::Outcome;

Status aborted_by_service() { return unavailable("workflow update was aborted"); }

}  // namespace

void Loop::update_workflow(UpdateCall call, Reply<UpdateAnswer> reply) {
  if (ended_) {
    reply(mailbox_.state());
    return;
  }
  auto found = runs_.find(call.target);
  if (!found.ok()) {
    note_read_failure(found.status());
    reply(found.status());
    return;
  }
  CachedRun& entry = **found;
  if (Status status = usable(entry.execution); !status.ok()) {
    reply(status);
    return;
  }
  if (entry.broken) {
    deferred_.push_back([this, call = std::move(call), reply = std::move(reply)](Service&) mutable {
      update_workflow(std::move(call), std::move(reply));
    });
    return;
  }
  const Status refusal = admit(entry, call);
  if (!refusal.ok()) {
    settle(entry.dirty, [refusal, reply = std::move(reply)](const Status& outcome) {
      reply(outcome.ok() ? refusal : outcome);
    });
    return;
  }
  await_update(entry, call, std::move(reply));
}

Status Loop::admit(CachedRun& entry, const UpdateCall& call) {
  if (call.request == nullptr) {
    return engine::update_status(*entry.run, call.update_id).stage == UpdateStage::kUnknown
               ? not_found(fmt::format("update {:?} not found", call.update_id))
               : Status();
  }
  engine::Outcome out;
  Status refusal;
  const Status status = guarded(
      entry.execution, [&] { refusal = engine::admit_update(out, *entry.run, *call.request, context()); });
  if (!status.ok()) {
    return status;
  }
  apply(std::move(out));
  refresh(entry);
  return refusal;
}

void Loop::await_update(CachedRun& entry, const UpdateCall& call, Reply<UpdateAnswer> reply) {
  check(!is_waiting(call.id), "a waiting call has an id of its own");
  WaitingUpdate& waiting = updates_[call.id];
  waiting = {call.id,         entry.execution, call.update_id, call.stage, patience_time() + call.max_wait,
             std::move(reply)};
  wait_deadlines_.insert({waiting.deadline, call.id});
  updates_of_[entry.execution].insert(call.id);
  // What is known by now is durable or becomes so with this round; later news find the waiting call.
  settle(entry.dirty, [this, id = call.id](const Status& outcome) {
    if (outcome.ok()) {
      look_at_update(id);
    }
  });
}

WaitingUpdate Loop::take_update(std::uint64_t id) {
  auto node = updates_.extract(id);
  check(!node.empty(), "an update that is answered was waited for");
  WaitingUpdate waiting = std::move(node.mapped());
  wait_deadlines_.erase({waiting.deadline, id});
  if (auto of = updates_of_.find(waiting.execution); of != updates_of_.end()) {
    of->second.erase(id);
    if (of->second.empty()) {
      updates_of_.erase(of);
    }
  }
  return waiting;
}

void Loop::answer_update(std::uint64_t id, UpdateStage stage, std::optional<Outcome> outcome) {
  WaitingUpdate waiting = take_update(id);
  auto run = runs_.get(waiting.execution);
  if (!run.ok()) {
    note_read_failure(run.status());
    waiting.reply(run.status());
    return;
  }
  waiting.reply(UpdateAnswer{engine::run_id(*(*run)->run), stage, std::move(outcome)});
}

// Answers if the run has reached what is waited for. Its state is durable.
void Loop::look_at_update(std::uint64_t id) {
  auto found = updates_.find(id);
  if (found == updates_.end()) {
    return;
  }
  const WaitingUpdate& waiting = found->second;
  auto run = runs_.get(waiting.execution);
  if (!run.ok()) {
    note_read_failure(run.status());
    take_update(id).reply(run.status());
    return;
  }
  const engine::UpdateStatus status = engine::update_status(*(*run)->run, waiting.update_id);
  if (status.stage == UpdateStage::kUnknown) {
    take_update(id).reply(aborted_by_service());
  } else if (status.stage == UpdateStage::kCompleted && status.completed_event_id == 0) {
    answer_update(id, status.stage, engine::outcome_by_close());
  } else if (status.stage == UpdateStage::kCompleted) {
    auto outcome = read_outcome(waiting.execution, status.completed_event_id);
    if (outcome.ok()) {
      answer_update(id, status.stage, std::move(*outcome));
    } else {
      take_update(id).reply(outcome.status());
    }
  } else if (status.stage >= waiting.stage) {
    answer_update(id, status.stage, std::nullopt);
  }
}

Result<Outcome> Loop::read_outcome(ExecutionId execution, std::int64_t event_id) {
  temporal::api::history::v1::History history;
  auto next = histories_.read(execution, event_id, event_id + 1, 1, limits::kHistoryPageBytes, &history);
  if (!next.ok()) {
    note_read_failure(next.status());
    return next.status();
  }
  if (history.events_size() != 1 ||
      !history.events(0).has_workflow_execution_update_completed_event_attributes()) {
    return data_loss(
        fmt::format("event {} of execution {} does not complete an update", event_id, execution.value));
  }
  return history.events(0).workflow_execution_update_completed_event_attributes().outcome();
}

// To those who wait, once it is durable. The last news of an update is all there is to say.
void Loop::pass_on(std::vector<UpdateNews> news) {
  auto last = std::make_shared<std::map<std::pair<ExecutionId, std::string>, UpdateNews>>();
  bool wait = false;
  for (UpdateNews& one : news) {
    const auto entry = runs_.get(one.execution);
    wait |= entry.ok() && (*entry)->dirty;
    std::pair<ExecutionId, std::string> key(one.execution, one.update_id);
    (*last)[std::move(key)] = std::move(one);
  }
  settle(wait, [this, last](const Status& outcome) {
    for (const auto& [key, one] : *last) {
      if (outcome.ok()) {
        tell(one);
      }
    }
  });
}

void Loop::tell(const UpdateNews& news) {
  auto of = updates_of_.find(news.execution);
  if (of == updates_of_.end()) {
    return;
  }
  const std::set<std::uint64_t> ids = of->second;
  for (const std::uint64_t id : ids) {
    const WaitingUpdate& waiting = updates_.at(id);
    if (waiting.update_id != news.update_id) {
      continue;
    }
    switch (news.kind) {
      case UpdateNews::Kind::kAccepted:
        if (waiting.stage <= UpdateStage::kAccepted) {
          answer_update(id, UpdateStage::kAccepted, std::nullopt);
        }
        break;
      case UpdateNews::Kind::kCompleted:
      case UpdateNews::Kind::kRejected:
        answer_update(id, UpdateStage::kCompleted, news.outcome);
        break;
      case UpdateNews::Kind::kAborted:
        take_update(id).reply(news.why);
        break;
    }
  }
}

// Its caller learns how far the update is.
void Loop::update_wait_ends(std::uint64_t id) {
  auto found = updates_.find(id);
  if (found == updates_.end()) {
    return;
  }
  found->second.stage = UpdateStage::kAdmitted;
  look_at_update(id);
}

// The run is forgotten, and with it what was not accepted; what was is found again by who asks again.
void Loop::abort_update_waits(ExecutionId execution) {
  auto of = updates_of_.find(execution);
  if (of == updates_of_.end()) {
    return;
  }
  const std::set<std::uint64_t> ids = of->second;
  for (const std::uint64_t id : ids) {
    take_update(id).reply(aborted_by_service());
  }
}

void Loop::start_and_update(std::shared_ptr<const engine::wire::StartWorkflowExecutionRequest> request,
                            UpdateCall call, std::function<void(StartAndUpdateAnswer)> reply, bool again) {
  StartAndUpdateAnswer answer;
  const auto fail = [&](bool start, const Status& why) {
    (start ? answer.start_status : answer.update_status) = why;
    (start ? answer.update_aborted : answer.start_aborted) = true;
    return answer;
  };
  const WorkflowKey key{NamespaceName(request->namespace_()), WorkflowId(request->workflow_id())};
  if (ended_) {
    reply(fail(true, mailbox_.state()));
    return;
  }
  auto found = runs_.find_current(key);
  if (!found.ok()) {
    note_read_failure(found.status());
    reply(fail(true, found.status()));
    return;
  }
  CachedRun* entry = *found;
  const ExecutionId current_id = entry == nullptr ? ExecutionId{} : entry->execution;
  if (Status status = usable(current_id); !status.ok()) {
    reply(fail(true, status));
    return;
  }
  if (entry != nullptr && entry->broken) {
    deferred_.push_back([this, request, call, reply, again](Service&) mutable {
      start_and_update(request, std::move(call), std::move(reply), again);
    });
    return;
  }
  bool attaches = false;
  if (entry != nullptr) {
    const engine::UpdateStatus known = engine::update_status(*entry->run, call.update_id);
    const bool completed = known.stage == UpdateStage::kCompleted && known.completed_event_id != 0;
    const bool may_attach =
        known.stage != UpdateStage::kUnknown || engine::is_started_by(*entry->run, request->request_id()) ||
        request->workflow_id_conflict_policy() == enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING;
    attaches = completed || (!engine::is_closed(*entry->run) && may_attach);
  }
  engine::Outcome out;
  Status start_refusal;
  Status update_refusal;
  const Status status = guarded(current_id, [&] {
    if (!attaches) {
      auto started =
          engine::start_workflow(out, entry == nullptr ? nullptr : entry->run.get(), *request, context());
      start_refusal = started.status();
      if (started.ok() && out.created.empty()) {
        start_refusal = unavailable("Workflow was not started: it was started by the same request before");
      }
    }
    if (start_refusal.ok()) {
      engine::Execution& run = attaches ? *entry->run : *out.created.back();
      update_refusal = engine::admit_update(out, run, *call.request, context());
      check(attaches || update_refusal.ok(), "a run that has just begun takes an update");
    }
  });
  const ExecutionId taken_by = attaches              ? current_id
                               : out.created.empty() ? ExecutionId{}
                                                     : engine::execution_id(*out.created.back());
  const bool wrote = status.ok() && apply(std::move(out));
  if (entry != nullptr && status.ok()) {
    refresh(*entry);
  }
  if (!status.ok() || !start_refusal.ok() || !update_refusal.ok()) {
    const bool start = update_refusal.ok();
    StartAndUpdateAnswer refusal = fail(start, !status.ok() ? status
                                               : start      ? start_refusal
                                                            : update_refusal);
    settle(wrote || (entry != nullptr && entry->dirty), [refusal, reply](const Status&) { reply(refusal); });
    return;
  }
  CachedRun& run = **runs_.get(taken_by);
  answer.start.reply = {taken_by, engine::run_id(*run.run).value, !attaches};
  answer.start.first_run_id = engine::first_run_id(*run.run);
  answer.start.status = engine::execution_status(*run.run);
  await_update(run, call, [this, answer, request, call, reply, again](Result<UpdateAnswer> update) mutable {
    if (update.ok()) {
      answer.update = std::move(*update);
      reply(std::move(answer));
      return;
    }
    Status why = update.status();
    const bool started = answer.start.reply.started;
    if (!started && why.message() == engine::aborted_by_closing_workflow().message()) {
      if (!again) {  // there may be a run now that takes it
        deferred_.push_back([this, request, call, reply](Service&) mutable {
          start_and_update(request, std::move(call), std::move(reply), true);
        });
        return;
      }
      why = Status(Code::kAborted, why.message());  // worth another try
    }
    answer.start_aborted = !started;
    answer.update_status = why;
    reply(std::move(answer));
  });
}

}  // namespace perdure::runtime
