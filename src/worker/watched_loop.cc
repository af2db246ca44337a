#include "worker/watched_loop.h"

#include <utility>

#include "perdure/logger.h"

namespace perdure::worker {
namespace {

constexpr std::chrono::nanoseconds kBlockedAfter = std::chrono::seconds(2);  // as ThreadLoop

}  // namespace

void WatchedLoop::post(std::function<void()> work) {
  loop_->post([this, work = std::move(work)] { run(work); });
}

EventLoop::TimerId WatchedLoop::run_after(std::chrono::nanoseconds delay, std::function<void()> work) {
  return loop_->run_after(delay, [this, work = std::move(work)] { run(work); });
}

void WatchedLoop::run(const std::function<void()>& work) {
  struct Here {
    LoopWork* outer;
    ~Here() { LoopWork::here() = outer; }
  };
  about_.clear();
  const Here here{std::exchange(LoopWork::here(), this)};
  const auto begun = Clock::now();
  work();
  if (Clock::now() - begun >= kBlockedAfter && !about_.empty()) {
    write_log({.level = LogLevel::kWarning,
               .message =
                   "an activity blocked the event loop of the program for 2 s or longer: whatever else "
                   "runs there waited for it. Let it co_await, or, if it is a function, give it a thread "
                   "(WorkerOptions::function_activities)",
               .fields = std::move(about_)});
  }
}

}  // namespace perdure::worker
