#pragma once
// Durations as decimal seconds and instants as ISO 8601, both without rounding.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace perdure::detail {

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
__extension__ using WideInt = __int128;

// `seconds` and a fraction of 0 … 999'999'999 ns with the trailing zeros dropped, e.g. "-1.5".
inline std::string seconds_text(WideInt nanos) {
  const bool negative = nanos < 0;
  const WideInt size = negative ? -nanos : nanos;
  std::string text =
      (negative ? "-" : "") + std::to_string(static_cast<std::uint64_t>(size / kNanosPerSecond));
  if (const auto rest = static_cast<std::int64_t>(size % kNanosPerSecond); rest != 0) {
    std::string fraction = std::to_string(kNanosPerSecond + rest).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += "." + fraction;
  }
  return text;
}

// The nanoseconds of a JSON number of seconds without an exponent; none: finer than a nanosecond, or beyond
// 64 bits of seconds.
inline std::optional<WideInt> parse_seconds(std::string_view text) {
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  const std::size_t point = std::min(text.find('.'), text.size());
  if (point > 18) {
    return std::nullopt;
  }
  WideInt nanos = 0;
  for (const char digit : text.substr(0, point)) {
    nanos = nanos * 10 + (digit - '0');
  }
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  for (int i = 0; i < 9; ++i) {
    nanos = nanos * 10 + (fraction.empty() ? 0 : fraction.front() - '0');
    fraction.remove_prefix(fraction.empty() ? 0 : 1);
  }
  if (fraction.find_first_not_of('0') != std::string_view::npos) {
    return std::nullopt;
  }
  return negative ? -nanos : nanos;
}

// ISO 8601's form of a duration, which pydantic writes: P1Y35DT2H3M4.000005S, with years of 365 days. None:
// something else, or with months, whose length is not fixed.
inline std::optional<WideInt> parse_iso_duration(std::string_view text) {
  struct Unit {
    char letter;
    std::int64_t seconds;
  };
  constexpr std::array<Unit, 3> kOfDate{Unit{'Y', 365 * 86'400}, {'W', 7 * 86'400}, {'D', 86'400}};
  constexpr std::array<Unit, 3> kOfTime{Unit{'H', 3'600}, {'M', 60}, {'S', 1}};
  const bool negative = text.starts_with('-');
  text.remove_prefix(negative ? 1 : 0);
  if (!text.starts_with('P') || text.size() < 3 || text.ends_with('T')) {
    return std::nullopt;
  }
  text.remove_prefix(1);
  WideInt nanos = 0;
  bool in_time = false;
  for (auto unit = kOfDate.begin(), end = kOfDate.end(); !text.empty();) {
    if (text.front() == 'T' && !in_time) {
      in_time = true;
      unit = kOfTime.begin();
      end = kOfTime.end();
      text.remove_prefix(1);
      continue;
    }
    const std::string_view number = text.substr(0, text.find_first_not_of("0123456789."));
    text.remove_prefix(number.size());
    unit = std::find_if(unit, end, [&](const Unit& u) { return !text.empty() && text.front() == u.letter; });
    const auto amount = parse_seconds(number);
    if (unit == end || number.empty() || number.front() == '.' || number.find('.') != number.rfind('.') ||
        !amount) {
      return std::nullopt;
    }
    nanos += *amount * unit->seconds;
    ++unit;
    text.remove_prefix(1);
  }
  return negative ? -nanos : nanos;
}

// As Python's datetime.isoformat() in UTC: microseconds where there are any, nanoseconds where those do not
// suffice.
inline std::string instant_text(std::chrono::sys_time<std::chrono::nanoseconds> instant) {
  const auto day = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(instant - day);
  const auto nanos = static_cast<long>(time.subseconds().count());
  char text[64];
  int length =
      std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()));
  std::string out(text, static_cast<std::size_t>(length));
  if (nanos != 0) {
    const bool micros = nanos % 1000 == 0;
    length = std::snprintf(text, sizeof text, micros ? ".%06ld" : ".%09ld", micros ? nanos / 1000 : nanos);
    out.append(text, static_cast<std::size_t>(length));
  }
  return out + "+00:00";
}

// ISO 8601 with a date, 'T' or a space, a time, up to nine digits of fraction, and Z, an offset or nothing
// (UTC).
inline std::optional<std::chrono::sys_time<std::chrono::nanoseconds>> parse_instant(std::string_view text) {
  using std::chrono::nanoseconds;
  std::size_t at = 0;
  bool good = true;
  const auto digits = [&](int count) {
    int value = 0;
    for (int i = 0; i < count; ++i, ++at) {
      good = good && at < text.size() && text[at] >= '0' && text[at] <= '9';
      value = good ? value * 10 + (text[at] - '0') : 0;
    }
    return value;
  };
  const auto one_of = [&](std::string_view allowed) {
    good = good && at < text.size() && allowed.find(text[at]) != std::string_view::npos;
    return good ? text[at++] : '\0';
  };
  const int year = digits(4);
  one_of("-");
  const int month = digits(2);
  one_of("-");
  const int day = digits(2);
  one_of("T ");
  const int hour = digits(2);
  one_of(":");
  const int minute = digits(2);
  one_of(":");
  const int second = digits(2);
  std::int64_t nanos = 0;
  if (at < text.size() && text[at] == '.') {
    std::int64_t unit = kNanosPerSecond;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9' && unit > 1; ++at) {
      unit /= 10;
      nanos += (text[at] - '0') * unit;
    }
    good = good && unit < kNanosPerSecond;
  }
  int offset = 0;
  if (at < text.size()) {
    const char sign = one_of("Z+-");
    if (good && sign != 'Z') {
      offset = digits(2) * 60;
      one_of(":");
      offset = (offset + digits(2)) * (sign == '-' ? -1 : 1);
    }
  }
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  if (!good || at != text.size() || !date.ok() || hour > 23 || minute > 59 || second > 59 || year < 1678 ||
      year > 2261) {
    return std::nullopt;
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute - offset) +
         std::chrono::seconds(second) + nanoseconds(nanos);
}

}  // namespace perdure::detail
