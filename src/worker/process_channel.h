#pragma once
// What a worker and its activity processes say to each other: messages of a kind and a body, over a socket
// pair.
//
//   worker → process   kRun        body: see process_messages.h; once the process is idle
//                      kCancel     body: the reason; at most once for each kRun
//   process → worker   kHeartbeat  body: Payloads, the details
//                      kLog        body: a LogRecord as JSON
//                      kResult     body: Payload; the end of the activity
//                      kFailure    body: Failure; the end of the activity
//                      kCompleteAsync  no body; the end of the function, not of the activity
//
// A message is its length (four bytes, little endian, of what follows), its kind (one byte), its body. Both
// ends are the same program, so there is nothing to negotiate.
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace perdure::worker {

enum class MessageKind : std::uint8_t {
  kRun = 1,
  kCancel = 2,
  kHeartbeat = 3,
  kLog = 4,
  kResult = 5,
  kFailure = 6,
  kCompleteAsync = 7,
};

struct ProcessMessage {
  MessageKind kind{};
  std::string body;
};

// One end. Sending is thread-safe; one thread receives.
class ProcessChannel {
 public:
  explicit ProcessChannel(int descriptor) : descriptor_(descriptor) {}
  ~ProcessChannel();
  ProcessChannel(const ProcessChannel&) = delete;
  ProcessChannel& operator=(const ProcessChannel&) = delete;

  int descriptor() const { return descriptor_; }
  // False: the other end is gone.
  bool send(MessageKind kind, std::string_view body);
  // Blocks. None: the other end is gone.
  std::optional<ProcessMessage> receive();
  // Ends receive() on both sides.
  void shut_down();

 private:
  bool read_exactly(char* out, std::size_t size);

  const int descriptor_;
  std::mutex mutex_;  // of send()
};

}  // namespace perdure::worker
