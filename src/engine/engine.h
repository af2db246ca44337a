#pragma once
// The deterministic core: what every command does to a run. A command goes in with the time, ids and
// randomness it may use; an Outcome comes out. The shell keeps the Outcome's writes first, and only when they
// are durable does it
//   1. release the reply,
//   2. offer `ready` to matching, give `eager` activities to the worker that asked,
//   3. wake whoever waits for this run's history.
// An Execution changes at once, in memory; so later commands see the change before it is durable, and their
// replies wait for the later commit. If a command throws (CheckFailure), the shell drops the Execution and
// loads it again.
//
// A Result that is an error may come with writes: a completion that is refused still fails its workflow task,
// a worker whose commands cannot be carried out hears so after that is durable. So: always commit what `out`
// holds, then reply. An Execution with a volatile_deadline() must stay in memory: dropped, it forgets that
// its task was handed out.
//
// Semantics follow Temporal's server 1.32; where a rule is not obvious, its place in that server is named in
// the .cc. No thread-safety: one thread, the loop's.
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/record.h"
#include "base/status.h"
#include "base/time.h"
#include "temporal/api/update/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::engine {

namespace wire = temporal::api::workflowservice::v1;

class Execution;  // engine/execution.h: the mutable state of one run

// What a command may use of the world.
struct Context {
  Timestamp now;             // monotone over the life of the state directory
  Random* random = nullptr;  // for run ids and request ids
  std::int64_t incarnation = 0;
  // Gives the next unused ExecutionId, for a run that this command creates.
  std::function<ExecutionId()> new_execution_id;
};

// A task that waits on its queue from now on.
struct ReadyTask {
  ExecutionId execution;
  ItemKey item;
  std::string queue;
};

// A HistoryBatch of a write as it was before it was serialised, so that who reads it next need not parse it.
struct WrittenEvents {
  ExecutionId execution;
  std::int64_t first_event_id = 0;
  std::size_t bytes = 0;  // when serialised
  std::unique_ptr<temporal::api::history::v1::History> events;
};

// What became of an update: for whoever waits for it, once what the command did is durable.
struct UpdateNews {
  enum class Kind { kAccepted, kCompleted, kRejected, kAborted };

  ExecutionId execution;
  std::string update_id;
  Kind kind{};
  temporal::api::update::v1::Outcome outcome{};  // kCompleted; kRejected: its failure
  Status why{};                                  // kAborted
};

// What one command did. `writes` is empty when nothing durable changed.
struct Outcome {
  std::vector<RunWrite> writes;
  std::vector<WrittenEvents> events;  // what `writes` append
  std::vector<ReadyTask> ready;
  std::vector<UpdateNews> updates;
  std::vector<std::unique_ptr<Execution>>
      created;  // runs that begin with this command, to be cached by the shell
};

// Identifies one attempt of one task; the frontend seals it into a task token.
struct WorkflowTaskRef {
  std::int64_t scheduled_event_id = 0;
  std::int64_t started_event_id = 0;
  std::int32_t attempt = 1;
  std::int64_t incarnation = 0;  // not 0: the start is in memory only and dies with this incarnation
  // Nanoseconds since 1970. A start in memory that is forgotten (a refused commit drops the run) may be
  // followed by another with the same event ids in the same incarnation; what the worker of the first was
  // shown no longer holds.
  std::int64_t started_time = 0;
};
struct ActivityTaskRef {
  std::int64_t scheduled_event_id = 0;  // 0: find it by activity_id (completion from outside by id)
  std::string activity_id;
  std::int32_t attempt = 0;  // 0: any (by id)
  std::int64_t stamp = 0;    // 0: any (by id)
};

struct StartReply {
  ExecutionId execution;
  std::string run_id;
  bool started =
      false;  // false: USE_EXISTING answered with a running run. A repeated request id counts as started
};

// What a worker needs of a started workflow task. The shell adds history events
// [first_event_id, next_event_id) from the store, then `unstored_events` (the volatile or transient
// scheduled/started events that no reader sees yet), and the token.
struct WorkflowTaskStart {
  WorkflowTaskRef ref;
  std::int64_t previous_started_event_id = 0;
  std::int64_t first_event_id = 1;  // 1, or for a sticky task the event after previous_started_event_id
  std::int64_t next_event_id = 1;   // first event that is not in the store
  std::vector<temporal::api::history::v1::HistoryEvent> unstored_events;
  // Everything of PollWorkflowTaskQueueResponse but task_token, history, next_page_token.
  wire::PollWorkflowTaskQueueResponse response;
};

