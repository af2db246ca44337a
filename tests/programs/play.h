#pragma once
// A random program against a service that the seed plays: what happens between two workflow tasks, and in
// which order, is its choice.
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "sim/programs/program.h"
#include "tests/workflow/fake_service.h"

namespace perdure::programs {

using workflow_core::Completion;
using workflow_core::LocalActivityOutcome;
using workflow_core::LocalActivityTask;
using workflow_core::WorkflowRun;

struct PlayedTask {
  std::int64_t started_event_id = 0;
  std::int64_t previous_started_event_id = 0;
  std::vector<std::string> commands;  // serialised
  // Ends of local activities during the task, in order.
  std::vector<std::pair<std::uint32_t, LocalActivityOutcome>> local_ends;
};

// One run of one program, with all that a worker and a service can know of it.
class Play {
 public:
  Play(const ProgramInput& input, std::uint64_t seed);

  // To its end, in one WorkflowRun. Says what went wrong, or nothing.
  std::string run_to_the_end();
  // Each workflow task once more in a run made from history, which is then evicted.
  std::string replay_every_task() const;
  // From the history up to each task, then with the new events only.
  std::string go_on_after_every_task() const;
  std::string replay_whole_history() const;

  const std::vector<PlayedTask>& tasks() const { return tasks_; }
  const testing::FakeService& service() const { return service_; }
  std::string result() const { return testing::result_text(last_); }
  // Of the run that follows; nothing if this one was the last.
  std::vector<ProgramInput> next() const;

 private:
  std::unique_ptr<WorkflowRun> make_run() const;
  // Lets one or more things happen; false when nothing can.
  bool something_happens();
  bool one_thing_happens();
  void activity_happens(const testing::PendingActivity& activity, const ActivityPlan& plan);
  bool can_happen(const testing::PendingActivity& activity) const;
  std::string play_task(WorkflowRun& run);
  std::string end_local_activity(WorkflowRun& run, PlayedTask* task);
  LocalActivityOutcome outcome_of(const LocalActivityTask& task);
  void take_wishes(Completion* completion);
  // The task once more: its commands, with the local activities ending as they did.
  std::string repeat(WorkflowRun& run, std::int64_t first_event_id, const PlayedTask& task,
                     bool evict_between) const;

  ProgramInput input_;
  Random random_;
  testing::FakeService service_;
  std::vector<PlayedTask> tasks_;
  Completion last_;
  std::vector<LocalActivityTask> local_;  // that run
  std::set<std::uint32_t> stopped_;       // of these
  std::set<std::string> poked_;           // activities that sent their signal
};

}  // namespace perdure::programs
