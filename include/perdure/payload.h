#pragma once
// One value as it crosses a boundary: a parameter, a result, a signal's argument, heartbeat details. The
// encodings are those of Temporal's Python SDK, byte for byte:
//
//   binary/null      nothing: void, an empty std::optional or std::unique_ptr
//   binary/plain     std::vector<std::byte>
//   json/protobuf    a protobuf message; its JSON is the same but for the order of its fields
//   binary/protobuf  the same of protobuf's lite runtime; read as any message
//   json/plain       everything else (serialize.h)
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "perdure/data_conversion_error.h"
#include "perdure/detail/codec.h"
#include "perdure/serialize.h"

namespace perdure {

// Metadata is kept in the order it was written, "encoding" first.
struct Payload {
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string data;

  // The value of one metadata key, empty if it is absent.
  std::string_view metadata_value(std::string_view key) const {
    for (const auto& [name, value] : metadata) {
      if (name == key) {
        return value;
      }
    }
    return {};
  }
  friend bool operator==(const Payload&, const Payload&) = default;
};

using Payloads = std::vector<Payload>;
// What travels beside arguments; interceptors read and write it (interceptor.h).
using Headers = std::map<std::string, Payload>;

// The payload of no value.
inline Payload null_payload() { return Payload{{{"encoding", "binary/null"}}, ""}; }

// A Payload is taken as it is; a string literal as a std::string. Throws DataConversionError for text that is
// not UTF-8. Does not compile, with one line that says why, for types that must not cross.
template <class T>
Payload to_payload(const T& value) {
  if constexpr (std::is_same_v<T, Payload>) {
    return value;
  } else if constexpr (std::is_array_v<T> && std::is_same_v<std::remove_extent_t<T>, char>) {
    return to_payload(std::string(value));
  } else if constexpr (detail::ByteVector<T>) {
    std::string bytes(value.size(), '\0');
    std::size_t at = 0;
    for (const std::byte byte : value) {
      bytes[at++] = static_cast<char>(byte);
    }
    return Payload{{{"encoding", "binary/plain"}}, std::move(bytes)};
  } else if constexpr (detail::DescribedMessage<T>) {
    return Payload{{{"encoding", "json/protobuf"}, {"messageType", std::string(value.GetTypeName())}},
                   detail::message_to_json(value)};
  } else if constexpr (detail::MessageType<T>) {
    std::string bytes;
    if (!value.SerializeToString(&bytes)) {
      throw DataConversionError("the protobuf message does not serialise (is a required field missing?)");
    }
    return Payload{{{"encoding", "binary/protobuf"}, {"messageType", std::string(value.GetTypeName())}},
                   std::move(bytes)};
  } else if constexpr (detail::check_serializable<T>()) {
    std::string text;
    try {
      text = detail::to_json(value);
    } catch (const DataConversionError& error) {
      throw DataConversionError("cannot write a " + std::string(detail::kTypeName<T>) + ": " + error.what());
    }
    return text == "null" ? null_payload() : Payload{{{"encoding", "json/plain"}}, std::move(text)};
  }
}

// Throws DataConversionError, with byte offset and member, when `payload` does not hold a T.
template <class T>
T from_payload(const Payload& payload) {
  const auto refuse = [&](const std::string& why) -> DataConversionError {
    const std::string_view encoding = payload.metadata_value("encoding");
    return DataConversionError("cannot read a " + std::string(detail::kTypeName<T>) +
                               " from a payload of encoding \"" + std::string(encoding) + "\": " + why);
  };
  const std::string_view encoding = payload.metadata_value("encoding");
  if constexpr (std::is_same_v<T, Payload>) {
    return payload;
  } else if constexpr (detail::MessageType<T>) {
    T message;
    if constexpr (detail::DescribedMessage<T>) {
      if (encoding == "json/protobuf") {
        const std::string_view type = payload.metadata_value("messageType");
        if (!type.empty() && type != std::string_view(message.GetTypeName())) {
          throw refuse("it holds a " + std::string(type));
        }
        if (const std::string error = detail::message_from_json(payload.data, message); !error.empty()) {
          throw refuse(error);
        }
        return message;
      }
    }
    if (encoding != "binary/protobuf" || !message.ParseFromString(payload.data)) {
      throw refuse("a protobuf message is read from \"json/protobuf\" and \"binary/protobuf\"");
    }
    return message;
  } else if constexpr (detail::check_serializable<T>()) {
    if (encoding == "binary/null" && !payload.data.empty()) {
      throw refuse("there must be no data");
    }
    if constexpr (detail::ByteVector<T>) {
      if (encoding == "binary/plain") {
        T bytes;
        for (const char c : payload.data) {
          bytes.push_back(static_cast<std::byte>(c));
        }
        return bytes;
      }
    }
    if (encoding != "json/plain" && encoding != "binary/null") {
      throw refuse(encoding == "binary/plain" ? "bytes are read as std::vector<std::byte>"
                                              : "unknown encoding");
    }
    try {
      return detail::from_json<T>(encoding == "binary/null" ? std::string_view("null") : payload.data);
    } catch (const DataConversionError& error) {
      throw refuse(error.what());
    }
  }
}

template <class... Args>
Payloads to_payloads(const Args&... args) {
  Payloads payloads;
  payloads.reserve(sizeof...(Args));
  (payloads.push_back(to_payload(args)), ...);
  return payloads;
}

namespace detail {

template <class T>
T read_argument(const Payloads& payloads, std::size_t index, std::size_t count) {
  if (index < payloads.size()) {
    try {
      return from_payload<T>(payloads[index]);
    } catch (const DataConversionError& error) {
      throw DataConversionError("argument " + std::to_string(index + 1) + ": " + error.what());
    }
  }
  if constexpr (kKind<T> == Kind::kOptional) {
    return T();
  } else {
    throw DataConversionError("argument " + std::to_string(index + 1) + " of " + std::to_string(count) +
                              " (" + std::string(kTypeName<T>) +
                              ") is missing: " + std::to_string(payloads.size()) + " were given");
  }
}

template <class... T, std::size_t... I>
std::tuple<T...> read_arguments(const Payloads& payloads, std::index_sequence<I...>) {
  return std::tuple<T...>{read_argument<T>(payloads, I, sizeof...(T))...};
}

}  // namespace detail

// The arguments of a call. A missing argument is an error unless it is a std::optional; arguments beyond
// those asked for are ignored, so that a caller may be newer than the callee.
template <class... T>
std::tuple<T...> from_payloads(const Payloads& payloads) {
  return detail::read_arguments<T...>(payloads, std::index_sequence_for<T...>());
}

}  // namespace perdure
