#pragma once
// What every recorded history of a random program must stand.
#include <string>

#include "workflow/run.h"

namespace perdure::programs {

// Why the activation came to nothing; empty: it made commands.
std::string what_failed(const workflow_core::Completion& completion);

// Replays `events` in full, and cut at every workflow task: up to there in a new run, whose commands are
// those that history recorded, and which then goes on with the events behind. Gives what went wrong, or
// nothing. `events` are of one run, from its first on.
std::string check_replays(const workflow_core::HistoryEvents& events,
                          const workflow_core::RunIdentity& identity);

}  // namespace perdure::programs
