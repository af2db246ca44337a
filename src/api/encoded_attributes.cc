#include "api/encoded_attributes.h"

#include <string>

#include "api/payload_conversion.h"

namespace perdure::api {
namespace {

using temporal::api::failure::v1::Failure;

// As it is written.
struct CommonAttributes {
  std::string message{};
  std::string stack_trace{};
};

}  // namespace

void hide_common_attributes(Failure* failure) {
  if (failure->has_encoded_attributes()) {
    return;  // of a codec that is not there: handed on as it came
  }
  set_payload(failure->mutable_encoded_attributes(),
              to_payload(CommonAttributes{failure->message(), failure->stack_trace()}));
  failure->set_message("Encoded failure");
  failure->clear_stack_trace();
}

bool has_hidden_attributes(const Failure& failure) {
  return failure.has_encoded_attributes() || (failure.has_cause() && has_hidden_attributes(failure.cause()));
}

void show_common_attributes(Failure* failure) {
  if (failure->has_encoded_attributes()) {
    try {
      const auto attributes =
          from_payload<CommonAttributes>(payload_from_proto(failure->encoded_attributes()));
      failure->set_message(attributes.message);
      failure->set_stack_trace(attributes.stack_trace);
      failure->clear_encoded_attributes();
    } catch (const DataConversionError&) {
      // The rest of the failure still says what kind it is.
    }
  }
  if (failure->has_cause()) {
    show_common_attributes(failure->mutable_cause());
  }
}

}  // namespace perdure::api
