#pragma once
// Between perdure::Payload, which users see, and the wire's Payload.
#include "perdure/payload.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::api {

Payload payload_from_proto(const temporal::api::common::v1::Payload& payload);
Payloads payloads_from_proto(const temporal::api::common::v1::Payloads& payloads);

void set_payload(temporal::api::common::v1::Payload* out, const Payload& payload);
void set_payloads(temporal::api::common::v1::Payloads* out, const Payloads& payloads);

Headers headers_from_proto(const temporal::api::common::v1::Header& header);
void set_headers(temporal::api::common::v1::Header* out, const Headers& headers);

}  // namespace perdure::api
