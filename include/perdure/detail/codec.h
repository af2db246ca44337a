#pragma once
// Writes and reads values by their Kind. Everything here is decided at compile time but the variants'
// alternatives.
#include <algorithm>
#include <chrono>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "perdure/detail/json_reader.h"
#include "perdure/detail/json_writer.h"
#include "perdure/detail/protobuf_json.h"
#include "perdure/detail/time_text.h"
#include "perdure/detail/type_name.h"
#include "perdure/serialize.h"

namespace perdure::detail {

template <class T>
void write_value(JsonWriter& out, const T& value);
template <class T>
T read_value(JsonReader& in);

// ---- writing
// ----------------------------------------------------------------------------------------------------

template <class T>
void write_struct(JsonWriter& out, const T& value) {
  static constexpr auto kNames = member_names<T>();
  static constexpr auto kOrder = members_by_name<T>();
  out.open('{');
  visit_members(value, [&](const auto&... member) {
    const auto members = std::tie(member...);
    const auto write_member = [&]<std::size_t Place>(std::integral_constant<std::size_t, Place>) {
      constexpr std::size_t kIndex = kOrder[Place];
      const PathScope scope(out.path, kNames[kIndex]);
      if constexpr (Place > 0) {
        out.raw(',');
      }
      out.string(kNames[kIndex]);
      out.raw(':');
      write_value(out, std::get<kIndex>(members));
    };
    [&]<std::size_t... Place>(std::index_sequence<Place...>) {
      (write_member(std::integral_constant<std::size_t, Place>()), ...);
    }(std::make_index_sequence<sizeof...(member)>());
  });
  out.close('}');
}

template <class T>
void write_elements(JsonWriter& out, const T& values) {
  out.open('[');
  std::size_t index = 0;
  for (const auto& value : values) {
    const PathScope scope(out.path, index);
    if (index++ > 0) {
      out.raw(',');
    }
    write_value<typename T::value_type>(out, value);
  }
  out.close(']');
}

// A hash set has no order of its own: its elements are ordered by their text, so that equal sets give equal
// bytes.
template <class T>
void write_unordered(JsonWriter& out, const T& values) {
  std::vector<std::string> texts;
  for (const auto& value : values) {
    JsonWriter element;
    write_value<typename T::value_type>(element, value);
    texts.push_back(std::move(element).take());
  }
  std::sort(texts.begin(), texts.end());
  out.open('[');
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) {
      out.raw(',');
    }
    out.raw(texts[i]);
  }
  out.close(']');
}

template <class T>
void write_map(JsonWriter& out, const T& map) {
  std::vector<typename T::const_pointer> entries;
  entries.reserve(map.size());
  for (const auto& entry : map) {
    entries.push_back(&entry);
  }
  std::sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->first < b->first; });
  out.open('{');
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) {
      out.raw(',');
    }
    if constexpr (std::is_same_v<typename T::key_type, std::string>) {
      out.string(entries[i]->first);
      out.raw(':');
      const PathScope scope(out.path, entries[i]->first);
      write_value(out, entries[i]->second);
    } else {
      const std::string key = std::to_string(entries[i]->first);
      out.string(key);
      out.raw(':');
      const PathScope scope(out.path, key);
      write_value(out, entries[i]->second);
    }
  }
  out.close('}');
}

template <class T>
void write_tuple(JsonWriter& out, const T& tuple) {
  out.open('[');
  std::size_t index = 0;
  std::apply(
      [&](const auto&... part) {
        [[maybe_unused]] const auto write_part = [&](const auto& value) {
          const PathScope scope(out.path, index);
          if (index++ > 0) {
            out.raw(',');
          }
          write_value(out, value);
        };
        (write_part(part), ...);
      },
      tuple);
  out.close(']');
}

template <class T>
void write_duration(JsonWriter& out, const T& duration) {
  using Period = typename T::period;
  if constexpr (std::is_floating_point_v<typename T::rep>) {
    out.floating(std::chrono::duration<double>(duration).count());
  } else {
    static_assert(kNanosPerSecond % Period::den == 0,
                  "perdure: a duration finer than nanoseconds cannot cross");
    const WideInt unit = static_cast<WideInt>(Period::num) * (kNanosPerSecond / Period::den);
    const WideInt nanos = static_cast<WideInt>(duration.count()) * unit;
    const WideInt limit = static_cast<WideInt>(kNanosPerSecond) * 1'000'000'000'000'000'000;
    if (nanos >= limit || nanos <= -limit) {
      out.fail("the duration is beyond 10^18 seconds");
    }
    out.raw(seconds_text(nanos));
  }
}

