#pragma once
// What a run sends to other runs: items that are due from the moment they are made until they are delivered,
// in one transition over both runs. Some outlive the close of their run.
#include <string_view>

#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

// Who ends a run that a reset replaces.
inline constexpr const char* kHistoryResetter = "history-resetter";

// Kinds that a closed run may have.
bool outlives_close(ItemKind kind);

// Makes the items that the end of a run leaves behind: the report to its parent, and what its children are to
// be told. `closing`: the event that closed it. A run that a reset ends reports nothing; and if it is the one
// that was reset, its children go on: the new run has its place.
void leave_outgoing(Step& step, const history::HistoryEvent& closing, std::string_view successor_run_id);

}  // namespace perdure::engine
