#include "worker/local_activities.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <vector>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"

namespace perdure::worker {
namespace {

using temporal::api::enums::v1::TIMEOUT_TYPE_SCHEDULE_TO_CLOSE;
using temporal::api::enums::v1::TIMEOUT_TYPE_SCHEDULE_TO_START;
using temporal::api::enums::v1::TIMEOUT_TYPE_START_TO_CLOSE;
using temporal::api::enums::v1::TimeoutType;
using temporal::api::failure::v1::Failure;
using workflow_core::LocalActivityOutcome;
using workflow_core::LocalActivityTask;
using WallClock = std::chrono::system_clock;

Failure timeout(TimeoutType type, const std::optional<Failure>& last_failure) {
  Failure failure = api::timeout_failure("Activity timed out", type);
  failure.clear_source();  // the service has no part in it
  if (last_failure) {
    *failure.mutable_cause() = *last_failure;
  }
  return failure;
}

Failure cancelled(const char* message) {
  Failure failure;
  failure.set_message(message);
  failure.mutable_canceled_failure_info();
  return failure;
}

bool given(const std::optional<std::chrono::nanoseconds>& timeout) {
  return timeout && timeout->count() != 0;
}

// As Temporal's Rust core compares them.
bool same_but_case(const std::string& a, const std::string& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char left, unsigned char right) {
    return std::tolower(left) == std::tolower(right);
  });
}

std::chrono::nanoseconds since(WallClock::time_point time) {
  return std::max(std::chrono::nanoseconds::zero(), std::chrono::nanoseconds(WallClock::now() - time));
}

}  // namespace

std::optional<std::chrono::nanoseconds> pause_before_retry(const RetryPolicy& policy, int attempt,
                                                           const Failure& failure) {
  const auto& application = failure.application_failure_info();
  if ((policy.maximum_attempts > 0 && attempt >= policy.maximum_attempts) || application.non_retryable()) {
    return std::nullopt;
  }
  if (failure.has_application_failure_info()) {
    for (const std::string& type : policy.non_retryable_error_types) {
      if (same_but_case(type, application.type())) {
        return std::nullopt;
      }
    }
    if (application.has_next_retry_delay()) {
      return api::from_proto(application.next_retry_delay());
    }
  }
  const auto initial = static_cast<double>(policy.initial_interval.count());
  const double longest =
      policy.maximum_interval ? static_cast<double>(policy.maximum_interval->count()) : 100 * initial;
  constexpr double kForEver = 4e18;  // more nanoseconds do not fit
  const double pause =
      std::min({initial * std::pow(policy.backoff_coefficient, attempt - 1), longest, kForEver});
  return std::chrono::nanoseconds(static_cast<std::int64_t>(pause));
}

// Its code and its end.
class LocalActivities::Attempt final : public ActivityAttempt {
 public:
  Attempt(LocalActivities& owner, ExecutionPointer execution, activity::Info info)
      : ActivityAttempt(owner.calls_, std::move(info)),
        owner_(owner),
        execution_(std::move(execution)),
        pass_(owner.code_.enter()) {}

  void record_heartbeat(Payloads) override {
    if (is_cancelled()) {
      throw CancelledError(cancel_reason());
    }
  }
  void succeed(const Payload& result) override { finish(&result, nullptr); }
  void fail(const std::exception_ptr& exception) override { finish(nullptr, exception); }
  StopReason why_stopped() const { return stop_reason(); }

 private:
  void finish(const Payload* result, const std::exception_ptr& exception) {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    owner_.attempt_ended(std::exchange(execution_, nullptr), this, result, exception);
    pass_ = nullptr;  // the last: what waits for the code may destroy the owner
  }

  LocalActivities& owner_;
  ExecutionPointer execution_;
  std::shared_ptr<Gate::Pass> pass_;
};

struct LocalActivities::Execution {
  LocalActivityOwner owner;
  LocalActivityTask task;
  int attempt = 1;
  WallClock::time_point scheduled;  // the first attempt
  EventLoop::Clock::time_point queued_at{};
  std::shared_ptr<Attempt> current;  // null: waits for a slot or for its next attempt, or has ended
  WallClock::time_point started{};   // the current attempt
  std::optional<Failure> last_failure;
  bool waits_for_slot = false;
  bool cancel_requested = false;
  bool dropped = false;  // its run is not here
  std::optional<EventLoop::TimerId> to_close;
  std::optional<EventLoop::TimerId> attempt_timer;  // end of the attempt, or of the pause before the next
};

LocalActivities::LocalActivities(Calls& calls, ActivityWorker& activities, std::string task_queue,
                                 std::size_t max_concurrent, Ended ended)
    : calls_(calls),
      activities_(activities),
      task_queue_(std::move(task_queue)),
      max_concurrent_(max_concurrent),
      ended_(std::move(ended)),
      metrics_(calls.connection(), task_queue_, "LocalActivityWorker", max_concurrent) {}

