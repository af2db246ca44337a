#include "tests/programs/play.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "api/payload_conversion.h"
#include "sim/programs/program_workflow.h"
#include "sim/programs/replay_check.h"

namespace perdure::programs {
namespace {

using temporal::api::enums::v1::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION;
using testing::PendingActivity;

constexpr int kMostTasks = 400;

std::string difference(const std::vector<std::string>& expected, const std::vector<std::string>& got) {
  if (expected == got) {
    return "";
  }
  std::string text = fmt::format("{} commands instead of {}", got.size(), expected.size());
  for (std::size_t i = 0; i < std::max(expected.size(), got.size()); ++i) {
    const auto show = [i](const std::vector<std::string>& all) {
      testing::Command command;
      return i < all.size() && command.ParseFromString(all[i]) ? command.ShortDebugString()
                                                               : std::string("nothing");
    };
    if (i >= expected.size() || i >= got.size() || expected[i] != got[i]) {
      return text + fmt::format("; command {}: {} instead of {}", i + 1, show(got), show(expected));
    }
  }
  return text;
}

}  // namespace

Play::Play(const ProgramInput& input, std::uint64_t seed)
    : input_(input), random_(seed), service_("RandomProgram", to_payloads(input)) {}

std::unique_ptr<WorkflowRun> Play::make_run() const {
  return std::make_unique<WorkflowRun>(perdure::detail::workflow_definition<RandomProgram>(),
                                       testing::identity());
}

std::string Play::run_to_the_end() {
  const auto run = make_run();
  while (static_cast<int>(tasks_.size()) < kMostTasks) {
    if (!tasks_.empty() && local_.empty() && !something_happens()) {
      return "nothing can happen any more";
    }
    if (random_.chance(0.05)) {
      service_.start_task();
      service_.fail_task();
    }
    if (std::string failure = play_task(*run); !failure.empty()) {
      return fmt::format("task {}: {}", tasks_.size() + 1, failure);
    }
    if (service_.closed()) {
      return "";
    }
  }
  return "the workflow does not end";
}

bool Play::something_happens() {
  bool happened = false;
  for (std::uint64_t i = 1 + random_.below(3); i > 0; --i) {
    happened = one_thing_happens() || happened;
  }
  return happened;
}

bool Play::can_happen(const PendingActivity& activity) const {
  if (activity.activity_type != kActivity || activity.cancel_requested) {
    return true;
  }
  const auto plan = from_payload<ActivityPlan>(activity.arguments.at(0));
  return plan.behaviour != ActivityPlan::kNobody || plan.schedule_to_start_ms > 0;
}

bool Play::one_thing_happens() {
  std::vector<std::string> possible;
  for (const auto& [id, activity] : service_.activities()) {
    if (can_happen(activity)) {
      possible.push_back(id);
    }
  }
  const bool timer = service_.next_timer_is_within(std::chrono::hours(24));
  const std::size_t count = possible.size() + (timer ? 1 : 0);
  if (count == 0) {
    return false;
  }
  const std::size_t chosen = random_.below(count);
  if (chosen == possible.size()) {
    service_.fire_next_timer();
    return true;
  }
  const PendingActivity activity = service_.activities().at(possible[chosen]);
  activity_happens(activity, activity.activity_type == kActivity
                                 ? from_payload<ActivityPlan>(activity.arguments.at(0))
                                 : ActivityPlan());
  return true;
}

void Play::activity_happens(const PendingActivity& activity, const ActivityPlan& plan) {
  const std::string& id = activity.activity_id;
  if (activity.cancel_requested && (plan.behaviour == ActivityPlan::kNobody || random_.chance(0.5))) {
    service_.confirm_cancel(id);
    return;
  }
  if (activity.activity_type == kPoke && poked_.insert(id).second) {
    service_.signal("poke", activity.arguments);
    if (random_.chance(0.5)) {
      return;  // the answer comes later
    }
  }
  if (activity.activity_type == programs::kCancelMe) {
    service_.request_cancel();
  }
  if (plan.behaviour == ActivityPlan::kNobody) {
    service_.time_out_activity(id);
  } else if (plan.behaviour == ActivityPlan::kNonRetryable) {
    service_.fail_activity(id, kFailureMessage);
  } else {
    service_.complete_activity(id, to_payload("result " + id));
  }
}

LocalActivityOutcome Play::outcome_of(const LocalActivityTask& task) {
  LocalActivityOutcome outcome;
  outcome.attempt = task.first_attempt;
  outcome.runtime = std::chrono::milliseconds(random_.below(50));
  temporal::api::failure::v1::Failure failure;
  if (stopped_.contains(task.number) && random_.chance(0.7)) {
    failure.set_message("Activity cancelled");
    failure.mutable_canceled_failure_info();
    outcome.failure = failure;
    return outcome;
  }
  failure.set_message(kFailureMessage);
  failure.mutable_application_failure_info()->set_type("Planned");
  const auto plan = from_payload<ActivityPlan>(task.arguments.at(0));
  if (plan.behaviour == ActivityPlan::kNonRetryable) {
    outcome.failure = failure;
  } else if (plan.behaviour == ActivityPlan::kFailFirst && task.first_attempt <= plan.count) {
    outcome.failure = failure;
    outcome.backoff = std::chrono::milliseconds(1 + random_.below(30));
  } else {
    outcome.result = to_payload("local " + task.activity_id);
  }
  return outcome;
}

void Play::take_wishes(Completion* completion) {
  for (LocalActivityTask& task : completion->start_local_activities) {
    local_.push_back(std::move(task));
  }
  completion->start_local_activities.clear();
  stopped_.insert(completion->stop_local_activities.begin(), completion->stop_local_activities.end());
}

// One of those that run; what is left of it when the code does not wait any more comes too late.
std::string Play::end_local_activity(WorkflowRun& run, PlayedTask* task) {
  if (local_.empty()) {
    return "the code waits for a local activity, and none runs";
  }
  const auto chosen = local_.begin() + static_cast<std::ptrdiff_t>(random_.below(local_.size()));
  const std::uint32_t number = chosen->number;
  const LocalActivityOutcome outcome = outcome_of(*chosen);
  local_.erase(chosen);
  task->local_ends.emplace_back(number, outcome);
  last_ = run.resolve_local_activity(number, outcome);
  take_wishes(&last_);
  return what_failed(last_);
}

std::string Play::play_task(WorkflowRun& run) {
  service_.start_task();
  PlayedTask task;
  task.started_event_id = service_.last_event_id();
  task.previous_started_event_id = service_.previous_started_event_id();
  last_ = run.activate(service_.slice(run.last_event_id() + 1, service_.last_event_id()),
                       {task.previous_started_event_id});
  if (std::string failure = what_failed(last_); !failure.empty()) {
    return failure;
  }
  take_wishes(&last_);
  // A heartbeat now and then: the task is answered while local activities run.
  while (last_.waits_for_local_activities && !random_.chance(0.15)) {
    if (std::string failure = end_local_activity(run, &task); !failure.empty()) {
      return failure;
    }
  }
  if (!last_.waits_for_local_activities) {
    local_.clear();
  }
  task.commands = testing::serialised(last_.commands);
  service_.complete_task(last_.commands);
  tasks_.push_back(std::move(task));
  return "";
}

std::string Play::repeat(WorkflowRun& run, std::int64_t first_event_id, const PlayedTask& task,
                         bool evict_between) const {
  Completion completion =
      run.activate(service_.slice(first_event_id, task.started_event_id), {task.previous_started_event_id});
  std::size_t ended = 0;
  for (const auto& [number, outcome] : task.local_ends) {
    if (evict_between && ++ended == task.local_ends.size()) {
      return "";
    }
    completion = run.resolve_local_activity(number, outcome);
  }
  if (std::string failure = what_failed(completion); !failure.empty() || evict_between) {
    return failure;
  }
  return difference(task.commands, testing::serialised(completion.commands));
}

std::string Play::replay_every_task() const {
  const int live = Held::live_here();
  for (const PlayedTask& task : tasks_) {
    for (const bool evict_between : {false, true}) {
      auto run = make_run();
      const std::string failure = repeat(*run, 1, task, evict_between);
      run.reset();
      if (!failure.empty()) {
        return fmt::format("replay up to event {}: {}", task.started_event_id, failure);
      }
      if (Held::live_here() != live) {
        return fmt::format("eviction after event {} leaves {} objects of frames", task.started_event_id,
                           Held::live_here() - live);
      }
    }
  }
  return "";
}

std::string Play::go_on_after_every_task() const {
  for (std::size_t cut = 0; cut + 1 < tasks_.size(); ++cut) {
    const auto run = make_run();
    std::int64_t next_event_id = 1;
    for (std::size_t i = cut; i < tasks_.size(); ++i) {
      const std::string failure = repeat(*run, next_event_id, tasks_[i], false);
      if (!failure.empty()) {
        return fmt::format("replay up to event {}, then up to event {}: {}", tasks_[cut].started_event_id,
                           tasks_[i].started_event_id, failure);
      }
      next_event_id = tasks_[i].started_event_id + 1;
    }
  }
  return "";
}

std::string Play::replay_whole_history() const {
  const auto run = make_run();
  const Completion completion = run->activate(service_.events(), {service_.last_event_id()});
  if (std::string failure = what_failed(completion); !failure.empty()) {
    return "replay of the whole history: " + failure;
  }
  return completion.commands.empty() ? "" : "replay of the whole history gives commands";
}

std::vector<ProgramInput> Play::next() const {
  std::vector<ProgramInput> next;
  if (!last_.commands.empty() &&
      last_.commands.back().command_type() == COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION) {
    const auto& attributes = last_.commands.back().continue_as_new_workflow_execution_command_attributes();
    next.push_back(from_payload<ProgramInput>(api::payloads_from_proto(attributes.input()).at(0)));
  }
  return next;
}

}  // namespace perdure::programs
