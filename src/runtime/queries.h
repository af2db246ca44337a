#pragma once
// Queries as the runtime passes them on. They live in memory only: in the Loop, from the call to its answer.
#include <cstdint>
#include <functional>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "base/time.h"
#include "temporal/api/enums/v1/query.pb.h"
#include "temporal/api/query/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::runtime {

// One attempt to have a query answered by a worker; the frontend seals it into a task token.
struct QueryTaskRef {
  std::uint64_t query = 0;  // QueryCall::id
  std::int64_t attempt = 0;
  std::int64_t incarnation = 0;
};

// A caller who waits for the answer of a query.
struct WaitingQuery {
  std::uint64_t id = 0;
  std::string query_id;  // within a workflow task
  ExecutionId execution;
  std::string namespace_name;
  temporal::api::query::v1::WorkflowQuery query;
  Timestamp deadline;  // of the caller, as patience_time()
  Timestamp alarm;     // when it is looked at next: its deadline, or that of its sticky worker
  // Where it is: buffered for a workflow task, on `queue`, or with a worker that took it from there.
  bool buffered = false;
  bool with_worker = false;
  bool sticky = false;       // asked of the worker that has the run in its cache
  std::string queue;         // a queue key
  std::int64_t attempt = 0;  // of asking it directly
  std::function<void(Result<temporal::api::workflowservice::v1::QueryWorkflowResponse>)> reply;
};

}  // namespace perdure::runtime
