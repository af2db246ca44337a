#pragma once
// The checks at the end of a run: what the callers know (the ledger, the workers' records) against what is
// stored (the mirror, which equals the store). The mirror gives the order of all changes, so linearizability
// needs no search: every call must have a point between its call and its answer at which its answer is right.
#include "worker.h"
#include "world.h"

namespace perdure::sim {

// W1 to W5 and D1 for start, terminate, cancel, describe.
void check_workflow_ids(World& world);
// G1 to G3.
void check_signals(World& world);
// Every accepted answer of a worker left its event, every refused one none (A1, D1, H9).
void check_answers(World& world);
// A6 and A4 as far as they need the whole history; H9 by replaying every history.
void check_histories(World& world, const WorkerRecords& records);

}  // namespace perdure::sim
