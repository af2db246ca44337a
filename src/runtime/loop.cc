#include "runtime/loop.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "api/convert.h"
#include "base/check.h"
#include "base/planted.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::runtime {
namespace {

constexpr std::size_t kCommandsPerRound = 1'024;          // so that no reply waits for an endless round
constexpr std::size_t kBytesPerRound = 16 * 1024 * 1024;  // of transitions, before one more command runs
constexpr std::chrono::seconds kRefusedFirst{1};          // pause of the loop's own work after a full disk
constexpr std::chrono::seconds kRefusedMost{30};

Status storage_full(const Status& why) {
  temporal::api::errordetails::v1::ResourceExhaustedFailure detail;
  detail.set_cause(temporal::api::enums::v1::RESOURCE_EXHAUSTED_CAUSE_PERSISTENCE_STORAGE_LIMIT);
  detail.set_scope(temporal::api::enums::v1::RESOURCE_EXHAUSTED_SCOPE_SYSTEM);
  return api::with_detail(Code::kResourceExhausted, why.message(), detail);
}

}  // namespace

Loop::Loop(std::unique_ptr<storage::Storage> storage, Clock& clock, InstanceOptions options, Mailbox& mailbox)
    : storage_(std::move(storage)),
      clock_(clock),
      options_(std::move(options)),
      mailbox_(mailbox),
      random_(options_.seed),
      incarnation_(storage_->info().incarnation),
      next_execution_id_(storage_->info().next_execution_id),
      committed_sequence_(storage_->info().last_sequence),
      sequence_(committed_sequence_),
      last_time_(storage_->info().last_time),
      now_(last_time_),
      runs_(*storage_, options_.cache_bytes),
      histories_(*storage_, options_.history_cache_bytes),
      due_(*storage_) {}

Loop::~Loop() { abandon(); }

void Loop::step(Service& service) {
  while (!ended_) {
    if (commit_) {
      std::optional<Status> outcome;
      {
        const std::lock_guard lock(commit_->mutex);
        outcome = std::exchange(commit_->outcome, std::nullopt);
      }
      if (!outcome) {
        return;  // its report calls the waker
      }
      commit_.reset();
      finish_round(*outcome);
      continue;
    }
    const bool worked = run_round(service);
    if (ended_) {
      break;
    }
    if (!round_.transitions.empty()) {
      start_commit();
      continue;
    }
    finish_round(Status());
    if (!worked && round_.transitions.empty() && !queries_to_dispatch_ && deferred_.empty() &&
        outbox_.empty() && offers_.empty() && !matching_.wants_pages() && mailbox_.empty() && !rest()) {
      return;
    }
  }
  answer_mailbox(service);
}

// True: something was done, so there may be more.
bool Loop::run_round(Service& service) {
  now_ = clock_.now();
  if (!planted(PlantedBug::kTimerFromLocalClock)) {
    now_ = std::max(now_, last_time_);
  }
  // First what asks the store, while the store and the executions in memory say the same.
  bool worked = read_pages();
  worked |= recover_orphans();
  worked |= fire_due();
  worked |= fire_volatile_deadlines();
  worked |= run_commands(service);
  worked |= deliver_outbox();
  worked |= expire_waiting();
  worked |= dispatch();
  return worked;
}

bool Loop::run_commands(Service& service) {
  commands_.swap(deferred_);
  mailbox_.take(kCommandsPerRound, &commands_);
  for (Mailbox::Command& command : commands_) {
    if (round_.bytes > kBytesPerRound) {
      deferred_.push_back(std::move(command));
    } else {
      command(service);
    }
  }
  const bool worked = !commands_.empty();
  commands_.clear();
  return worked;
}

void Loop::start_commit() {
  for (const Transition& transition : round_.transitions) {
    for (const RunWrite& write : transition.writes) {
      for (const HistoryBatch& batch : write.append) {
        round_.appended.emplace_back(write.execution, batch);
      }
    }
  }
  commit_ = std::make_shared<CommitReport>();
  storage_->commit(std::exchange(round_.transitions, {}), [report = commit_](const Status& outcome) {
    std::function<void()> wake;
    {
      const std::lock_guard lock(report->mutex);
      report->outcome = outcome;
      wake = report->wake;
    }
    if (wake) {
      wake();
    }
  });
  const std::lock_guard lock(commit_->mutex);
  if (!commit_->outcome) {
    commit_->wake = [this] { mailbox_.wake(); };
  }
}

void Loop::finish_round(const Status& outcome) {
  const bool committed = sequence_ != committed_sequence_;
  if (!outcome.ok() && outcome.code() != Code::kResourceExhausted) {
    die(outcome);
    return;
  }
  if (!outcome.ok()) {
    round_was_refused(storage_full(outcome));
    return;
  }
  if (committed) {
    stats_.transitions += static_cast<std::uint64_t>(sequence_ - committed_sequence_);
    ++stats_.commits;
    committed_sequence_ = sequence_;
    last_time_ = now_;
    if (refused_until_) {
      refused_until_.reset();
      refusals_ = 0;
      due_.pause(Timestamp{});  // there is space again: what is due need not wait for the end of the pause
    }
  }
  for (const ExecutionId execution : round_.touched) {
    CachedRun& entry = **runs_.get(execution);
    entry.dirty = false;
    runs_.measure(entry);
    note_tasks_under_way(entry);
  }
  for (auto& [execution, batch] : round_.appended) {
    histories_.append(execution, std::move(batch));
  }
  for (engine::WrittenEvents& written : round_.events) {
    histories_.keep_parsed(written.execution, written.first_event_id, written.bytes,
                           std::move(written.events));
  }
  release(Status());
}

