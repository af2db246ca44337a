#include "testing/history_json.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cctype>
#include <map>
#include <string>
#include <utility>

#include "temporal/api/common/v1/message.pb.h"

namespace perdure::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::ListValue;
using google::protobuf::Struct;
using google::protobuf::Value;
using temporal::api::history::v1::History;
namespace common = temporal::api::common::v1;
namespace util = google::protobuf::util;

Status not_a_history(std::string_view why) {
  return Status(Code::kInvalidArgument, fmt::format("this is not the JSON of a workflow history: {}", why));
}

// "EVENT_TYPE_TIMER_FIRED" and "EventTypeTimerFired" give "eventtypetimerfired".
std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (c != '_') {
      letters.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return letters;
}

// The value that older tools call by its short name: without the prefix that is the name of its enum.
void normalise_enum(const EnumDescriptor& type, Value* value) {
  if (value->kind_case() != Value::kStringValue || type.FindValueByName(value->string_value()) != nullptr) {
    return;
  }
  const std::string wanted = letters_of(value->string_value());
  const std::string prefix = letters_of(type.name());
  for (int i = 0; i < type.value_count(); ++i) {
    const std::string name = letters_of(type.value(i)->name());
    if (name == wanted || name == prefix + wanted) {
      value->set_string_value(type.value(i)->name());
      return;
    }
  }
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> unsigned {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0;
    };
    const unsigned group = (byte(i) << 16) | (byte(i + 1) << 8) | byte(i + 2);
    text.push_back(kLetters[(group >> 18) & 63]);
    text.push_back(kLetters[(group >> 12) & 63]);
    text.push_back(i + 1 < bytes.size() ? kLetters[(group >> 6) & 63] : '=');
    text.push_back(i + 2 < bytes.size() ? kLetters[group & 63] : '=');
  }
  return text;
}

// A payload as a message has nothing but these; what else an object may be is the value of a payload.
bool is_payload_message(const Value& value) {
  if (value.kind_case() != Value::kStructValue || !value.struct_value().fields().contains("metadata")) {
    return false;
  }
  int known = 0;
  for (const char* name : {"metadata", "data", "externalPayloads", "external_payloads"}) {
    known += value.struct_value().fields().contains(name) ? 1 : 0;
  }
  return known == static_cast<int>(value.struct_value().fields().size());
}

// With the members of objects in the order of their names: the same value always gives the same payload.
Status append_json(const Value& value, std::string* out) {
  if (value.kind_case() == Value::kListValue) {
    const char* separator = "[";
    for (const Value& element : value.list_value().values()) {
      *out += std::exchange(separator, ",");
      if (Status status = append_json(element, out); !status.ok()) {
        return status;
      }
    }
    *out += value.list_value().values().empty() ? "[]" : "]";
    return {};
  }
  if (value.kind_case() == Value::kStructValue) {
    std::map<std::string, const Value*> members;
    for (const auto& [name, member] : value.struct_value().fields()) {
      members.emplace(name, &member);
    }
    const char* separator = "{";
    for (const auto& [name, member] : members) {
      Value quoted;
      quoted.set_string_value(name);
      *out += std::exchange(separator, ",");
      Status status = append_json(quoted, out);
      *out += ":";
      if (status.ok()) {
        status = append_json(*member, out);
      }
      if (!status.ok()) {
        return status;
      }
    }
    *out += members.empty() ? "{}" : "}";
    return {};
  }
  std::string scalar;
  if (const auto status = util::MessageToJsonString(value, &scalar); !status.ok()) {
    return not_a_history(std::string_view(status.message().data(), status.message().size()));
  }
  *out += scalar;
  return {};
}

// The CLI prints the value itself where it can.
void normalise_payload(Value* value) {
  if (is_payload_message(*value)) {
    return;
  }
  std::string json;
  std::string encoding = "binary/null";
  if (value->kind_case() != Value::kNullValue) {
    encoding = "json/plain";
    if (!append_json(*value, &json).ok()) {
      return;
    }
  }
  Struct message;
  Struct& metadata = *(*message.mutable_fields())["metadata"].mutable_struct_value();
  (*metadata.mutable_fields())["encoding"].set_string_value(base64(encoding));
  (*message.mutable_fields())["data"].set_string_value(base64(json));
  *value->mutable_struct_value() = std::move(message);
}

