#include "api/payload_conversion.h"

#include <algorithm>

namespace perdure::api {

Payload payload_from_proto(const temporal::api::common::v1::Payload& payload) {
  Payload out;
  for (const auto& [key, value] : payload.metadata()) {
    out.metadata.emplace_back(key, value);
  }
  // The order of a protobuf map is not deterministic; "encoding" first, as payloads are made.
  std::sort(out.metadata.begin(), out.metadata.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first != "encoding", a.first) < std::pair(b.first != "encoding", b.first);
  });
  out.data = payload.data();
  return out;
}

Payloads payloads_from_proto(const temporal::api::common::v1::Payloads& payloads) {
  Payloads out;
  out.reserve(static_cast<std::size_t>(payloads.payloads_size()));
  for (const auto& payload : payloads.payloads()) {
    out.push_back(payload_from_proto(payload));
  }
  return out;
}

void set_payload(temporal::api::common::v1::Payload* out, const Payload& payload) {
  for (const auto& [key, value] : payload.metadata) {
    (*out->mutable_metadata())[key] = value;
  }
  out->set_data(payload.data);
}

void set_payloads(temporal::api::common::v1::Payloads* out, const Payloads& payloads) {
  for (const Payload& payload : payloads) {
    set_payload(out->add_payloads(), payload);
  }
}

Headers headers_from_proto(const temporal::api::common::v1::Header& header) {
  Headers out;
  for (const auto& [key, payload] : header.fields()) {  // into a map: the order does not matter
    out.emplace(key, payload_from_proto(payload));
  }
  return out;
}

void set_headers(temporal::api::common::v1::Header* out, const Headers& headers) {
  for (const auto& [key, payload] : headers) {
    set_payload(&(*out->mutable_fields())[key], payload);
  }
}

}  // namespace perdure::api