struct ActivityTaskStart {
  ActivityTaskRef ref;
  // Everything of PollActivityTaskQueueResponse but task_token.
  wire::PollActivityTaskQueueResponse response;
};

struct WorkflowTaskCompletion {
  // Activities that the worker asked to get eagerly and that were started by this very transition.
  std::vector<ActivityTaskStart> eager;
  // With return_new_workflow_task: the next task, already started.
  std::optional<WorkflowTaskStart> next;
  // Not 0: the task came to nothing, and the worker is to forget everything after this event.
  std::int64_t reset_history_event_id = 0;
};

struct PollerInfo {
  std::string identity;
  std::string request_id;   // of the poll; a repeated start with the same id answers the same task
  std::int64_t holder = 0;  // the incarnation, if the worker lives in the engine's own process; else 0
  std::string task_queue;   // the queue polled, for stickiness
  bool sticky = false;
  std::string build_id;  // of a worker that reports one and is not versioned by it; recorded with a workflow
                         // task's start
  std::string
      namespace_id;  // with a completion: of the run's namespace, for what its commands say to other runs
};

// --- whole runs
// -----------------------------------------------------------------------------------------------------

// Start, with id reuse and conflict policies and request-id dedup. `current`: the run that the workflow id
// names now, open or closed, or null. Requests are already validated and have their defaults.
Result<StartReply> start_workflow(Outcome& out, Execution* current,
                                  const wire::StartWorkflowExecutionRequest& request, const Context& context);
Result<wire::SignalWorkflowExecutionResponse> signal_workflow(
    Outcome& out, Execution& run, const wire::SignalWorkflowExecutionRequest& request,
    const Context& context);
Result<wire::RequestCancelWorkflowExecutionResponse> request_cancel_workflow(
    Outcome& out, Execution& run, const wire::RequestCancelWorkflowExecutionRequest& request,
    const Context& context);
Result<wire::TerminateWorkflowExecutionResponse> terminate_workflow(
    Outcome& out, Execution& run, const wire::TerminateWorkflowExecutionRequest& request,
    const Context& context);
// What the shell reads for a reset.
struct ResetHistory {
  std::vector<HistoryBatch> kept;  // of the base run, up to the event before workflow_task_finish_event_id
  // Behind it: the rest of the base run, and the runs that continued it as new, in order.
  std::vector<temporal::api::history::v1::HistoryEvent> later;
};
// OK: the base run has the event that the reset names.
Status check_reset_point(const Execution& base, const wire::ResetWorkflowExecutionRequest& request);
// ResetHistory::later does not matter.
bool reapplies_nothing(const wire::ResetWorkflowExecutionRequest& request);
// `current`: the run that the workflow id names now; it may be `base`.
Result<wire::ResetWorkflowExecutionResponse> reset_workflow(
    Outcome& out, Execution& base, Execution& current, ResetHistory histories,
    const wire::ResetWorkflowExecutionRequest& request, const Context& context);
wire::DescribeWorkflowExecutionResponse describe_workflow(const Execution& run, Timestamp now);

// Signals the current run if it is open (unless it is to be terminated), else starts one that begins with the
// signal. Both requests have the same request id, not empty; the conflict policy is not to fail.
Result<StartReply> signal_with_start_workflow(Outcome& out, Execution* current,
                                              const wire::StartWorkflowExecutionRequest& start,
                                              const wire::SignalWorkflowExecutionRequest& signal,
                                              const Context& context);

// --- what runs send to other runs (outbox.cc)
// -------------------------------------------------------------------------

// Items of these kinds, when due, are delivered; item_due() does nothing about them.
bool is_outgoing(ItemKind kind);
struct Address {
  WorkflowKey key;
  RunId run_id;  // empty: the current run
};
// Where `item` goes; none: there is nothing to be sent (any more).
std::optional<Address> address_of(const Execution& source, ItemKey item);
// Delivers `item` in one transition over both runs. `target`: the run that the address names, or null if
// there is none; it may be `source` itself. Not empty: nothing was done, the run of this id and the same
// workflow id is the target now.
RunId deliver(Outcome& out, Execution& source, ItemKey item, Execution* target, const Context& context);

