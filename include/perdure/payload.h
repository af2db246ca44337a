#pragma once
// One value as it crosses a boundary: parameters, results, signals, heartbeat details. The encodings are those of
// Temporal's Python SDK, byte for byte: `binary/null` for nothing, `binary/plain` for bytes, `json/plain` for the rest.
#include <string>
#include <utility>
#include <vector>

#include "perdure/data_conversion_error.h"
#include "perdure/serialize.h"

namespace perdure {

// Metadata is kept in the order it was written, "encoding" first.
struct Payload {
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string data;

  friend bool operator==(const Payload&, const Payload&) = default;
};

using Payloads = std::vector<Payload>;

template <Serializable T>
Payload to_payload(const T& value);

// Throws DataConversionError, with the place in the text, when `payload` does not hold a T.
template <class T>
T from_payload(const Payload& payload);

}  // namespace perdure
