#pragma once
// Histories as the tools and SDKs of Temporal write them, which differ in more than one way.
#include <string_view>

#include "base/status.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::testing {

// Takes
// - an object with "events", the list of events itself, or a GetWorkflowExecutionHistory response
// ("history");
// - enums by their full name, by the short one of older tools ("WorkflowExecutionStarted"), or by number;
// - payloads as messages (base64), or as the plain JSON that the CLI prints instead;
// - fields and enum values that are newer than this program, which are ignored.
// kInvalidArgument: what is wrong, and where if it is known.
Result<temporal::api::history::v1::History> read_history_json(std::string_view json);

}  // namespace perdure::testing
