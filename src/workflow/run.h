#pragma once
// One run of a workflow in a worker's memory: history events in, commands out. Without I/O, threads or
// clocks: the same definition and the same events give the same commands.
//
// Driving it:
//   WorkflowRun run(definition, identity);
//   Completion completion = run.activate(events of the poll, {.previous_started_event_id = …});
//   … answer the workflow task with completion.commands or completion.failure …
//   … the next task of the same run: activate() again with the events after run.last_event_id() …
// Local activities run while a task is open: start and stop those that the completion lists, and when one
// ends, say so with resolve_local_activity(), which gives the next completion of the same task. Its commands
// are all of the task's. Answer when the completion waits for no local activity any more, or, to keep the
// task open for longer, with what there is and ForceCreateNewWorkflowTask; then activate() with the new task
// before the next resolve. Destroy it after a failure, when an answer was refused, when
// completion.closes_run, or to make room (eviction): that destroys the frames of user code, outside of any
// activation, and sends nothing.
//
// Not thread-safe; may be used from different threads one after the other.
#include <google/protobuf/repeated_field.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "perdure/detail/workflow_definition.h"
#include "perdure/payload.h"
#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/enums/v1/failed_cause.pb.h"
#include "temporal/api/failure/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"
#include "temporal/api/protocol/v1/message.pb.h"
#include "temporal/api/query/v1/message.pb.h"
#include "workflow/local_activity.h"

namespace perdure {
class Interceptor;
}

namespace perdure::workflow_core {

struct RunIdentity {
  NamespaceName namespace_name;
  WorkflowId workflow_id;
  RunId run_id;
  std::string task_queue;  // of the worker; empty: the one the run was started on
};

using ProtocolMessages = google::protobuf::RepeatedPtrField<temporal::api::protocol::v1::Message>;

struct ActivationOptions {
  // As in the poll's response: tasks up to this one were completed before, so running them again is a replay.
  std::int64_t previous_started_event_id = 0;
  // Those that came with the open workflow task: requests of updates. Null: none.
  const ProtocolMessages* messages = nullptr;
  // For a query: only up to the last workflow task that was completed. What came later stays unread.
  bool completed_only = false;
};

struct QueryRequest {
  std::string type;
  Payloads arguments;
  Headers headers;
};
struct QueryAnswer {
  std::optional<Payload> result;  // nothing: `failure`
  temporal::api::failure::v1::Failure failure;
};

struct Completion {
  enum class Outcome {
    kCommands,          // answer with `commands`, which may be empty
    kTaskFailure,       // answer with `cause` and `failure`; destroy the run
    kNeedsFullHistory,  // the events do not follow those of the last activation; start again from event 1
  };
  Outcome outcome = Outcome::kCommands;
  std::vector<temporal::api::command::v1::Command> commands;
  std::vector<temporal::api::protocol::v1::Message>
      messages;             // go with the commands, and refusals of updates
  bool closes_run = false;  // the last command ends the run
  temporal::api::enums::v1::WorkflowTaskFailedCause cause{};
  temporal::api::failure::v1::Failure failure;
  std::vector<LocalActivityTask> start_local_activities;
  std::vector<std::uint32_t> stop_local_activities;  // numbers of some that were started
  bool waits_for_local_activities = false;
  std::vector<std::string>
      warnings;  // to be logged: signals without a handler, handlers that did not finish, …
};

using HistoryEvents = google::protobuf::RepeatedPtrField<temporal::api::history::v1::HistoryEvent>;

class WorkflowRun {
 public:
  WorkflowRun(detail::WorkflowDefinition definition, RunIdentity identity,
              std::vector<std::shared_ptr<Interceptor>> interceptors = {});
  ~WorkflowRun();
  WorkflowRun(const WorkflowRun&) = delete;
  WorkflowRun& operator=(const WorkflowRun&) = delete;

  // Consumes consecutive events, the first of them the one after last_event_id() (events before are skipped).
  // Every completed workflow task in them is run again and compared; the commands are those of the last, open
  // one. A history that ends otherwise (a closed run) is compared and gives no commands. Never throws.
  Completion activate(const HistoryEvents& events, ActivationOptions options);

  // A local activity of the open workflow task has ended. One that the code does not wait for any more
  // changes nothing. Never throws.
  Completion resolve_local_activity(std::uint32_t number, LocalActivityOutcome outcome);

  // What a handler of the workflow says, or why there is no answer. Changes nothing. Never throws.
  QueryAnswer query(const QueryRequest& request);

  // The service dropped the workflow task that the last activation was about, as nothing came of it (its
  // answer said so); the events that follow are numbered as if it had not been. `started_event_id`: of the
  // task before it.
  void undo_last_task(std::int64_t started_event_id);

  std::int64_t last_event_id() const;
  // The start of the workflow task whose code ran last.
  std::int64_t last_started_event_id() const;
  // The run has ended, or the command that ends it was made.
  bool is_closed() const;
  // How long its workflow tasks may stay open.
  std::chrono::nanoseconds task_timeout() const;
  // What the run takes of memory, about: see WorkerOptions::max_cached_workflow_bytes.
  std::int64_t bytes() const;
  // Of its first event; before that was seen, the epoch.
  std::chrono::system_clock::time_point start_time() const;

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace perdure::workflow_core
