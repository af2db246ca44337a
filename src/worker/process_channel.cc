#include "worker/process_channel.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace perdure::worker {
namespace {

constexpr std::size_t kHeaderSize = 5;
// Far above what a payload may have; a length beyond it is not one.
constexpr std::uint32_t kMaxLength = 1U << 30;

}  // namespace

ProcessChannel::~ProcessChannel() { close(descriptor_); }

void ProcessChannel::shut_down() { shutdown(descriptor_, SHUT_RDWR); }

bool ProcessChannel::send(MessageKind kind, std::string_view body) {
  const auto length = static_cast<std::uint32_t>(body.size() + 1);
  std::string bytes;
  bytes.reserve(kHeaderSize + body.size());
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>((length >> shift) & 0xff));
  }
  bytes.push_back(static_cast<char>(kind));
  bytes.append(body);
  const std::lock_guard lock(mutex_);
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count = ::send(descriptor_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

bool ProcessChannel::read_exactly(char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t count = recv(descriptor_, out, size, 0);
    if (count < 0 && errno == EINTR) {
      continue;
    }
    if (count <= 0) {
      return false;
    }
    out += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

std::optional<ProcessMessage> ProcessChannel::receive() {
  char header[kHeaderSize];
  if (!read_exactly(header, sizeof(header))) {
    return std::nullopt;
  }
  std::uint32_t length = 0;
  for (unsigned i = 0; i < 4; ++i) {
    length |= static_cast<std::uint32_t>(static_cast<unsigned char>(header[i])) << (8 * i);
  }
  if (length == 0 || length > kMaxLength) {
    return std::nullopt;
  }
  ProcessMessage message{static_cast<MessageKind>(header[4]), std::string(length - 1, '\0')};
  if (!read_exactly(message.body.data(), message.body.size())) {
    return std::nullopt;
  }
  return message;
}

}  // namespace perdure::worker
