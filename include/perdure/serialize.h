#pragma once
// What may be a parameter or a result, and how it looks on the wire. Nothing has to be registered: a struct
// becomes a JSON object with its members' names. Decoding is tolerant of change: a member that is absent
// keeps what T{} gives it, unless it is required<…>; members that T does not have are ignored.
//
//   C++                                       JSON
//   bool · integers · float, double           true · 1 (range-checked) · 0.1 (shortest), NaN, Infinity
//   std::string                               "…", must be UTF-8
//   enum                                      its number
//   std::optional, std::unique_ptr            the value, or null
//   vector, deque, list, set, std::array      [ … ]
//   map, unordered_map (key string, integer)  { … }, in the order of the keys
//   pair, tuple                               [a, b]
//   std::variant                              the value; when read, the alternative that fits best: with the
//                                             fewest members too many or too few, 7 to an integer and
//                                             7.0 to a double; of several the first
//   std::chrono::duration                     seconds as a number, exact: 90, 0.25
//                                             (as Python's float or pydantic's timedelta reads it);
//                                             "PT90S", which pydantic writes, is read, too
//   system_clock time_point                   "2026-01-31T12:00:00+00:00" (Python's datetime.isoformat())
//   struct                                    { "member": …, … }
//   protobuf message                          its JSON
//   perdure::RawJson, nlohmann::json          as it is (the latter with perdure/json.h)
#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

#include "perdure/detail/check_serializable.h"

namespace perdure {

// How a type of yours crosses when it is not a plain struct: specialise with a conversion to and from a type
// that may cross. E.g.
//   template <> struct perdure::Codec<Money> {
//     static std::string encode(const Money& money);
//     static Money decode(std::string text);        // an exception means: does not fit
//   };
template <class T>
struct Codec;

// JSON that is neither read nor written, only checked: for data whose shape this program does not know.
struct RawJson {
  std::string text = "null";

  friend bool operator==(const RawJson&, const RawJson&) = default;
};

// A member that has to be present when its struct is read. Otherwise it behaves as a T.
template <class T>
class required {
 public:
  using value_type = T;

  required() = default;
  template <class U>
    requires(std::convertible_to<U, T> && !std::same_as<std::remove_cvref_t<U>, required>)
  required(U&& value) : value_(std::forward<U>(value)) {}

  operator const T&() const& { return value_; }
  operator T&() & { return value_; }
  operator T&&() && { return std::move(value_); }
  const T& operator*() const { return value_; }
  T& operator*() { return value_; }
  const T* operator->() const { return &value_; }
  T* operator->() { return &value_; }
  friend bool operator==(const required&, const required&) = default;

 private:
  T value_{};
};

// Whether T may be a parameter, a result, a signal's argument or heartbeat detail.
template <class T>
concept Serializable = detail::MessageType<T> || detail::serializable<T>();

}  // namespace perdure
