#pragma once
// The workflow that runs a random program, as user code would be written: coroutines that call coroutines.
#include <atomic>
#include <cstdint>
#include <set>
#include <string>

#include "perdure/workflow.h"
#include "program.h"

namespace perdure::programs {

// Counts live objects, so that a frame which is not destroyed, or twice, shows without a sanitizer.
class Held {
 public:
  Held() { count(1); }
  Held(const Held&) { count(1); }
  Held& operator=(const Held&) = default;
  ~Held() { count(-1); }
  static int live() { return all_; }
  static int live_here() { return here_; }  // made on this thread, less those destroyed on it

 private:
  static void count(int by) {
    all_ += by;
    here_ += by;
  }

  static inline std::atomic<int> all_ = 0;
  static inline thread_local int here_ = 0;
  std::string text_ = "a text that is too long for the small string buffer";  // a sanitizer sees a leak
};

class RandomProgram {
 public:
  Task<std::string> run(ProgramInput input);
  void poke(int number) {
    see("poke", number);
    poked_.insert(number);
  }
  static constexpr auto signals = perdure::signals<&RandomProgram::poke>();

 private:
  // The steps live as long as the workflow.
  Task<std::string> run_step(const Step* step);
  Task<std::string> run_sequence(const Step* step);
  Task<std::string> run_try(const Step* step);
  Task<std::string> run_activity(const Step* step);
  Task<std::string> run_local_activity(const Step* step);
  Task<std::string> run_stuck(const Step* step);
  Task<std::string> run_sleep(const Step* step);
  Task<std::string> run_all(const Step* step);
  Task<std::string> run_race(const Step* step);
  Task<std::string> run_timeout(const Step* step);
  Task<std::string> run_shield(const Step* step);
  Task<std::string> run_scope(const Step* step);
  Task<std::string> run_signal(const Step* step);
  Task<std::string> run_patience(const Step* step);
  template <class Handle>
  Task<std::string> cancel_later(const Step* step, Handle handle);
  Task<std::string> run_cancelled_handle(const Step* step);
  Task<std::string> run_loop(const Step* step);
  Task<std::string> run_cancel_me(const Step* step);
  Task<std::string> run_at_once(const Step* step);

  std::chrono::nanoseconds time_of(const Step& step) const;
  ActivityOptions options_of(const ActivityPlan& plan) const;
  workflow::ActivityHandle<std::string> start_activity(const Step& step);
  // Takes note of what the code saw, so that whatever differs later shows in a command.
  void see(const std::string& what, std::int64_t value = 0);

  const Held held_;
  ProgramInput input_;
  Program program_;
  std::uint64_t seen_ = 0;
  int next_poke_ = 1;
  std::set<int> poked_;
};

}  // namespace perdure::programs
