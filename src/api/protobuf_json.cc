#include "perdure/detail/protobuf_json.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include "perdure/data_conversion_error.h"

namespace perdure::detail {

std::string message_to_json(const google::protobuf::Message& message) {
  std::string text;
  if (const auto status = google::protobuf::util::MessageToJsonString(message, &text); !status.ok()) {
    throw DataConversionError("the protobuf message " + message.GetTypeName() +
                              " has no JSON form: " + std::string(status.message()));
  }
  return text;
}

std::string message_from_json(std::string_view text, google::protobuf::Message& message) {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(text.data(), text.size()), &message, options);
  return status.ok() ? std::string() : std::string(status.message());
}

}  // namespace perdure::detail
