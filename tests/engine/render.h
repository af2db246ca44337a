#pragma once
// Protocol messages as one short line for transcripts: fields that are set, in order, with times relative to
// the start of the world, payloads decoded, and random ids numbered in order of appearance.
#include <google/protobuf/message.h>

#include <map>
#include <string>

#include "engine/names.h"

namespace perdure::engine::testing {

class Renderer {
 public:
  // "5 TimerFired timer_id=1 started_event_id=4"
  std::string event(const history::HistoryEvent& event);
  // "field=value field={…}"
  std::string fields(const google::protobuf::Message& message);
  // Run ids and request ids become "id-1", "id-2", …
  std::string without_uuids(const std::string& text);

 private:
  std::string value(const google::protobuf::Message& message, const google::protobuf::FieldDescriptor* field,
                    int index);
  std::string nested(const google::protobuf::Message& message);

  std::map<std::string, std::string> uuids_;
};

std::string duration_text(std::int64_t nanos);  // "10s", "1.5s", "20ms"

}  // namespace perdure::engine::testing
