#include "render.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <regex>
#include <vector>

#include "api/convert.h"
#include "harness.h"

namespace perdure::engine::testing {

namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string payload_text(const common::Payload& payload) {
  if (payload.data().size() > 60) {
    return fmt::format("({} bytes)", payload.data().size());
  }
  return payload.data();
}

}  // namespace

std::string duration_text(std::int64_t nanos) {
  if (nanos % 1'000'000'000 == 0) {
    return fmt::format("{}s", nanos / 1'000'000'000);
  }
  if (nanos % 1'000'000 == 0 && nanos < 1'000'000'000) {
    return fmt::format("{}ms", nanos / 1'000'000);
  }
  return fmt::format("{:.3f}s", static_cast<double>(nanos) / 1e9);
}

std::string Renderer::without_uuids(const std::string& text) {
  static const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
  std::string result;
  auto from = text.cbegin();
  for (std::sregex_iterator match(text.begin(), text.end(), uuid), end; match != end; ++match) {
    const auto [known, is_new] = uuids_.try_emplace(match->str(), fmt::format("id-{}", uuids_.size() + 1));
    result.append(from, match->prefix().second);
    result.append(known->second);
    from = match->suffix().first;
  }
  return result.append(from, text.cend());
}

std::string Renderer::nested(const Message& message) {
  if (const auto* duration = dynamic_cast<const google::protobuf::Duration*>(&message)) {
    return duration_text(api::from_proto(*duration).count());
  }
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&message)) {
    if (time->seconds() < 0) {
      return "never";  // Go's zero time
    }
    return "+" + duration_text((api::from_proto(*time) - kStart).count());
  }
  if (const auto* payloads = dynamic_cast<const common::Payloads*>(&message)) {
    std::string result = "[";
    for (const common::Payload& payload : payloads->payloads()) {
      result += (result.size() == 1 ? "" : ", ") + payload_text(payload);
    }
    return result + "]";
  }
  if (const auto* payload = dynamic_cast<const common::Payload*>(&message)) {
    return payload_text(*payload);
  }
  if (const auto* queue = dynamic_cast<const taskqueue::TaskQueue*>(&message)) {
    return queue->kind() == enums::TASK_QUEUE_KIND_STICKY ? queue->name() + "(sticky)" : queue->name();
  }
  return "{" + fields(message) + "}";
}

std::string Renderer::value(const Message& message, const FieldDescriptor* field, int index) {
  const google::protobuf::Reflection* reflection = message.GetReflection();
  const bool repeated = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return nested(repeated ? reflection->GetRepeatedMessage(message, field, index)
                             : reflection->GetMessage(message, field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return short_name(field->enum_type(), repeated ? reflection->GetRepeatedEnumValue(message, field, index)
                                                     : reflection->GetEnumValue(message, field));
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string text = without_uuids(repeated ? reflection->GetRepeatedString(message, field, index)
                                                      : reflection->GetString(message, field));
      return text.find(' ') == std::string::npos ? text : fmt::format("{:?}", text);
    }
    case FieldDescriptor::CPPTYPE_INT64:
      return fmt::format("{}", repeated ? reflection->GetRepeatedInt64(message, field, index)
                                        : reflection->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_INT32:
      return fmt::format("{}", repeated ? reflection->GetRepeatedInt32(message, field, index)
                                        : reflection->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, field) ? "true" : "false";
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return fmt::format("{}", reflection->GetDouble(message, field));
    default:
      return "?";
  }
}

std::string Renderer::fields(const Message& message) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  std::string result;
  for (const FieldDescriptor* field : set) {
    const std::string space = result.empty() ? "" : " ";
    if (field->name() == "history_size_bytes" || field->name() == "state_transition_count") {
      continue;  // changes with every field of every event
    }
    if (!field->is_repeated()) {
      const std::string text = value(message, field, 0);
      result += text == "{}" ? "" : space + field->name() + "=" + text;
      continue;
    }
    std::vector<std::string> values;
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      values.push_back(value(message, field, i));
    }
    if (field->is_map()) {
      std::sort(values.begin(), values.end());
    }
    result += fmt::format("{}{}=[{}]", space, field->name(), fmt::join(values, ", "));
  }
  return result;
}

std::string Renderer::event(const history::HistoryEvent& event) {
  std::string line = fmt::format("{} {}", event.event_id(), short_name(event.event_type()));
  std::vector<const FieldDescriptor*> set;
  event.GetReflection()->ListFields(event, &set);
  for (const FieldDescriptor* field : set) {
    if (field->containing_oneof() != nullptr) {
      const std::string attributes = fields(event.GetReflection()->GetMessage(event, field));
      line += attributes.empty() ? "" : " " + attributes;
    } else if (field->name() == "user_metadata") {
      line += " user_metadata=" + nested(event.user_metadata());
    }
  }
  return line;
}

}  // namespace perdure::engine::testing
