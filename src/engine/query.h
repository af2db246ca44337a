#pragma once
// Queries of a run's state: whether one may be asked at all, and how it gets to a worker. Nothing here
// changes a run but reset_sticky_task_queue(). As Temporal's api/queryworkflow; who waits for which answer is
// kept in memory by the shell.
#include <optional>
#include <string>

#include "base/status.h"
#include "base/time.h"
#include "engine/engine.h"

namespace perdure::engine {

enum class QueryRoute {
  kRejected,  // by the caller's condition: the run is closed
  kDirect,    // as a task of its own: nothing waits that the query should see
  kBuffered,  // with the workflow task that is pending, or with the first one to come
};

// How a query that arrives now and waits until `deadline` at most is asked, or the error that it gets.
Result<QueryRoute> route_query(const Execution& run, temporal::api::enums::v1::QueryRejectCondition condition,
                               Timestamp deadline);

// Whether what is buffered need not wait for a workflow task (any longer). An error: it never will be asked.
Result<bool> unblocks_queries(const Execution& run);

// The worker that has the run in its cache, as its last workflow task said.
struct StickyWorker {
  std::string queue;  // empty: there is none
  Duration schedule_to_start_timeout{};
};
StickyWorker sticky_worker(const Execution& run);
const std::string& normal_task_queue(const Execution& run);

// A task that only asks. `in_cache`: the worker has the run, and needs no history.
WorkflowTaskStart query_task(const Execution& run, bool in_cache);

// The link of a query's answer.
temporal::api::common::v1::Link query_link(const Execution& run, bool rejected);

// kNotFound: the run is closed.
Status reset_sticky_task_queue(Outcome& out, Execution& run, const Context& context);

}  // namespace perdure::engine
