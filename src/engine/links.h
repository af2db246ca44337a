#pragma once
// Links to events, as answers carry them: common/v1 Link, Temporal's api/link_util.go.
#include <string>

#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::engine {

// To the first event of a run.
temporal::api::common::v1::Link started_link(const std::string& namespace_name,
                                             const std::string& workflow_id, const std::string& run_id);
// To the event that a request made, whichever id it has or will have.
temporal::api::common::v1::Link request_link(const std::string& namespace_name,
                                             const std::string& workflow_id, const std::string& run_id,
                                             const std::string& request_id,
                                             temporal::api::enums::v1::EventType type);

}  // namespace perdure::engine
