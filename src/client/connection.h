#pragma once
// A transport with what every call says about its caller. Shared by clients, handles and workers.
#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/random.h"
#include "base/time.h"
#include "client/boundary.h"
#include "client/caller_loop.h"
#include "client/extensions.h"
#include "client/retry.h"
#include "client/transport.h"
#include "perdure/logger.h"

namespace perdure::client {

// The clock of calls that block. Tests have their own.
class Pacer {
 public:
  virtual ~Pacer() = default;
  virtual Timestamp now() = 0;  // only ever goes forward; since when does not matter
  virtual void pause(Duration duration) = 0;
};
std::unique_ptr<Pacer> make_system_pacer();

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  // `identity` empty: PID@HOST.
  // `in_process`: the service runs in this process and serves nobody else, so its workers die with it.
  Connection(std::unique_ptr<Transport> transport, std::string namespace_name, std::string identity,
             bool in_process, std::unique_ptr<Pacer> pacer = make_system_pacer(), Extensions extensions = {});

  Transport& transport() { return *transport_; }
  Pacer& pacer() { return *pacer_; }
  // What messages go through on their way out and in; null: nothing.
  const Boundary* boundary() const { return boundary_.get(); }
  // The first of the interceptors, or the calls themselves.
  ClientOutboundInterceptor& outbound() { return *outbound_; }
  // Those of the client's workers too.
  const std::vector<std::shared_ptr<Interceptor>>& interceptors() const { return interceptors_; }
  // Somebody is around the calls.
  bool intercepts_calls() const { return intercepts_calls_; }
  // The program's own event loop, on which everything runs; null: we have threads.
  const std::shared_ptr<CallerLoop>& caller_loop() const { return caller_loop_; }
  // The queue on it for the answers of calls; null as well.
  const std::shared_ptr<EventLoop>& loop() const { return loop_; }
  // Null: nobody wants to know.
  const std::shared_ptr<MetricsSink>& metrics() const { return metrics_; }
  bool in_process() const { return in_process_; }
  const std::string& namespace_name() const { return namespace_name_; }
  const std::string& identity() const { return identity_; }
  // A fresh UUID, for request ids and queue names. Thread-safe.
  std::string fresh_id();
  // Random, in [0, 1). Thread-safe.
  double fresh_fraction();
  // Where lines of the SDK's log go, for those who cannot write them themselves; before the first call.
  void log_to(std::function<void(const LogRecord&)> sink) { log_ = std::move(sink); }
  // Writes a line about a request with a large payload. Thread-safe.
  void warn_if_large(std::string_view method, const google::protobuf::Message& request) const;
  // How long one attempt may take; nothing: as long as the service in this process takes.
  std::optional<Duration> timeout(CallKind kind) const;

  // The name of the queue on which a worker of `task_queue` gets the tasks of runs that it remembers. In
  // process it is the same after a restart, so that the tasks which waited there for the process before are
  // taken at once instead of after their schedule-to-start timeout. Thread-safe; give it back when the worker
  // has stopped.
  std::string take_sticky_queue(const std::string& task_queue);
  void give_back_sticky_queue(const std::string& sticky_queue);

 private:
  const std::unique_ptr<Pacer> pacer_;
  const std::shared_ptr<CallerLoop> caller_loop_;
  const std::unique_ptr<Transport> transport_;
  std::string namespace_name_;
  std::string identity_;
  const bool in_process_;
  const std::unique_ptr<const Boundary> boundary_;
  const std::vector<std::shared_ptr<Interceptor>> interceptors_;
  const std::shared_ptr<MetricsSink> metrics_;
  const std::unique_ptr<ClientOutboundInterceptor> outbound_;
  const bool intercepts_calls_;
  std::function<void(const LogRecord&)> log_;
  std::mutex mutex_;
  Random random_;                        // guarded by mutex_
  std::set<std::string> sticky_queues_;  // in use; guarded by mutex_
  const std::shared_ptr<EventLoop> loop_;
};

// As call_and_wait, trying again as Retry says. Payloads are encoded and decoded on the way; throws
// DataConversionError, and PerdureError for a long poll on the thread of the program's own loop.
Status call_with_retry(Connection& connection, std::string_view method,
                       const google::protobuf::Message& request, google::protobuf::Message* response,
                       CallKind kind = CallKind::kCall);
// The same for what is wanted as it is stored: payloads stay encoded.
Status call_as_stored(Connection& connection, std::string_view method,
                      const google::protobuf::Message& request, google::protobuf::Message* response,
                      CallKind kind = CallKind::kCall);

}  // namespace perdure::client
