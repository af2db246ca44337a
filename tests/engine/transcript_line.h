#pragma once
// One line of a transcript, and what its words mean as messages.
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "harness.h"
#include "render.h"

namespace perdure::engine::testing {

// "name key=value flag", with values in brackets kept whole.
struct Line {
  std::string name;
  std::map<std::string, std::string> values;

  bool has(const std::string& key) const { return values.contains(key); }
  std::string get(const std::string& key, const std::string& fallback = "") const;
};
Line parse_line(const std::string& text);
std::int64_t parse_duration(const std::string& text);  // "10s", "20ms", "2m"; nanoseconds
google::protobuf::Duration duration(const std::string& text);

// By `separator`, except within brackets.
std::vector<std::string> split(const std::string& text, char separator);

// The value of an enum by its short name, e.g. "RejectDuplicate".
template <class Enum>
Enum by_name(const std::string& name) {
  const auto* type = google::protobuf::GetEnumDescriptor<Enum>();
  for (int i = 0; i < type->value_count(); ++i) {
    if (short_name(type, type->value(i)->number()) == name) {
      return static_cast<Enum>(type->value(i)->number());
    }
  }
  throw std::invalid_argument("no such value: " + name);
}

common::RetryPolicy retry_policy(const std::string& text);  // "initial:1s,attempts:3"
failure::Failure failure_of(const Line& line);
// A command of a completed workflow task: "StartTimer id=1 after=10s".
command::Command workflow_command(const Line& line);

}  // namespace perdure::engine::testing
