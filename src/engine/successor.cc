#include "engine/successor.h"

#include "base/check.h"
#include "base/limits.h"
#include "engine/cron.h"
#include "engine/durations.h"
#include "engine/machines/reset_points.h"

namespace perdure::engine {

namespace {

// What every run of a chain takes over from the one before.
NewRun next_in_chain(Step& step, const std::string& run_id) {
  const Execution& run = step.run;
  const state::ExecutionState& info = run.info();
  NewRun next;
  next.key = run.key();
  next.run_id = RunId(run_id);
  next.request_id = uuid4(*step.context.random);
  next.links = info.links();
  history::WorkflowExecutionStartedEventAttributes& started = next.attributes;
  if (info.execution_timeout_given() || info.execution_timeout() > 0) {
    set_nanos(started.mutable_workflow_execution_timeout(), info.execution_timeout());
  }
  if (info.execution_expiration() != 0) {
    set_time(started.mutable_workflow_execution_expiration_time(), info.execution_expiration());
  }
  started.set_continued_execution_run_id(run.run_id().value);
  started.set_first_execution_run_id(info.first_run_id());
  started.set_original_execution_run_id(run_id);
  started.set_workflow_id(run.key().workflow_id.value);
  started.set_attempt(1);
  if (info.has_parent()) {
    started.set_parent_workflow_namespace(info.parent().namespace_name());
    started.set_parent_workflow_namespace_id(info.parent().namespace_id());
    started.mutable_parent_workflow_execution()->set_workflow_id(info.parent().workflow_id());
    started.mutable_parent_workflow_execution()->set_run_id(info.parent().run_id());
    started.set_parent_initiated_event_id(info.parent().initiated_event_id());
    *started.mutable_root_workflow_execution() = info.root();
  }
  if (info.has_priority()) {
    *started.mutable_priority() = info.priority();
  }
  *started.mutable_prev_auto_reset_points() = inherited_reset_points(step);
  return next;
}

void set_normal_queue(const std::string& name, taskqueue::TaskQueue* queue) {
  queue->set_name(name);
  queue->set_kind(enums::TASK_QUEUE_KIND_NORMAL);
}

}  // namespace

std::int64_t backoff_of_successor(const state::ExecutionState& info, std::int64_t backoff, Timestamp now) {
  const std::int64_t lifetime = now.nanos - info.execution_time();
  const std::int64_t minimum = Duration(limits::kReuseInterval).count();
  return lifetime + backoff < minimum ? minimum - lifetime : backoff;
}

NewRun continued_run(Step& step, const std::string& run_id,
                     const command::ContinueAsNewWorkflowExecutionCommandAttributes& attributes) {
  NewRun next = next_in_chain(step, run_id);
  history::WorkflowExecutionStartedEventAttributes& started = next.attributes;
  *started.mutable_workflow_type() = attributes.workflow_type();
  set_normal_queue(attributes.task_queue().name(), started.mutable_task_queue());
  if (attributes.has_input()) {
    *started.mutable_input() = attributes.input();
  }
  if (attributes.has_header()) {
    *started.mutable_header() = attributes.header();
  }
  *started.mutable_workflow_run_timeout() = attributes.workflow_run_timeout();
  *started.mutable_workflow_task_timeout() = attributes.workflow_task_timeout();
  if (attributes.has_retry_policy()) {
    *started.mutable_retry_policy() = attributes.retry_policy();
  }
  started.set_cron_schedule(attributes.cron_schedule());
  if (attributes.has_memo()) {
    *started.mutable_memo() = attributes.memo();
  }
  if (attributes.has_search_attributes()) {
    *started.mutable_search_attributes() = attributes.search_attributes();
  }
  if (attributes.has_last_completion_result()) {
    *started.mutable_last_completion_result() = attributes.last_completion_result();
  }
  if (attributes.has_failure()) {
    *started.mutable_continued_failure() = attributes.failure();
  }
  const bool unspecified = attributes.initiator() == enums::CONTINUE_AS_NEW_INITIATOR_UNSPECIFIED;
  started.set_initiator(unspecified ? enums::CONTINUE_AS_NEW_INITIATOR_WORKFLOW : attributes.initiator());
  if (attributes.initiator() == enums::CONTINUE_AS_NEW_INITIATOR_RETRY) {
    started.set_attempt(step.run.info().attempt() + 1);
  }
  const std::int64_t backoff =
      backoff_of_successor(step.run.info(), nanos(attributes.backoff_start_interval()), step.now());
  if (attributes.has_backoff_start_interval() || backoff != 0) {
    set_nanos(started.mutable_first_workflow_task_backoff(), backoff);
  }
  return next;
}

namespace {

history::WorkflowExecutionStartedEventAttributes start_of(const state::ExecutionState& info) {
  history::WorkflowExecutionStartedEventAttributes first;
  check(first.ParseFromString(info.start_attributes()), "a run that may be repeated keeps its start");
  return first;
}

// The same once more, `backoff` later.
NewRun repeated_run(Step& step, const std::string& run_id,
                    const history::WorkflowExecutionStartedEventAttributes& first, Duration backoff) {
  NewRun next = next_in_chain(step, run_id);
  history::WorkflowExecutionStartedEventAttributes& started = next.attributes;
  *started.mutable_workflow_type() = first.workflow_type();
  set_normal_queue(first.task_queue().name(), started.mutable_task_queue());
  if (first.has_input()) {
    *started.mutable_input() = first.input();
  }
  if (first.has_header()) {
    *started.mutable_header() = first.header();
  }
  if (first.has_workflow_run_timeout()) {
    *started.mutable_workflow_run_timeout() = first.workflow_run_timeout();
  }
  *started.mutable_workflow_task_timeout() = first.workflow_task_timeout();
  if (first.has_retry_policy()) {
    *started.mutable_retry_policy() = first.retry_policy();
  }
  started.set_cron_schedule(first.cron_schedule());
  if (first.has_memo()) {
    *started.mutable_memo() = first.memo();
  }
  if (first.has_search_attributes()) {
    *started.mutable_search_attributes() = first.search_attributes();
  }
  set_nanos(started.mutable_first_workflow_task_backoff(),
            backoff_of_successor(step.run.info(), backoff.count(), step.now()));
  return next;
}

}  // namespace

NewRun retried_run(Step& step, const std::string& run_id, const failure::Failure& why, Duration backoff) {
  const history::WorkflowExecutionStartedEventAttributes first = start_of(step.run.info());
  NewRun next = repeated_run(step, run_id, first, backoff);
  if (first.has_last_completion_result()) {
    *next.attributes.mutable_last_completion_result() = first.last_completion_result();
  }
  *next.attributes.mutable_continued_failure() = why;
  next.attributes.set_initiator(enums::CONTINUE_AS_NEW_INITIATOR_RETRY);
  next.attributes.set_attempt(step.run.info().attempt() + 1);
  return next;
}

std::optional<Duration> cron_backoff_of(const Step& step) {
  const state::ExecutionState& info = step.run.info();
  return cron_backoff(info.cron_schedule(), Timestamp{info.execution_time()}, step.now());
}

NewRun cron_run(Step& step, const std::string& run_id, const common::Payloads* result,
                const failure::Failure* why, Duration backoff) {
  const history::WorkflowExecutionStartedEventAttributes first = start_of(step.run.info());
  NewRun next = repeated_run(step, run_id, first, backoff);
  history::WorkflowExecutionStartedEventAttributes& started = next.attributes;
  if (why != nullptr) {
    *started.mutable_continued_failure() = *why;
    if (first.has_last_completion_result()) {
      *started.mutable_last_completion_result() = first.last_completion_result();
    }
  } else if (result != nullptr) {
    *started.mutable_last_completion_result() = *result;
  }
  started.set_initiator(enums::CONTINUE_AS_NEW_INITIATOR_CRON_SCHEDULE);
  return next;
}

}  // namespace perdure::engine