namespace {

bool is_same(const LocalActivityTask& one, const LocalActivityTask& other) {
  return one.activity_type == other.activity_type && one.activity_id == other.activity_id &&
         one.arguments == other.arguments && one.first_attempt == other.first_attempt;
}

}  // namespace

// ---- what the run asks for

void LocalActivities::start(const LocalActivityOwner& owner, LocalActivityTask task) {
  const Key key(owner.run_id, task.number);
  Deferred stop_other = [] {};
  Deferred then;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = executions_.find(key); found != executions_.end()) {
      if (is_same(found->second->task, task)) {
        found->second->owner = owner;
        found->second->dropped = false;
        return;
      }
      // The replay took another way: what ran under this number is nobody's.
      cancel_timers(*found->second);
      stop_other = stop_attempt(*found->second, StopReason::kGone);
      found->second->current = nullptr;
      executions_.erase(found);
    }
    auto execution = std::make_shared<Execution>();
    execution->owner = owner;
    execution->attempt = task.first_attempt;
    execution->scheduled = task.scheduled_time.value_or(WallClock::now());
    execution->task = std::move(task);
    executions_.emplace(key, execution);
    if (stopping_) {
      then = end(execution, std::nullopt);
    } else {
      execution->waits_for_slot = true;
      execution->queued_at = EventLoop::Clock::now();
      waiting_.push_back(execution);
      if (given(execution->task.options.schedule_to_close_timeout)) {
        const auto left = *execution->task.options.schedule_to_close_timeout - since(execution->scheduled);
        execution->to_close =
            calls_.loop().run_after(std::max(left, std::chrono::nanoseconds::zero()),
                                    [this, execution] { schedule_to_close_timed_out(execution); });
      }
    }
  }
  stop_other();
  if (then) {
    then();
  }
  begin_waiting();
}

void LocalActivities::cancel(const std::string& run_id, std::uint32_t number) {
  Deferred then;
  {
    const std::lock_guard lock(mutex_);
    const auto found = executions_.find({run_id, number});
    if (found == executions_.end()) {
      return;
    }
    const ExecutionPointer execution = found->second;
    execution->cancel_requested = true;
    then = execution->current != nullptr
               ? stop_attempt(*execution, StopReason::kRequested)
               : end(execution, LocalActivityOutcome{.failure = cancelled("Activity cancelled")});
  }
  then();
}

void LocalActivities::leave(const std::string& run_id) {
  std::vector<Deferred> then;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = executions_.lower_bound({run_id, 0});
         at != executions_.end() && at->first.first == run_id;) {
      Execution& execution = *at->second;
      cancel_timers(execution);
      execution.waits_for_slot = false;
      then.push_back(stop_attempt(execution, StopReason::kGone));
      execution.current = nullptr;
      at = executions_.erase(at);
    }
  }
  for (const Deferred& deferred : then) {
    deferred();
  }
}

void LocalActivities::drop(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  for (auto at = executions_.lower_bound({run_id, 0});
       at != executions_.end() && at->first.first == run_id;) {
    Execution& execution = *at->second;
    execution.dropped = true;
    if (execution.current != nullptr) {
      ++at;
    } else {
      cancel_timers(execution);
      execution.waits_for_slot = false;
      at = executions_.erase(at);
    }
  }
}

void LocalActivities::stop() {
  std::vector<Deferred> then;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    const std::map<Key, ExecutionPointer> all = executions_;
    for (const auto& [key, execution] : all) {
      then.push_back(execution->current != nullptr ? stop_attempt(*execution, StopReason::kWorkerShutdown)
                                                   : end(execution, std::nullopt));
    }
  }
  for (const Deferred& deferred : then) {
    deferred();
  }
}

// ---- attempts

// As many as there are free slots.
void LocalActivities::begin_waiting() {
  while (true) {
    ExecutionPointer next;
    Deferred timed_out;
    {
      const std::lock_guard lock(mutex_);
      while (!waiting_.empty() && !waiting_.front()->waits_for_slot) {
        waiting_.pop_front();  // ended meanwhile
      }
      if (waiting_.empty() || running_ >= max_concurrent_ || stopping_) {
        return;
      }
      next = waiting_.front();
      waiting_.pop_front();
      next->waits_for_slot = false;
      const auto& patience = next->task.options.schedule_to_start_timeout;
      if (given(patience) && EventLoop::Clock::now() - next->queued_at > *patience) {
        timed_out =
            end(next,
                LocalActivityOutcome{.failure = timeout(TIMEOUT_TYPE_SCHEDULE_TO_START, next->last_failure)});
      } else {
        ++running_;
        next->started = WallClock::now();
        next->current = std::make_shared<Attempt>(*this, next, info_of(*next));
      }
    }
    timed_out ? timed_out() : begin_attempt(next);
  }
}

