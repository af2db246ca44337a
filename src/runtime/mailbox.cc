#include "runtime/mailbox.h"

#include <iterator>
#include <utility>

#include "base/limits.h"

namespace perdure::runtime {

bool Mailbox::post(Command command, Admission admission) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t room = admission == Admission::kNormal ? limits::kMailbox : limits::kMailbox * 3 / 2;
    if (!state_.ok() || commands_.size() >= room) {
      return false;
    }
    commands_.push_back(std::move(command));
    wake = wake_;
  }
  if (wake) {
    wake();
  }
  return true;
}

std::vector<Mailbox::Command> Mailbox::take(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  if (commands_.size() <= limit) {
    return std::exchange(commands_, {});
  }
  const auto end = commands_.begin() + static_cast<std::ptrdiff_t>(limit);
  std::vector<Command> taken(std::make_move_iterator(commands_.begin()), std::make_move_iterator(end));
  commands_.erase(commands_.begin(), end);
  return taken;
}

bool Mailbox::empty() const {
  const std::lock_guard lock(mutex_);
  return commands_.empty();
}

void Mailbox::close(Status why) {
  const std::lock_guard lock(mutex_);
  if (state_.ok()) {
    state_ = std::move(why);
  }
}

Status Mailbox::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

void Mailbox::set_waker(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

void Mailbox::wake() {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    wake = wake_;
  }
  if (wake) {
    wake();
  }
}

void Mailbox::discard() { take(static_cast<std::size_t>(-1)); }

}  // namespace perdure::runtime
