// A loop that is run by calling it (perdure/executor.h).
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <system_error>
#include <utility>

#include "perdure/executor.h"

namespace perdure {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {
    if (number < 0) {
      throw std::system_error(errno, std::generic_category(), "a Pump needs descriptors");
    }
  }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  const int number_;
};

void watch(const Descriptor& both, const Descriptor& one) {
  epoll_event event{};
  event.events = EPOLLIN;
  if (epoll_ctl(both.number(), EPOLL_CTL_ADD, one.number(), &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "a Pump needs descriptors");
  }
}

void drain(const Descriptor& descriptor) {
  std::uint64_t ignored = 0;
  // Nothing to read says the same.
  if (read(descriptor.number(), &ignored, sizeof ignored) < 0) {
  }
}

}  // namespace

class Pump::Impl {
 public:
  Impl()
      : both_(epoll_create1(EPOLL_CLOEXEC)),
        posts_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
    watch(both_, posts_);
    watch(both_, timer_);
  }

  void post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    eventfd_write(posts_.number(), 1);
  }

  std::uint64_t add_timer(std::chrono::nanoseconds delay, std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t number = next_timer_++;
    // A delay that the clock cannot hold is as good as for ever.
    constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365 * 100);
    timers_.emplace(std::pair(Clock::now() + std::min(delay, kLongest), number), std::move(work));
    set_timer();
    return number;
  }
  void remove_timer(std::uint64_t number) {
    std::function<void()> dropped;  // destroyed after the lock
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(timers_.begin(), timers_.end(),
                                    [&](const auto& timer) { return timer.first.second == number; });
    if (found != timers_.end()) {
      dropped = std::move(found->second);
      timers_.erase(found);
      set_timer();
    }
  }

  std::size_t run_ready() {
    std::size_t ready = gather();
    for (std::size_t ran = 0; ran < ready; ++ran) {
      std::function<void()> work;
      {
        const std::lock_guard lock(mutex_);
        if (posted_.empty()) {  // taken by a call from inside of the work
          return ran;
        }
        work = std::move(posted_.front());
        posted_.pop_front();
        if (!posted_.empty()) {
          eventfd_write(posts_.number(), 1);  // whatever the work throws
        }
      }
      work();
    }
    return ready;
  }
  void wait(std::chrono::nanoseconds at_most) const {
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(at_most).count();
    pollfd ready{both_.number(), POLLIN, 0};
    poll(&ready, 1, static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, 1 << 30)));
  }
  int descriptor() const { return both_.number(); }

 private:
  // How much is ready: what is posted and, after it, what is due.
  std::size_t gather() {
    drain(posts_);  // first: what comes meanwhile makes it readable again
    drain(timer_);
    const std::lock_guard lock(mutex_);
    const auto now = Clock::now();
    while (!timers_.empty() && timers_.begin()->first.first <= now) {
      posted_.push_back(std::move(timers_.begin()->second));
      timers_.erase(timers_.begin());
    }
    set_timer();
    return posted_.size();
  }

  // With the lock held.
  void set_timer() const {
    itimerspec next{};
    if (!timers_.empty()) {
      const auto left =
          std::max(timers_.begin()->first.first - Clock::now(), Clock::duration(std::chrono::nanoseconds(1)));
      next.it_value.tv_sec = std::chrono::floor<std::chrono::seconds>(left).count();
      next.it_value.tv_nsec =
          static_cast<long>((left - std::chrono::floor<std::chrono::seconds>(left)).count());
    }
    timerfd_settime(timer_.number(), 0, &next, nullptr);
  }

  const Descriptor both_;
  const Descriptor posts_;
  const Descriptor timer_;
  std::mutex mutex_;
  std::uint64_t next_timer_ = 0;                                                         // guarded by mutex_
  std::deque<std::function<void()>> posted_;                                             // guarded by mutex_
  std::map<std::pair<Clock::time_point, std::uint64_t>, std::function<void()>> timers_;  // guarded by mutex_
};

Pump::Pump() : impl_(std::make_shared<Impl>()) {}
Pump::~Pump() = default;

void Pump::post(std::function<void()> work) { impl_->post(std::move(work)); }

std::shared_ptr<void> Pump::run_after(std::chrono::nanoseconds delay, std::function<void()> work) {
  const std::uint64_t number = impl_->add_timer(delay, std::move(work));
  return std::shared_ptr<void>(impl_.get(), [impl = std::weak_ptr<Impl>(impl_), number](void*) {
    if (const std::shared_ptr<Impl> alive = impl.lock()) {
      alive->remove_timer(number);
    }
  });
}

std::size_t Pump::run_ready() { return impl_->run_ready(); }

std::size_t Pump::wait_and_run(std::chrono::nanoseconds at_most) {
  impl_->wait(at_most);
  return impl_->run_ready();
}

int Pump::descriptor() const { return impl_->descriptor(); }

}  // namespace perdure
