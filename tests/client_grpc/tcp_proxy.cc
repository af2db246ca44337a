#include "tests/client_grpc/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

#include "base/check.h"

namespace client_grpc_test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A socket's address has one type for each family; the calls take a base without members.
const sockaddr* base(const sockaddr_in* address) { return reinterpret_cast<const sockaddr*>(address); }

void reset(int socket) {
  const linger at_once{1, 0};
  setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close(socket);
}

}  // namespace

TcpProxy::TcpProxy(int server_port)
    : server_port_(server_port),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      wake_(eventfd(0, EFD_CLOEXEC)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  perdure::check(bind(listener_, base(&address), size) == 0 && listen(listener_, 16) == 0,
                 "the proxy listens");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

TcpProxy::~TcpProxy() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  eventfd_write(wake_, 1);
  thread_.join();
  close(listener_);
  close(wake_);
}

void TcpProxy::cut() {
  {
    const std::lock_guard lock(mutex_);
    cut_ = true;
  }
  eventfd_write(wake_, 1);
}

void TcpProxy::break_down() {
  {
    const std::lock_guard lock(mutex_);
    broken_ = true;
  }
  cut();
}

void TcpProxy::restore() {
  const std::lock_guard lock(mutex_);
  broken_ = false;
}

int TcpProxy::connections() const {
  const std::lock_guard lock(mutex_);
  return connections_;
}

void TcpProxy::run() {
  while (true) {
    std::vector<pollfd> sockets{{wake_, POLLIN, 0}, {listener_, POLLIN, 0}};
    for (const auto& [side, peer] : peers_) {
      sockets.push_back({side, POLLIN, 0});
    }
    poll(sockets.data(), sockets.size(), -1);
    bool cut = false;
    bool stopping = false;
    if (sockets[0].revents != 0) {
      eventfd_t count = 0;
      eventfd_read(wake_, &count);
      const std::lock_guard lock(mutex_);
      cut = std::exchange(cut_, false);
      stopping = stopping_;
    }
    if (cut || stopping) {
      while (!peers_.empty()) {
        close_pair(peers_.begin()->first);
      }
    }
    if (stopping) {
      return;
    }
    if (sockets[1].revents != 0) {
      accept_one();
    }
    for (std::size_t i = 2; i < sockets.size(); ++i) {
      if (sockets[i].revents != 0 && peers_.contains(sockets[i].fd)) {
        forward(sockets[i].fd);
      }
    }
  }
}

void TcpProxy::accept_one() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  const std::lock_guard lock(mutex_);
  const sockaddr_in address = loopback(server_port_);
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (broken_ || connect(server, base(&address), sizeof address) != 0) {
    reset(client);
    close(server);
    return;
  }
  ++connections_;
  peers_[client] = server;
  peers_[server] = client;
}

void TcpProxy::forward(int from) {
  char bytes[65'536];
  const ssize_t count = read(from, bytes, sizeof bytes);
  const int to = peers_.at(from);
  for (ssize_t sent = 0; sent < count;) {
    const ssize_t now = send(to, bytes + sent, static_cast<std::size_t>(count - sent), MSG_NOSIGNAL);
    if (now < 0) {
      close_pair(from);
      return;
    }
    sent += now;
  }
  if (count <= 0) {
    close_pair(from);
  }
}

void TcpProxy::close_pair(int side) {
  const int peer = peers_.at(side);
  peers_.erase(side);
  peers_.erase(peer);
  reset(side);
  reset(peer);
}

}  // namespace client_grpc_test
