#include "client/large_payloads.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "temporal/api/common/v1/message.pb.h"

namespace perdure::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using temporal::api::common::v1::Payload;

struct Largest {
  std::size_t bytes = 0;
  std::string where{};
};

void look(const Message& message, const std::string& where, Largest& largest) {
  if (message.GetDescriptor() == Payload::descriptor()) {
    const std::size_t bytes = static_cast<const Payload&>(message).data().size();
    if (bytes > largest.bytes) {
      largest = {bytes, where};
    }
    return;
  }
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    const std::string name = (where.empty() ? "" : where + ".") + field->name();
    if (!field->is_repeated()) {
      look(reflection.GetMessage(message, field), name, largest);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      look(reflection.GetRepeatedMessage(message, field, i), fmt::format("{}[{}]", name, i), largest);
    }
  }
}

}  // namespace

std::optional<LogRecord> large_payload(std::string_view method, const Message& request) {
  if (request.ByteSizeLong() <= limits::kBlobWarn) {
    return std::nullopt;
  }
  Largest largest;
  look(request, "", largest);
  if (largest.bytes <= limits::kBlobWarn) {
    return std::nullopt;
  }
  return LogRecord{
      .level = LogLevel::kWarning,
      .message = fmt::format(
          "[TMPRL1103] a payload of {} bytes is larger than {}; beyond {} it is refused. Pass where "
          "the data is, and read it in an activity",
          largest.bytes, limits::kBlobWarn, limits::kBlobError),
      .fields = {{"method", std::string(method)}, {"payload", largest.where}}};
}

}  // namespace perdure::client
