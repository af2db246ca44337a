#pragma once
// The HTTP listener on which Prometheus reads: GET /metrics, one request for each connection, one at a time.
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "server/acceptor.h"

namespace perdure::server {

class MetricsListener {
 public:
  // Serves at once. `address` is HOST:PORT; port 0: any. `text` is called on the listener's thread.
  // kInvalidArgument: not an address of this machine; kFailedPrecondition: a public one, unless `insecure`;
  // kUnavailable: it is in use.
  static Result<std::unique_ptr<MetricsListener>> start(const std::string& address, bool insecure,
                                                        std::function<std::string()> text);

  // HOST:PORT with the port that was bound.
  const std::string& address() const { return address_; }

 private:
  MetricsListener(std::unique_ptr<Acceptor> acceptor, std::function<std::string()> text);
  void answer(int connection) const;

  std::function<std::string()> text_;
  std::string address_;
  std::unique_ptr<Acceptor> acceptor_;  // last: its thread uses the others
};

}  // namespace perdure::server
