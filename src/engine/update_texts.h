#pragma once
// What callers hear of updates that come to nothing, in Temporal's words (workflow/update/errors_failures.go,
// registry.go, consts).
#include "base/status.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::engine {

Status aborted_by_closing_workflow();  // for good
Status workflow_is_closing();          // another run follows
Status workflow_task_failed();
Status too_many_updates();
Status too_many_updates_in_flight();
Status too_large_updates_in_flight();
temporal::api::failure::v1::Failure unprocessed_update();

}  // namespace perdure::engine
