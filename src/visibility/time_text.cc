#include "visibility/time_text.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace perdure::visibility {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes parts off the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  bool done() const { return left_.empty(); }
  char peek() const { return left_.empty() ? '\0' : left_.front(); }
  bool accept(char c) {
    const bool found = peek() == c && !left_.empty();
    left_.remove_prefix(found ? 1 : 0);
    return found;
  }
  bool accept(std::string_view text) {
    const bool found = left_.starts_with(text);
    left_.remove_prefix(found ? text.size() : 0);
    return found;
  }
  // Exactly `digits` of them.
  std::optional<int> number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (i >= left_.size() || !is_digit(left_[i])) {
        return std::nullopt;
      }
      value = value * 10 + (left_[i] - '0');
    }
    left_.remove_prefix(digits);
    return value;
  }
  // As many digits as there are.
  std::string_view digits() {
    std::size_t count = 0;
    while (count < left_.size() && is_digit(left_[count])) {
      ++count;
    }
    const std::string_view found = left_.substr(0, count);
    left_.remove_prefix(count);
    return found;
  }

 private:
  std::string_view left_;
};

// Nanoseconds of a fraction's digits, those beyond the ninth cut off.
std::int64_t fraction_nanos(std::string_view digits) {
  std::int64_t nanos = 0;
  for (std::size_t i = 0; i < 9; ++i) {
    nanos = nanos * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return nanos;
}

// Seconds east of Greenwich.
std::optional<std::int64_t> read_offset(Reader& reader) {
  if (reader.accept('Z')) {
    return 0;
  }
  const bool west = reader.peek() == '-';
  if (!reader.accept('+') && !reader.accept('-')) {
    return std::nullopt;
  }
  const auto hours = reader.number(2);
  if (!hours || *hours > 23 || !reader.accept(':')) {
    return std::nullopt;
  }
  const auto minutes = reader.number(2);
  if (!minutes || *minutes > 59) {
    return std::nullopt;
  }
  const std::int64_t offset = *hours * 3600 + *minutes * 60;
  return west ? -offset : offset;
}

std::optional<Duration> from_nanos(long double nanos) {
  constexpr auto kMost = static_cast<long double>(std::numeric_limits<std::int64_t>::max());
  if (!(std::abs(nanos) < kMost)) {
    return std::nullopt;
  }
  return Duration(static_cast<std::int64_t>(nanos));
}

std::optional<Duration> parse_units(std::string_view text) {
  static constexpr std::pair<std::string_view, long double> kUnits[] = {
      {"ns", 1},      {"us", 1e3},      {"\u00b5s", 1e3},   {"\u03bcs", 1e3},    {"ms", 1e6},
      {"s", kSecond}, {"m", 60 * 1e9L}, {"h", 3600 * 1e9L}, {"d", 86'400 * 1e9L}};
  Reader reader(text);
  const bool negative = reader.accept('-');
  if (!negative) {
    reader.accept('+');
  }
  long double nanos = 0;
  bool any = false;
  while (!reader.done()) {
    const std::string_view whole = reader.digits();
    const std::string_view fraction = reader.accept('.') ? reader.digits() : std::string_view();
    if (whole.empty() && fraction.empty()) {
      return std::nullopt;
    }
    long double value = 0;
    for (const char digit : whole) {
      value = value * 10 + (digit - '0');
    }
    long double scale = 1;
    for (const char digit : fraction) {
      scale /= 10;
      value += scale * (digit - '0');
    }
    const auto* const unit = [&reader]() -> const std::pair<std::string_view, long double>* {
      for (const auto& one : kUnits) {
        if (reader.accept(one.first)) {
          return &one;
        }
      }
      return nullptr;
    }();
    if (unit == nullptr) {
      return std::nullopt;
    }
    nanos += value * unit->second;
    any = true;
  }
  return any ? from_nanos(std::round(negative ? -nanos : nanos)) : std::nullopt;
}

std::optional<Duration> parse_clock(std::string_view text) {
  Reader reader(text);
  const std::string_view hours = reader.digits();
  if (hours.empty() || hours.size() > 7 || !reader.accept(':')) {
    return std::nullopt;
  }
  const std::string_view minutes = reader.digits();
  if (minutes.empty() || minutes.size() > 2 || !reader.accept(':')) {
    return std::nullopt;
  }
  const std::string_view seconds = reader.digits();
  if (seconds.empty() || seconds.size() > 2 || !reader.done()) {
    return std::nullopt;
  }
  const auto value = [](std::string_view digits) {
    std::int64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
  };
  if (value(minutes) > 59 || value(seconds) > 59) {
    return std::nullopt;
  }
  return from_nanos(static_cast<long double>(value(hours) * 3600 + value(minutes) * 60 + value(seconds)) *
                    kSecond);
}

}  // namespace

std::optional<Timestamp> parse_rfc3339(std::string_view text) {
  namespace chrono = std::chrono;
  Reader reader(text);
  const auto year = reader.number(4);
  const bool dash = reader.accept('-');
  const auto month = reader.number(2);
  const bool second_dash = reader.accept('-');
  const auto day = reader.number(2);
  const bool has_time = reader.accept('T');
  const auto hour = reader.number(2);
  const bool colon = reader.accept(':');
  const auto minute = reader.number(2);
  const bool second_colon = reader.accept(':');
  const auto second = reader.number(2);
  if (!year || !dash || !month || !second_dash || !day || !has_time || !hour || !colon || !minute ||
      !second_colon || !second) {
    return std::nullopt;
  }
  std::string_view fraction;
  if (reader.accept('.') && (fraction = reader.digits()).empty()) {
    return std::nullopt;
  }
  const auto offset = read_offset(reader);
  const chrono::year_month_day date{chrono::year(*year), chrono::month(static_cast<unsigned>(*month)),
                                    chrono::day(static_cast<unsigned>(*day))};
  if (!offset || !reader.done() || !date.ok() || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  const std::int64_t days = chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + *hour * 3600 + *minute * 60 + *second - *offset;
  constexpr std::int64_t kMostSeconds = std::numeric_limits<std::int64_t>::max() / kSecond - 1;
  if (seconds > kMostSeconds || seconds < -kMostSeconds) {
    return std::nullopt;
  }
  return Timestamp{seconds * kSecond + fraction_nanos(fraction)};
}

std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t nanos = 0;
  const char* const end = text.data() + text.size();
  if (const auto [read_to, error] = std::from_chars(text.data(), end, nanos);
      !text.empty() && error == std::errc() && read_to == end) {
    return Duration(nanos);
  }
  if (const auto duration = parse_units(text)) {
    return duration;
  }
  return parse_clock(text);
}

}  // namespace perdure::visibility
