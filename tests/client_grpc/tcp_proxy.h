#pragma once
// A wire between a client and a server that a test can cut.
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace client_grpc_test {

class TcpProxy {
 public:
  // Forwards connections to 127.0.0.1:`server_port`.
  explicit TcpProxy(int server_port);
  ~TcpProxy();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Resets every connection, as a crash of the other side does. New ones are accepted.
  void cut();
  // Cuts, and resets every new connection until restore().
  void break_down();
  void restore();
  int connections() const;  // that were ever forwarded

 private:
  void run();
  void accept_one();
  void forward(int from);
  void close_pair(int side);

  const int server_port_;
  int port_ = 0;
  int listener_ = -1;
  int wake_ = -1;  // eventfd
  std::thread thread_;

  mutable std::mutex mutex_;
  bool stopping_ = false;
  bool cut_ = false;
  bool broken_ = false;
  int connections_ = 0;
  std::map<int, int> peers_;  // of the thread
};

}  // namespace client_grpc_test