// JSON that somebody else wrote.
inline void write_checked(JsonWriter& out, const std::string& text) {
  JsonReader in(text);
  try {
    in.skip();
    in.finish();
  } catch (const DataConversionError& error) {
    out.fail(std::string("the text is not JSON: ") + error.what());
  }
  out.raw(text);
}

template <class T>
void write_value(JsonWriter& out, const T& value) {
  constexpr Kind kind = kKind<T>;
  if constexpr (kind == Kind::kCodec) {
    write_value<Encoded<T>>(out, Codec<T>::encode(value));
  } else if constexpr (kind == Kind::kNull) {
    out.null();
  } else if constexpr (kind == Kind::kBool) {
    out.boolean(value);
  } else if constexpr (kind == Kind::kInteger) {
    out.integer(value);
  } else if constexpr (kind == Kind::kFloating) {
    out.floating(value);
  } else if constexpr (kind == Kind::kEnum) {
    out.integer(static_cast<
                std::conditional_t<std::is_signed_v<std::underlying_type_t<T>>, std::int64_t, std::uint64_t>>(
        value));
  } else if constexpr (kind == Kind::kString) {
    out.string(value);
  } else if constexpr (kind == Kind::kDuration) {
    write_duration(out, value);
  } else if constexpr (kind == Kind::kTimePoint) {
    out.string(instant_text(std::chrono::time_point_cast<std::chrono::nanoseconds>(value)));
  } else if constexpr (kind == Kind::kOptional || kind == Kind::kUniquePtr) {
    value ? write_value(out, *value) : out.null();
  } else if constexpr (kind == Kind::kRequired) {
    write_value(out, *value);
  } else if constexpr (kind == Kind::kSet && requires { typename T::hasher; }) {
    write_unordered(out, value);
  } else if constexpr (kind == Kind::kSequence || kind == Kind::kArray || kind == Kind::kSet) {
    write_elements(out, value);
  } else if constexpr (kind == Kind::kMap) {
    write_map(out, value);
  } else if constexpr (kind == Kind::kTuple) {
    write_tuple(out, value);
  } else if constexpr (kind == Kind::kVariant) {
    std::visit([&](const auto& alternative) { write_value(out, alternative); }, value);
  } else if constexpr (kind == Kind::kRawJson) {
    write_checked(out, value.text);
  } else if constexpr (kind == Kind::kProtobuf) {
    out.raw(message_to_json(value));
  } else {
    write_struct(out, value);
  }
}

// ---- reading
// ----------------------------------------------------------------------------------------------------

template <class T>
T read_struct(JsonReader& in) {
  static constexpr auto kNames = member_names<T>();
  T value{};
  std::array<bool, kNames.size() + 1> seen{};
  visit_members(value, [&](auto&... member) {
    const auto members = std::tie(member...);
    const auto read_member = [&]<std::size_t I>(std::integral_constant<std::size_t, I>,
                                                std::string_view name) {
      if (name != kNames[I]) {
        return false;
      }
      using Member = std::remove_reference_t<decltype(std::get<I>(members))>;
      const PathScope scope(in.path, kNames[I]);
      std::get<I>(members) = read_value<Member>(in);
      seen[I] = true;
      return true;
    };
    const auto check_present = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
      using Member = std::remove_reference_t<decltype(std::get<I>(members))>;
      if constexpr (kKind<Member> == Kind::kRequired) {
        if (!seen[I]) {
          in.fail("the required member \"" + std::string(kNames[I]) + "\" is missing");
        }
      }
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      for (bool first = in.open('{', "an object"); in.next('}', first);) {
        const std::string name = in.member_name();
        if (!(read_member(std::integral_constant<std::size_t, I>(), name) || ...)) {
          in.note_misfits(1);
          in.skip();
        }
      }
      in.note_misfits(static_cast<std::size_t>(std::count(seen.begin(), seen.end() - 1, false)));
      (check_present(std::integral_constant<std::size_t, I>()), ...);
    }(std::make_index_sequence<sizeof...(member)>());
  });
  return value;
}

template <class T>
T read_elements(JsonReader& in) {
  T values;
  std::size_t index = 0;
  for (bool first = in.open('[', "an array"); in.next(']', first);) {
    const PathScope scope(in.path, index++);
    if constexpr (kKind<T> == Kind::kSet) {
      values.insert(read_value<typename T::value_type>(in));
    } else {
      values.push_back(read_value<typename T::value_type>(in));
    }
  }
  return values;
}

