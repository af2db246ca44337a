// A reset: the histories that it needs are read first, when nothing of them is on its way to the store.
#include <algorithm>
#include <memory>
#include <utility>

#include "api/convert.h"
#include "runtime/loop.h"

namespace perdure::runtime {
namespace {

using temporal::api::history::v1::History;

constexpr int kEventsPerRead = 4'096;
constexpr std::size_t kBytesPerRead = 4 * 1024 * 1024;

// Cuts the batch before event `end`; the rest goes to `rest`.
Status cut(std::int64_t end, HistoryBatch* batch,
           std::vector<temporal::api::history::v1::HistoryEvent>* rest) {
  History events;
  if (!events.ParseFromString(batch->events)) {
    return data_loss("a batch of events cannot be read; check the state directory with `perdure fsck`");
  }
  const int kept =
      static_cast<int>(std::clamp<std::int64_t>(end - batch->first_event_id, 0, events.events_size()));
  for (int i = kept; i < events.events_size(); ++i) {
    rest->push_back(events.events(i));
  }
  events.mutable_events()->DeleteSubrange(kept, events.events_size() - kept);
  batch->event_count = kept;
  batch->events = api::serialize(events);
  return {};
}

}  // namespace

// Splits the history of a run at event `end`.
Status Loop::read_for_reset(ExecutionId execution, std::int64_t end, engine::ResetHistory* histories) {
  for (std::int64_t next = 1;;) {
    auto page = storage_->read_history(execution, next, kEventsPerRead, kBytesPerRead);
    if (!page.ok()) {
      note_read_failure(page.status());
      return page.status();
    }
    for (HistoryBatch& batch : page->batches) {
      next = batch.first_event_id + batch.event_count;
      if (next > end) {
        if (Status status = cut(end, &batch, &histories->later); !status.ok()) {
          return status;
        }
      }
      if (batch.event_count > 0) {
        histories->kept.push_back(std::move(batch));
      }
    }
    if (!page->more) {
      return {};
    }
  }
}

// The runs that continued as new what was read last. False: one of them is on its way to the store.
Result<bool> Loop::read_continuations(const WorkflowKey& key, engine::ResetHistory* histories) {
  while (!histories->later.empty()) {
    const auto& last = histories->later.back();
    const std::string& next =
        last.workflow_execution_continued_as_new_event_attributes().new_execution_run_id();
    if (next.empty()) {
      break;
    }
    auto found = runs_.find({{}, key, RunId(next)});
    if (!found.ok()) {
      if (found.status().code() == Code::kNotFound) {
        break;
      }
      return found.status();
    }
    if ((*found)->dirty || (*found)->broken) {
      return false;
    }
    engine::ResetHistory more;
    if (Status status = read_for_reset((*found)->execution, 1, &more); !status.ok()) {
      return status;
    }
    std::move(more.later.begin(), more.later.end(), std::back_inserter(histories->later));
  }
  return true;
}

void Loop::reset_workflow(const RunTarget& target, const engine::wire::ResetWorkflowExecutionRequest& request,
                          Reply<engine::wire::ResetWorkflowExecutionResponse> reply) {
  if (ended_) {
    reply(mailbox_.state());
    return;
  }
  auto base = runs_.find(target);
  auto current = base.ok() ? runs_.find_current(target.key) : base;
  if (!current.ok()) {
    note_read_failure(current.status());
    reply(current.status());
    return;
  }
  for (const CachedRun* entry : {*base, *current}) {
    if (Status status = usable(entry->execution); !status.ok()) {
      reply(status);
      return;
    }
  }
  const auto later = [&] {
    deferred_.push_back(
        [this, target, &request, reply](Service&) { reset_workflow(target, request, reply); });
  };
  if ((*base)->dirty || (*base)->broken || (*current)->dirty || (*current)->broken) {
    later();
    return;
  }
  engine::ResetHistory histories;
  if (Status status = engine::check_reset_point(*(*base)->run, request); !status.ok()) {
    reply(status);
    return;
  }
  if (Status status = read_for_reset((*base)->execution, request.workflow_task_finish_event_id(), &histories);
      !status.ok()) {
    reply(status);
    return;
  }
  if (engine::reapplies_nothing(request)) {
    histories.later.clear();
  } else {
    auto complete = read_continuations(target.key, &histories);
    if (!complete.ok()) {
      reply(complete.status());
      return;
    }
    if (!*complete) {
      later();
      return;
    }
  }
  commit_reset(**base, **current, std::move(histories), request, std::move(reply));
}

void Loop::commit_reset(CachedRun& base, CachedRun& current, engine::ResetHistory histories,
                        const engine::wire::ResetWorkflowExecutionRequest& request,
                        Reply<engine::wire::ResetWorkflowExecutionResponse> reply) {
  engine::Outcome out;
  std::optional<Result<engine::wire::ResetWorkflowExecutionResponse>> result;
  const Status status = guarded(base.execution, [&] {
    result.emplace(
        engine::reset_workflow(out, *base.run, *current.run, std::move(histories), request, context()));
  });
  if (!status.ok()) {
    if (!current.broken) {
      current.broken = true;
      broken_.push_back(current.execution);
    }
    reply(status);
    return;
  }
  const bool wrote = apply(std::move(out));
  refresh(base);
  refresh(current);
  settle(wrote, [result = std::move(*result), reply = std::move(reply)](const Status& outcome) {
    reply(outcome.ok() ? result : Result<engine::wire::ResetWorkflowExecutionResponse>(outcome));
  });
}

}  // namespace perdure::runtime