// Lets go of what waited for the round.
void Loop::release(const Status& outcome) {
  const std::set<ExecutionId> touched = std::exchange(round_.touched, {});
  std::vector<Finish> finishes = std::exchange(round_.finishes, std::move(spare_finishes_));
  round_.transitions.clear();
  round_.appended.clear();
  round_.events.clear();
  round_.bytes = 0;
  for (const Finish& finish : finishes) {
    finish(ended_ ? mailbox_.state() : outcome);  // one before it may have found the store broken
  }
  finishes.clear();
  spare_finishes_ = std::move(finishes);  // for its room
  for (const ExecutionId execution : touched) {
    wake_history(execution);
    unblock_queries(execution);
  }
  drop_broken_runs();
  runs_.evict();
  stats_.executions_cached = runs_.size();
}

// The store kept nothing and goes on: neither do we keep anything of this round.
void Loop::round_was_refused(const Status& why) {
  sequence_ = committed_sequence_;
  const std::chrono::seconds pause = std::min(kRefusedMost, kRefusedFirst * (1 << std::min(refusals_++, 5)));
  refused_until_ = now_ + pause;
  due_.pause(*refused_until_);
  const std::set<ExecutionId> touched = std::exchange(round_.touched, {});
  for (const ExecutionId execution : touched) {
    drop_run(execution);
  }
  offers_.clear();
  outbox_.clear();  // what is durable of it is in the due index
  release(why);
  for (const ExecutionId execution : touched) {
    reoffer(execution);
  }
}

// No further write can be trusted. Nothing is acknowledged from here on.
void Loop::die(const Status& why) {
  ended_ = true;
  round_.transitions.clear();
  const Status answer = unavailable("the store failed, nothing more is accepted: " + why.message());
  mailbox_.close(answer);
  flush_waiting(answer, answer);
  if (options_.on_fatal) {
    options_.on_fatal(why);
  }
}

Status Loop::put_record(const std::string& key, const std::string& value) {
  if (ended_) {
    return mailbox_.state();
  }
  Status status = storage_->put_record(key, value);
  note_read_failure(status);  // beyond trust as well
  return status.code() == Code::kResourceExhausted ? storage_full(status) : status;
}

void Loop::flush_waiting(const Status& why, const Status& poll_answer) {
  for (const Finish& finish : std::exchange(round_.finishes, {})) {
    finish(why);
  }
  wait_deadlines_.clear();
  for (const auto& [id, poll] : std::exchange(polls_, {})) {
    poll.answer(poll_answer);
  }
  buffered_queries_.clear();
  query_queues_.clear();
  for (const auto& [id, query] : std::exchange(queries_, {})) {
    query.reply(why);
  }
  updates_of_.clear();
  for (const auto& [id, update] : std::exchange(updates_, {})) {
    update.reply(why);
  }
  history_waits_of_.clear();
  for (const auto& [id, wait] : std::exchange(history_waits_, {})) {
    wait.reply(why);
  }
}

// After the end every command still gets its answer, which is the reason of the end.
void Loop::answer_mailbox(Service& service) {
  for (const Mailbox::Command& command : std::exchange(deferred_, {})) {
    command(service);
  }
  std::vector<Mailbox::Command> commands;
  for (mailbox_.take(kCommandsPerRound, &commands); !commands.empty();
       mailbox_.take(kCommandsPerRound, &commands)) {
    for (const Mailbox::Command& command : commands) {
      command(service);
    }
    commands.clear();
  }
}

std::optional<Timestamp> Loop::wake_at() const {
  if (ended_ || commit_) {
    return std::nullopt;
  }
  std::optional<Timestamp> wake = due_.wake_at();
  const auto consider = [&wake](Timestamp at) { wake = std::min(at, wake.value_or(at)); };
  if (!volatile_deadlines_.empty()) {
    consider(volatile_deadlines_.begin()->first);
  }
  if (const auto at = matching_.wake_at()) {
    consider(*at);
  }
  if (!wait_deadlines_.empty()) {
    consider(wait_deadlines_.begin()->first + clock_.skipped());
  }
  if (const auto at = clock_.wake_at(); at && *at > now_) {
    consider(*at);
  }
  if (!activity_polls_.empty()) {
    consider(now_ + kWorkerComesBack);
  }
  if (recovering_) {
    consider(refused_until_.value_or(now_));
  }
  return wake;
}

Status Loop::stop(Service& service) {
  if (ended_) {
    return mailbox_.state();
  }
  mailbox_.close(unavailable("shutting down"));
  step(service);
  ended_ = true;
  const Status why = commit_ ? unavailable("shutting down; the outcome of the last commit is not known")
                             : unavailable("shutting down");
  flush_waiting(why, Status());
  answer_mailbox(service);
  return storage_->close();
}

void Loop::abandon() {
  ended_ = true;
  if (commit_) {
    const std::lock_guard lock(commit_->mutex);
    commit_->wake = nullptr;
  }
  mailbox_.close(unavailable("abandoned"));
  mailbox_.discard();
  round_ = Round();
  deferred_.clear();
  polls_.clear();
  queries_.clear();
  updates_.clear();
  history_waits_.clear();
}

InstanceStats Loop::stats() const { return stats_; }

}  // namespace perdure::runtime
