#include "perdure/worker.h"

#include "sdk/stop_signal.h"
#include "worker/worker_core.h"

namespace perdure {

Worker::Worker(const Client& client, WorkerOptions options)
    : core_(std::make_unique<worker::WorkerCore>(client.connection(), std::move(options))) {}

Worker::~Worker() = default;

void Worker::start() { core_->start(); }
void Worker::stop() { core_->stop(); }

void Worker::run() {
  const sdk::StopSignal signal;  // before the start, so that no signal is missed
  core_->start();
  signal.wait(core_->stop_requested_fd());
  core_->stop();
}

}  // namespace perdure
