#include "engine/cron.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace perdure::engine {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr int kYearsAhead = 5;  // further on nothing is looked for, as robfig/cron
constexpr std::array<std::string_view, 12> kMonths{"jan", "feb", "mar", "apr", "may", "jun",
                                                   "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kDays{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Field {
  int least;
  int most;
  std::span<const std::string_view> names;  // of least, least + 1, …
};
constexpr std::array<Field, 5> kFields{
    {{0, 59, {}}, {0, 23, {}}, {1, 31, {}}, {1, 12, kMonths}, {0, 6, kDays}}};

struct Values {
  std::bitset<64> set;
  bool any = false;  // "*"
};
struct Calendar {
  Values minute, hour, day, month, weekday;
};
struct Every {
  std::int64_t seconds = 1;
};
using Schedule = std::variant<Calendar, Every>;

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

// "*", "5", "1-5", "*/15", "1-30/2", "5/15" (from 5 on).
bool add_range(std::string_view text, const Field& field, Values* values) {
  const auto steps = split(text, '/', true);
  const int step = steps.size() == 2 ? number(steps[1]).value_or(0) : 1;
  if (steps.size() > 2 || step <= 0) {
    return false;
  }
  int first = field.least;
  int last = field.most;
  if (steps[0] == "*" || steps[0] == "?") {
    values->any |= step == 1;
  } else {
    const auto ends = split(steps[0], '-', true);
    const auto low = value_of(ends.front(), field);
    const auto high = value_of(ends.back(), field);
    if (ends.size() > 2 || !low || !high) {
      return false;
    }
    first = *low;
    last = ends.size() == 1 && steps.size() == 2 ? field.most : *high;
  }
  if (first < field.least || last > field.most || first > last) {
    return false;
  }
  for (int value = first; value <= last; value += step) {
    values->set.set(static_cast<std::size_t>(value));
  }
  return true;
}

bool read_field(std::string_view text, const Field& field, Values* values) {
  const auto parts = split(text, ',', false);
  return !parts.empty() && std::all_of(parts.begin(), parts.end(),
                                       [&](std::string_view part) { return add_range(part, field, values); });
}

// "1h30m", "90s", "1.5h" in seconds, rounded down; at least 1.
std::optional<std::int64_t> go_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double seconds;
  };
  constexpr std::array<Unit, 7> kUnits{
      {{"h", 3600}, {"m", 60}, {"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"µs", 1e-6}, {"ns", 1e-9}}};
  double total = 0;
  if (text.empty()) {
    return std::nullopt;
  }
  while (!text.empty()) {
    std::size_t digits = 0;
    while (digits < text.size() &&
           (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == '.')) {
      ++digits;
    }
    std::size_t end = digits;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) == 0 &&
           text[end] != '.') {
      ++end;
    }
    const std::string_view name = text.substr(digits, end - digits);
    const auto unit =
        std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& each) { return each.name == name; });
    double value = 0;
    const auto [parsed, error] = std::from_chars(text.data(), text.data() + digits, value);
    if (digits == 0 || unit == kUnits.end() || error != std::errc() || parsed != text.data() + digits) {
      return std::nullopt;
    }
    total += value * unit->seconds;
    text.remove_prefix(end);
  }
  constexpr double kMost = 9e9;  // Go's longest duration
  return total > kMost ? std::nullopt
                       : std::optional(std::max<std::int64_t>(1, static_cast<std::int64_t>(total + 1e-9)));
}

std::optional<Schedule> parse(std::string_view schedule);

std::optional<Schedule> parse_descriptor(std::string_view text) {
  struct Named {
    std::string_view name;
    std::string_view schedule;
  };
  constexpr std::array<Named, 7> kNamed{{{"@yearly", "0 0 1 1 *"},
                                         {"@annually", "0 0 1 1 *"},
                                         {"@monthly", "0 0 1 * *"},
                                         {"@weekly", "0 0 * * 0"},
                                         {"@daily", "0 0 * * *"},
                                         {"@midnight", "0 0 * * *"},
                                         {"@hourly", "0 * * * *"}}};
  constexpr std::string_view kEvery = "@every ";
  const auto named =
      std::find_if(kNamed.begin(), kNamed.end(), [&](const Named& each) { return each.name == text; });
  if (named != kNamed.end()) {
    return parse(named->schedule);
  }
  if (!text.starts_with(kEvery)) {
    return std::nullopt;
  }
  const auto seconds = go_duration(text.substr(kEvery.size()));
  return seconds ? std::optional<Schedule>(Every{*seconds}) : std::nullopt;
}

std::optional<Schedule> parse(std::string_view schedule) {
  if (schedule.starts_with('@')) {
    return parse_descriptor(schedule);
  }
  const auto parts = split(schedule, ' ', false);
  Calendar calendar;
  Values* const values[] = {&calendar.minute, &calendar.hour, &calendar.day, &calendar.month,
                            &calendar.weekday};
  if (parts.size() != kFields.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    if (!read_field(parts[i], kFields[i], values[i])) {
      return std::nullopt;
    }
  }
  return calendar;
}

