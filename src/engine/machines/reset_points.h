#pragma once
// Which code ran a run: the deployment that a worker reports, and the points to which a run could be reset
// because other code took over (Temporal: addResetPointFromCompletion).
#include <cstdint>

#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

void fill_deployment(const wire::RespondWorkflowTaskCompletedRequest& request,
                     history::WorkflowTaskCompletedEventAttributes* attributes);

// Remembers the first completed workflow task of every binary.
void add_reset_point(Step& step, const history::WorkflowTaskCompletedEventAttributes& completed,
                     std::int64_t event_id);

// The points of a run that closes now, as its successor keeps them: its own expire with its history (in the
// closed run's description, too, as Temporal's rolloverAutoResetPointsWithExpiringTime).
temporal::api::workflow::v1::ResetPoints inherited_reset_points(Step& step);
void take_over_reset_points(const history::WorkflowExecutionStartedEventAttributes& started,
                            Timestamp start_time, state::ExecutionState* info);

}  // namespace perdure::engine
