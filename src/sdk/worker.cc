#include "perdure/worker.h"

#include "perdure/detail/async_calls.h"
#include "sdk/stop_signal.h"
#include "worker/worker_core.h"

namespace perdure {

Worker::Worker(const Client& client, WorkerOptions options)
    : core_(std::make_unique<worker::WorkerCore>(client.connection(), std::move(options))) {}

Worker::~Worker() = default;

void Worker::start() { core_->start(); }
void Worker::stop() { core_->stop(); }

Async<void> Worker::async_stop() {
  const auto state = std::make_shared<detail::AsyncState<void>>(detail::poster(core_->connection()));
  core_->async_stop([state] { state->complete(Answer<void>(std::monostate())); });
  return Async<void>(state, core_->connection());
}

void Worker::run() {
  if (core_->on_callers_loop()) {
    throw PerdureError(
        "Worker::run() would hold the thread that the client's executor needs: start() the worker, run the "
        "loop, and end with async_stop() or stop()");
  }
  const sdk::StopSignal signal;  // before the start, so that no signal is missed
  core_->start();
  signal.wait(core_->stop_requested_fd());
  core_->stop();
}

}  // namespace perdure
