#pragma once
// What Temporal demands of a command's attributes, with its texts, and the defaults that it fills in
// (api/command_attr_validator.go, chasm/lib/activity/validator.go).
#include <optional>
#include <string>

#include "base/status.h"
#include "engine/engine.h"
#include "engine/execution.h"
#include "engine/names.h"

namespace perdure::engine {

// Why a workflow task is failed instead of completed.
struct TaskFailure {
  enums::WorkflowTaskFailedCause cause{};
  std::string reason;      // empty: the cause says it all
  bool terminate = false;  // and the run is terminated
  // "BadScheduleActivityAttributes: activityId is not set": what the worker and the failed event get.
  std::string message() const;
};

// A closing command is the last one; all types are known.
Status check_command_sequence(const wire::RespondWorkflowTaskCompletedRequest& request);

// None: the queue is one that users may name; an empty name becomes the default.
std::optional<std::string> check_task_queue(taskqueue::TaskQueue* queue, const std::string& default_name);
std::optional<std::string> check_priority(const common::Priority& priority);

// Each: none if the command may be carried out; defaults are filled in.
std::optional<TaskFailure> check_schedule_activity(
    const Execution& run, command::ScheduleActivityTaskCommandAttributes* attributes);
std::optional<TaskFailure> check_request_cancel_activity(const command::Command& command);
std::optional<TaskFailure> check_start_timer(command::StartTimerCommandAttributes* attributes);
std::optional<TaskFailure> check_cancel_timer(const command::CancelTimerCommandAttributes& attributes);
std::optional<TaskFailure> check_record_marker(const command::RecordMarkerCommandAttributes& attributes);
std::optional<TaskFailure> check_upsert_search_attributes(
    const command::UpsertWorkflowSearchAttributesCommandAttributes& attributes);
std::optional<TaskFailure> check_modify_properties(
    const Execution& run, const command::ModifyWorkflowPropertiesCommandAttributes& attributes);
std::optional<TaskFailure> check_complete_run(const command::Command& command);
std::optional<TaskFailure> check_fail_run(const command::Command& command);
std::optional<TaskFailure> check_cancel_run(const command::Command& command);
std::optional<TaskFailure> check_continue_as_new(
    const Execution& run, command::ContinueAsNewWorkflowExecutionCommandAttributes* attributes);

}  // namespace perdure::engine
