#include "client/transport.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace perdure::client {

Status call_and_wait(Transport& transport, std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout) {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Status> outcome;
  transport.call(method, request, response, timeout, [&](Status status) {
    // Notified under the lock: the waiter must not be gone before this function is done with its variables.
    const std::lock_guard lock(mutex);
    outcome = std::move(status);
    changed.notify_one();
  });
  transport.drive();
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return outcome.has_value(); });
  return std::move(*outcome);
}

}  // namespace perdure::client
