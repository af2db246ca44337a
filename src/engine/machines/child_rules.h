#pragma once
// What Temporal demands of a command that starts a child, with its texts, and the defaults that it fills in.
#include <optional>

#include "engine/command_rules.h"
#include "engine/execution.h"
#include "engine/names.h"

namespace perdure::engine {

// None if the command may be carried out.
std::optional<TaskFailure> check_start_child(
    const Execution& run, command::StartChildWorkflowExecutionCommandAttributes* attributes);

// Fields of memo and search attributes whose value is null are not there.
void drop_null_fields(common::Memo* memo);
void drop_null_fields(common::SearchAttributes* attributes);

// Of an event: absent when nothing is left of them.
template <class Attributes>
void drop_null_fields(Attributes* event) {
  if (event->has_memo()) {
    drop_null_fields(event->mutable_memo());
    if (event->memo().fields().empty()) {
      event->clear_memo();
    }
  }
  if (event->has_search_attributes()) {
    drop_null_fields(event->mutable_search_attributes());
    if (event->search_attributes().indexed_fields().empty()) {
      event->clear_search_attributes();
    }
  }
}

}  // namespace perdure::engine
