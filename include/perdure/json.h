#pragma once
// nlohmann::json as a parameter, a result or a member of one: any JSON, for data whose shape is not known.
// Needs the library (Debian: nlohmann-json3-dev), which Perdure itself does not.
#include <nlohmann/json.hpp>
#include <string>

#include "perdure/serialize.h"

namespace perdure {

template <>
struct Codec<nlohmann::json> {
  static RawJson encode(const nlohmann::json& value) {
    return {value.dump(-1, ' ', true)};  // throws for text that is not UTF-8
  }
  static nlohmann::json decode(const RawJson& json) { return nlohmann::json::parse(json.text); }
};

}  // namespace perdure
