#include "frontend/cron.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace perdure::frontend {
namespace {

constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  int least;
  int most;
  std::span<const std::string_view> names;  // of least, least + 1, …
};

std::vector<std::string_view> split(std::string_view text, char separator, bool keep_empty) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    const std::string_view part = text.substr(0, end);
    if (keep_empty || !part.empty()) {
      parts.push_back(part);
    }
    if (end == std::string_view::npos) {
      return parts;
    }
    text.remove_prefix(end + 1);
  }
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<int> value_of(std::string_view text, const Field& field) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto named = std::find(field.names.begin(), field.names.end(), lower);
  if (named != field.names.end()) {
    return field.least + static_cast<int>(named - field.names.begin());
  }
  return number(text);
}

// "*", "5", "1-5", "*/15", "1-30/2"
bool is_range(std::string_view text, const Field& field) {
  const auto steps = split(text, '/', true);
  if (steps.size() > 2 || (steps.size() == 2 && number(steps[1]).value_or(0) <= 0)) {
    return false;
  }
  if (steps[0] == "*" || steps[0] == "?") {
    return true;
  }
  const auto ends = split(steps[0], '-', true);
  if (ends.size() > 2) {
    return false;
  }
  const auto first = value_of(ends.front(), field);
  const auto last = value_of(ends.back(), field);
  return first && last && *first >= field.least && *last <= field.most && *first <= *last;
}

bool is_field(std::string_view text, const Field& field) {
  const auto parts = split(text, ',', true);
  return std::all_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return is_range(part, field); });
}

// "1h30m", "90s", "1.5h"
bool is_go_duration(std::string_view text) {
  bool any = false;
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == '.')) {
      ++digits;
    }
    std::size_t unit = digits;
    while (unit < text.size() && std::isalpha(static_cast<unsigned char>(text[unit])) != 0) {
      ++unit;
    }
    constexpr std::array<std::string_view, 6> kUnits{"h", "m", "s", "ms", "us", "ns"};
    const std::string_view name = text.substr(digits, unit - digits);
    if (digits == 0 || std::find(kUnits.begin(), kUnits.end(), name) == kUnits.end()) {
      return false;
    }
    any = true;
    text.remove_prefix(unit);
  }
  return any;
}

bool is_descriptor(std::string_view text) {
  constexpr std::array<std::string_view, 7> kDescriptors{"@yearly", "@annually", "@monthly", "@weekly",
                                                         "@daily",  "@midnight", "@hourly"};
  constexpr std::string_view kEvery = "@every ";
  return std::find(kDescriptors.begin(), kDescriptors.end(), text) != kDescriptors.end() ||
         (text.starts_with(kEvery) && is_go_duration(text.substr(kEvery.size())));
}

}  // namespace

bool is_cron_schedule(std::string_view schedule) {
  if (schedule.starts_with("TZ=") || schedule.starts_with("CRON_TZ=")) {
    const std::size_t space = schedule.find(' ');
    if (space == std::string_view::npos) {
      return false;
    }
    schedule.remove_prefix(space + 1);
  }
  if (schedule.starts_with('@')) {
    return is_descriptor(schedule);
  }
  const std::array<Field, 5> fields{{{0, 59, {}}, {0, 23, {}}, {1, 31, {}}, {1, 12, kMonths}, {0, 6, kDays}}};
  const auto parts = split(schedule, ' ', false);
  if (parts.size() != fields.size()) {
    return false;
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!is_field(parts[i], fields[i])) {
      return false;
    }
  }
  return true;
}

}  // namespace perdure::frontend
