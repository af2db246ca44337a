#pragma once
// Carries out the commands of one completed workflow task, in order (Temporal:
// workflow_task_completed_handler.go).
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/command_rules.h"
#include "engine/new_run.h"
#include "engine/step.h"

namespace perdure::engine {

// What the commands of one workflow task have in common, and what they leave to do.
struct CommandTurn {
  Step& step;
  std::int64_t completed_event_id = 0;
  std::string identity;
  // Events arrived that the worker has not seen: the run must not close.
  bool has_unseen_events = false;
  // An activity was cancelled before it started: nobody else will wake the workflow to tell it.
  bool needs_workflow_task = false;
  std::vector<std::int64_t> eager_activities;                           // scheduled event ids
  std::vector<const temporal::api::protocol::v1::Message*> messages{};  // that no command has pointed to yet
  std::vector<UpdateNews> updates{};
  std::optional<NewRun> successor;
  std::string namespace_id;                  // of the run's namespace
  std::set<std::string> initiated_children;  // workflow ids, by commands of this turn
};

// For the files that carry out commands: an event that a command makes, and two reasons why it fails its
// task.
history::HistoryEvent command_event(const CommandTurn& turn, const command::Command& command,
                                    enums::EventType type);
TaskFailure attributes_missing(enums::WorkflowTaskFailedCause cause, const char* command);
bool is_null_payload(const common::Payload& payload);

// Of search attributes or a memo: sets what `changes` has, removes what is null there.
template <class Map>
void merge_payloads(const Map& changes, Map* fields) {
  for (const auto& [key, payload] : changes) {  // into a map: the order does not matter
    if (is_null_payload(payload)) {             // it removes its key
      fields->erase(key);
    } else {
      (*fields)[key] = payload;
    }
  }
}

// None: the command means the run's own namespace. `given`: what it names, or empty.
std::optional<TaskFailure> check_own_namespace(const Execution& run, enums::WorkflowTaskFailedCause cause,
                                               const std::string& given);

// The first failure ends the turn; the caller takes everything back.
std::optional<TaskFailure> carry_out_commands(CommandTurn& turn,
                                              const wire::RespondWorkflowTaskCompletedRequest& request);

}  // namespace perdure::engine
