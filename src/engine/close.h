#pragma once
// The end of a run. Whoever closes it commits.
#include <string>
#include <string_view>

#include "engine/names.h"
#include "engine/step.h"

namespace perdure::engine {

// Appends the closing event and leaves nothing pending.
void close_run(Step& step, history::HistoryEvent event, enums::WorkflowExecutionStatus status,
               std::string_view successor_run_id = {});

struct Termination {
  std::string reason;
  const common::Payloads* details = nullptr;
  std::string identity;
  const google::protobuf::RepeatedPtrField<common::Link>* links = nullptr;
};
// A started workflow task is failed first.
void terminate_run(Step& step, const Termination& termination);
// WorkflowExecutionTimedOut, after failing a started workflow task.
void time_out_run(Step& step, enums::RetryState retry_state, std::string_view successor_run_id);

}  // namespace perdure::engine
