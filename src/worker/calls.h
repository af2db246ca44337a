#pragma once
// RPCs of a worker without a thread for each: started here, answered by a callback, repeated while the
// service is busy, and waited for at the end.
#include <google/protobuf/message.h>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/event_loop.h"
#include "client/connection.h"
#include "worker/gate.h"
#include "worker/gate_wait.h"

namespace perdure::worker {

class Calls {
 public:
  // Both outlive the calls.
  Calls(client::Connection& connection, EventLoop& loop) : connection_(connection), loop_(loop) {}
  ~Calls() { gate_.wait(); }
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;

  client::Connection& connection() { return connection_; }
  EventLoop& loop() { return loop_; }

  // `done` runs on any thread (or on the loop of the program) and must not block.
  template <class Response, class Request>
  void send(std::string_view method, std::shared_ptr<const Request> request,
            std::function<void(const Status&, Response&)> done,
            client::CallKind kind = client::CallKind::kCall) {
    connection_.warn_if_large(method, *request);
    auto call = std::make_shared<Call<Request, Response>>(
        Call<Request, Response>{method, std::move(request), std::move(done), gate_.enter(), kind,
                                client::Retry(kind, connection_.in_process())});
    attempt(std::move(call));
  }

  // The worker stops: answers keep trying as long as other calls do, not longer.
  void hurry() { hurried_ = true; }
  // Until every call is answered and its callback has run.
  GateWait wait() { return GateWait(gate_, loop_); }

 private:
  template <class Request, class Response>
  struct Call {
    std::string_view method;  // a literal
    std::shared_ptr<const Request> request;
    std::function<void(const Status&, Response&)> done;
    std::shared_ptr<Gate::Pass> pass;
    client::CallKind kind;
    client::Retry retry;
  };

  template <class Request, class Response>
  void attempt(std::shared_ptr<Call<Request, Response>> call) {
    auto response = std::make_shared<Response>();
    Response* received = response.get();
    // Alive until call() returns, whatever the callback does.
    const std::shared_ptr<const Request> sent = call->request;
    connection_.transport().call(
        call->method, *sent, received, connection_.timeout(call->kind),
        [this, call, response = std::move(response)](const Status& status) mutable {
          loop_.deliver([this, call = std::move(call), response = std::move(response), status] {
            answered(call, status, *response);
          });
        });
  }

  template <class Request, class Response>
  void answered(const std::shared_ptr<Call<Request, Response>>& call, const Status& status,
                Response& response) {
    if (const auto pause = pause_after(status, call->retry)) {
      loop_.run_after(*pause, [this, call] { attempt(call); });
    } else {
      call->done(status, response);
    }
  }

  std::optional<Duration> pause_after(const Status& status, client::Retry& retry) {
    if (status.ok()) {
      return std::nullopt;
    }
    if (hurried_) {
      retry.hurry();
    }
    return retry.after(status, connection_.pacer().now(), connection_.fresh_fraction());
  }

  client::Connection& connection_;
  EventLoop& loop_;
  std::atomic<bool> hurried_ = false;
  Gate gate_;
};

}  // namespace perdure::worker
