#include "host/engine.h"

#include <errno.h>
#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <random>
#include <utility>

#include "perdure/version.h"
#include "runtime/loop_thread.h"
#include "runtime/posted_loop.h"
#include "storage/sqlite/sqlite_storage.h"

namespace perdure::host {
namespace {

// After a write that may or may not be durable nothing may be acknowledged: the process ends, and finds out
// at its next start.
[[noreturn]] void end_process(const Status& status) {
  fmt::print(stderr,
             "perdure: the state directory cannot be trusted with further writes, this process ends: {}\n",
             status.to_string());
  std::fflush(stderr);
  std::_Exit(EXIT_FAILURE);
}

runtime::InstanceOptions instance_options(int history_page_events) {
  std::random_device device;
  runtime::InstanceOptions options;
  options.seed = (static_cast<std::uint64_t>(device()) << 32) | device();
  options.history_page_events = history_page_events;
  options.on_fatal = end_process;
  return options;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::open(const std::string& directory, std::unique_ptr<EventLoop> loop) {
  storage::SqliteOptions options;
  options.directory = directory;
  options.holder = program_invocation_short_name;
  options.program_version = kVersion;
  auto storage = storage::open_sqlite(options);
  if (!storage.ok()) {
    return storage.status();
  }
  return std::make_unique<Engine>(std::move(storage).value(), nullptr, std::move(loop));
}

Engine::Engine(std::unique_ptr<storage::Storage> storage, std::unique_ptr<runtime::Clock> clock,
               std::unique_ptr<EventLoop> loop, int history_page_events)
    : clock_(clock ? std::move(clock) : std::make_unique<runtime::SystemClock>()),
      instance_(std::move(storage), *clock_, instance_options(history_page_events)),
      frontend_(instance_),
      loop_(std::move(loop)) {
  if (loop_ == nullptr) {
    driver_ = std::make_unique<runtime::LoopThread>(instance_, *clock_);
  } else {
    driver_ = std::make_unique<runtime::PostedLoop>(instance_, *clock_, *loop_);
  }
}

Engine::~Engine() {
  if (const Status status = stop(); !status.ok()) {
    fmt::print(stderr, "perdure: closing the state directory: {}\n", status.to_string());
  }
}

void Engine::wake() {
  // Refused only when the engine has ended, and then nobody looks at clocks.
  (void)instance_.post([](runtime::Service&) {}, runtime::Admission::kAlways);
}

std::optional<runtime::InstanceStats> Engine::stats(std::chrono::milliseconds longest) {
  auto answer = std::make_shared<std::promise<runtime::InstanceStats>>();
  auto future = answer->get_future();
  const bool posted =
      instance_.post([this, answer](runtime::Service&) { answer->set_value(instance_.stats()); });
  driver_->drive();
  if (!posted || future.wait_for(longest) != std::future_status::ready) {
    return std::nullopt;
  }
  return future.get();
}

}  // namespace perdure::host
