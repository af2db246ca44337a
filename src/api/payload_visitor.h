#pragma once
// Finds what users put into a message of the API.
#include <google/protobuf/message.h>
#include <google/protobuf/repeated_field.h>

#include "temporal/api/common/v1/message.pb.h"
#include "temporal/api/failure/v1/message.pb.h"

namespace perdure::api {

class PayloadVisitor {
 public:
  // A list that belongs together: the arguments of one call, details.
  virtual void payloads(google::protobuf::RepeatedPtrField<temporal::api::common::v1::Payload>* payloads) = 0;
  // One alone: a field of a memo, a summary, the encoded attributes of a failure.
  virtual void payload(temporal::api::common::v1::Payload* payload) = 0;
  // Before what is inside of it.
  virtual void failure(temporal::api::failure::v1::Failure* failure) = 0;

 protected:
  ~PayloadVisitor() = default;
};

// Everything that a payload codec encodes: not search attributes, not headers, and not what an SDK writes for
// itself (the markers of patches, and what a local activity's marker says beside its result). In no
// particular order.
void visit_payloads(google::protobuf::Message* message, PayloadVisitor& visitor);

}  // namespace perdure::api
