#pragma once
// Answers that gRPC has and clients have not taken yet. Whoever leaves one unread for too long loses it and
// its call, so that a client that never reads holds memory and a place among the calls for a bounded time.
// Thread-safe.
#include <grpc/grpc.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>

namespace perdure::server {

class UnreadAnswers {
 public:
  explicit UnreadAnswers(std::chrono::milliseconds patience);
  ~UnreadAnswers();
  UnreadAnswers(const UnreadAnswers&) = delete;
  UnreadAnswers& operator=(const UnreadAnswers&) = delete;

 private:
  struct Answer {
    grpc_call* call;
    std::size_t bytes;
    std::chrono::steady_clock::time_point since;
    bool dropped;
  };

 public:
  using Place = std::list<Answer>::iterator;

  // From before the answer is given to gRPC until the call is done, which outlives its place.
  Place add(grpc_call* call, std::size_t bytes);
  void remove(Place place);

  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // Calls that were ended because their answer was not taken.
  std::uint64_t dropped() const { return dropped_count_.load(std::memory_order_relaxed); }

 private:
  void run();

  const std::chrono::milliseconds patience_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint64_t> dropped_count_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;      // guarded by mutex_
  bool idle_ = false;          // the thread waits for an answer; guarded by mutex_
  std::list<Answer> waiting_;  // oldest first; guarded by mutex_
  std::list<Answer> dropped_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace perdure::server