void LocalActivities::begin_attempt(const ExecutionPointer& execution) {
  std::shared_ptr<Attempt> attempt;
  Payloads arguments;
  Headers headers;
  {
    const std::lock_guard lock(mutex_);
    attempt = execution->current;
    if (attempt == nullptr) {
      // Ended between the two locks; its slot is to be given back all the same.
      --running_;
      return;
    }
    arguments = execution->task.arguments;
    headers = execution->task.headers;
    if (given(execution->task.options.start_to_close_timeout)) {
      execution->attempt_timer = calls_.loop().run_after(
          *execution->task.options.start_to_close_timeout,
          [this, execution, raw = attempt.get()] { start_to_close_timed_out(execution, raw); });
    }
  }
  metrics_.task_begun();
  metrics_.count("local_activity_total", {{"activity_type", attempt->own_info().activity_type},
                                          {"workflow_type", attempt->own_info().workflow_type}});
  activities_.run(attempt, std::move(arguments), std::move(headers));
}

activity::Info LocalActivities::info_of(const Execution& execution) const {
  const LocalActivityOptions& options = execution.task.options;
  return {.activity_id = execution.task.activity_id,
          .activity_type = execution.task.activity_type,
          .attempt = execution.attempt,
          .namespace_name = calls_.connection().namespace_name(),
          .task_queue = task_queue_,
          .workflow_id = execution.owner.workflow_id,
          .workflow_run_id = execution.owner.run_id,
          .workflow_type = execution.owner.workflow_type,
          .scheduled_time = execution.scheduled,
          .current_attempt_scheduled_time = execution.started,
          .started_time = execution.started,
          .schedule_to_close_timeout = options.schedule_to_close_timeout,
          .start_to_close_timeout = given(options.start_to_close_timeout) ? options.start_to_close_timeout
                                                                          : options.schedule_to_close_timeout,
          .retry_policy = options.retry_policy,
          .is_local = true};
}

namespace {

// None: the attempt has not failed but was given up.
std::optional<Failure> failure_of(const std::exception_ptr& exception, StopReason stopped) {
  try {
    std::rethrow_exception(exception);
  } catch (const CompleteAsyncError&) {
    return api::exception_to_failure(std::make_exception_ptr(ApplicationError(
        "a local activity cannot be completed from elsewhere: its workflow task waits for it; start it as an "
        "ordinary activity",
        {.type = "CompleteAsyncError", .non_retryable = true})));
  } catch (const CancelledError& error) {
    if (stopped == StopReason::kWorkerShutdown) {
      return std::nullopt;
    }
    if (stopped == StopReason::kRequested) {
      return api::exception_to_failure(exception);
    }
    return api::exception_to_failure(std::make_exception_ptr(
        ApplicationError("Unhandled activity cancel error", {.type = "CancelledError"})));
  } catch (...) {
    return api::exception_to_failure(exception);
  }
}

}  // namespace

void LocalActivities::attempt_ended(const ExecutionPointer& execution, const Attempt* attempt,
                                    const Payload* result, const std::exception_ptr& exception) {
  Deferred then;
  Deferred tell_metrics = [] {};
  {
    const std::lock_guard lock(mutex_);
    --running_;
    if (execution->current.get() == attempt) {
      const StopReason stopped = attempt->why_stopped();
      if (result != nullptr) {
        tell_metrics = measure(*execution, nullptr);
        then = end(execution, LocalActivityOutcome{.result = *result});
      } else if (std::optional<Failure> failure = failure_of(exception, stopped)) {
        tell_metrics = measure(*execution, &*failure);
        then = failed(execution, *std::move(failure));
      } else {
        then = end(execution, std::nullopt);
      }
    }
  }
  metrics_.task_ended();
  tell_metrics();
  if (then) {
    then();
  }
  begin_waiting();
}

void LocalActivities::start_to_close_timed_out(const ExecutionPointer& execution, const Attempt* attempt) {
  std::vector<Deferred> then;
  {
    const std::lock_guard lock(mutex_);
    if (execution->current.get() != attempt) {
      return;
    }
    Failure failure = timeout(TIMEOUT_TYPE_START_TO_CLOSE, std::nullopt);
    then.push_back(measure(*execution, &failure));
    then.push_back(stop_attempt(*execution, StopReason::kGone));
    then.push_back(failed(execution, std::move(failure)));
  }
  for (const Deferred& deferred : then) {
    deferred();
  }
}

