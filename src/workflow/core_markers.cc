// Patches, side effects, search attributes and memo: commands that record what the code decided.
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "api/payload_conversion.h"
#include "workflow/core.h"
#include "workflow/machines/one_shot.h"

namespace perdure::workflow_core {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

// More patches than fit are not listed; as in Temporal's SDKs.
constexpr std::size_t kMaxChangeVersionBytes = 2048;

OneShotMachine::Comparison always_the_same() {
  return [](const HistoryEvent&) { return std::string(); };
}

}  // namespace

// A workflow task that is run again finds out first what was decided in it: the markers among the events of
// its commands, which follow its completion.
void WorkflowRun::Core::look_ahead(const HistoryEvents& events, int started_index) {
  recorded_patches_.clear();
  recorded_side_effects_.clear();
  recorded_local_activities_.clear();
  for (int i = started_index + 1; i < events.size(); ++i) {
    const HistoryEvent& event = events[i];
    if (event.event_type() == EVENT_TYPE_WORKFLOW_TASK_STARTED) {
      break;
    }
    if (auto patch = patch_marker(event)) {
      const bool listed = i + 1 < events.size() && is_change_version_upsert(events[i + 1]);
      recorded_patches_.insert_or_assign(std::move(patch->id), listed);
    } else if (auto side_effect = side_effect_marker(event)) {
      recorded_side_effects_.insert_or_assign(side_effect->id, std::move(side_effect->value));
    } else if (auto local_activity = local_activity_marker(event)) {
      recorded_local_activities_.push_back(*std::move(local_activity));
    }
  }
}

// The rules of Temporal's SDKs: the answer is given once and stays; in a replay it is what history says.
bool WorkflowRun::Core::patched(const std::string& id, bool deprecated, std::source_location where) {
  outbox_->check_writable("ask for a patch");
  if (const auto known = patches_.find(id); known != patches_.end()) {
    return known->second;
  }
  const auto recorded = recorded_patches_.find(id);
  const bool active = !replaying_ || recorded != recorded_patches_.end();
  patches_.emplace(id, active);
  if (!active || outbox_->closed) {
    return active;
  }
  auto machine = std::make_shared<OneShotMachine>(
      make_patch_marker({id, deprecated}), fmt::format("patch \"{}\"", id), [id](const HistoryEvent& event) {
        const auto marker = patch_marker(event);
        return marker && marker->id == id ? std::string() : fmt::format("the marker of patch \"{}\"", id);
      });
  outbox_->commands.push_back({COMMAND_TYPE_RECORD_MARKER, std::move(machine), where});
  if (!replaying_ || recorded->second) {
    list_patches(where);
  }
  return true;
}

// A deprecated marker, and the list that was upserted with it, may be missing in the code.
bool WorkflowRun::Core::skip_deprecated_patch(const HistoryEvent& event, const OutgoingCommand* produced) {
  if (std::exchange(skip_change_version_upsert_, false) && is_change_version_upsert(event)) {
    return true;
  }
  const auto marker = patch_marker(event);
  if (!marker || !marker->deprecated) {
    return false;
  }
  const bool same = produced != nullptr && produced->type == COMMAND_TYPE_RECORD_MARKER &&
                    produced->machine->difference(produced->type, event).empty();
  skip_change_version_upsert_ = !same;
  return !same;
}

void WorkflowRun::Core::list_patches(std::source_location where) {
  std::vector<std::string> active;
  for (const auto& [id, is_active] : patches_) {
    if (is_active) {
      active.push_back(id);
    }
  }
  Payload payload = to_payload(active);
  if (payload.data.size() >= kMaxChangeVersionBytes && !replaying_) {
    warnings_.push_back(fmt::format("the run has {} patches, more than its search attribute {} can list",
                                    active.size(), kChangeVersion));
    return;
  }
  payload.metadata.emplace_back("type", "KeywordList");
  SearchAttributes attributes;
  attributes.set(kChangeVersion, std::move(payload));
  upsert_search_attributes(attributes, where);
}

Payload WorkflowRun::Core::side_effect(const std::function<Payload()>& function, std::source_location where) {
  outbox_->check_writable("record a side effect");
  const std::int64_t id = next_side_effect_++;
  if (outbox_->closed) {
    return null_payload();
  }
  Payload value;
  if (replaying_) {
    const auto recorded = recorded_side_effects_.find(id);
    if (recorded == recorded_side_effects_.end()) {
      throw NondeterminismError(fmt::format(
          "[TMPRL1100] Nondeterminism error: the code asked for side effect {} at {}:{}, of which "
          "history has nothing in this workflow task",
          id, where.file_name(), where.line()));
    }
    value = recorded->second;
  } else {
    value = function();
  }
  auto machine = std::make_shared<OneShotMachine>(
      make_side_effect_marker({id, value}), fmt::format("side effect {}", id),
      [id](const HistoryEvent& event) {
        const auto marker = side_effect_marker(event);
        return marker && marker->id == id ? std::string() : fmt::format("the marker of side effect {}", id);
      });
  outbox_->commands.push_back({COMMAND_TYPE_RECORD_MARKER, std::move(machine), where});
  return value;
}

void WorkflowRun::Core::upsert_search_attributes(const SearchAttributes& attributes,
                                                 std::source_location where) {
  outbox_->check_writable("change search attributes");
  if (outbox_->closed || attributes.empty()) {
    return;
  }
  Command command;
  command.set_command_type(COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES);
  auto& fields = *command.mutable_upsert_workflow_search_attributes_command_attributes()
                      ->mutable_search_attributes()
                      ->mutable_indexed_fields();
  for (const auto& [name, payload] : attributes.fields()) {
    api::set_payload(&fields[name], payload);
    if (payload.metadata_value("encoding") == "binary/null") {
      info_.search_attributes.erase(name);
    } else {
      info_.search_attributes.set(name, payload);
    }
  }
  outbox_->commands.push_back({COMMAND_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
                               std::make_shared<OneShotMachine>(std::move(command), "", always_the_same()),
                               where});
}

void WorkflowRun::Core::upsert_memo(const std::map<std::string, Payload>& memo, std::source_location where) {
  outbox_->check_writable("change the memo");
  if (outbox_->closed || memo.empty()) {
    return;
  }
  Command command;
  command.set_command_type(COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES);
  auto& fields = *command.mutable_modify_workflow_properties_command_attributes()
                      ->mutable_upserted_memo()
                      ->mutable_fields();
  for (const auto& [key, payload] : memo) {
    api::set_payload(&fields[key], payload);
    if (payload.metadata_value("encoding") == "binary/null") {
      info_.memo.erase(key);
    } else {
      info_.memo.insert_or_assign(key, payload);
    }
  }
  outbox_->commands.push_back({COMMAND_TYPE_MODIFY_WORKFLOW_PROPERTIES,
                               std::make_shared<OneShotMachine>(std::move(command), "", always_the_same()),
                               where});
}

}  // namespace perdure::workflow_core
