#include "runtime/mailbox.h"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include "base/limits.h"

namespace perdure::runtime {

bool Mailbox::post(Command command, Admission admission, std::size_t bytes) {
  std::function<void()> wake;
  {
    const std::lock_guard lock(mutex_);
    const auto room = [admission](std::size_t limit) {
      return admission == Admission::kNormal ? limit : limit * 3 / 2;
    };
    const bool full = commands_.size() >= room(limits::kMailbox) ||
                      (bytes > 0 && bytes_ + bytes > room(limits::kMailboxBytes));
    if (!state_.ok() || (full && admission != Admission::kAlways)) {
      return false;
    }
    commands_.push_back(std::move(command));
    sizes_.push_back(bytes);
    bytes_ += bytes;
    wake = wake_;
  }
  if (wake) {
    wake();
  }
  return true;
}

void Mailbox::take(std::size_t limit, std::vector<Command>* out) {
  const std::lock_guard lock(mutex_);
  if (out->empty() && commands_.size() <= limit) {
    commands_.swap(*out);  // both keep their room: a busy mailbox does not grow anew each time
    sizes_.clear();
    bytes_ = 0;
    return;
  }
  const std::size_t room = limit > out->size() ? limit - out->size() : 0;
  const auto taken = static_cast<std::ptrdiff_t>(std::min(room, commands_.size()));
  const auto end = commands_.begin() + taken;
  bytes_ -= std::accumulate(sizes_.begin(), sizes_.begin() + taken, std::size_t{0});
  sizes_.erase(sizes_.begin(), sizes_.begin() + taken);
  out->insert(out->end(), std::make_move_iterator(commands_.begin()), std::make_move_iterator(end));
  commands_.erase(commands_.begin(), end);
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

void Mailbox::discard() {
  std::vector<Command> discarded;
  take(static_cast<std::size_t>(-1), &discarded);
}

}  // namespace perdure::runtime
