#include "server/log.h"

#include <fmt/format.h>
#include <grpc/support/log.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>

namespace perdure::server {
namespace {

constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kNames{{{"debug", LogLevel::kDebug},
                                                                       {"info", LogLevel::kInfo},
                                                                       {"warning", LogLevel::kWarning},
                                                                       {"error", LogLevel::kError},
                                                                       {"off", LogLevel::kOff}}};

spdlog::level::level_enum to_spdlog(LogLevel level) {
  constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                              spdlog::level::err, spdlog::level::off};
  return levels[static_cast<std::size_t>(level)];
}

bool is_plain(std::string_view value) {
  return !value.empty() && value.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                               "0123456789_./:[]@+-") == std::string_view::npos;
}

void append_value(std::string_view value, std::string* line) {
  if (is_plain(value)) {
    line->append(value);
    return;
  }
  line->push_back('"');
  for (const char letter : value) {
    if (letter == '"' || letter == '\\') {
      line->push_back('\\');
      line->push_back(letter);
    } else if (static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f) {
      fmt::format_to(std::back_inserter(*line), "\\x{:02x}", static_cast<unsigned char>(letter));
    } else {
      line->push_back(letter);
    }
  }
  line->push_back('"');
}

// gRPC's hook is a plain function, so what it writes to has to be reachable from one.
std::shared_ptr<const Log>& grpc_target() {
  static std::shared_ptr<const Log> target;
  return target;
}

void on_grpc_log(gpr_log_func_args* entry) {
  const LogLevel level = entry->severity == GPR_LOG_SEVERITY_ERROR ? LogLevel::kWarning : LogLevel::kDebug;
  if (const auto& log = grpc_target(); log != nullptr && log->writes(level)) {
    log->write(level, "grpc", {{"message", entry->message}});
  }
}

}  // namespace

struct Log::Sink {
  explicit Sink(LogLevel level) : logger("perdure", std::make_shared<spdlog::sinks::stderr_sink_mt>()) {
    logger.set_level(to_spdlog(level));
    logger.set_formatter(std::make_unique<spdlog::pattern_formatter>("time=%Y-%m-%dT%H:%M:%S.%fZ level=%l %v",
                                                                     spdlog::pattern_time_type::utc));
    logger.flush_on(spdlog::level::debug);
  }
  spdlog::logger logger;
};

std::optional<LogLevel> parse_log_level(std::string_view name) {
  for (const auto& [known, level] : kNames) {
    if (known == name) {
      return level;
    }
  }
  return std::nullopt;
}

std::string log_line(std::string_view event, LogFields fields) {
  std::string line = "event=";
  append_value(event, &line);
  for (const auto& [name, value] : fields) {
    line.push_back(' ');
    line.append(name);
    line.push_back('=');
    append_value(value, &line);
  }
  return line;
}

Log::Log(LogLevel level) : level_(level), sink_(std::make_unique<Sink>(level)) {}

Log::~Log() = default;

void Log::write(LogLevel level, std::string_view event, LogFields fields) const {
  if (writes(level)) {
    sink_->logger.log(to_spdlog(level), log_line(event, fields));
  }
}

void Log::take_over_grpc(std::shared_ptr<const Log> log) {
  grpc_target() = std::move(log);
  gpr_set_log_function(on_grpc_log);
}

}  // namespace perdure::server
