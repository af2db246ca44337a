// What users write as an address.
#include "server/address.h"

#include <gtest/gtest.h>

namespace perdure::server {
namespace {

TEST(Addresses, HostAndPortAreTakenApart) {
  const auto address = parse_address("example:7233");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->host, "example");
  EXPECT_EQ(address->port, 7233);
}

TEST(Addresses, Ipv6IsWrittenInBrackets) {
  const auto address = parse_address("[::1]:7233");
  ASSERT_TRUE(address.ok());
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->text(), "[::1]:7233");
}

TEST(Addresses, WhatIsNoAddressIsRefusedWithAnExample) {
  for (const char* text : {"", ":", ":7233", "7233", "host", "host:", "host:x", "host:70000", "host:-1",
                           "::1:7233", "[]:1", "host:1 "}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.status().code(), Code::kInvalidArgument);
    EXPECT_NE(address.status().message().find("127.0.0.1:7233"), std::string::npos);
  }
}

TEST(Addresses, LoopbackIsWhatOnlyThisMachineReaches) {
  for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1", "[::ffff:127.0.0.1]:1"}) {
    const auto endpoint = resolve(text);
    ASSERT_TRUE(endpoint.ok()) << text;
    EXPECT_TRUE(endpoint->is_loopback()) << text;
  }
  for (const char* text : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[::ffff:10.0.0.1]:1"}) {
    const auto endpoint = resolve(text);
    ASSERT_TRUE(endpoint.ok()) << text;
    EXPECT_FALSE(endpoint->is_loopback()) << text;
  }
}

}  // namespace
}  // namespace perdure::server
