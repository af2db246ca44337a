#pragma once
// Workflows whose tasks a simulated worker answers by running their code, as coroutines in the workflow core:
// random programs (programs/program.h). What they did is kept outside of the worker, to be compared at the
// end with what a replay does.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "program.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "workflow/run.h"

namespace perdure::sim {

inline constexpr const char* kCodeType = "RandomProgram";

using LocalEnd = std::pair<std::uint32_t, workflow_core::LocalActivityOutcome>;

// One run in a worker's memory, with the local activities that run for it.
struct CodeRun {
  std::unique_ptr<workflow_core::WorkflowRun> run;
  std::shared_ptr<void> task;  // that it works on; the worker's
  int tasks = 0;               // that it began
  bool open = false;           // its task waits for local activities
  bool lost = false;           // left by the worker: nobody hears of its local activities
  std::set<std::uint32_t> stopped;
  std::deque<LocalEnd> late;    // ended while no task was open
  std::vector<LocalEnd> ended;  // during this task
  workflow_core::Completion completion;
};
using CodePointer = std::shared_ptr<CodeRun>;

// A workflow task of a run's code, as its worker answered it.
struct AnsweredCode {
  std::int64_t previous_started_event_id = 0;
  std::vector<std::string> commands;  // serialised
  std::vector<LocalEnd> ended;
};
// By run id and started event.
using AnsweredCodes = std::map<std::pair<std::string, std::int64_t>, AnsweredCode>;

CodePointer make_code_run(const std::string& workflow_id, const std::string& run_id);

// How the worker's own activity (not a local one) behaves.
ActivityStep code_activity_step(
    const temporal::api::workflowservice::v1::PollActivityTaskQueueResponse& task);
// What comes of an attempt of a local activity that took so long.
workflow_core::LocalActivityOutcome local_outcome(const workflow_core::LocalActivityTask& task, bool stopped,
                                                  Duration runtime);

// Replays the history of a run in full and cut at every workflow task; then every task that its worker
// answered, with the same ends of local activities: the commands have to be what was answered. Reports R1.
void check_code(const workflow_core::HistoryEvents& events, const std::string& workflow_id,
                const std::string& run_id, const AnsweredCodes& answered, Report& report);

}  // namespace perdure::sim
