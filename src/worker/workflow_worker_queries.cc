// Queries: tasks of their own, and those that came with a workflow task. The code of the run is asked as it
// stands; a run that is not in memory is replayed first.
#include <utility>

#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "worker/encoded_failure.h"
#include "worker/guarded_activation.h"
#include "worker/workflow_worker.h"

namespace perdure::worker {
namespace {

namespace service = temporal::api::workflowservice::v1;
using client::Boundary;
using temporal::api::enums::v1::QUERY_RESULT_TYPE_ANSWERED;
using temporal::api::enums::v1::QUERY_RESULT_TYPE_FAILED;
using temporal::api::query::v1::WorkflowQuery;
using temporal::api::query::v1::WorkflowQueryResult;
using workflow_core::Completion;
using workflow_core::QueryAnswer;

QueryAnswer failed(const std::string& message, std::string type) {
  QueryAnswer answer;
  answer.failure = api::exception_to_failure(
      std::make_exception_ptr(ApplicationError(message, {.type = std::move(type)})));
  return answer;
}

WorkflowQueryResult to_result(QueryAnswer answer) {
  WorkflowQueryResult result;
  if (answer.result) {
    result.set_result_type(QUERY_RESULT_TYPE_ANSWERED);
    api::set_payload(result.mutable_answer()->add_payloads(), *answer.result);
  } else {
    result.set_result_type(QUERY_RESULT_TYPE_FAILED);
    result.set_error_message(answer.failure.message());
    *result.mutable_failure() = std::move(answer.failure);
  }
  return result;
}

}  // namespace

QueryAnswer WorkflowWorker::ask(const WorkflowTask& task, workflow_core::WorkflowRun& run,
                                const WorkflowQuery& query) {
  WorkflowQuery decoded = query;
  if (const Boundary* boundary = calls_.connection().boundary()) {
    try {
      boundary->decode(&decoded);
    } catch (const DataConversionError& error) {
      return failed(error.what(), "DataConversionError");
    }
  }
  const workflow_core::QueryRequest request{.type = decoded.query_type(),
                                            .arguments = api::payloads_from_proto(decoded.query_args()),
                                            .headers = api::headers_from_proto(decoded.header())};
  watch_.begin({&task.workflow_type().name(), &task.workflow_execution().workflow_id(),
                &task.workflow_execution().run_id()});
  QueryAnswer answer =
      options_.guard_determinism ? query_guarded([&] { return run.query(request); }) : run.query(request);
  watch_.end();
  return answer;
}

void WorkflowWorker::process_query(WorkflowTask task, const detail::WorkflowDefinition& definition) {
  const std::string run_id = task.workflow_execution().run_id();
  if (const auto held = held_.find(run_id); held != held_.end() && held->second.activation->run != nullptr &&
                                            held->second.state != Held::State::kReading) {
    answer_query(task, ask(task, *held->second.activation->run, task.query()));
    return;
  }
  // What the service has completed is what the query is about: not less, and not more.
  auto run = cache_.take(run_id);
  if (run != nullptr && run->last_started_event_id() != task.previous_started_event_id()) {
    cache_.put(run_id, std::move(run));
    run = nullptr;
  }
  if (metrics_.on()) {
    metrics_.count(run ? "sticky_cache_hit" : "sticky_cache_miss");
  }
  begin(std::make_shared<Activation>(Activation{.task = std::make_shared<const WorkflowTask>(std::move(task)),
                                                .definition = &definition,
                                                .run = std::move(run),
                                                .begun = metrics_.now(),
                                                .received = EventLoop::Clock::now(),
                                                .incarnation = ++incarnations_,
                                                .query_only = true}));
}

void WorkflowWorker::replayed_for_query(const std::shared_ptr<Activation>& activation,
                                        const Completion& completion) {
  const WorkflowTask& task = *activation->task;
  const std::string& run_id = task.workflow_execution().run_id();
  auto run = std::exchange(activation->run, nullptr);
  if (completion.outcome != Completion::Outcome::kCommands) {
    refuse_query(task, completion.failure.message(), "WorkflowTaskFailed");
    return;
  }
  QueryAnswer answer = ask(task, *run, task.query());
  // Another task may have put it there, or hold it, while the history was read.
  if (!run->is_closed() && !cache_.contains(run_id) && !held_.contains(run_id)) {
    remember(run_id, std::move(run));
  }
  answer_query(task, std::move(answer));
}

void WorkflowWorker::refuse_query(const WorkflowTask& task, const std::string& why, const std::string& type) {
  answer_query(task, failed(why, type));
}

void WorkflowWorker::answer_query(const WorkflowTask& task, QueryAnswer answer) {
  WorkflowQueryResult result = to_result(std::move(answer));
  if (const Boundary* boundary = calls_.connection().boundary()) {
    try {
      boundary->encode(&result);
    } catch (const DataConversionError& error) {
      result = to_result(failed(error.what(), "DataConversionError"));
    }
  }
  auto request = std::make_shared<service::RespondQueryTaskCompletedRequest>();
  request->set_namespace_(calls_.connection().namespace_name());
  request->set_task_token(task.task_token());
  request->set_completed_type(result.result_type());
  if (result.result_type() == QUERY_RESULT_TYPE_ANSWERED) {
    *request->mutable_query_result() = std::move(*result.mutable_answer());
  } else {
    request->set_error_message(result.error_message());
    *request->mutable_failure() = std::move(*result.mutable_failure());
  }
  calls_.send<service::RespondQueryTaskCompletedResponse, service::RespondQueryTaskCompletedRequest>(
      "RespondQueryTaskCompleted", std::move(request), [this](const Status&, const auto&) { release(); },
      client::CallKind::kCall);
}

WorkflowWorker::QueryResults WorkflowWorker::answer_queries(const WorkflowTask& task,
                                                            workflow_core::WorkflowRun* run) {
  QueryResults results;
  if (run != nullptr) {
    for (const auto& [id, query] : task.queries()) {  // into a map: the order does not matter
      results.insert_or_assign(id, to_result(ask(task, *run, query)));
    }
  }
  return results;
}

}  // namespace perdure::worker
