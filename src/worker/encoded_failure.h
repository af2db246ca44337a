#pragma once
// Failures on their way to the service, which have to arrive even when the codec fails.
#include "client/boundary.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::worker {

// `failure` encoded. If that cannot be, a failure that says so, in which nothing of `failure` is left but its
// type and whether it may be tried again. `boundary` may be null.
temporal::api::failure::v1::Failure encoded_failure(const client::Boundary* boundary,
                                                    temporal::api::failure::v1::Failure failure);

}  // namespace perdure::worker
