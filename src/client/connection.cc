#include "client/connection.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <random>
#include <thread>
#include <utility>

namespace perdure::client {
namespace {

std::string default_identity() {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  return std::to_string(getpid()) + "@" + host;
}

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, std::string namespace_name, std::string identity)
    : transport_(std::move(transport)),
      namespace_name_(std::move(namespace_name)),
      identity_(identity.empty() ? default_identity() : std::move(identity)),
      random_(random_seed()) {}

std::string Connection::fresh_id() {
  const std::lock_guard lock(mutex_);
  return uuid4(random_);
}

Status call_and_wait(Transport& transport, std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, std::optional<Duration> timeout) {
  std::mutex mutex;
  std::condition_variable done;
  std::optional<Status> outcome;
  transport.call(method, request, response, timeout, [&](Status status) {
    // Notified under the lock: the waiter's stack, with all of this, is gone as soon as it sees the outcome.
    const std::lock_guard lock(mutex);
    outcome = std::move(status);
    done.notify_one();
  });
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return outcome.has_value(); });
  return *std::move(outcome);
}

bool is_transient(const Status& status) {
  return status.code() == Code::kResourceExhausted || status.code() == Code::kAborted;
}

Status call_with_retry(Connection& connection, std::string_view method,
                       const google::protobuf::Message& request, google::protobuf::Message* response) {
  using namespace std::chrono_literals;
  const auto give_up_at = std::chrono::steady_clock::now() + 10s;
  std::chrono::nanoseconds pause = 100ms;
  while (true) {
    response->Clear();
    Status status = call_and_wait(connection.transport(), method, request, response);
    if (!is_transient(status) || std::chrono::steady_clock::now() + pause > give_up_at) {
      return status;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::nanoseconds>(pause * 17 / 10, 5s);
  }
}

}  // namespace perdure::client
