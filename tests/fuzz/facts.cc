#include "tests/fuzz/facts.h"

#include <google/protobuf/wrappers.pb.h>

#include "temporal/api/common/v1/message.pb.h"

namespace perdure::fuzz {
namespace {

std::string text_of(const google::protobuf::Message& message, const char* name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
    return {};
  }
  return message.GetReflection()->GetString(message, field);
}

}  // namespace

RequestFacts facts_of(const google::protobuf::Message& request) {
  RequestFacts facts{true,
                     text_of(request, "namespace"),
                     text_of(request, "task_token"),
                     text_of(request, "next_page_token"),
                     text_of(request, "workflow_id"),
                     text_of(request, "run_id")};
  for (const char* name : {"execution", "workflow_execution"}) {
    const auto* field = request.GetDescriptor()->FindFieldByName(name);
    if (field != nullptr && !field->is_repeated() &&
        field->message_type() == temporal::api::common::v1::WorkflowExecution::descriptor()) {
      const auto& execution = request.GetReflection()->GetMessage(request, field);
      facts.workflow_id = text_of(execution, "workflow_id");
      facts.run_id = text_of(execution, "run_id");
    }
  }
  return facts;
}

bool is_utf8(std::string_view text) {
  // Protobuf's own parser knows.
  std::string wire{'\x0a'};
  for (std::size_t size = text.size();; size >>= 7) {
    wire.push_back(static_cast<char>((size & 0x7f) | (size >= 0x80 ? 0x80 : 0)));
    if (size < 0x80) {
      break;
    }
  }
  wire.append(text);
  return google::protobuf::StringValue().ParseFromString(wire);
}

}  // namespace perdure::fuzz
