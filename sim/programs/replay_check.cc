#include "replay_check.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "program_workflow.h"
#include "temporal/api/enums/v1/command_type.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "workflow/nondeterminism.h"

namespace perdure::programs {
namespace {

namespace enums = temporal::api::enums::v1;
using workflow_core::Completion;
using workflow_core::HistoryEvents;
using workflow_core::WorkflowRun;

HistoryEvents slice(const HistoryEvents& events, int begin, int end) {
  HistoryEvents out;
  for (int i = begin; i < end; ++i) {
    *out.Add() = events[i];
  }
  return out;
}

// The commands that the workflow task completed by `events[completed]` recorded, by type.
std::string recorded_commands(const HistoryEvents& events, int completed) {
  std::string types;
  for (int i = completed + 1; i < events.size() && workflow_core::is_command_event(events[i]); ++i) {
    types += enums::CommandType_Name(workflow_core::command_of(events[i])) + " ";
  }
  return types;
}

std::string types_of(const Completion& completion) {
  std::string types;
  for (const auto& command : completion.commands) {
    types += enums::CommandType_Name(command.command_type()) + " ";
  }
  return types;
}

class Check {
 public:
  Check(const HistoryEvents& events, const workflow_core::RunIdentity& identity)
      : events_(events), identity_(identity) {}

  std::string run() {
    std::string failure = replay_up_to(events_.size(), events_[events_.size() - 1].event_id());
    std::int64_t previous = 0;
    for (int i = 0; i + 1 < events_.size() && failure.empty(); ++i) {
      if (events_[i].event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_STARTED &&
          events_[i + 1].event_type() == enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED) {
        failure = cut_at(i, previous);
        previous = events_[i].event_id();
      }
    }
    if (failure.empty() && Held::live_here() != live_) {
      failure = fmt::format("replays left {} objects of frames", Held::live_here() - live_);
    }
    return failure;
  }

 private:
  std::unique_ptr<WorkflowRun> make_run() const {
    return std::make_unique<WorkflowRun>(perdure::detail::workflow_definition<RandomProgram>(), identity_);
  }

  std::string replay_up_to(int end, std::int64_t previous) {
    return what_failed(make_run()->activate(slice(events_, 0, end), {previous}));
  }

  std::string cut_at(int started, std::int64_t previous) {
    const auto run = make_run();
    const Completion completion = run->activate(slice(events_, 0, started + 1), {previous});
    if (std::string failure = what_failed(completion); !failure.empty()) {
      return fmt::format("cut at event {}: {}", events_[started].event_id(), failure);
    }
    if (completion.waits_for_local_activities) {
      return "";  // what became of them is in the next events, which belong to this task
    }
    const std::string recorded = recorded_commands(events_, started + 1);
    if (const std::string got = types_of(completion); got != recorded) {
      return fmt::format("cut at event {}: the commands are {}; recorded are {}", events_[started].event_id(),
                         got, recorded);
    }
    const std::string failure = what_failed(
        run->activate(slice(events_, started + 1, events_.size()), {events_[events_.size() - 1].event_id()}));
    return failure.empty()
               ? ""
               : fmt::format("cut at event {}, then the rest: {}", events_[started].event_id(), failure);
  }

  const HistoryEvents& events_;
  const workflow_core::RunIdentity& identity_;
  const int live_ = Held::live_here();
};

}  // namespace

std::string what_failed(const Completion& completion) {
  switch (completion.outcome) {
    case Completion::Outcome::kCommands:
      return "";
    case Completion::Outcome::kNeedsFullHistory:
      return "the events do not follow each other";
    default:
      return completion.failure.message();
  }
}

std::string check_replays(const HistoryEvents& events, const workflow_core::RunIdentity& identity) {
  return events.empty() ? "the history is empty" : Check(events, identity).run();
}

}  // namespace perdure::programs