template <class T>
T read_map(JsonReader& in) {
  using Key = typename T::key_type;
  T map;
  for (bool first = in.open('{', "an object"); in.next('}', first);) {
    std::string name = in.member_name();
    const PathScope scope(in.path, name);
    if constexpr (std::is_same_v<Key, std::string>) {
      auto value = read_value<typename T::mapped_type>(in);
      map.insert_or_assign(name, std::move(value));
    } else {
      Key key{};
      const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), key);
      if (error != std::errc() || end != name.data() + name.size()) {
        in.fail("the member's name is not a whole number from " +
                std::to_string(std::numeric_limits<Key>::min()) + " to " +
                std::to_string(std::numeric_limits<Key>::max()));
      }
      map.insert_or_assign(key, read_value<typename T::mapped_type>(in));
    }
  }
  return map;
}

// An array of exactly as many elements as T has parts.
template <class T, std::size_t... I>
T read_fixed(JsonReader& in, std::index_sequence<I...>) {
  const std::string expected = std::to_string(sizeof...(I)) + " elements";
  bool first = in.open('[', "an array");
  [[maybe_unused]] const auto read_part = [&]<std::size_t At>(std::integral_constant<std::size_t, At>) {
    const PathScope scope(in.path, At);
    if (!in.next(']', first)) {
      in.fail("the array must have " + expected + ", it has " + std::to_string(At));
    }
    return read_value<std::tuple_element_t<At, T>>(in);
  };
  T value{read_part(std::integral_constant<std::size_t, I>())...};
  if (in.next(']', first)) {
    in.fail("the array must have " + expected + ", it has more");
  }
  return value;
}

struct DurationText {
  std::string text;                // in seconds
  std::optional<WideInt> nanos{};  // none: finer than that, or out of all bounds
};

// A number of seconds, or a text as ISO 8601 has it.
inline DurationText read_duration_text(JsonReader& in) {
  const JsonReader::Mark start = in.mark();
  if (in.kind() == '"') {
    const std::string text = in.string();
    const auto nanos = parse_iso_duration(text);
    if (!nanos) {
      in.fail_at(start.at,
                 "\"" + text + "\" is not a duration: a number of seconds, or e.g. \"P1DT2H30M1.5S\"");
    }
    return {seconds_text(*nanos), nanos};
  }
  std::string text(in.number("a number of seconds"));
  if (text.find_first_of("eE") == std::string::npos) {
    const auto nanos = parse_seconds(text);
    return {std::move(text), nanos};
  }
  double seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (seconds > -1e15 && seconds < 1e15) {
    const double nanos = seconds * static_cast<double>(kNanosPerSecond) + (seconds < 0 ? -0.5 : 0.5);
    return {std::move(text), static_cast<WideInt>(nanos)};
  }
  return {std::move(text)};
}

template <class T>
T read_duration(JsonReader& in) {
  const JsonReader::Mark start = in.mark();
  if constexpr (std::is_floating_point_v<typename T::rep>) {
    if (in.kind() != '"') {
      return std::chrono::duration_cast<T>(std::chrono::duration<double>(in.floating<double>()));
    }
    const std::chrono::duration<double, std::nano> nanos(static_cast<double>(*read_duration_text(in).nanos));
    return std::chrono::duration_cast<T>(nanos);
  } else {
    using Period = typename T::period;
    using Rep = typename T::rep;
    const DurationText read = read_duration_text(in);
    const WideInt unit = static_cast<WideInt>(Period::num) * (kNanosPerSecond / Period::den);
    if (!read.nanos || *read.nanos % unit != 0 || *read.nanos / unit > std::numeric_limits<Rep>::max() ||
        *read.nanos / unit < std::numeric_limits<Rep>::min()) {
      in.fail_at(start.at, read.text + " s is not a whole number of units of the duration's type (" +
                               seconds_text(unit) + " s), or does not fit it");
    }
    return T(static_cast<Rep>(*read.nanos / unit));
  }
}

template <class T>
T read_instant(JsonReader& in) {
  const JsonReader::Mark start = in.mark();
  const std::string text = in.string();
  const auto instant = parse_instant(text);
  if (!instant) {
    in.fail_at(start.at, "\"" + text + "\" is not an ISO 8601 date and time from 1678 to 2261");
  }
  return T(std::chrono::duration_cast<typename T::duration>(instant->time_since_epoch()));
}

