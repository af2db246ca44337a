// Queries: who waits for which answer, and which worker is asked. As Temporal's api/queryworkflow and the
// query tasks of its matching service.
#include <algorithm>
#include <chrono>
#include <utility>

#include "api/convert.h"
#include "base/check.h"
#include "base/limits.h"
#include "engine/query.h"
#include "engine/queue_key.h"
#include "runtime/loop.h"
#include "temporal/api/errordetails/v1/message.pb.h"

namespace perdure::runtime {
namespace {

namespace enums = temporal::api::enums::v1;
using engine::wire::QueryWorkflowResponse;
using temporal::api::query::v1::WorkflowQueryResult;

Status query_timed_out() {
  return Status(Code::kDeadlineExceeded, "query timed out before a worker could process it");
}

Status buffer_is_full() {
  temporal::api::errordetails::v1::ResourceExhaustedFailure detail;
  detail.set_cause(enums::RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW);
  detail.set_scope(enums::RESOURCE_EXHAUSTED_SCOPE_NAMESPACE);
  return api::with_detail(Code::kResourceExhausted,
                          "consistent query buffer is full, this may be caused by too many queries and "
                          "workflow not able to process query fast enough",
                          detail);
}

Status query_failed(const std::string& message, const temporal::api::failure::v1::Failure* failure) {
  temporal::api::errordetails::v1::QueryFailedFailure detail;
  if (failure != nullptr) {
    *detail.mutable_failure() = *failure;
  }
  return api::with_detail(Code::kInvalidArgument, message, detail);
}

QueryWorkflowResponse answer_of(const engine::Execution& run,
                                const temporal::api::common::v1::Payloads& result) {
  QueryWorkflowResponse response;
  *response.mutable_query_result() = result;
  *response.mutable_link() = engine::query_link(run, false);
  return response;
}

Result<QueryWorkflowResponse> rejection_by(const engine::Execution& run) {
  QueryWorkflowResponse response;
  response.mutable_query_rejected()->set_status(
      static_cast<enums::WorkflowExecutionStatus>(engine::execution_status(run)));
  *response.mutable_link() = engine::query_link(run, true);
  return response;
}

// None: a worker may not answer like this, and the query waits on.
std::optional<Result<QueryWorkflowResponse>> answer_of(const engine::Execution& run,
                                                       const WorkflowQueryResult& result) {
  if (result.answer().ByteSizeLong() > limits::kBlobError) {
    return invalid_argument("Blob data size exceeds limit.");
  }
  if (result.result_type() == enums::QUERY_RESULT_TYPE_ANSWERED && result.has_answer() &&
      result.error_message().empty()) {
    return answer_of(run, result.answer());
  }
  if (result.result_type() == enums::QUERY_RESULT_TYPE_FAILED && !result.has_answer() &&
      !result.error_message().empty()) {
    return query_failed(result.error_message(), result.has_failure() ? &result.failure() : nullptr);
  }
  return std::nullopt;
}

}  // namespace

bool Loop::is_waiting(std::uint64_t id) const {
  return polls_.contains(id) || history_waits_.contains(id) || queries_.contains(id) || updates_.contains(id);
}

void Loop::query_workflow(QueryCall call, Reply<QueryWorkflowResponse> reply) {
  if (ended_) {
    reply(mailbox_.state());
    return;
  }
  auto found = runs_.find(call.target);
  if (!found.ok()) {
    note_read_failure(found.status());
    reply(found.status());
    return;
  }
  CachedRun& entry = **found;
  if (Status status = usable(entry.execution); !status.ok()) {
    reply(status);
    return;
  }
  if (entry.broken) {
    deferred_.push_back([this, call = std::move(call), reply = std::move(reply)](Service&) mutable {
      query_workflow(std::move(call), std::move(reply));
    });
    return;
  }
  auto route = engine::route_query(*entry.run, call.reject_condition, now_ + call.max_wait);
  if (route.ok() && *route == engine::QueryRoute::kBuffered) {
    auto buffered = buffered_queries_.find(entry.execution);
    if (buffered != buffered_queries_.end() && buffered->second.size() >= limits::kBufferedQueries) {
      route = buffer_is_full();
    }
  }
  if (!route.ok() || *route == engine::QueryRoute::kRejected) {
    auto answer = route.ok() ? rejection_by(*entry.run) : Result<QueryWorkflowResponse>(route.status());
    settle(entry.dirty, [answer = std::move(answer), reply = std::move(reply)](const Status& outcome) {
      reply(outcome.ok() ? answer : Result<QueryWorkflowResponse>(outcome));
    });
    return;
  }
  check(!is_waiting(call.id), "a waiting call has an id of its own");
  WaitingQuery& query = queries_[call.id];
  query.id = call.id;
  query.query_id = uuid4(random_);
  query.execution = entry.execution;
  query.namespace_name = engine::workflow_key(*entry.run).namespace_name.value;
  query.query = std::move(call.query);
  query.deadline = patience_time() + call.max_wait;
  query.reply = std::move(reply);
  set_alarm(query, query.deadline);
  if (*route == engine::QueryRoute::kBuffered) {
    query.buffered = true;
    buffered_queries_[query.execution].insert(query.id);
  } else {
    ask_directly(query);
  }
}

void Loop::set_alarm(WaitingQuery& query, Timestamp alarm) {
  wait_deadlines_.erase({query.alarm, query.id});
  query.alarm = alarm;
  wait_deadlines_.insert({alarm, query.id});
}

WaitingQuery Loop::take_query(std::uint64_t id) {
  auto node = queries_.extract(id);
  check(!node.empty(), "a query that is answered was waiting");
  WaitingQuery query = std::move(node.mapped());
  wait_deadlines_.erase({query.alarm, id});
  take_off_queue(query);
  if (auto buffered = buffered_queries_.find(query.execution); buffered != buffered_queries_.end()) {
    buffered->second.erase(id);
    if (buffered->second.empty()) {
      buffered_queries_.erase(buffered);
    }
  }
  return query;
}

void Loop::finish_query(std::uint64_t id, Result<QueryWorkflowResponse> answer) {
  take_query(id).reply(std::move(answer));
}

// --- asked directly
// ------------------------------------------------------------------------------------------

// The worker that has the run in its cache is asked first, for as long as a workflow task would wait for it.
void Loop::ask_directly(WaitingQuery& query) {
  auto found = runs_.get(query.execution);
  if (!found.ok()) {
    note_read_failure(found.status());
    finish_query(query.id, found.status());
    return;
  }
  const engine::StickyWorker worker = engine::sticky_worker(*(*found)->run);
  const std::string key = engine::queue_key(engine::TaskKind::kWorkflow, query.namespace_name, worker.queue);
  if (!worker.queue.empty() && worker.schedule_to_start_timeout > Duration::zero() &&
      sticky_worker_lives(key)) {
    query.sticky = true;
    put_on_queue(query, worker.queue,
                 std::min(query.deadline, patience_time() + worker.schedule_to_start_timeout));
    return;
  }
  ask_on_normal_queue(query);
}

// Nobody answers on the sticky queue: from now on the run has none.
void Loop::ask_on_normal_queue(WaitingQuery& query) {
  auto found = runs_.get(query.execution);
  if (!found.ok()) {
    note_read_failure(found.status());
    finish_query(query.id, found.status());
    return;
  }
  CachedRun& entry = **found;
  const std::string queue = engine::normal_task_queue(*entry.run);
  if (!ended_ && !entry.broken && !engine::is_closed(*entry.run) && usable(query.execution).ok() &&
      !engine::sticky_worker(*entry.run).queue.empty()) {
    engine::Outcome out;
    const Status status =
        guarded(query.execution, [&] { (void)engine::reset_sticky_task_queue(out, *entry.run, context()); });
    if (status.ok()) {
      apply(std::move(out));
      refresh(entry);
    }
  }
  query.sticky = false;
  put_on_queue(query, queue, query.deadline);
}

void Loop::put_on_queue(WaitingQuery& query, const std::string& task_queue, Timestamp alarm) {
  take_off_queue(query);
  ++query.attempt;
  query.with_worker = false;
  queries_to_dispatch_ = true;
  query.queue = engine::queue_key(engine::TaskKind::kWorkflow, query.namespace_name, task_queue);
  query_queues_[query.queue].insert(query.id);
  set_alarm(query, alarm);
}

void Loop::take_off_queue(const WaitingQuery& query) {
  auto queue = query_queues_.find(query.queue);
  if (queue == query_queues_.end()) {
    return;
  }
  queue->second.erase(query.id);
  if (queue->second.empty()) {
    query_queues_.erase(queue);
  }
}

// Its caller's time is over, or that of its sticky worker.
void Loop::query_alarm(std::uint64_t id) {
  WaitingQuery& query = queries_.at(id);
  if (query.deadline <= patience_time()) {
    finish_query(id, query_timed_out());
  } else {
    ask_on_normal_queue(query);
  }
}

bool Loop::asks_worker() const {
  return std::any_of(queries_.begin(), queries_.end(),
                     [](const auto& query) { return !query.second.buffered; });
}

// Queries are in no store, so matching does not know them: pollers get them before anything else.
bool Loop::dispatch_queries() {
  queries_to_dispatch_ = false;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> matches;  // query, poll
  for (const auto& [queue, waiting] : query_queues_) {
    for (const std::uint64_t id : waiting) {
      const auto poller = matching_.take_poller(queue);
      if (!poller) {
        break;
      }
      matches.emplace_back(id, *poller);
    }
  }
  for (const auto& [id, poll] : matches) {
    hand_out_query(id, poll);
  }
  return !matches.empty();
}

void Loop::hand_out_query(std::uint64_t id, std::uint64_t poll_id) {
  WaitingQuery& query = queries_.at(id);
  take_off_queue(query);
  query.with_worker = true;
  WaitingPoll poll = take_poll(poll_id);
  check(poll.workflow_reply != nullptr, "queries wait on queues of workflow tasks");
  auto run = runs_.get(query.execution);
  const bool wait = run.ok() && (*run)->dirty;
  settle(wait,
         [this, id, attempt = query.attempt, reply = std::move(poll.workflow_reply)](const Status& outcome) {
           const auto found = queries_.find(id);
           const bool wanted = found != queries_.end() && found->second.attempt == attempt;
           if (!outcome.ok() || !wanted) {
             if (!outcome.ok() && wanted && !ended_) {
               ask_on_normal_queue(found->second);
             }
             reply(outcome.ok() ? Result<std::optional<WorkflowTaskHandOut>>(std::nullopt) : outcome);
             return;
           }
           auto task = query_task(found->second);
           if (!task.ok()) {
             // As Temporal: its caller hears of it, the poller gets nothing.
             finish_query(id, task.status());
             reply(std::optional<WorkflowTaskHandOut>());
             return;
           }
           reply(std::optional<WorkflowTaskHandOut>(std::move(*task)));
         });
}

Result<WorkflowTaskHandOut> Loop::query_task(const WaitingQuery& query) {
  auto run = runs_.get(query.execution);
  if (!run.ok()) {
    note_read_failure(run.status());
    return run.status();
  }
  // Meanwhile the run may have moved to another queue; then this worker gets all of the history.
  const std::string cached_by = engine::sticky_worker(*(*run)->run).queue;
  const bool in_cache = query.sticky && query.queue == engine::queue_key(engine::TaskKind::kWorkflow,
                                                                         query.namespace_name, cached_by);
  auto start = std::make_shared<engine::WorkflowTaskStart>(engine::query_task(*(*run)->run, in_cache));
  *start->response.mutable_query() = query.query;
  auto task = with_history(query.execution, std::move(start));
  if (task.ok()) {
    task->query = QueryTaskRef{query.id, query.attempt, incarnation_};
  }
  return task;
}

Status Loop::answer_query_task(const QueryTaskRef& task,
                               const engine::wire::RespondQueryTaskCompletedRequest& request) {
  auto found = queries_.find(task.query);
  if (task.incarnation != incarnation_ || found == queries_.end() || found->second.buffered ||
      found->second.attempt != task.attempt || !found->second.with_worker) {
    return not_found("query task not found, or already expired");
  }
  auto run = runs_.get(found->second.execution);
  if (!run.ok()) {
    note_read_failure(run.status());
    finish_query(task.query, run.status());
    return {};
  }
  switch (request.completed_type()) {
    case enums::QUERY_RESULT_TYPE_ANSWERED:
      finish_query(task.query, answer_of(*(*run)->run, request.query_result()));
      break;
    case enums::QUERY_RESULT_TYPE_FAILED:
      finish_query(task.query, query_failed(request.error_message(),
                                            request.has_failure() ? &request.failure() : nullptr));
      break;
    default:
      finish_query(task.query, internal_error("unknown query completed type"));
  }
  return {};
}

// --- with a workflow task
// ------------------------------------------------------------------------------------

void Loop::attach_queries(ExecutionId execution, engine::wire::PollWorkflowTaskQueueResponse* task) const {
  auto buffered = buffered_queries_.find(execution);
  if (buffered == buffered_queries_.end()) {
    return;
  }
  for (const std::uint64_t id : buffered->second) {
    const WaitingQuery& query = queries_.at(id);
    (*task->mutable_queries())[query.query_id] = query.query;
  }
}

void Loop::answer_buffered_queries(ExecutionId execution,
                                   const engine::wire::RespondWorkflowTaskCompletedRequest& request) {
  auto buffered = buffered_queries_.find(execution);
  if (buffered == buffered_queries_.end()) {
    return;
  }
  auto run = runs_.get(execution);
  if (!run.ok()) {
    note_read_failure(run.status());
    return;
  }
  const std::set<std::uint64_t> ids = buffered->second;
  for (const std::uint64_t id : ids) {
    auto result = request.query_results().find(queries_.at(id).query_id);
    if (result == request.query_results().end()) {
      continue;
    }
    if (auto answer = answer_of(*(*run)->run, result->second)) {
      finish_query(id, std::move(*answer));
    }
  }
  unblock_queries(execution);
}

void Loop::unblock_queries(ExecutionId execution) {
  auto buffered = buffered_queries_.find(execution);
  if (ended_ || buffered == buffered_queries_.end()) {
    return;
  }
  auto run = runs_.get(execution);
  if (!run.ok()) {
    note_read_failure(run.status());
    return;
  }
  const Result<bool> unblocks = engine::unblocks_queries(*(*run)->run);
  if (unblocks.ok() && !*unblocks) {
    return;
  }
  const std::set<std::uint64_t> ids = std::move(buffered->second);
  buffered_queries_.erase(buffered);
  for (const std::uint64_t id : ids) {
    if (!unblocks.ok()) {
      finish_query(id, unblocks.status());
      continue;
    }
    WaitingQuery& query = queries_.at(id);
    query.buffered = false;
    ask_directly(query);
  }
}

}  // namespace perdure::runtime
