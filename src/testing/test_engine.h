#pragma once
// The transport to a service in memory whose clock skips while somebody waits for the end of a workflow.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>

#include "client/transport.h"
#include "host/engine.h"
#include "runtime/virtual_clock.h"
#include "sdk/in_process_transport.h"

namespace perdure::testing {

class TestEngine final : public client::Transport {
 public:
  explicit TestEngine(Timestamp start);
  ~TestEngine() override;

  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout,
                     std::function<void(Status)> done) override;
  void cancel(std::uint64_t ticket) override { transport_.cancel(ticket); }

  runtime::VirtualClock& clock() { return clock_; }
  // Blocks, see Environment::sleep.
  void sleep(Duration duration);
  void skip_while_waiting(bool on) { skip_while_waiting_ = on; }

 private:
  explicit TestEngine(std::unique_ptr<runtime::VirtualClock> clock);
  // Between the two the clock skips, unless it is locked for other reasons.
  void begin_wait();
  void end_wait();

  runtime::VirtualClock& clock_;  // the engine's
  host::Engine engine_;
  sdk::InProcessTransport transport_;
  std::atomic<bool> skip_while_waiting_ = true;
  std::mutex mutex_;
  int waits_ = 0;  // guarded by mutex_
};

}  // namespace perdure::testing
