#pragma once
// HTTP/2 by hand, for what no gRPC client does.
#include <cstdint>
#include <string>

namespace perdure::server::testing {

// A connection of its own to 127.0.0.1. Each function blocks.
class RawHttp2 {
 public:
  enum FrameType : std::uint8_t { kData = 0, kHeaders = 1, kResetStream = 3, kSettings = 4, kGoAway = 7 };
  struct Frame {
    std::uint8_t type = 0;
    std::uint32_t stream = 0;
    std::string payload;
  };

  // Begins HTTP/2 and grants each stream this many bytes of answers until it is told otherwise.
  RawHttp2(const std::string& address, std::uint32_t window);
  ~RawHttp2();
  RawHttp2(const RawHttp2&) = delete;
  RawHttp2& operator=(const RawHttp2&) = delete;

  // The headers of a gRPC call. Streams of clients have odd numbers.
  void begin_call(std::uint32_t stream, const std::string& path);
  // All bytes of a message's frame, and the end of the stream.
  void end_call(std::uint32_t stream, const std::string& message);
  void send(const std::string& bytes);

  // The next frame of `type`, passing over others. An empty one with type kGoAway: the server closed.
  Frame next(FrameType type);

 private:
  bool read_exactly(std::string* out, std::size_t size);
  void send_frame(FrameType type, std::uint8_t flags, std::uint32_t stream, const std::string& payload);

  int socket_ = -1;
};

}  // namespace perdure::server::testing
