#pragma once
// What the transport bounds, besides base/limits.h. Sizes in bytes.
#include <chrono>
#include <cstddef>

namespace perdure::server::limits {

inline constexpr std::size_t kMetadata = 64 * 1024;  // request headers together, as HTTP/2 counts them
// Beyond it gRPC itself refuses, but closes the connection under other calls too.
inline constexpr int kMetadataHard = 512 * 1024;
inline constexpr int kConnections = 20'000;            // open at the same time; fewer if the process may not
inline constexpr int kStreamsPerConnection = 1'000;    // calls at the same time on one connection
inline constexpr std::size_t kCalls = 20'000;          // calls at the same time, all connections
inline constexpr std::size_t kPolls = 16'000;          // of these; the rest is for calls that do not wait
inline constexpr std::size_t kReflectionStreams = 64;  // open at the same time: an answer has some 100 KiB
// A message of more than limits::kMessage is read, so that its sender gets the text that SDKs know; beyond
// this size it is not even received.
inline constexpr int kReceived = 64 << 20;
inline constexpr std::size_t kUnreadAnswers = 256u
                                              << 20;  // answers that clients have not taken yet, together
inline constexpr std::chrono::seconds kAnswerPatience{30};  // until a client takes an answer
inline constexpr std::size_t kReadBuffers = 128u << 20;     // received and not yet parsed, all connections
inline constexpr std::size_t kStatusMessage = 4'000;        // system.maxServiceErrorMessageLength
inline constexpr std::size_t kStatusTrailers = 14 * 1024;   // clients take 16 KiB of headers
inline constexpr std::chrono::seconds kServerPing{
    60};  // after so much silence a connection is asked whether it lives
inline constexpr std::chrono::seconds kPingAnswer{10};  // and closed if it does not say so in time
inline constexpr std::chrono::seconds kHandshake{
    10};  // until a connection has said something that HTTP/2 or TLS begins with
inline constexpr std::chrono::seconds kClientPing{10};  // clients may ping this often, with or without calls

}  // namespace perdure::server::limits
