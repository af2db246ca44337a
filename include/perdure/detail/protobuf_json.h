#pragma once
// The JSON of protobuf messages, by protobuf's own mapping. Its headers are not needed here: a message of the
// user's converts to its base class, whoever declares that.
#include <string>
#include <string_view>

namespace google::protobuf {
class Message;
}

namespace perdure::detail {

// Compact, fields in the order of their numbers. Throws DataConversionError for a message without a JSON form
// (an Any of unknown type).
std::string message_to_json(const google::protobuf::Message& message);
// Fields that the message does not have are ignored. What is wrong with the text; empty: nothing.
std::string message_from_json(std::string_view text, google::protobuf::Message& message);

}  // namespace perdure::detail
