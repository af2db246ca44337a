#include "program_workflow.h"

#include <chrono>
#include <utility>
#include <vector>

namespace perdure::programs {

using namespace std::chrono_literals;
using workflow::ActivityHandle;
using workflow::TaskHandle;

namespace {

std::uint64_t fnv(std::string_view text, std::uint64_t hash) {
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

char letter_of(const FailureError& error) {
  if (const auto* activity = dynamic_cast<const ActivityError*>(&error);
      activity != nullptr && activity->cause()) {
    return letter_of(*activity->cause());
  }
  if (dynamic_cast<const CancelledError*>(&error) != nullptr) {
    return 'C';
  }
  if (dynamic_cast<const TimeoutError*>(&error) != nullptr) {
    return 'T';
  }
  return dynamic_cast<const ApplicationError*>(&error) != nullptr ? 'F' : 'E';
}

// What a wait for something that was cancelled, or lost a race, comes to.
template <class Handle>
Task<std::string> end_of(Handle handle) {
  const Held held;
  try {
    co_await handle;
  } catch (const FailureError& error) {
    co_return std::string(1, letter_of(error));
  }
  co_return "-";
}

// Differs in each call: what workflow code must not use as it is.
std::int64_t fresh_number() {
  static std::atomic<std::int64_t> last = 0;
  return ++last;
}

}  // namespace

Task<std::string> RandomProgram::run(ProgramInput input) {
  const Held held;
  input_ = std::move(input);
  program_ = make_program(input_);
  if (input_.broken && fresh_number() % 2 == 0) {
    co_await workflow::sleep(1ms);
  }
  const std::string value = input_.so_far + co_await run_step(&program_.root);
  switch (program_.ending) {
    case Ending::kFail:
      throw ApplicationError(kFailureMessage);
    case Ending::kContinueAsNew: {
      ProgramInput next = input_;
      next.so_far = value + "/";
      ++next.round;
      co_return workflow::continue_as_new<RandomProgram>(next);
    }
    default:
      break;
  }
  co_return input_.steady ? value : value + "#" + std::to_string(seen_);
}

void RandomProgram::see(const std::string& what, std::int64_t value) {
  seen_ = fnv(what + std::to_string(value), seen_ * 31 + 1) >> 12;  // a number that JSON keeps
}

std::chrono::nanoseconds RandomProgram::time_of(const Step& step) const {
  return std::chrono::microseconds(step.time * input_.unit_us);
}

Task<std::string> RandomProgram::run_step(const Step* step) {
  switch (step->kind) {
    case Kind::kSequence:
      return run_sequence(step);
    case Kind::kTry:
      return run_try(step);
    case Kind::kActivity:
      return run_activity(step);
    case Kind::kLocalActivity:
      return run_local_activity(step);
    case Kind::kStuck:
      return run_stuck(step);
    case Kind::kSleep:
    case Kind::kYield:
      return run_sleep(step);
    case Kind::kAll:
      return run_all(step);
    case Kind::kRace:
    case Kind::kAny:
      return run_race(step);
    case Kind::kTimeout:
      return run_timeout(step);
    case Kind::kShield:
      return run_shield(step);
    case Kind::kScope:
      return run_scope(step);
    case Kind::kSignal:
      return run_signal(step);
    case Kind::kPatience:
      return run_patience(step);
    case Kind::kCancelledHandle:
      return run_cancelled_handle(step);
    case Kind::kLoop:
      return run_loop(step);
    case Kind::kCancelMe:
      return run_cancel_me(step);
    default:
      return run_at_once(step);
  }
}

Task<std::string> RandomProgram::run_sequence(const Step* step) {
  const Held held;
  std::vector<TaskHandle<std::string>> beside;
  std::string value = "(";
  for (const Step& child : step->steps) {
    if (child.beside) {
      beside.push_back(workflow::create_task(run_step(&child)));
    } else {
      value += co_await run_step(&child);
    }
  }
  for (const auto& handle : beside) {
    value += co_await handle;
  }
  co_return value + ")";
}

Task<std::string> RandomProgram::run_try(const Step* step) {
  const Held held;
  char letter = 0;
  try {
    co_return co_await run_step(&step->steps[0]);
  } catch (const FailureError& error) {
    letter = letter_of(error);
  }
  see("caught", letter);
  co_return std::string("[") + letter + "]";
}

ActivityOptions RandomProgram::options_of(const ActivityPlan& plan) const {
  ActivityOptions options{
      .start_to_close_timeout = 3s,
      .retry_policy =
          RetryPolicy{.initial_interval = 100ms, .backoff_coefficient = 2, .maximum_interval = 2s},
      .cancellation_type = static_cast<ActivityCancellationType>(plan.cancellation_type)};
  if (plan.behaviour == ActivityPlan::kNobody) {
    options.task_queue = kDeserted;
    if (plan.schedule_to_start_ms > 0) {
      options.schedule_to_start_timeout = std::chrono::milliseconds(plan.schedule_to_start_ms);
    }
  }
  return options;
}

ActivityHandle<std::string> RandomProgram::start_activity(const Step& step) {
  return workflow::start_activity_by_name<std::string>(kActivity, options_of(step.activity), step.activity,
                                                       step.number, seen_);
}

Task<std::string> RandomProgram::run_activity(const Step* step) {
  const Held held;
  const std::string result = co_await start_activity(*step);
  see(result, step->number);
  co_return value_of(step->kind);
}

Task<std::string> RandomProgram::run_local_activity(const Step* step) {
  const Held held;
  const LocalActivityOptions options{
      .start_to_close_timeout = 3s,
      .retry_policy = RetryPolicy{.initial_interval = 5ms, .backoff_coefficient = 10},
      .local_retry_threshold = 20ms,
      .cancellation_type = static_cast<ActivityCancellationType>(step->activity.cancellation_type)};
  const std::string result = co_await workflow::execute_local_activity_by_name<std::string>(
      kActivity, options, step->activity, step->number, seen_);
  see(result, step->number);
  co_return value_of(step->kind);
}

Task<std::string> RandomProgram::run_stuck(const Step* step) {
  const Held held;
  switch (step->flavour) {
    case 0:
      co_await workflow::sleep(24h * 1000);
      break;
    case 1:
      co_await workflow::wait_condition([held] { return false; });
      break;
    default:
      co_await start_activity(*step);
      break;
  }
  co_return "stuck";
}

Task<std::string> RandomProgram::run_sleep(const Step* step) {
  const Held held;
  co_await workflow::sleep(time_of(*step));
  see("slept", step->number);
  co_return value_of(step->kind);
}

Task<std::string> RandomProgram::run_all(const Step* step) {
  const Held held;
  std::vector<TaskHandle<std::string>> handles;
  for (const Step& child : step->steps) {
    handles.push_back(workflow::create_task(run_step(&child)));
  }
  std::string value = "{";
  for (const std::string& each : co_await workflow::all(handles)) {
    value += each + ",";
  }
  co_return value + "}";
}

Task<std::string> RandomProgram::run_race(const Step* step) {
  const Held held;
  std::vector<TaskHandle<std::string>> handles;
  for (const Step& child : step->steps) {
    handles.push_back(workflow::create_task(run_step(&child)));
  }
  const bool must_succeed = step->kind == Kind::kAny;
  const std::size_t first = must_succeed ? co_await workflow::any(handles) : co_await workflow::race(handles);
  see("first", static_cast<std::int64_t>(first));
  std::string value = (must_succeed ? "n" : "r") + std::to_string(first);
  if (step->beside) {
    co_return value + co_await handles[first];
  }
  for (const auto& handle : handles) {
    handle.cancel();
  }
  std::string others;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    if (i != first) {
      others += co_await end_of(handles[i]);
    }
  }
  co_return value + co_await handles[first] + others;
}

Task<std::string> RandomProgram::run_timeout(const Step* step) {
  const Held held;
  co_return co_await workflow::timeout(time_of(*step), run_step(&step->steps[0]));
}

Task<std::string> RandomProgram::run_shield(const Step* step) {
  const Held held;
  co_return co_await workflow::shield(run_step(&step->steps[0]));
}

Task<std::string> RandomProgram::run_scope(const Step* step) {
  const Held held;
  workflow::CancellationScope scope;
  std::vector<TaskHandle<std::string>> handles;
  for (const Step& child : step->steps) {
    handles.push_back(scope.run(run_step(&child)));
  }
  co_await workflow::sleep(time_of(*step));
  scope.cancel();
  std::string value = "x";
  for (const auto& handle : handles) {
    value += co_await end_of(handle);
  }
  co_return value;
}

Task<std::string> RandomProgram::run_signal(const Step* step) {
  const Held held;
  const int number = next_poke_++;
  const auto activity = workflow::start_activity_by_name<std::string>(kPoke, options_of({}), number);
  co_await workflow::wait_condition([this, held, number] { return poked_.contains(number); });
  see("poked", number);
  co_await activity;
  co_return value_of(step->kind);
}

Task<std::string> RandomProgram::run_patience(const Step* step) {
  const Held held;
  co_await workflow::wait_condition([held] { return false; }, time_of(*step));
  co_return "?";
}

template <class Handle>
Task<std::string> RandomProgram::cancel_later(const Step* step, Handle handle) {
  const Held held;
  if (step->time > 0) {
    co_await workflow::sleep(time_of(*step));
  }
  handle.cancel();
  co_return co_await end_of(handle);
}

Task<std::string> RandomProgram::run_cancelled_handle(const Step* step) {
  const Held held;
  const Step& stuck = step->steps[0];
  std::string value = "h";
  switch (stuck.flavour) {
    case 0:
      value += co_await cancel_later(step, workflow::sleep(24h * 1000, {.summary = "a summary"}));
      break;
    case 1:
      value += co_await cancel_later(step, workflow::create_task(run_step(&stuck)));
      break;
    default:
      value += co_await cancel_later(step, start_activity(stuck));
      break;
  }
  co_return value;
}

Task<std::string> RandomProgram::run_loop(const Step* step) {
  const Held held;
  std::string value;
  for (int i = 0; i < step->count; ++i) {
    value += co_await run_step(&step->steps[0]);
  }
  co_return value;
}

Task<std::string> RandomProgram::run_cancel_me(const Step* step) {
  const Held held;
  const auto activity =
      workflow::start_activity_by_name<std::string>(programs::kCancelMe, options_of({}), step->number);
  if (!workflow::cancellation_requested()) {
    try {
      co_await workflow::wait_condition([held] { return false; });
    } catch (const CancelledError&) {
      see("cancelled");
    }
  }
  co_await activity;
  co_return value_of(step->kind);
}

Task<std::string> RandomProgram::run_at_once(const Step* step) {
  const Held held;
  switch (step->kind) {
    case Kind::kFail:
      throw ApplicationError(kFailureMessage);
    case Kind::kSideEffect:
      // Called in a replay, it would give what the first run did not.
      see("side effect", workflow::side_effect([] { return workflow::is_replaying() ? 2 : 1; }));
      break;
    case Kind::kPatched:
      see("patched", workflow::patched("patch-" + std::to_string(step->count)) ? 1 : 0);
      break;
    case Kind::kRandom:
      see("random", static_cast<std::int64_t>(workflow::random().below(1'000'000)));
      break;
    case Kind::kUuid:
      see(workflow::uuid4());
      break;
    case Kind::kNow:
      see("now", workflow::now().time_since_epoch().count());
      break;
    default:
      workflow::upsert_memo({{"step", to_payload(step->number)}});
      break;
  }
  co_return value_of(step->kind);
}

}  // namespace perdure::programs
