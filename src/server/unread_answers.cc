#include "server/unread_answers.h"

namespace perdure::server {

UnreadAnswers::UnreadAnswers(std::chrono::milliseconds patience)
    : patience_(patience), thread_([this] { run(); }) {}

UnreadAnswers::~UnreadAnswers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

UnreadAnswers::Place UnreadAnswers::add(grpc_call* call, std::size_t bytes) {
  bytes_.fetch_add(bytes, std::memory_order_relaxed);
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  const Place place = waiting_.insert(waiting_.end(), {call, bytes, now, /*dropped=*/false});
  if (idle_) {
    idle_ = false;
    changed_.notify_one();
  }
  return place;
}

void UnreadAnswers::remove(Place place) {
  bytes_.fetch_sub(place->bytes, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  (place->dropped ? dropped_ : waiting_).erase(place);
}

// Looks only as often as the patience is long, so it costs the calls next to nothing.
void UnreadAnswers::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      idle_ = true;
      changed_.wait(lock, [this] { return stopping_ || !idle_; });
      continue;
    }
    const auto due = waiting_.front().since + patience_;
    if (std::chrono::steady_clock::now() < due) {
      changed_.wait_until(lock, due, [this] { return stopping_; });
      continue;
    }
    const Place oldest = waiting_.begin();
    oldest->dropped = true;
    dropped_.splice(dropped_.end(), waiting_, oldest);
    grpc_call* const call = oldest->call;
    grpc_call_ref(call);
    lock.unlock();  // gRPC may tell that the call is done, and it leaves its place, right here
    grpc_call_cancel_with_status(call, GRPC_STATUS_CANCELLED, "the answer was not read", nullptr);
    grpc_call_unref(call);
    dropped_count_.fetch_add(1, std::memory_order_relaxed);
    lock.lock();
  }
}

}  // namespace perdure::server
