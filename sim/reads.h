#pragma once
// H6 and D2 for whoever reads a history: an event that was shown is stored, and stays as it was shown.
#include <string>

#include "temporal/api/history/v1/message.pb.h"
#include "world.h"

namespace perdure::sim {

// `event` of run `run_id` was shown to a reader now.
void check_shown_event(World& world, const std::string& run_id,
                       const temporal::api::history::v1::HistoryEvent& event, const char* reader);

}  // namespace perdure::sim
