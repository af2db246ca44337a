#pragma once
// Log lines of workflows and activities: what was said, how important it is, and about which run. A
// workflow's lines are silent in a replay, so that each appears once.
//
//   perdure::workflow::logger().info("charging the card");
//   perdure::activity::logger().warning("trying the other mirror", {{"mirror", host}});
//
// Lines go to standard error, or to the sink of the program's choice:
//   perdure::set_log_sink([](const perdure::LogRecord& record) { my_log(record.message); });
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

using LogFields = std::vector<std::pair<std::string, std::string>>;

// One line. `fields` are those of the call, then those that say where it was made: workflow_id, run_id,
// workflow_type, and for an activity activity_id, activity_type, attempt.
struct LogRecord {
  LogLevel level = LogLevel::kInfo;
  std::string message{};
  LogFields fields{};
};

using LogSink = std::function<void(const LogRecord&)>;

// Where log lines go from now on; an empty sink: to standard error again. Thread-safe. The sink is called
// from several threads at once; what it throws is lost.
void set_log_sink(LogSink sink);
// Hands one line to the sink. Thread-safe.
void write_log(const LogRecord& record) noexcept;

// Cheap to copy; made by workflow::logger() and activity::logger(), valid as long as the run or the attempt.
class Logger {
 public:
  using Context = std::function<LogFields()>;

  // `silent`: nothing is written.
  Logger(bool silent, Context context) : silent_(silent), context_(std::move(context)) {}

  void debug(std::string_view message, LogFields fields = {}) const {
    log(LogLevel::kDebug, message, std::move(fields));
  }
  void info(std::string_view message, LogFields fields = {}) const {
    log(LogLevel::kInfo, message, std::move(fields));
  }
  void warning(std::string_view message, LogFields fields = {}) const {
    log(LogLevel::kWarning, message, std::move(fields));
  }
  void error(std::string_view message, LogFields fields = {}) const {
    log(LogLevel::kError, message, std::move(fields));
  }
  void log(LogLevel level, std::string_view message, LogFields fields = {}) const;

 private:
  bool silent_;
  Context context_;
};

}  // namespace perdure