void LocalActivities::schedule_to_close_timed_out(const ExecutionPointer& execution) {
  std::vector<Deferred> then;
  {
    const std::lock_guard lock(mutex_);
    if (!is_there(execution)) {
      return;
    }
    Failure failure = timeout(TIMEOUT_TYPE_SCHEDULE_TO_CLOSE, execution->last_failure);
    if (execution->current != nullptr) {
      then.push_back(measure(*execution, &failure));
    }
    then.push_back(stop_attempt(*execution, StopReason::kGone));
    then.push_back(end(execution, LocalActivityOutcome{.failure = std::move(failure)}));
  }
  for (const Deferred& deferred : then) {
    deferred();
  }
}

LocalActivities::Deferred LocalActivities::failed(const ExecutionPointer& execution, Failure failure) {
  const bool is_cancelled = failure.has_canceled_failure_info() || execution->cancel_requested;
  const auto pause = is_cancelled
                         ? std::nullopt
                         : pause_before_retry(execution->task.options.retry_policy.value_or(RetryPolicy()),
                                              execution->attempt, failure);
  if (!pause || execution->dropped) {
    return end(execution, LocalActivityOutcome{.failure = std::move(failure)});
  }
  if (stopping_) {
    return end(execution, std::nullopt);
  }
  if (*pause > execution->task.options.local_retry_threshold) {
    return end(execution, LocalActivityOutcome{.failure = std::move(failure), .backoff = pause});
  }
  cancel_timers(*execution);
  execution->current = nullptr;
  execution->last_failure = std::move(failure);
  ++execution->attempt;
  if (given(execution->task.options.schedule_to_close_timeout)) {
    const auto left = *execution->task.options.schedule_to_close_timeout - since(execution->scheduled);
    execution->to_close =
        calls_.loop().run_after(std::max(left, std::chrono::nanoseconds::zero()),
                                [this, execution] { schedule_to_close_timed_out(execution); });
  }
  execution->attempt_timer = calls_.loop().run_after(*pause, [this, execution] {
    {
      const std::lock_guard lock(mutex_);
      if (!is_there(execution)) {
        return;
      }
      execution->waits_for_slot = true;
      execution->queued_at = EventLoop::Clock::now();
      waiting_.push_back(execution);
    }
    begin_waiting();
  });
  return [] {};
}

LocalActivities::Deferred LocalActivities::end(const ExecutionPointer& execution, Outcome outcome) {
  cancel_timers(*execution);
  const bool there = is_there(execution);
  if (there) {
    executions_.erase({execution->owner.run_id, execution->task.number});
  }
  execution->waits_for_slot = false;
  execution->current = nullptr;
  if (execution->dropped || !there) {
    return [] {};
  }
  if (outcome) {
    outcome->attempt = execution->attempt;
    outcome->runtime = execution->started == WallClock::time_point() ? std::chrono::nanoseconds::zero()
                                                                     : since(execution->started);
    outcome->scheduled_time = execution->scheduled;
  }
  return [this, owner = execution->owner, number = execution->task.number, outcome = std::move(outcome)] {
    ended_(owner, number, outcome);
  };
}

// A timer may have waited for the lock while another took its place.
bool LocalActivities::is_there(const ExecutionPointer& execution) const {
  const auto found = executions_.find({execution->owner.run_id, execution->task.number});
  return found != executions_.end() && found->second == execution;
}

void LocalActivities::cancel_timers(Execution& execution) {
  for (std::optional<EventLoop::TimerId>* timer : {&execution.to_close, &execution.attempt_timer}) {
    if (*timer) {
      calls_.loop().cancel(**timer);
      timer->reset();
    }
  }
}

LocalActivities::Deferred LocalActivities::stop_attempt(Execution& execution, StopReason reason) {
  return [attempt = execution.current, reason] {
    if (attempt != nullptr) {
      attempt->stop(reason);
    }
  };
}

// What an attempt that ends came to, as Temporal's Rust core counts it.
LocalActivities::Deferred LocalActivities::measure(const Execution& execution, const Failure* failure) const {
  if (!metrics_.on()) {
    return [] {};
  }
  std::string counter;
  if (failure != nullptr) {
    const bool benign = failure->application_failure_info().category() ==
                        temporal::api::enums::v1::APPLICATION_ERROR_CATEGORY_BENIGN;
    counter = failure->has_canceled_failure_info() ? "local_activity_execution_cancelled"
              : benign                             ? ""
                                                   : "local_activity_execution_failed";
  }
  return [this, succeeded = failure == nullptr, counter, ran = since(execution.started),
          lasted = since(execution.scheduled), activity_type = execution.task.activity_type,
          workflow_type = execution.owner.workflow_type] {
    const WorkerMetrics::Extra labels{{"activity_type", activity_type}, {"workflow_type", workflow_type}};
    metrics_.latency("local_activity_execution_latency", ran, labels);
    if (succeeded) {
      metrics_.latency("local_activity_succeed_endtoend_latency", lasted, labels);
    } else if (!counter.empty()) {
      metrics_.count(counter, labels);
    }
  };
}

}  // namespace perdure::worker
