#pragma once
// A worker's part of the program's own loop: reports activities that block it.
#include <memory>

#include "base/event_loop.h"
#include "worker/loop_work.h"

namespace perdure::worker {

class WatchedLoop final : public EventLoop, public LoopWork {
 public:
  explicit WatchedLoop(std::unique_ptr<EventLoop> loop) : loop_(std::move(loop)) {}

  void post(std::function<void()> work) override;
  TimerId run_after(std::chrono::nanoseconds delay, std::function<void()> work) override;
  void cancel(TimerId timer) override { loop_->cancel(timer); }
  bool has_thread() const override { return false; }

  // Work of this loop's runs on the calling thread.
  bool runs_here() const { return LoopWork::here() == this; }

 private:
  void run(const std::function<void()>& work);
  void describe(LogFields fields) override { about_ = std::move(fields); }

  LogFields about_;  // whom the work belongs to; of the thread that runs it
  const std::unique_ptr<EventLoop> loop_;
};

}  // namespace perdure::worker
