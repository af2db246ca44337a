#pragma once
// Takes connections and hands them on. gRPC's own listener shares its port with whoever asks, and stops
// listening for good when the process runs out of file descriptors once.
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "server/address.h"

namespace perdure::server {

class Acceptor {
 public:
  // Takes over `connection`.
  using Use = std::function<void(int listener, int connection)>;

  // Listens on every address of the endpoint: from then on clients may connect. Errors as open_socket().
  static Result<std::unique_ptr<Acceptor>> listen(const Endpoint& endpoint);
  // stop()
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // With the port that was bound.
  const Address& address() const { return address_; }

  // Starts the thread that calls `use`.
  void start(Use use);
  // Clients get a refusal from now on. Connections that nobody took are closed.
  void stop();

  // Connections that were closed at once because limits::kConnections are open.
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  Acceptor() = default;
  void run();
  // False: there was nothing to accept, or nothing can be accepted now.
  bool accept_one(int listener);

  Address address_;
  std::vector<int> listeners_;
  int wake_ = -1;  // readable: stop
  Use use_;
  int highest_descriptor_ = 0;
  std::atomic<std::uint64_t> refused_{0};
  std::thread thread_;
};

}  // namespace perdure::server
