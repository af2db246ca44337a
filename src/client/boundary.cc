#include "client/boundary.h"

#include <exception>
#include <string>
#include <utility>

#include "api/convert.h"
#include "api/encoded_attributes.h"
#include "api/payload_conversion.h"
#include "api/payload_visitor.h"

namespace perdure {

std::string serialize_payload(const Payload& payload) {
  temporal::api::common::v1::Payload message;
  api::set_payload(&message, payload);
  return api::serialize(message);
}

Payload parse_payload(std::string_view bytes) {
  temporal::api::common::v1::Payload message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    throw DataConversionError("these " + std::to_string(bytes.size()) +
                              " bytes are no payload: were they made with another key or codec?");
  }
  return api::payload_from_proto(message);
}

}  // namespace perdure

namespace perdure::client {
namespace {

namespace common = temporal::api::common::v1;

using Direction = Payloads (PayloadCodec::*)(Payloads);

class Coder final : public api::PayloadVisitor {
 public:
  Coder(PayloadCodec* codec, Direction direction, bool hide_attributes)
      : codec_(codec), direction_(direction), hide_attributes_(hide_attributes) {}

  void payloads(google::protobuf::RepeatedPtrField<common::Payload>* list) override {
    if (codec_ == nullptr) {
      return;
    }
    Payloads given;
    given.reserve(static_cast<std::size_t>(list->size()));
    for (const common::Payload& payload : *list) {
      given.push_back(api::payload_from_proto(payload));
    }
    const Payloads coded = run(std::move(given));
    list->Clear();
    for (const Payload& payload : coded) {
      api::set_payload(list->Add(), payload);
    }
  }

  void payload(common::Payload* payload) override {
    if (codec_ == nullptr) {
      return;
    }
    const Payloads coded = run({api::payload_from_proto(*payload)});
    payload->Clear();
    api::set_payload(payload, coded.front());
  }

  void failure(temporal::api::failure::v1::Failure* failure) override {
    if (hide_attributes_) {
      api::hide_common_attributes(failure);
    }
  }

 private:
  Payloads run(Payloads given) {
    const std::size_t count = given.size();
    Payloads coded = (codec_->*direction_)(std::move(given));
    if (coded.size() != count) {
      throw DataConversionError("it made " + std::to_string(coded.size()) + " payloads of " +
                                std::to_string(count));
    }
    return coded;
  }

  PayloadCodec* const codec_;
  const Direction direction_;
  const bool hide_attributes_;
};

void code(google::protobuf::Message* message, Coder coder, const char* verb) {
  try {
    api::visit_payloads(message, coder);
  } catch (const std::exception& error) {
    throw DataConversionError(std::string("the payload codec cannot ") + verb + " a " +
                              message->GetDescriptor()->name() + ": " + error.what());
  }
}

}  // namespace

Boundary::Boundary(DataConverter converter) : converter_(std::move(converter)) {}

std::unique_ptr<const Boundary> Boundary::make(const DataConverter& converter) {
  const bool needed = converter.payload_codec != nullptr || converter.encode_common_attributes;
  return needed ? std::unique_ptr<const Boundary>(new Boundary(converter)) : nullptr;
}

void Boundary::encode(google::protobuf::Message* message) const {
  code(message,
       Coder(converter_.payload_codec.get(), &PayloadCodec::encode, converter_.encode_common_attributes),
       "encode");
}

void Boundary::decode(google::protobuf::Message* message) const {
  if (converter_.payload_codec != nullptr) {
    code(message, Coder(converter_.payload_codec.get(), &PayloadCodec::decode, false), "decode");
  }
}

}  // namespace perdure::client
