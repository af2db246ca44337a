#pragma once
// A transport with what every call says about its caller. Shared by clients, handles and workers.
#include <google/protobuf/message.h>

#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/random.h"
#include "client/transport.h"

namespace perdure::client {

class Connection {
 public:
  // `identity` empty: PID@HOST.
  // `in_process`: the service runs in this process and serves nobody else, so its workers die with it.
  Connection(std::unique_ptr<Transport> transport, std::string namespace_name, std::string identity,
             bool in_process);

  Transport& transport() { return *transport_; }
  const std::string& namespace_name() const { return namespace_name_; }
  const std::string& identity() const { return identity_; }
  // A fresh UUID, for request ids and queue names. Thread-safe.
  std::string fresh_id();

  // The name of the queue on which a worker of `task_queue` gets the tasks of runs that it remembers. In
  // process it is the same after a restart, so that the tasks which waited there for the process before are
  // taken at once instead of after their schedule-to-start timeout. Thread-safe; give it back when the worker
  // has stopped.
  std::string take_sticky_queue(const std::string& task_queue);
  void give_back_sticky_queue(const std::string& sticky_queue);

 private:
  std::unique_ptr<Transport> transport_;
  std::string namespace_name_;
  std::string identity_;
  const bool in_process_;
  std::mutex mutex_;
  Random random_;                        // guarded by mutex_
  std::set<std::string> sticky_queues_;  // in use; guarded by mutex_
};

// Whether the same request may succeed later, without anything else changing. The embedded service is never
// unavailable for a while: once it has ended, it has ended.
bool is_transient(const Status& status);

// As call_and_wait, trying again for up to ten seconds while the service says that it is busy.
Status call_with_retry(Connection& connection, std::string_view method,
                       const google::protobuf::Message& request, google::protobuf::Message* response);

}  // namespace perdure::client
