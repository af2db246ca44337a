#include "engine/names.h"

#include <cctype>

namespace perdure::engine {

namespace {

// The prefix that all values share: the type's name in capitals, e.g. "TIMEOUT_TYPE_" for TimeoutType.
std::string value_prefix(const std::string& type_name) {
  std::string prefix;
  for (char c : type_name) {
    if (std::isupper(static_cast<unsigned char>(c)) != 0 && !prefix.empty()) {
      prefix += '_';
    }
    prefix += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return prefix + "_";
}

}  // namespace

std::string short_name(const google::protobuf::EnumDescriptor* type, int value) {
  const google::protobuf::EnumValueDescriptor* descriptor = type->FindValueByNumber(value);
  if (descriptor == nullptr) {
    return std::to_string(value);
  }
  std::string name = descriptor->name();
  const std::string prefix = value_prefix(type->name());
  if (name.starts_with(prefix)) {
    name.erase(0, prefix.size());
  }
  std::string result;
  bool first_of_word = true;
  for (char c : name) {
    if (c == '_') {
      first_of_word = true;
      continue;
    }
    const int letter = static_cast<unsigned char>(c);
    result += static_cast<char>(first_of_word ? std::toupper(letter) : std::tolower(letter));
    first_of_word = false;
  }
  return result;
}

}  // namespace perdure::engine
