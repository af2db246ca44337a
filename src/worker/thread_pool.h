#pragma once
// Threads for activities that are functions, made when there is work and no idle one.
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace perdure::worker {

class ThreadPool {
 public:
  explicit ThreadPool(std::size_t max_threads) : max_threads_(max_threads) {}
  // Waits for all that was posted.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void post(std::function<void()> work);

 private:
  void run();
  bool call_thread();

  const std::size_t max_threads_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::size_t idle_ = 0;
  // One thread is on its way to the oldest work, and wakes the next if there is more. Many short activities
  // then run on the few threads that are awake, instead of each waking one.
  bool called_ = false;
  std::deque<std::function<void()>> posted_;
  std::vector<std::thread> threads_;
};

}  // namespace perdure::worker
