#include "client/connection.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "client/in_workflow_code.h"
#include "client/large_payloads.h"
#include "client/metered_transport.h"
#include "client/outbound.h"
#include "perdure/perdure_error.h"

namespace perdure::client {
namespace {

std::string default_identity() {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  return std::to_string(getpid()) + "@" + host;
}

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

class SystemPacer final : public Pacer {
 public:
  Timestamp now() override {
    const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::nanoseconds>(since_boot).count()};
  }
  void pause(Duration duration) override {
    std::this_thread::sleep_for(duration);  // perdure-allow: a blocking call pauses between two tries
  }
};

}  // namespace

std::unique_ptr<Pacer> make_system_pacer() { return std::make_unique<SystemPacer>(); }

Connection::Connection(std::unique_ptr<Transport> transport, std::string namespace_name, std::string identity,
                       bool in_process, std::unique_ptr<Pacer> pacer, Extensions extensions)
    : pacer_(std::move(pacer)),
      caller_loop_(std::move(extensions.caller_loop)),
      transport_(
          extensions.metrics == nullptr
              ? std::move(transport)
              : make_metered_transport(std::move(transport), extensions.metrics, *pacer_, namespace_name)),
      namespace_name_(std::move(namespace_name)),
      identity_(identity.empty() ? default_identity() : std::move(identity)),
      in_process_(in_process),
      boundary_(Boundary::make(extensions.data_converter)),
      interceptors_(std::move(extensions.interceptors)),
      metrics_(std::move(extensions.metrics)),
      outbound_(make_outbound(*this, interceptors_)),
      intercepts_calls_(!is_calls_themselves(*outbound_)),
      random_(random_seed()),
      loop_(caller_loop_ == nullptr ? nullptr : caller_loop_->make_queue()) {}

std::string Connection::fresh_id() {
  const std::lock_guard lock(mutex_);
  return uuid4(random_);
}

double Connection::fresh_fraction() {
  const std::lock_guard lock(mutex_);
  return static_cast<double>(random_.next() >> 11) * 0x1.0p-53;
}

std::optional<Duration> Connection::timeout(CallKind kind) const {
  return in_process_ ? std::nullopt : std::optional(attempt_timeout(kind));
}

std::string Connection::take_sticky_queue(const std::string& task_queue) {
  const std::string prefix = "sticky:" + task_queue + ":";
  if (!in_process_ || prefix.size() + 10 > limits::kIdLength) {
    return identity_ + "-" + fresh_id();
  }
  const std::lock_guard lock(mutex_);
  int number = 0;
  while (!sticky_queues_.insert(prefix + std::to_string(number)).second) {
    ++number;
  }
  return prefix + std::to_string(number);
}

void Connection::give_back_sticky_queue(const std::string& sticky_queue) {
  const std::lock_guard lock(mutex_);
  sticky_queues_.erase(sticky_queue);
}

void Connection::warn_if_large(std::string_view method, const google::protobuf::Message& request) const {
  const std::optional<LogRecord> line = log_ ? large_payload(method, request) : std::nullopt;
  if (line) {
    log_(*line);
  }
}

Status call_as_stored(Connection& connection, std::string_view method,
                      const google::protobuf::Message& request, google::protobuf::Message* response,
                      CallKind kind) {
  refuse_in_workflow_code();
  if (kind == CallKind::kLongPoll && connection.caller_loop() != nullptr &&
      connection.caller_loop()->runs_here()) {
    throw PerdureError(
        "this call waits for a workflow on the thread of the client's executor, which has to run meanwhile: "
        "use AsyncClient (perdure/async_client.h), or wait on another thread");
  }
  connection.warn_if_large(method, request);
  Retry retry(kind, connection.in_process());
  while (true) {
    response->Clear();
    Status status =
        call_and_wait(connection.transport(), method, request, response, connection.timeout(kind));
    if (status.ok()) {
      return status;
    }
    const auto pause = retry.after(status, connection.pacer().now(), connection.fresh_fraction());
    if (!pause) {
      return status;
    }
    connection.pacer().pause(*pause);
  }
}

Status call_with_retry(Connection& connection, std::string_view method,
                       const google::protobuf::Message& request, google::protobuf::Message* response,
                       CallKind kind) {
  const Boundary* boundary = connection.boundary();
  if (boundary == nullptr) {
    return call_as_stored(connection, method, request, response, kind);
  }
  const std::unique_ptr<google::protobuf::Message> encoded(request.New());
  encoded->CopyFrom(request);
  boundary->encode(encoded.get());
  Status status = call_as_stored(connection, method, *encoded, response, kind);
  if (status.ok()) {
    boundary->decode(response);
  }
  return status;
}

}  // namespace perdure::client
