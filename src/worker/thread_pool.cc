#include "worker/thread_pool.h"

#include <utility>

namespace perdure::worker {

ThreadPool::~ThreadPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void ThreadPool::post(std::function<void()> work) {
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    notify = call_thread();
  }
  if (notify) {
    changed_.notify_one();  // after the lock, which the thread needs at once
  }
}

// Sends a thread for the oldest work, unless one is on its way or all are busy; these look for more when they
// are done. True: an idle thread is to be notified. Under the lock.
bool ThreadPool::call_thread() {
  if (posted_.empty() || called_) {
    return false;
  }
  // Not while the destructor joins them; those that are there do the rest.
  if (idle_ == 0 && threads_.size() < max_threads_ && !stopping_) {
    threads_.emplace_back([this] { run(); });
    called_ = true;
    return false;
  }
  called_ = idle_ > 0;
  return called_;
}

void ThreadPool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    ++idle_;
    changed_.wait(lock, [&] { return stopping_ || !posted_.empty(); });
    --idle_;
    if (posted_.empty()) {
      return;
    }
    std::function<void()> work = std::move(posted_.front());
    posted_.pop_front();
    called_ = false;
    const bool notify = call_thread();
    lock.unlock();
    if (notify) {
      changed_.notify_one();
    }
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace perdure::worker
