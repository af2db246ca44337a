#include "server/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace perdure::server {
namespace {

using AddressList = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

Status malformed(const std::string& text) {
  return invalid_argument(
      fmt::format("\"{}\" is not an address; write HOST:PORT, e.g. 127.0.0.1:7233 or [::1]:7233", text));
}

Result<AddressList> look_up(const Address& address) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return invalid_argument(
        fmt::format("the host \"{}\" is not known: {}", address.host, gai_strerror(error)));
  }
  return AddressList(found, freeaddrinfo);
}

Status bind_failure(const Address& address, int error) {
  switch (error) {
    case EADDRINUSE:
      return unavailable(
          fmt::format("{} is in use by another program; stop it, or choose another port", address.text()));
    case EADDRNOTAVAIL:
      return invalid_argument(fmt::format("{} is not an address of this machine", address.text()));
    default:
      return invalid_argument(fmt::format("{} cannot be served: {}", address.text(), strerror(error)));
  }
}

}  // namespace

std::string Address::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

Result<Address> parse_address(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) {
    return malformed(text);
  }
  Address address;
  address.host = text.substr(0, colon);
  const bool bracketed = address.host.front() == '[' && address.host.back() == ']';
  if (bracketed) {
    address.host = address.host.substr(1, address.host.size() - 2);
  } else if (address.host.find(':') != std::string::npos) {
    return malformed(text);
  }
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, address.port);
  if (address.host.empty() || error != std::errc() || stop != end) {
    return malformed(text);
  }
  return address;
}

bool SocketAddress::is_loopback() const {
  if (storage.ss_family == AF_INET) {
    return (ntohl(reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr.s_addr) >> 24) == 127;
  }
  const in6_addr& six = reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

std::uint16_t SocketAddress::port() const {
  return ntohs(storage.ss_family == AF_INET ? reinterpret_cast<const sockaddr_in*>(&storage)->sin_port
                                            : reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_port);
}

void SocketAddress::set_port(std::uint16_t port) {
  (storage.ss_family == AF_INET ? reinterpret_cast<sockaddr_in*>(&storage)->sin_port
                                : reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port) = htons(port);
}

std::string SocketAddress::text() const {
  char number[NI_MAXHOST] = "";
  getnameinfo(get(), size, number, sizeof number, nullptr, 0, NI_NUMERICHOST);
  return Address{number, port()}.text();
}

bool Endpoint::is_loopback() const {
  return std::all_of(sockets.begin(), sockets.end(),
                     [](const SocketAddress& socket) { return socket.is_loopback(); });
}

Result<Endpoint> resolve(const std::string& text) {
  const auto address = parse_address(text);
  if (!address.ok()) {
    return address.status();
  }
  const auto list = look_up(*address);
  if (!list.ok()) {
    return list.status();
  }
  Endpoint endpoint{*address, {}};
  for (const addrinfo* entry = list->get(); entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET || entry->ai_family == AF_INET6) {
      SocketAddress& socket = endpoint.sockets.emplace_back();
      socket.size = entry->ai_addrlen;
      std::memcpy(&socket.storage, entry->ai_addr, entry->ai_addrlen);
    }
  }
  if (endpoint.sockets.empty()) {
    return invalid_argument(fmt::format("the host \"{}\" has no IP address", address->host));
  }
  std::partition(endpoint.sockets.begin(), endpoint.sockets.end(),
                 [](const SocketAddress& socket) { return socket.storage.ss_family == AF_INET; });
  return endpoint;
}

Result<int> open_socket(const Endpoint& endpoint, const SocketAddress& where, int backlog) {
  const int descriptor = socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) {
    return bind_failure(endpoint.address, errno);
  }
  const int yes = 1;
  // Connections of a server that just ended do not keep the port; one that listens does.
  setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // what is accepted inherits it
  if (where.storage.ss_family == AF_INET6) {
    setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  }
  if (bind(descriptor, where.get(), where.size) != 0 || (backlog > 0 && listen(descriptor, backlog) != 0)) {
    const int error = errno;
    close(descriptor);
    return bind_failure(endpoint.address, error);
  }
  return descriptor;
}

}  // namespace perdure::server
