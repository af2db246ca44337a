#pragma once
// Virtual time: a heap of things that happen. True time, which no part of the simulated system can see; what
// it sees is a SimClock.
#include <chrono>
#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "base/time.h"

namespace perdure::sim {

// True time starts here: 2026-01-01T00:00:00Z.
inline constexpr Timestamp kEpoch{1'767'225'600'000'000'000};

class Schedule {
 public:
  Timestamp now() const { return now_; }
  void at(Timestamp time, std::function<void()> action) {
    heap_.push(Entry{time < now_ ? now_ : time, next_order_++, std::move(action)});
  }
  void after(Duration delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }
  bool empty() const { return heap_.empty(); }
  Timestamp next_time() const { return heap_.top().time; }
  std::uint64_t executed() const { return executed_; }

  // Runs the earliest action; those of one instant in the order in which they were scheduled.
  void run_one() {
    Entry entry = std::move(const_cast<Entry&>(heap_.top()));
    heap_.pop();
    now_ = entry.time;
    ++executed_;
    entry.action();
  }

 private:
  struct Entry {
    Timestamp time;
    std::uint64_t order = 0;
    std::function<void()> action;
    friend bool operator<(const Entry& a, const Entry& b) {
      return a.time != b.time ? a.time > b.time : a.order > b.order;
    }
  };

  Timestamp now_ = kEpoch;
  std::uint64_t next_order_ = 0;
  std::uint64_t executed_ = 0;
  std::priority_queue<Entry> heap_;
};

}  // namespace perdure::sim
