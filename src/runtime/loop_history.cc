// Reading histories, and waiting for them to grow.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "runtime/loop.h"

namespace perdure::runtime {

void Loop::read_history(HistoryQuery query, Reply<HistoryAnswer> reply) {
  if (ended_) {
    reply(mailbox_.state());
    return;
  }
  // At the end of the round: only what is durable is read, whatever became of the rest.
  round_.finishes.push_back([this, query = std::move(query), reply = std::move(reply)](const Status&) {
    serve_history(query, reply, query.wait);
  });
}

void Loop::serve_history(HistoryQuery query, const Reply<HistoryAnswer>& reply, bool may_wait) {
  if (ended_) {
    reply(mailbox_.state());
    return;
  }
  auto found = runs_.find(query.target);
  if (!found.ok()) {
    note_read_failure(found.status());
    reply(found.status());
    return;
  }
  const engine::Execution& run = *(*found)->run;
  HistoryAnswer answer;
  answer.execution = (*found)->execution;
  answer.run_id = engine::run_id(run);
  answer.running = !engine::is_closed(run);
  const std::int64_t last = engine::next_event_id(run);
  const bool nothing_yet = query.close_event_only ? answer.running : (query.end == 0 && query.from >= last);
  if (nothing_yet && answer.running && may_wait) {
    query.target = {answer.execution, {}, answer.run_id};
    const std::uint64_t id = query.id;
    check(!is_waiting(id), "a waiting call has an id of its own");
    WaitingHistory wait{std::move(query), answer.execution, patience_time(), reply};
    wait.deadline = patience_time() + wait.query.max_wait;
    wait_deadlines_.insert({wait.deadline, id});
    history_waits_of_[answer.execution].insert(id);
    history_waits_.emplace(id, std::move(wait));
    return;
  }
  answer.end = query.end == 0 ? last : std::min(query.end, last);
  std::int64_t from = query.from;
  if (query.close_event_only) {
    answer.end = last;
    from = answer.running ? last : last - 1;
  }
  answer.next = from;
  if (from < answer.end) {
    auto next = histories_.read(answer.execution, from, answer.end,
                                std::min(query.max_events, options_.history_page_events),
                                limits::kHistoryPageBytes, &answer.history);
    if (!next.ok()) {
      note_read_failure(next.status());
      reply(next.status());
      return;
    }
    answer.next = *next;
  }
  reply(std::move(answer));
}

void Loop::wake_history(ExecutionId execution) {
  auto found = history_waits_of_.find(execution);
  if (found == history_waits_of_.end()) {
    return;
  }
  const auto run = runs_.get(execution);
  const bool running = run.ok() && !engine::is_closed(*(*run)->run);
  const std::set<std::uint64_t> ids = found->second;
  for (const std::uint64_t id : ids) {
    if (running && history_waits_.at(id).query.close_event_only) {
      continue;  // nearly all that wait, at nearly every transition
    }
    WaitingHistory wait = take_history_wait(id);
    wait.query.max_wait = wait.deadline - patience_time();
    serve_history(std::move(wait.query), wait.reply, /*may_wait=*/true);
  }
}

Loop::WaitingHistory Loop::take_history_wait(std::uint64_t id) {
  auto node = history_waits_.extract(id);
  check(!node.empty(), "a history query that is answered was waiting");
  WaitingHistory wait = std::move(node.mapped());
  wait_deadlines_.erase({wait.deadline, id});
  auto of = history_waits_of_.find(wait.execution);
  of->second.erase(id);
  if (of->second.empty()) {
    history_waits_of_.erase(of);
  }
  return wait;
}

void Loop::read_history_reverse(const ReverseHistoryQuery& query, Reply<HistoryAnswer> reply) {
  if (ended_) {
    reply(mailbox_.state());
    return;
  }
  round_.finishes.push_back([this, query, reply = std::move(reply)](const Status&) {
    auto found = runs_.find(query.target);
    if (!found.ok()) {
      reply(found.status());
      return;
    }
    HistoryAnswer answer;
    answer.execution = (*found)->execution;
    answer.run_id = engine::run_id(*(*found)->run);
    answer.running = !engine::is_closed(*(*found)->run);
    const std::int64_t last = engine::next_event_id(*(*found)->run);
    answer.end = query.before == 0 ? last : std::min(query.before, last);
    // Forwards from where the page should begin; if bytes end it early, nearer to its end.
    for (std::int64_t wanted = query.max_events;; wanted = std::max<std::int64_t>(wanted / 2, 1)) {
      answer.history.Clear();
      answer.next = std::max<std::int64_t>(1, answer.end - wanted);
      auto next = histories_.read(answer.execution, answer.next, answer.end, query.max_events,
                                  limits::kHistoryPageBytes, &answer.history);
      if (!next.ok()) {
        reply(next.status());
        return;
      }
      if (*next >= answer.end) {
        break;
      }
    }
    auto& events = *answer.history.mutable_events();
    std::reverse(events.pointer_begin(), events.pointer_end());
    reply(std::move(answer));
  });
}

}  // namespace perdure::runtime
