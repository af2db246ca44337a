#pragma once
// What a client says when it starts a workflow, and what it is told about one.
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "perdure/data_converter.h"
#include "perdure/payload.h"
#include "perdure/retry_policy.h"
#include "perdure/search_attributes.h"
#include "perdure/workflow_id_policy.h"

namespace perdure {

class Executor;
class Interceptor;
class MetricsSink;

// What a start does when the workflow id has an open run. Values are the wire's.
enum class WorkflowIdConflictPolicy {
  kFail = 1,               // WorkflowAlreadyStartedError
  kUseExisting = 2,        // a handle to the open run
  kTerminateExisting = 3,  // the open run is terminated, a new one starts
};

// How a run stands. Values are the wire's.
enum class WorkflowExecutionStatus {
  kUnspecified = 0,
  kRunning = 1,
  kCompleted = 2,
  kFailed = 3,
  kCanceled = 4,
  kTerminated = 5,
  kContinuedAsNew = 6,
  kTimedOut = 7,
};

// TLS to a server. Certificates and keys as PEM text, not file names. Named as in Temporal's Python SDK.
struct TlsOptions {
  std::string server_root_ca_cert{};  // who signed the server's certificate; empty: the system's authorities
  std::string domain{};       // the name that the server's certificate has; empty: the host of the target
  std::string client_cert{};  // mTLS: who this program is, together with its key
  std::string client_private_key{};
};

// Pings over an idle connection, so that a dead one is noticed.
struct KeepAliveOptions {
  std::chrono::nanoseconds interval = std::chrono::seconds(30);
  std::chrono::nanoseconds timeout = std::chrono::seconds(15);  // no answer for this long: a new connection

  friend bool operator==(const KeepAliveOptions&, const KeepAliveOptions&) = default;
};

// Everything from `tls` on is for targets "HOST:PORT"; "file:" refuses it.
struct ConnectOptions {
  std::string namespace_name = "default";
  std::string identity{};  // shown in histories; empty: PID@HOST
  DataConverter data_converter{};
  std::vector<std::shared_ptr<Interceptor>> interceptors{};  // see interceptor.h
  std::shared_ptr<MetricsSink> metrics{};                    // see metrics.h
  // The program's own event loop, see executor.h. Null: Perdure has threads of its own.
  std::shared_ptr<Executor> executor{};
  // With an executor, "file:": the engine has a thread of its own all the same, so that the loop does not
  // wait for the disk.
  bool engine_thread = false;
  // true, false, or TlsOptions{…}. Not given: as with true if there is an api_key, else without TLS.
  std::optional<std::variant<bool, TlsOptions>> tls{};
  std::string api_key{};                              // sent as "authorization: Bearer …"
  std::map<std::string, std::string> rpc_metadata{};  // headers of every call; names in lower case
  bool lazy = false;  // connect() sends nothing; a server that is not there shows at the first call
  std::optional<KeepAliveOptions> keep_alive = KeepAliveOptions{};  // std::nullopt: none
  bool gzip = false;                                                // compresses requests
};

// A signal that goes with a start: start_signal<&Chat::say>("hello"), see client.h.
struct StartSignal {
  std::string name{};
  Payloads args{};
};

// Named as in Temporal's Python SDK. `id` and `task_queue` are required. Durations that are not given are not
// limited (task_timeout: 10 s).
struct WorkflowOptions {
  std::string id{};          // what the workflow is about: one open run per id
  std::string task_queue{};  // where workers wait for it
  std::optional<std::chrono::nanoseconds> execution_timeout{};  // over all runs: retries and continue-as-new
  std::optional<std::chrono::nanoseconds> run_timeout{};        // of one run
  std::optional<std::chrono::nanoseconds> task_timeout{};       // of one step of workflow code
  WorkflowIdReusePolicy id_reuse_policy = WorkflowIdReusePolicy::kAllowDuplicate;
  WorkflowIdConflictPolicy id_conflict_policy = WorkflowIdConflictPolicy::kFail;
  std::optional<RetryPolicy> retry_policy{};  // none: a workflow that fails is not tried again
  std::optional<std::chrono::nanoseconds> start_delay{};
  std::map<std::string, Payload> memo{};  // {"key", to_payload(value)}
  SearchAttributes search_attributes{};   // {{kCustomer, "c-7"}}
  std::string static_summary{};           // one line, shown in user interfaces
  std::string static_details{};           // more of it, in Markdown
  std::string request_id{};               // the same id twice starts one run; empty: a fresh one
  // Sent to the workflow, which is started only if its id has no open run: both or neither. See
  // start_signal<F>() in client.h.
  std::optional<StartSignal> start_signal{};
};

// When a query is refused instead of answered. Values are the wire's.
enum class QueryRejectCondition {
  kNone = 1,                 // never
  kNotOpen = 2,              // the run has closed
  kNotCompletedCleanly = 3,  // the run failed, timed out, was cancelled or terminated
};
struct QueryOptions {
  std::optional<QueryRejectCondition> reject_condition{};
};

// How far an update is. Values are the wire's.
enum class WorkflowUpdateStage {
  kAdmitted = 1,   // the service knows it
  kAccepted = 2,   // its validator let it pass; it is in the history
  kCompleted = 3,  // its handler ended
};
struct UpdateOptions {
  std::string id{};  // the same id twice is one update; empty: a fresh one
};
struct StartUpdateOptions {
  WorkflowUpdateStage wait_for_stage = WorkflowUpdateStage::kAccepted;  // kAccepted or kCompleted
  std::string id{};
};

// What describe() tells.
struct WorkflowExecutionDescription {
  std::string id;
  std::string run_id;
  std::string first_run_id;  // of the chain of retries and continue-as-new
  std::string workflow_type;
  std::string task_queue;
  WorkflowExecutionStatus status = WorkflowExecutionStatus::kUnspecified;
  std::chrono::system_clock::time_point start_time;
  std::optional<std::chrono::system_clock::time_point> close_time;
  std::int64_t history_length = 0;  // events
  int pending_activities = 0;
};

}  // namespace perdure
