#pragma once
// What the server says about itself: one line for each event, key=value. Never payloads, headers or tokens.
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace perdure::server {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warning", "error", "off"; nullopt: none of them.
std::optional<LogLevel> parse_log_level(std::string_view name);

using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// event=refused method=StartWorkflowExecution message="…": with quotes where a value needs them and no line
// break inside.
std::string log_line(std::string_view event, LogFields fields);

// To stderr. Thread-safe.
class Log {
 public:
  explicit Log(LogLevel level);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  bool writes(LogLevel level) const { return level >= level_; }
  void write(LogLevel level, std::string_view event, LogFields fields = {}) const;

  // From now on what gRPC itself logs in this process goes here.
  static void take_over_grpc(std::shared_ptr<const Log> log);

 private:
  struct Sink;
  const LogLevel level_;
  std::unique_ptr<Sink> sink_;
};

}  // namespace perdure::server
