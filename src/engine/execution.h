#pragma once
// The mutable state of one run, in memory. The shell owns it, caches it, and passes it to the commands of engine.h;
// outside the engine only these functions look inside.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/record.h"
#include "base/status.h"

namespace perdure::engine {

class Execution;

struct StoredRun {
  ExecutionId execution;
  WorkflowKey key;
  RunId run_id;
  std::string state;
  std::vector<Item> items;
};

// kDataLoss if the bytes are not a state this version can read (which run, which item).
Result<std::unique_ptr<Execution>> load_execution(const StoredRun& stored);
// Exactly what the store should hold for this run now; equal bytes for equal state (invariant D5).
StoredRun store_execution(const Execution& run);

ExecutionId execution_id(const Execution& run);
const WorkflowKey& workflow_key(const Execution& run);
const RunId& run_id(const Execution& run);
bool is_closed(const Execution& run);
std::int64_t next_event_id(const Execution& run);  // of the stored history; volatile events are not counted
// After a continue-as-new (or a retry, later): the run id that goes on; empty if none.
const std::string& successor_run_id(const Execution& run);
// temporal.api.enums.v1.WorkflowExecutionStatus
int execution_status(const Execution& run);
std::size_t approximate_bytes(const Execution& run);

}  // namespace perdure::engine
