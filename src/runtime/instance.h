#pragma once
// One engine over one store: mailbox, cache of executions, matching, long polls and the group commit, without
// a thread of its own. LoopThread (loop_thread.h) drives it in programs; the simulator and unit tests call
// step() themselves.
//
// Order within step(): run every posted command; commit all their transitions at once; when that is durable,
// release the replies that waited for it, offer ready tasks to pollers, fire what is due. Commands posted by
// released replies run in the next round of the same step(); step() returns when the mailbox is empty and
// nothing is due.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/limits.h"
#include "base/random.h"
#include "base/status.h"
#include "base/time.h"
#include "runtime/clock.h"
#include "storage/storage.h"

namespace perdure::engine {
class Execution;
}

namespace perdure::runtime {

struct InstanceOptions {
  std::uint64_t seed = 0;                       // of ids; programs seed it from the system
  std::size_t cache_bytes = 256 * 1024 * 1024;  // executions kept in memory beyond those in use
  std::size_t history_cache_bytes = 64 * 1024 * 1024;
  int history_page_events = limits::kHistoryPageEvents;  // at most, of whoever asks; tests have less
  // Called once, on the stepping thread, when no further write can be trusted. Nothing is acknowledged
  // afterwards; the process is expected to end. Every waiting call gets kUnavailable.
  std::function<void(const Status&)> on_fatal;
};

struct InstanceStats {
  std::uint64_t transitions = 0;  // committed
  std::uint64_t commits = 0;      // durable steps (group commits)
  std::uint64_t executions_cached = 0;
  std::uint64_t commands_thrown = 0;  // commands on a run that failed inside and were undone: faults of ours
};

// Commands that end work (completions, heartbeats) get in when new work no longer does; what only lets go of
// a call that waits always gets in, as there are no more of these than calls.
enum class Admission { kNormal, kReserved, kAlways };

class Service;  // runtime/service.h: what the frontend calls, on the stepping thread

class Instance {
 public:
  Instance(std::unique_ptr<storage::Storage> storage, Clock& clock, InstanceOptions options);
  ~Instance();

  // Runs `command`, which holds about `bytes`, on the stepping thread in the next round. Thread-safe. False:
  // the mailbox is full (limits::kMailbox, limits::kMailboxBytes; half as much again for reserved commands)
  // or the instance has ended (see health()); the caller answers kResourceExhausted / kUnavailable.
  bool post(std::function<void(Service&)> command, Admission admission = Admission::kNormal,
            std::size_t bytes = 0);
  // Called (from any thread) when post() makes step() worth calling.
  void set_waker(std::function<void()> wake);

  void step();
  // When step() has to be called even without a post; none: never. Stepping thread only.
  std::optional<Timestamp> wake_at();
  // OK while the instance serves; afterwards why it does not. Thread-safe.
  Status health() const;
  // Authenticates tokens; secret, 32 bytes, the same over the life of the store. Thread-safe.
  const std::string& token_key() const;

  // Stepping thread. Answers every waiting call with kUnavailable ("shutting down"; polls get an empty
  // response), commits what was posted, closes the store.
  Status stop();
  // The simulator's kill -9: forgets everything at once, calls nothing back, writes nothing.
  void abandon();

  InstanceStats stats() const;
  // The executions in memory that have no change waiting for a commit. For checkers, between steps.
  void visit_cached(const std::function<void(const engine::Execution&)>& visit) const;
  storage::Storage& storage();  // for checkers and tools, between steps
  Service& service();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::runtime
