#pragma once
// The state of a run from its history alone, for a run that a reset makes: what the events say is pending is
// pending again. As Temporal's ndc/state_rebuilder.go and mutable_state_rebuilder.go.
#include <cstdint>
#include <string>
#include <vector>

#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

// What the last events leave open that a reset has to close.
struct OpenEnds {
  std::int64_t workflow_task_scheduled = 0;  // event ids; 0: no workflow task is pending
  std::int64_t workflow_task_started = 0;    // 0: it is not started
  struct StartedActivity {
    std::int64_t scheduled = 0;
    std::int64_t started = 0;
    std::string identity;
  };
  std::vector<StartedActivity> activities;  // attempts that were running
};

// `step.run` is new and empty. `events` begin with the started one and have the ids that they get here, too.
// The run starts now: its timeouts count from now on. No workflow task is made pending; the history is not
// appended.
OpenEnds rebuild_run(Step& step, const std::vector<history::HistoryEvent>& events,
                     const std::string& start_request_id);

}  // namespace perdure::engine
