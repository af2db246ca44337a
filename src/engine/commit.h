#pragma once
// The end of a command: what changed in a run becomes one RunWrite.
#include "engine/step.h"

namespace perdure::engine {

// Flushes events unless a workflow task is started, enforces the limits on buffered events and on the
// history, and moves everything that changed into step.out. The reference is good until the next commit into
// the same Outcome.
RunWrite& commit(Step& step);

}  // namespace perdure::engine
