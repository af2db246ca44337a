#include "tests/worker/scripted_transport.h"

#include <algorithm>

namespace perdure::testing {

std::unique_ptr<ScriptedTransport::Call> ScriptedTransport::next(const std::string& method,
                                                                 const Wanted& wanted) {
  std::unique_lock lock(mutex_);
  while (true) {
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& waiting) {
      return waiting.method == method && (!wanted || wanted(waiting.call->message()));
    });
    if (found != waiting_.end()) {
      auto call = std::move(found->call);
      waiting_.erase(found);
      return call;
    }
    called_.wait(lock);
  }
}

int ScriptedTransport::seen(const std::string& method) {
  const std::lock_guard lock(mutex_);
  return seen_[method];
}

void ScriptedTransport::always(const std::string& method,
                               std::unique_ptr<google::protobuf::Message> response) {
  const std::lock_guard lock(mutex_);
  always_[method] = std::move(response);
}

std::uint64_t ScriptedTransport::call(std::string_view method, const google::protobuf::Message& request,
                                      google::protobuf::Message* response, std::optional<Duration>,
                                      std::function<void(Status)> done) {
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = next_ticket_++;
  ++seen_[std::string(method)];
  auto made = std::make_unique<Call>(request, response, std::move(done));
  if (const auto found = always_.find(std::string(method)); found != always_.end()) {
    lock.unlock();
    made->answer(*found->second);
    return ticket;
  }
  waiting_.push_back({ticket, std::string(method), std::move(made)});
  called_.notify_all();
  return ticket;
}

void ScriptedTransport::cancel(std::uint64_t ticket) {
  std::unique_ptr<Call> cancelled;  // answered without the lock: the one who called may call again
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(waiting_.begin(), waiting_.end(),
                                  [&](const Waiting& waiting) { return waiting.ticket == ticket; });
  if (found != waiting_.end()) {
    cancelled = std::move(found->call);
    waiting_.erase(found);
  }
}

}  // namespace perdure::testing
