// Sockets and names of hosts.
#include <netdb.h>
#include <sys/socket.h>

#include "guard/interpose.h"

namespace perdure::guard {

void link_network() {}

}  // namespace perdure::guard

#ifndef PERDURE_GUARD_OFF

using perdure::guard::denied;
using perdure::guard::kNetwork;
using perdure::guard::Real;
using perdure::guard::refuse;

extern "C" {

int socket(int domain, int type, int protocol) noexcept {
  static constinit Real<decltype(&socket)> real("socket");
  return refuse("socket", kNetwork) == nullptr ? real(domain, type, protocol) : denied();
}

int socketpair(int domain, int type, int protocol, int* pair) noexcept {
  static constinit Real<decltype(&socketpair)> real("socketpair");
  return refuse("socketpair", kNetwork) == nullptr ? real(domain, type, protocol, pair) : denied();
}

int connect(int descriptor, const sockaddr* address, socklen_t size) {
  static constinit Real<decltype(&connect)> real("connect");
  return refuse("connect", kNetwork) == nullptr ? real(descriptor, address, size) : denied();
}

int bind(int descriptor, const sockaddr* address, socklen_t size) noexcept {
  static constinit Real<decltype(&bind)> real("bind");
  return refuse("bind", kNetwork) == nullptr ? real(descriptor, address, size) : denied();
}

int listen(int descriptor, int backlog) noexcept {
  static constinit Real<decltype(&listen)> real("listen");
  return refuse("listen", kNetwork) == nullptr ? real(descriptor, backlog) : denied();
}

int accept(int descriptor, sockaddr* address, socklen_t* size) {
  static constinit Real<decltype(&accept)> real("accept");
  return refuse("accept", kNetwork) == nullptr ? real(descriptor, address, size) : denied();
}

int accept4(int descriptor, sockaddr* address, socklen_t* size, int flags) {
  static constinit Real<decltype(&accept4)> real("accept4");
  return refuse("accept4", kNetwork) == nullptr ? real(descriptor, address, size, flags) : denied();
}

int getaddrinfo(const char* node, const char* service, const addrinfo* hints, addrinfo** found) {
  static constinit Real<decltype(&getaddrinfo)> real("getaddrinfo");
  return refuse("getaddrinfo", kNetwork) == nullptr ? real(node, service, hints, found) : EAI_FAIL;
}

hostent* gethostbyname(const char* name) {
  static constinit Real<decltype(&gethostbyname)> real("gethostbyname");
  return refuse("gethostbyname", kNetwork) == nullptr ? real(name) : nullptr;
}

}  // extern "C"

#endif