void normalise(const Descriptor& type, Value* value);

void normalise_one(const FieldDescriptor& field, Value* value) {
  if (field.enum_type() != nullptr) {
    normalise_enum(*field.enum_type(), value);
  } else if (field.message_type() != nullptr) {
    normalise(*field.message_type(), value);
  }
}

void normalise_field(const FieldDescriptor& field, Value* value) {
  if (field.is_map() && value->kind_case() == Value::kStructValue) {
    const FieldDescriptor& of_value = *field.message_type()->map_value();
    for (auto& [key, entry] : *value->mutable_struct_value()->mutable_fields()) {  // each on its own
      normalise_one(of_value, &entry);
    }
  } else if (field.is_repeated() && value->kind_case() == Value::kListValue) {
    for (Value& element : *value->mutable_list_value()->mutable_values()) {
      normalise_one(field, &element);
    }
  } else {
    normalise_one(field, value);
  }
}

// Brings `value`, which stands for a message of `type`, into the form that protobuf reads.
void normalise(const Descriptor& type, Value* value) {
  if (&type == common::Payload::descriptor()) {
    normalise_payload(value);
    return;
  }
  if (&type == common::Payloads::descriptor() && value->kind_case() == Value::kListValue) {
    ListValue list = value->list_value();
    *(*value->mutable_struct_value()->mutable_fields())["payloads"].mutable_list_value() = std::move(list);
  }
  if (value->kind_case() != Value::kStructValue) {
    return;  // a timestamp or duration, or nothing that can be read
  }
  for (auto& [name, field_value] : *value->mutable_struct_value()->mutable_fields()) {  // each on its own
    const FieldDescriptor* field = type.FindFieldByCamelcaseName(name);
    if (field == nullptr) {
      field = type.FindFieldByName(name);
    }
    if (field != nullptr) {
      normalise_field(*field, &field_value);
    }
  }
}

// The object that has "events".
Status unwrap(Value* value) {
  if (value->kind_case() == Value::kListValue) {
    ListValue events = value->list_value();
    *(*value->mutable_struct_value()->mutable_fields())["events"].mutable_list_value() = std::move(events);
  }
  if (value->kind_case() != Value::kStructValue) {
    return not_a_history("it is neither an object nor a list of events");
  }
  const auto& fields = value->struct_value().fields();
  if (const auto history = fields.find("history"); history != fields.end() && !fields.contains("events")) {
    Value inner = history->second;
    *value = std::move(inner);
  }
  if (value->kind_case() != Value::kStructValue || !value->struct_value().fields().contains("events")) {
    return not_a_history("it has no \"events\"");
  }
  return {};
}

}  // namespace

Result<History> read_history_json(std::string_view json) {
  Value value;
  if (const auto status = util::JsonStringToMessage({json.data(), json.size()}, &value); !status.ok()) {
    return not_a_history(std::string_view(status.message().data(), status.message().size()));
  }
  if (Status status = unwrap(&value); !status.ok()) {
    return status;
  }
  normalise(*History::descriptor(), &value);
  std::string normal;
  if (const auto status = util::MessageToJsonString(value, &normal); !status.ok()) {
    return not_a_history(std::string_view(status.message().data(), status.message().size()));
  }
  util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  History history;
  if (const auto status = util::JsonStringToMessage(normal, &history, options); !status.ok()) {
    return not_a_history(std::string_view(status.message().data(), status.message().size()));
  }
  if (history.events().empty()) {
    return not_a_history("\"events\" is empty");
  }
  if (!history.events(0).has_workflow_execution_started_event_attributes()) {
    return not_a_history(
        fmt::format("its first event (id {}) is not WorkflowExecutionStarted", history.events(0).event_id()));
  }
  return history;
}

}  // namespace perdure::testing
