#pragma once
// `perdure state DIR`: what a stopped state directory holds.
#include <string>

#include "base/status.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::cli {

// One line per run, oldest first, aligned columns. Errors are those of storage::open_sqlite.
Result<std::string> list_state(const std::string& directory);
// The same as one JSON object, with what each run waits for.
Result<std::string> list_state_json(const std::string& directory);

// "WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW" as the `temporal` program prints it: "ContinuedAsNew".
std::string status_text(temporal::api::enums::v1::WorkflowExecutionStatus status);

}  // namespace perdure::cli
