#pragma once
// A clock that is moved forward to what is due next when nothing can run until then. Otherwise time passes as
// it really does, so that what hangs still times out. It skips only while nobody holds a lock on it: a new
// clock is locked once.
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"
#include "runtime/clock.h"

namespace perdure::runtime {

// Thread-safe, apart from what the engine calls (Clock).
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(Timestamp start);

  Timestamp now() override;

  // Locks are counted; time is skipped while there are none.
  void lock();
  // False, and without effect: there is no lock.
  [[nodiscard]] bool unlock();
  int locks() const;

  enum class Sleep { kWait, kUnlocked };
  // Calls `done` once the clock shows `until` and workflows have carried out what was due by then (activities
  // may still be with a worker); on the engine's thread, so it must not block. kUnlocked: one lock less until
  // then, and one more just before `done`. False, and `done` is never called: there is no lock to take away.
  [[nodiscard]] bool call_at(Timestamp until, Sleep sleep, std::function<void()> done);
  // The engine has ended: whoever sleeps is woken, later sleepers at once.
  void end();
  // Called, from any thread, when the engine should look at the clock again.
  void set_waker(std::function<void()> wake);

  bool skips() const override { return true; }
  Duration skipped() const override;
  bool rest(const Rest& rest) override;
  std::optional<Timestamp> wake_at() const override;

 private:
  struct Sleeper {
    Sleep sleep;
    std::function<void()> done;
  };
  using Sleepers = std::multimap<Timestamp, Sleeper>;

  Timestamp now_locked() const;
  std::vector<Sleeper> take_woken();
  void wake();

  const Timestamp start_;
  const std::int64_t real_start_;  // nanoseconds of the steady clock
  mutable std::mutex mutex_;
  Duration skipped_{};  // all below guarded by mutex_
  int locks_ = 1;
  bool ended_ = false;
  Sleepers sleepers_;
  std::function<void()> wake_;
};

}  // namespace perdure::runtime
