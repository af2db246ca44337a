#pragma once
// HOST:PORT as users write it.
#include <cstdint>
#include <string>

#include "base/status.h"

namespace perdure::server {

struct Address {
  std::string host;  // without brackets
  std::uint16_t port = 0;

  // As gRPC wants it: IPv6 in brackets.
  std::string text() const;
};

// kInvalidArgument unless `text` is HOST:PORT or [IPV6]:PORT with a port up to 65535.
Result<Address> parse_address(const std::string& text);

// Whether only this machine can reach it: every address that the host's name stands for is a loopback one.
// kInvalidArgument if the name stands for none.
Result<bool> is_loopback(const Address& address);

}  // namespace perdure::server