// --- workflow tasks
// -------------------------------------------------------------------------------------------------

// The first workflow task of the run that `out` creates, or of `current` if it does not create any, for the
// worker that started the run; null: it is not to be had (it waits for a backoff, someone else has it). It is
// not `ready` any more.
std::shared_ptr<WorkflowTaskStart> start_first_task_eagerly(Outcome& out, Execution* current,
                                                            const PollerInfo& worker, const Context& context);
// kNotFound: the task is stale (someone took it, it timed out, the run closed); offer the poller another one.
Result<WorkflowTaskStart> start_workflow_task(Outcome& out, Execution& run, const PollerInfo& poller,
                                              const Context& context);
Result<WorkflowTaskCompletion> complete_workflow_task(
    Outcome& out, Execution& run, const WorkflowTaskRef& task,
    const wire::RespondWorkflowTaskCompletedRequest& request, const PollerInfo& worker,
    const Context& context);
Result<wire::RespondWorkflowTaskFailedResponse> fail_workflow_task(
    Outcome& out, Execution& run, const WorkflowTaskRef& task,
    const wire::RespondWorkflowTaskFailedRequest& request, const Context& context);
// When a volatile task's start-to-close timeout ends, or a speculative one has waited too long; it has no
// due entry in the store. None: no such task.
std::optional<Timestamp> volatile_deadline(const Execution& run);

// --- updates
// ------------------------------------------------------------------------------------------------------

enum class UpdateStage { kUnknown, kAdmitted, kAccepted, kCompleted };
struct UpdateStatus {
  UpdateStage stage = UpdateStage::kUnknown;
  // kCompleted: the event with the outcome; 0: the run closed before it completed
  std::int64_t completed_event_id = 0;
};
UpdateStatus update_status(const Execution& run, std::string_view update_id);
// The outcome of an accepted update whose run has closed.
temporal::api::update::v1::Outcome outcome_by_close();

// Keeps the update for the worker, in memory, and makes a workflow task for it if none is pending. OK for one
// that is known already, too. The request is validated.
Status admit_update(Outcome& out, Execution& run, const wire::UpdateWorkflowExecutionRequest& request,
                    const Context& context);

// --- activities
// -----------------------------------------------------------------------------------------------------

Result<ActivityTaskStart> start_activity(Outcome& out, Execution& run, std::int64_t scheduled_event_id,
                                         const PollerInfo& poller, const Context& context);
Result<wire::RespondActivityTaskCompletedResponse> complete_activity(
    Outcome& out, Execution& run, const ActivityTaskRef& task,
    const wire::RespondActivityTaskCompletedRequest& request, const Context& context);
Result<wire::RespondActivityTaskFailedResponse> fail_activity(
    Outcome& out, Execution& run, const ActivityTaskRef& task,
    const wire::RespondActivityTaskFailedRequest& request, const Context& context);
Result<wire::RespondActivityTaskCanceledResponse> cancel_activity(
    Outcome& out, Execution& run, const ActivityTaskRef& task,
    const wire::RespondActivityTaskCanceledRequest& request, const Context& context);
Result<wire::RecordActivityTaskHeartbeatResponse> heartbeat_activity(
    Outcome& out, Execution& run, const ActivityTaskRef& task,
    const wire::RecordActivityTaskHeartbeatRequest& request, const Context& context);

// --- time and recovery
// ----------------------------------------------------------------------------------------------

// Called when `item` has a due_at <= now (or a volatile deadline passed): fires, times out, retries, or does
// nothing if the item has changed since. A no-op leaves `out` empty.
void item_due(Outcome& out, Execution& run, ItemKey item, const Context& context);
// The worker that held `item` ended with its process (Item::holder of an earlier incarnation): the attempt
// fails with a retryable failure.
void item_orphaned(Outcome& out, Execution& run, ItemKey item, const Context& context);
// The tasks of this run that wait on a queue now; for offering them again after the run was reloaded.
std::vector<ReadyTask> waiting_tasks(const Execution& run);

}  // namespace perdure::engine
