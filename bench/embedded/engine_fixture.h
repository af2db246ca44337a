#pragma once
// An embedded engine whose insides can be read, with a client and a worker beside it.
#include <perdure/perdure.h>

#include <filesystem>
#include <memory>

#include "frontend/frontend.h"
#include "programs.h"
#include "runtime/clock.h"
#include "runtime/instance.h"
#include "runtime/loop_thread.h"

namespace perdure::bench {

class EngineFixture {
 public:
  explicit EngineFixture(const std::filesystem::path& state);
  ~EngineFixture();

  Client& client() { return *client_; }
  client::Connection& connection() { return *connection_; }
  // Read while nothing runs.
  runtime::InstanceStats stats() const { return instance_->stats(); }
  // How long opening the store and the engine took.
  std::chrono::nanoseconds open_time() const { return open_time_; }

 private:
  runtime::SystemClock clock_;
  std::unique_ptr<runtime::Instance> instance_;
  std::unique_ptr<frontend::Frontend> frontend_;
  std::unique_ptr<runtime::LoopThread> thread_;
  std::shared_ptr<client::Connection> connection_;
  std::unique_ptr<Client> client_;
  std::chrono::nanoseconds open_time_{};
};

}  // namespace perdure::bench
