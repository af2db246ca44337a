#pragma once
// Payload codecs and the messages of updates, whose bodies are packed.
#include <vector>

#include "client/boundary.h"
#include "workflow/run.h"

namespace perdure::worker {

// `boundary` null: nothing. Throw DataConversionError.
void decode_messages(const client::Boundary* boundary, workflow_core::ProtocolMessages* messages);
void encode_messages(const client::Boundary& boundary,
                     std::vector<temporal::api::protocol::v1::Message>* messages);

}  // namespace perdure::worker
