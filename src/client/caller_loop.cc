#include "client/caller_loop.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace perdure::client {

class CallerLoop::Queue final : public EventLoop {
 public:
  explicit Queue(std::shared_ptr<CallerLoop> loop) : loop_(std::move(loop)) {}
  ~Queue() override { loop_->forget(this); }

  void post(std::function<void()> work) override { loop_->post(this, std::move(work)); }
  TimerId run_after(std::chrono::nanoseconds delay, std::function<void()> work) override {
    return loop_->run_after(this, delay, std::move(work));
  }
  void cancel(TimerId timer) override { loop_->cancel(timer); }
  bool has_thread() const override { return false; }

 private:
  const std::shared_ptr<CallerLoop> loop_;
};

std::shared_ptr<CallerLoop> CallerLoop::make(std::shared_ptr<Executor> executor) {
  return std::shared_ptr<CallerLoop>(new CallerLoop(std::move(executor)));
}

CallerLoop::~CallerLoop() {
  if (alarm_ && !runs_here()) {
    executor_->post([alarm = std::move(alarm_)] {});  // the loop may be using it
  }
}

std::unique_ptr<EventLoop> CallerLoop::make_queue() { return std::make_unique<Queue>(shared_from_this()); }

bool CallerLoop::runs_here() const {
  const std::lock_guard lock(mutex_);
  return loop_ == std::this_thread::get_id();
}

// ---- putting work there

void CallerLoop::post(const Queue* owner, std::function<void()> work) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    posted_.push_back({owner, std::move(work)});
    first = !std::exchange(asked_, true);
    if (waiting_ > 0) {
      changed_.notify_all();
    }
  }
  if (first) {
    ask();
  }
}

EventLoop::TimerId CallerLoop::run_after(const Queue* owner, std::chrono::nanoseconds delay,
                                         std::function<void()> work) {
  // A delay that the clock cannot hold is as good as for ever.
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365 * 100);
  bool first = false;
  TimerId timer;
  {
    const std::lock_guard lock(mutex_);
    timer = {Clock::now() + std::min(delay, kLongest), next_timer_++};
    timers_.emplace(timer, Item{owner, std::move(work)});
    // The alarm is set on the loop's thread, after the work that runs there.
    const bool too_late = !alarm_at_ || timer.first < *alarm_at_;
    first = too_late && runner_ != std::this_thread::get_id() && !std::exchange(asked_, true);
    if (waiting_ > 0) {
      changed_.notify_all();
    }
  }
  if (first) {
    ask();
  }
  return timer;
}

void CallerLoop::cancel(TimerId timer) {
  Item dropped;  // destroyed after the lock: it may hold the last reference to something
  const std::lock_guard lock(mutex_);
  if (const auto found = timers_.find(timer); found != timers_.end()) {
    dropped = std::move(found->second);
    timers_.erase(found);
  }
}

void CallerLoop::forget(const Queue* owner) {
  const std::lock_guard ended(running_);  // what runs on another thread, which may be the owner's
  std::vector<Item> dropped;              // destroyed after the lock
  const std::lock_guard lock(mutex_);
  for (auto item = posted_.begin(); item != posted_.end();) {
    if (item->owner == owner) {
      dropped.push_back(std::move(*item));
      item = posted_.erase(item);
    } else {
      ++item;
    }
  }
  for (auto timer = timers_.begin(); timer != timers_.end();) {
    if (timer->second.owner == owner) {
      dropped.push_back(std::move(timer->second));
      timer = timers_.erase(timer);
    } else {
      ++timer;
    }
  }
}

// ---- running it

void CallerLoop::ask() {
  executor_->post([weak = weak_from_this()] {
    if (const std::shared_ptr<CallerLoop> self = weak.lock()) {
      self->run_ready();
    }
  });
}

// On the loop's thread: what is there now, so that the program's own work has its turn.
void CallerLoop::run_ready() {
  // Whatever an item throws.
  struct AskAgain {
    CallerLoop& loop;
    ~AskAgain() {
      bool more = false;
      {
        const std::lock_guard lock(loop.mutex_);
        more = loop.asked_ = !loop.posted_.empty();
      }
      if (more) {
        loop.ask();
      }
      loop.set_alarm();
    }
  };
  std::size_t ready = 0;
  {
    const std::lock_guard lock(mutex_);
    loop_ = std::this_thread::get_id();
    asked_ = true;  // until the end of this function
    promote_due_timers();
    ready = posted_.size();
  }
  const AskAgain ask_again{*this};
  while (ready > 0 && run_one()) {
    --ready;
  }
}

// False: there is none.
bool CallerLoop::run_one() {
  const std::lock_guard exclusive(running_);
  Item item;
  struct Running {
    CallerLoop& loop;
    std::thread::id outer{};
    ~Running() {
      const std::lock_guard lock(loop.mutex_);
      loop.runner_ = outer;
      if (loop.waiting_ > 0) {
        loop.changed_.notify_all();
      }
    }
  } running{*this};
  {
    const std::lock_guard lock(mutex_);
    running.outer = std::exchange(runner_, std::this_thread::get_id());
    promote_due_timers();
    if (posted_.empty()) {
      return false;
    }
    item = std::move(posted_.front());
    posted_.pop_front();
  }
  item.work();
  item.work = nullptr;
  return true;
}

void CallerLoop::run_until(const std::function<bool()>& done) {
  while (!done()) {
    if (run_one()) {
      continue;
    }
    std::unique_lock lock(mutex_);
    ++waiting_;
    const auto ready = [&] {
      return !posted_.empty() || (!timers_.empty() && timers_.begin()->first.first <= Clock::now()) || done();
    };
    while (!ready()) {
      if (timers_.empty()) {
        changed_.wait(lock);
      } else {
        const Clock::time_point next = timers_.begin()->first.first;
        changed_.wait_until(lock, next);
      }
    }
    --waiting_;
  }
  if (runs_here()) {
    set_alarm();
  }
}

// With the lock held.
void CallerLoop::promote_due_timers() {
  const auto now = Clock::now();
  while (!timers_.empty() && timers_.begin()->first.first <= now) {
    posted_.push_back(std::move(timers_.begin()->second));
    timers_.erase(timers_.begin());
  }
}

// On the loop's thread.
void CallerLoop::set_alarm() {
  std::optional<Clock::time_point> next;
  {
    const std::lock_guard lock(mutex_);
    if (!timers_.empty()) {
      next = timers_.begin()->first.first;
    }
    if (next == alarm_at_) {
      return;
    }
    alarm_at_ = next;
  }
  alarm_ = nullptr;
  if (!next) {
    return;
  }
  const auto delay = std::max(*next - Clock::now(), Clock::duration::zero());
  alarm_ = executor_->run_after(delay, [weak = weak_from_this()] {
    if (const std::shared_ptr<CallerLoop> self = weak.lock()) {
      {
        const std::lock_guard lock(self->mutex_);
        self->alarm_at_.reset();
      }
      self->run_ready();
    }
  });
}

}  // namespace perdure::client
