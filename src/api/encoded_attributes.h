#pragma once
// Failures whose texts are hidden in a payload, as Temporal's SDKs write them: message "Encoded failure", and
// {"message": …, "stack_trace": …} as `encoded_attributes`.
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::api {

// Of this failure alone, not of its causes.
void hide_common_attributes(temporal::api::failure::v1::Failure* failure);

bool has_hidden_attributes(const temporal::api::failure::v1::Failure& failure);  // it or a cause of it
// Of the failure and its causes. Attributes that cannot be read (of a codec that is not there) stay hidden.
void show_common_attributes(temporal::api::failure::v1::Failure* failure);

}  // namespace perdure::api
