#include "tests/server/raw_http2.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/address.h"

namespace perdure::server::testing {
namespace {

constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kEndHeaders = 4;

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int i = bytes - 1; i >= 0; --i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
  return out;
}

std::uint32_t number(const std::string& bytes, std::size_t from, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = from; i < from + size; ++i) {
    value = value << 8 | static_cast<std::uint8_t>(bytes[i]);
  }
  return value;
}

// A literal header field that is never indexed; both texts are shorter than 127 bytes.
std::string field(const std::string& name, const std::string& value) {
  return '\x10' + big_endian(name.size(), 1) + name + big_endian(value.size(), 1) + value;
}

}  // namespace

RawHttp2::RawHttp2(const std::string& address, std::uint32_t window) {
  const auto endpoint = resolve(address);
  const SocketAddress& where = endpoint->sockets.front();
  socket_ = ::socket(where.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(connect(socket_, where.get(), where.size), 0);
  send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  send_frame(kSettings, 0, 0, big_endian(4, 2) + big_endian(window, 4));  // INITIAL_WINDOW_SIZE
}

RawHttp2::~RawHttp2() { close(socket_); }

void RawHttp2::begin_call(std::uint32_t stream, const std::string& path) {
  send_frame(kHeaders, kEndHeaders, stream,
             field(":method", "POST") + field(":scheme", "http") + field(":path", path) +
                 field(":authority", "localhost") + field("te", "trailers") +
                 field("content-type", "application/grpc"));
}

void RawHttp2::end_call(std::uint32_t stream, const std::string& message) {
  send_frame(kData, kEndStream, stream, '\0' + big_endian(message.size(), 4) + message);
}

void RawHttp2::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t now = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) {
      return;  // closed: next() says so
    }
    sent += static_cast<std::size_t>(now);
  }
}

void RawHttp2::send_frame(FrameType type, std::uint8_t flags, std::uint32_t stream,
                          const std::string& payload) {
  send(big_endian(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) +
       big_endian(stream, 4) + payload);
}

bool RawHttp2::read_exactly(std::string* out, std::size_t size) {
  out->resize(size);
  for (std::size_t have = 0; have < size;) {
    const ssize_t got = read(socket_, out->data() + have, size - have);
    if (got <= 0) {
      return false;
    }
    have += static_cast<std::size_t>(got);
  }
  return true;
}

RawHttp2::Frame RawHttp2::next(FrameType type) {
  std::string head;
  while (read_exactly(&head, 9)) {
    Frame frame{static_cast<std::uint8_t>(head[3]), number(head, 5, 4), ""};
    if (!read_exactly(&frame.payload, number(head, 0, 3))) {
      break;
    }
    if (frame.type == type) {
      return frame;
    }
  }
  return {kGoAway, 0, ""};
}

}  // namespace perdure::server::testing
