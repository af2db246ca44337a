#include "server/acceptor.h"

#include <errno.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "server/limits.h"

namespace perdure::server {
namespace {

constexpr int kBacklog = 4096;
constexpr int kKeptDescriptors = 64;  // for the store, logs, and what libraries open

// Descriptors are given lowest first, so the number of a new one says how many are open.
int highest_descriptor() {
  rlimit limit = {};
  const bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  const auto allowed = known ? static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 30)) : 1 << 30;
  return std::min(std::max(allowed - kKeptDescriptors, kKeptDescriptors), limits::kConnections);
}

}  // namespace

Result<std::unique_ptr<Acceptor>> Acceptor::listen(const Endpoint& endpoint) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor());
  acceptor->address_ = endpoint.address;
  Status first_failure;
  for (SocketAddress where : endpoint.sockets) {
    where.set_port(acceptor->address_.port);
    const auto listener = open_socket(endpoint, where, kBacklog);
    if (!listener.ok()) {
      // A machine without IPv6 still has a localhost that names an IPv6 address.
      if (listener.status().code() == Code::kUnavailable || acceptor->listeners_.empty()) {
        first_failure = listener.status();
      }
      continue;
    }
    acceptor->listeners_.push_back(*listener);
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    getsockname(*listener, reinterpret_cast<sockaddr*>(&bound.storage), &bound.size);
    acceptor->address_.port = bound.port();
  }
  if (!first_failure.ok()) {
    return first_failure;
  }
  acceptor->wake_ = eventfd(0, EFD_CLOEXEC);
  if (acceptor->wake_ < 0) {
    return Status(Code::kUnavailable, fmt::format("{} cannot be served: no event descriptor: {}",
                                                  endpoint.address.text(), std::strerror(errno)));
  }
  acceptor->highest_descriptor_ = highest_descriptor();
  return acceptor;
}

Acceptor::~Acceptor() { stop(); }

void Acceptor::start(Use use) {
  use_ = std::move(use);
  thread_ = std::thread([this] { run(); });
}

void Acceptor::stop() {
  if (thread_.joinable()) {
    eventfd_write(wake_, 1);
    thread_.join();
  }
  for (const int listener : std::exchange(listeners_, {})) {
    close(listener);
  }
  if (const int wake = std::exchange(wake_, -1); wake >= 0) {
    close(wake);
  }
}

void Acceptor::run() {
  std::vector<pollfd> waiting{{wake_, POLLIN, 0}};
  for (const int listener : listeners_) {
    waiting.push_back({listener, POLLIN, 0});
  }
  constexpr int kPauseMillis = 100;  // when the process may open nothing more
  for (;;) {
    const int ready = poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) {
      return;
    }
    bool stuck = false;
    for (std::size_t i = 1; ready > 0 && i < waiting.size(); ++i) {
      while (waiting[i].revents != 0 && accept_one(waiting[i].fd)) {
      }
      stuck = stuck || (waiting[i].revents != 0 && errno != EAGAIN);
    }
    if (stuck && poll(waiting.data(), 1, kPauseMillis) > 0) {
      return;
    }
  }
}

bool Acceptor::accept_one(int listener) {
  const int connection = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (connection < 0) {
    return errno == EINTR || errno == ECONNABORTED;
  }
  if (connection > highest_descriptor_) {
    close(connection);
    refused_.fetch_add(1, std::memory_order_relaxed);
    return true;
  }
  use_(listener, connection);
  return true;
}

}  // namespace perdure::server
