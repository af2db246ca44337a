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
  const std::lock_guard lock(mutex_);
  posted_.push_back(std::move(work));
  if (idle_ < posted_.size() && threads_.size() < max_threads_) {
    threads_.emplace_back([this] { run(); });
  }
  changed_.notify_one();
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
    lock.unlock();
    work();
    work = nullptr;
    lock.lock();
  }
}

}  // namespace perdure::worker