// The alternative that fits best (JsonReader::note_misfits); of several, the first.
template <class T>
T read_variant(JsonReader& in) {
  const JsonReader::Mark start = in.mark();
  std::optional<T> best;
  JsonReader::Mark best_end = start;
  std::string first_error;
  const auto try_alternative = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
    in.rewind(start);
    try {
      T value(std::in_place_index<I>, read_value<std::variant_alternative_t<I, T>>(in));
      if (!best || in.misfits() < best_end.misfits) {
        best.emplace(std::move(value));
        best_end = in.mark();
      }
    } catch (const DataConversionError& error) {
      first_error = I == 0 ? error.what() : first_error;
    }
    return best && best_end.misfits == start.misfits;
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (try_alternative(std::integral_constant<std::size_t, I>()) || ...);
  }(std::make_index_sequence<std::variant_size_v<T>>());
  if (!best) {
    in.rewind(start);
    in.fail("no alternative of " + std::string(kTypeName<T>) + " fits; the first one: " + first_error);
  }
  in.rewind(best_end);
  return *std::move(best);
}

template <class T>
T read_with_codec(JsonReader& in) {
  const JsonReader::Mark start = in.mark();
  auto encoded = read_value<Encoded<T>>(in);
  try {
    return Codec<T>::decode(std::move(encoded));
  } catch (const DataConversionError&) {
    throw;
  } catch (const std::exception& error) {
    in.fail_at(start.at, std::string("Codec<") + std::string(kTypeName<T>) + ">::decode: " + error.what());
  }
}

template <class T>
T read_value(JsonReader& in) {
  constexpr Kind kind = kKind<T>;
  if constexpr (kind == Kind::kCodec) {
    return read_with_codec<T>(in);
  } else if constexpr (kind == Kind::kNull) {
    if (!in.take_null()) {
      in.fail_expected("null");
    }
    return T{};
  } else if constexpr (kind == Kind::kBool) {
    return in.boolean();
  } else if constexpr (kind == Kind::kInteger) {
    return in.integer<T>();
  } else if constexpr (kind == Kind::kFloating) {
    return in.floating<T>();
  } else if constexpr (kind == Kind::kEnum) {
    using Number = std::underlying_type_t<T>;
    return static_cast<T>(
        in.integer<std::conditional_t<std::is_same_v<Number, bool>, unsigned char, Number>>());
  } else if constexpr (kind == Kind::kString) {
    return in.string();
  } else if constexpr (kind == Kind::kDuration) {
    return read_duration<T>(in);
  } else if constexpr (kind == Kind::kTimePoint) {
    return read_instant<T>(in);
  } else if constexpr (kind == Kind::kOptional) {
    return in.take_null() ? T() : T(read_value<typename T::value_type>(in));
  } else if constexpr (kind == Kind::kUniquePtr) {
    using Element = typename T::element_type;
    return in.take_null() ? T() : T(new Element(read_value<Element>(in)));
  } else if constexpr (kind == Kind::kRequired) {
    return T(read_value<typename T::value_type>(in));
  } else if constexpr (kind == Kind::kSequence || kind == Kind::kSet) {
    return read_elements<T>(in);
  } else if constexpr (kind == Kind::kMap) {
    return read_map<T>(in);
  } else if constexpr (kind == Kind::kArray || kind == Kind::kTuple) {
    return read_fixed<T>(in, std::make_index_sequence<std::tuple_size_v<T>>());
  } else if constexpr (kind == Kind::kVariant) {
    return read_variant<T>(in);
  } else if constexpr (kind == Kind::kRawJson) {
    return T{std::string(in.skipped_text())};
  } else if constexpr (kind == Kind::kProtobuf) {
    const JsonReader::Mark start = in.mark();
    T message;
    if (const std::string error = message_from_json(in.skipped_text(), message); !error.empty()) {
      in.fail_at(start.at, "not the JSON of a " + std::string(message.GetTypeName()) + ": " + error);
    }
    return message;
  } else {
    return read_struct<T>(in);
  }
}

template <class T>
std::string to_json(const T& value) {
  JsonWriter out;
  write_value(out, value);
  return std::move(out).take();
}

template <class T>
T from_json(std::string_view text) {
  JsonReader in(text);
  T value = read_value<T>(in);
  in.finish();
  return value;
}

}  // namespace perdure::detail