// Takes a time zone off; false: it is none that is the same as UTC.
bool take_time_zone(std::string_view* schedule) {
  if (!schedule->starts_with("TZ=") && !schedule->starts_with("CRON_TZ=")) {
    return true;
  }
  const std::size_t space = schedule->find(' ');
  const std::size_t equals = schedule->find('=');
  if (space == std::string_view::npos) {
    return true;  // not a schedule at all
  }
  const std::string_view zone = schedule->substr(equals + 1, space - equals - 1);
  schedule->remove_prefix(space + 1);
  while (schedule->starts_with(' ')) {
    schedule->remove_prefix(1);
  }
  constexpr std::array<std::string_view, 5> kUtc{"", "UTC", "Etc/UTC", "GMT", "Etc/GMT"};
  return std::find(kUtc.begin(), kUtc.end(), zone) != kUtc.end();
}

bool is_day(const Calendar& calendar, sys_days day) {
  const year_month_day date{day};
  if (!calendar.month.set[static_cast<unsigned>(date.month())]) {
    return false;
  }
  const bool of_month = calendar.day.set[static_cast<unsigned>(date.day())];
  const bool of_week = calendar.weekday.set[std::chrono::weekday{day}.c_encoding()];
  return calendar.day.any || calendar.weekday.any ? of_month && of_week : of_month || of_week;
}

// The first time after `after` that matches, in seconds since 1970.
std::optional<std::int64_t> next_of(const Calendar& calendar, std::int64_t after) {
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t from = (after / 60 + 1) * 60;
  const sys_days first{days{from / kDay}};
  const sys_days end{year_month_day{year_month_day{first}.year() + std::chrono::years{kYearsAhead + 1},
                                    std::chrono::January, std::chrono::day{1}}};
  for (sys_days day = first; day < end; day += days{1}) {
    if (!is_day(calendar, day)) {
      continue;
    }
    const std::int64_t midnight = day.time_since_epoch().count() * kDay;
    for (std::int64_t minute = 0; minute < kDay / 60; ++minute) {
      const std::int64_t time = midnight + minute * 60;
      if (time >= from && calendar.hour.set[static_cast<std::size_t>(minute / 60)] &&
          calendar.minute.set[static_cast<std::size_t>(minute % 60)]) {
        return time;
      }
    }
  }
  return std::nullopt;
}

// The first time of the schedule after `scheduled` that is not before `now`; in seconds since 1970.
std::optional<std::int64_t> next_time(const Schedule& schedule, Timestamp scheduled, Timestamp now) {
  const std::int64_t not_before = now.nanos / kSecond + (now.nanos % kSecond != 0 ? 1 : 0);
  const std::int64_t last = scheduled.nanos / kSecond;
  if (const auto* every = std::get_if<Every>(&schedule)) {
    const std::int64_t steps = (not_before - last + every->seconds - 1) / every->seconds;
    return last + std::max<std::int64_t>(1, steps) * every->seconds;
  }
  return next_of(std::get<Calendar>(schedule), std::max(last, not_before - 1));
}

}  // namespace

CronProblem check_cron(std::string_view schedule) {
  const bool utc = take_time_zone(&schedule);
  const auto parsed = parse(schedule);
  if (!parsed) {
    return CronProblem::kInvalid;
  }
  if (!utc) {
    return CronProblem::kOtherTimeZone;
  }
  const Timestamp any{};  // what matches at all does so within every five years
  return next_time(*parsed, any, any) ? CronProblem::kNone : CronProblem::kNever;
}

const char* cron_problem_text(CronProblem problem) {
  switch (problem) {
    case CronProblem::kNone:
      return "";
    case CronProblem::kInvalid:
      return "invalid CronSchedule.";
    case CronProblem::kOtherTimeZone:
      return "CronSchedule in a time zone other than UTC is not implemented by this version of Perdure";
    case CronProblem::kNever:
      return "invalid CronSchedule, no time can be found to satisfy the schedule";
  }
  return "";
}

std::optional<Duration> cron_backoff(std::string_view schedule, Timestamp scheduled, Timestamp now) {
  if (schedule.empty() || !take_time_zone(&schedule)) {
    return std::nullopt;
  }
  const auto parsed = parse(schedule);
  if (!parsed) {
    return std::nullopt;
  }
  const std::int64_t wait = now < scheduled ? scheduled.nanos - now.nanos : [&]() -> std::int64_t {
    const auto next = next_time(*parsed, scheduled, now);
    return next ? *next * kSecond - now.nanos : -1;
  }();
  if (wait < 0) {
    return std::nullopt;
  }
  return Duration((wait + kSecond - 1) / kSecond * kSecond);
}

}  // namespace perdure::engine
