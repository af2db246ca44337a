#include "frontend/message_check.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <string>
#include <string_view>
#include <vector>

#include "api/request_parser.h"
#include "base/limits.h"

namespace perdure::frontend {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// Length of the well-formed sequence that starts at `at`; 0: there is none.
std::size_t sequence_length(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) {
    return 1;
  }
  const auto second = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
  if (first >= 0xc2 && first <= 0xdf) {
    return continues(text, at + 1) ? 2 : 0;
  }
  if (first >= 0xe0 && first <= 0xef) {
    const bool overlong = first == 0xe0 && second < 0xa0;
    const bool surrogate = first == 0xed && second >= 0xa0;
    return continues(text, at + 1) && continues(text, at + 2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const bool overlong = first == 0xf0 && second < 0x90;
    const bool too_large = first == 0xf4 && second >= 0x90;
    return continues(text, at + 1) && continues(text, at + 2) && continues(text, at + 3) && !overlong &&
                   !too_large
               ? 4
               : 0;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = sequence_length(text, at);
    if (length == 0) {
      return false;
    }
    at += length;
  }
  return true;
}

Status check_fields(const Message& message, int depth);

Status check_string(const Message& message, const FieldDescriptor* field, int index) {
  std::string scratch;
  const Reflection* reflection = message.GetReflection();
  const std::string& text = field->is_repeated()
                                ? reflection->GetRepeatedStringReference(message, field, index, &scratch)
                                : reflection->GetStringReference(message, field, &scratch);
  if (is_utf8(text)) {
    return {};
  }
  return invalid_argument(fmt::format("field {} contains invalid UTF-8", field->full_name()));
}

Status check_field(const Message& message, const FieldDescriptor* field, int depth) {
  const bool is_string = field->type() == FieldDescriptor::TYPE_STRING;
  if (!is_string && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
    return {};
  }
  const Reflection* reflection = message.GetReflection();
  const int count = field->is_repeated() ? reflection->FieldSize(message, field) : 1;
  for (int i = 0; i < count; ++i) {
    Status status =
        is_string ? check_string(message, field, i)
                  : check_fields(field->is_repeated() ? reflection->GetRepeatedMessage(message, field, i)
                                                      : reflection->GetMessage(message, field),
                                 depth + 1);
    if (!status.ok()) {
      return status;
    }
  }
  return {};
}

Status check_fields(const Message& message, int depth) {
  if (depth > limits::kRequestDepth) {
    return invalid_argument(
        fmt::format("the request is nested deeper than {} messages", limits::kRequestDepth));
  }
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (Status status = check_field(message, field, depth); !status.ok()) {
      return status;
    }
  }
  return {};
}

}  // namespace

Status copy_checked(const Message& from, Message* to) {
  constexpr std::size_t kKeptBuffer = 64 * 1024;
  const std::size_t size = from.ByteSizeLong();
  if (size > limits::kMessage) {
    return Status(Code::kResourceExhausted,
                  fmt::format("grpc: received message larger than max ({} vs. {})", size, limits::kMessage));
  }
  thread_local std::string buffer;
  buffer.resize(size);
  from.SerializeWithCachedSizesToArray(reinterpret_cast<unsigned char*>(buffer.data()));
  google::protobuf::io::ArrayInputStream stream(buffer.data(), static_cast<int>(buffer.size()));
  const bool parsed = api::parse_request(&stream, to);
  if (buffer.capacity() > kKeptBuffer) {
    std::string().swap(buffer);
  }
  if (parsed) {
    return {};
  }
  Status why = check_fields(from, 1);  // slowly, but it names the field
  return why.ok() ? invalid_argument("the request cannot be parsed") : why;
}

}  // namespace perdure::frontend
