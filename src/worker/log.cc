// Where log lines go (include/perdure/logger.h).
#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "perdure/logger.h"
#include "perdure/workflow_unsafe.h"

namespace perdure {
namespace {

struct Sink {
  std::mutex mutex;
  std::shared_ptr<const LogSink> current;  // null: standard error
};

// Never destroyed: threads of the program may write while it ends.
Sink& sink() {
  static Sink& the_sink = *new Sink;
  return the_sink;
}

constexpr std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "info";
}

// "2026-01-31T12:00:00.123Z info charging workflow_id=order-1 …", one write so that lines do not mix.
void write_to_stderr(const LogRecord& record) {
  const auto now = std::chrono::system_clock::now();
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  std::tm calendar{};
  gmtime_r(&seconds, &calendar);
  std::string line =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z {:<7} {}", calendar.tm_year + 1900,
                  calendar.tm_mon + 1, calendar.tm_mday, calendar.tm_hour, calendar.tm_min, calendar.tm_sec,
                  millis, name_of(record.level), record.message);
  for (const auto& [name, value] : record.fields) {
    line += fmt::format(" {}={}", name, value);
  }
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace

void set_log_sink(LogSink new_sink) {
  std::shared_ptr<const LogSink> next =
      new_sink ? std::make_shared<const LogSink>(std::move(new_sink)) : nullptr;
  const std::lock_guard lock(sink().mutex);
  sink().current.swap(next);
}

void write_log(const LogRecord& record) noexcept {
  const detail::UnguardedScope unguarded;  // workflow code may log, whatever the sink needs for it
  try {
    std::shared_ptr<const LogSink> current;
    {
      const std::lock_guard lock(sink().mutex);
      current = sink().current;
    }
    if (current != nullptr) {
      (*current)(record);
    } else {
      write_to_stderr(record);
    }
  } catch (
      ...) {  // NOLINT(bugprone-empty-catch): a line that cannot be written must not fail what it tells of
  }
}

void Logger::log(LogLevel level, std::string_view message, LogFields fields) const {
  if (silent_) {
    return;
  }
  LogFields where = context_();
  fields.insert(fields.end(), std::make_move_iterator(where.begin()), std::make_move_iterator(where.end()));
  write_log({.level = level, .message = std::string(message), .fields = std::move(fields)});
}

}  // namespace perdure
