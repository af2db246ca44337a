#include "client/connection.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include "base/limits.h"

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

Connection::Connection(std::unique_ptr<Transport> transport, std::string namespace_name, std::string identity,
                       bool in_process)
    : transport_(std::move(transport)),
      namespace_name_(std::move(namespace_name)),
      identity_(identity.empty() ? default_identity() : std::move(identity)),
      in_process_(in_process),
      random_(random_seed()) {}

std::string Connection::fresh_id() {
  const std::lock_guard lock(mutex_);
  return uuid4(random_);
}

std::string Connection::take_sticky_queue(const std::string& task_queue) {
  const std::string prefix = "sticky:" + task_queue + ":";
  if (!in_process_ || prefix.size() + 10 > limits::kIdLength) {
    return identity_ + "-" + fresh_id();
  }
  const std::lock_guard lock(mutex_);
  int number = 0;
  while (!sticky_queues_.insert(prefix + std::to_string(number)).second) {
    ++number;
  }
  return prefix + std::to_string(number);
}

void Connection::give_back_sticky_queue(const std::string& sticky_queue) {
  const std::lock_guard lock(mutex_);
  sticky_queues_.erase(sticky_queue);
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
    std::this_thread::sleep_for(pause);  // perdure-allow: a blocking call pauses between two tries
    pause = std::min<std::chrono::nanoseconds>(pause * 17 / 10, 5s);
  }
}

}  // namespace perdure::client
