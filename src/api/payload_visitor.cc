#include "api/payload_visitor.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;
using temporal::api::common::v1::Payload;
using temporal::api::common::v1::Payloads;
using temporal::api::failure::v1::Failure;

// As Temporal's Rust core writes them, without its users' codec.
constexpr const char* kPatchMarker = "core_patch";
constexpr const char* kLocalActivityMarker = "core_local_activity";
constexpr const char* kLocalActivityData = "data";

// The ways from a message of one type to payloads.
struct Ways {
  std::vector<const FieldDescriptor*> fields;  // outside of oneofs
  std::vector<const OneofDescriptor*> oneofs;
};

bool is_end(const Descriptor* type) {
  return type == Payload::descriptor() || type == Payloads::descriptor();
}
bool is_closed(const Descriptor* type) {
  return type == temporal::api::common::v1::SearchAttributes::descriptor() ||
         type == temporal::api::common::v1::Header::descriptor();
}

bool leads_to_payload(const Descriptor* type, std::set<const Descriptor*>& seen) {
  if (is_end(type)) {
    return true;
  }
  if (is_closed(type) || !seen.insert(type).second) {
    return false;
  }
  for (int i = 0; i < type->field_count(); ++i) {
    const Descriptor* inner = type->field(i)->message_type();
    if (inner != nullptr && leads_to_payload(inner, seen)) {
      return true;
    }
  }
  return false;
}

Ways find_ways(const Descriptor* type) {
  Ways ways;
  std::set<const OneofDescriptor*> oneofs;
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    std::set<const Descriptor*> seen;
    if (field->message_type() == nullptr || !leads_to_payload(field->message_type(), seen)) {
      continue;
    }
    const OneofDescriptor* oneof = field->real_containing_oneof();
    if (oneof == nullptr) {
      ways.fields.push_back(field);
    } else if (oneofs.insert(oneof).second) {
      ways.oneofs.push_back(oneof);
    }
  }
  return ways;
}

const Ways& ways_of(const Descriptor* type) {
  thread_local std::map<const Descriptor*, Ways> known;  // looked up only
  const auto found = known.find(type);
  return found != known.end() ? found->second : known.emplace(type, find_ways(type)).first->second;
}

class Walk {
 public:
  explicit Walk(PayloadVisitor& visitor) : visitor_(visitor) {}

  void message(Message* message) {
    const Descriptor* type = message->GetDescriptor();
    if (type == Payload::descriptor()) {
      visitor_.payload(static_cast<Payload*>(message));
      return;
    }
    if (type == Payloads::descriptor()) {
      auto* list = static_cast<Payloads*>(message)->mutable_payloads();
      if (!list->empty()) {
        visitor_.payloads(list);
      }
      return;
    }
    if (is_closed(type)) {
      return;
    }
    if (type == Failure::descriptor()) {
      visitor_.failure(static_cast<Failure*>(message));
    } else if (type == temporal::api::command::v1::RecordMarkerCommandAttributes::descriptor()) {
      marker(static_cast<temporal::api::command::v1::RecordMarkerCommandAttributes*>(message));
      return;
    } else if (type == temporal::api::history::v1::MarkerRecordedEventAttributes::descriptor()) {
      marker(static_cast<temporal::api::history::v1::MarkerRecordedEventAttributes*>(message));
      return;
    }
    inside(message);
  }

 private:
  void inside(Message* message) {
    const Reflection* reflection = message->GetReflection();
    const Ways& ways = ways_of(message->GetDescriptor());
    for (const FieldDescriptor* way : ways.fields) {
      field(message, reflection, way);
    }
    for (const OneofDescriptor* oneof : ways.oneofs) {
      const FieldDescriptor* given = reflection->GetOneofFieldDescriptor(*message, oneof);
      if (given != nullptr && given->message_type() != nullptr) {
        this->message(reflection->MutableMessage(message, given));
      }
    }
  }

  // The entries of a map are messages too.
  void field(Message* message, const Reflection* reflection, const FieldDescriptor* field) {
    if (!field->is_repeated()) {
      if (reflection->HasField(*message, field)) {
        this->message(reflection->MutableMessage(message, field));
      }
      return;
    }
    const int size = reflection->FieldSize(*message, field);
    for (int i = 0; i < size; ++i) {
      this->message(reflection->MutableRepeatedMessage(message, field, i));
    }
  }

  template <class Attributes>
  void marker(Attributes* attributes) {
    if (attributes->marker_name() == kPatchMarker) {
      return;
    }
    const bool local_activity = attributes->marker_name() == kLocalActivityMarker;
    for (auto& [key, value] : *attributes->mutable_details()) {  // each by itself: the order does not matter
      if (!(local_activity && key == kLocalActivityData)) {
        message(&value);
      }
    }
    if (attributes->has_failure()) {
      message(attributes->mutable_failure());
    }
  }

  PayloadVisitor& visitor_;
};

}  // namespace

void visit_payloads(google::protobuf::Message* message, PayloadVisitor& visitor) {
  Walk(visitor).message(message);
}

}  // namespace perdure::api
