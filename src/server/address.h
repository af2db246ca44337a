#pragma once
// HOST:PORT as users write it, and what it stands for.
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace perdure::server {

struct Address {
  std::string host;  // without brackets
  std::uint16_t port = 0;

  // With IPv6 in brackets.
  std::string text() const;
};

// kInvalidArgument unless `text` is HOST:PORT or [IPV6]:PORT with a port up to 65535.
Result<Address> parse_address(const std::string& text);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  bool is_loopback() const;
  std::uint16_t port() const;
  void set_port(std::uint16_t port);
  // "127.0.0.1:7233"
  std::string text() const;
};

struct Endpoint {
  Address address;
  std::vector<SocketAddress> sockets;  // at least one; IPv4 before IPv6

  bool is_loopback() const;  // only this machine can reach any of them
};

// kInvalidArgument if `text` is no address, or its host has none.
Result<Endpoint> resolve(const std::string& text);

// A non-blocking socket that is bound to one of the endpoint's addresses, and listens if `backlog` > 0.
// kUnavailable: another program has it; kInvalidArgument: it is not an address of this machine, or this
// process may not use it.
Result<int> open_socket(const Endpoint& endpoint, const SocketAddress& where, int backlog);

}  // namespace perdure::server
