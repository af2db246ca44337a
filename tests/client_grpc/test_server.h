#pragma once
// A gRPC server that answers every method as a test says.
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/support/status.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/time.h"

namespace client_grpc_test {

using perdure::Duration;
using perdure::Status;

// One call as the server sees it. Thread-safe.
class ServedCall {
 public:
  virtual ~ServedCall() = default;
  virtual const std::string& method() const = 0;  // without its service
  virtual const std::string& request() const = 0;
  virtual const std::map<std::string, std::string>& metadata() const = 0;
  virtual std::optional<Duration> timeout() const = 0;
  // Once. With the bytes of the response, if it is OK.
  virtual void answer(const grpc::Status& status, const std::string& response) = 0;
  // At once, if it is cancelled already.
  virtual void on_cancel(std::function<void()> cancelled) = 0;
};

using Handler = std::function<void(std::shared_ptr<ServedCall>)>;

class TestServer {
 public:
  // Empty address: 127.0.0.1, any free port. `handler` runs on gRPC's threads.
  explicit TestServer(
      Handler handler,
      std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials(),
      const std::string& address = "");
  // Cuts off what still runs; its handler may be called no more when this returns.
  ~TestServer();

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int port() const { return port_; }

 private:
  class Service;

  std::unique_ptr<Service> service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// As a server of Temporal's sends it, with its detail in the trailers.
grpc::Status to_wire(const Status& status);

}  // namespace client_grpc_test
