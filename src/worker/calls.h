#pragma once
// RPCs of a worker without a thread for each: started here, answered by a callback, repeated while the
// service is busy, and waited for at the end.
#include <google/protobuf/message.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "client/connection.h"
#include "worker/event_loop.h"
#include "worker/gate.h"

namespace perdure::worker {

class Calls {
 public:
  // Both outlive the calls.
  Calls(client::Connection& connection, EventLoop& loop) : connection_(connection), loop_(loop) {}
  ~Calls() { wait(); }

  client::Connection& connection() { return connection_; }
  EventLoop& loop() { return loop_; }

  // `done` runs on any thread and must not block.
  template <class Response, class Request>
  void send(std::string_view method, std::shared_ptr<const Request> request,
            std::function<void(const Status&, Response&)> done) {
    attempt<Response>(method, std::move(request), std::move(done), gate_.enter(), 0);
  }

  // Until every call is answered and its callback has run.
  void wait() { gate_.wait(); }

 private:
  static constexpr int kMaxAttempts = 10;

  template <class Response, class Request>
  void attempt(std::string_view method, std::shared_ptr<const Request> request,
               std::function<void(const Status&, Response&)> done, std::shared_ptr<Gate::Pass> pass,
               int tried) {
    auto response = std::make_shared<Response>();
    const std::shared_ptr<const Request> sent =
        request;  // alive until call() returns, whatever the callback does
    Response* received = response.get();
    connection_.transport().call(
        method, *sent, received, std::nullopt,
        [this, method, request = std::move(request), done = std::move(done), pass = std::move(pass), tried,
         response = std::move(response)](const Status& status) mutable {
          if (client::is_transient(status) && tried + 1 < kMaxAttempts) {
            const auto pause =
                std::min(std::chrono::milliseconds(100 << tried), std::chrono::milliseconds(10'000));
            loop_.run_after(pause, [this, method, request = std::move(request), done = std::move(done),
                                    pass = std::move(pass), tried]() mutable {
              attempt<Response>(method, std::move(request), std::move(done), std::move(pass), tried + 1);
            });
            return;
          }
          done(status, *response);
        });
  }

  client::Connection& connection_;
  EventLoop& loop_;
  Gate gate_;
};

}  // namespace perdure::worker
