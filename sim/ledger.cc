#include "ledger.h"

#include <charconv>

namespace perdure::sim {

const char* name_of(Operation::Kind kind) {
  switch (kind) {
    case Operation::Kind::kStart:
      return "start";
    case Operation::Kind::kSignal:
      return "signal";
    case Operation::Kind::kCancel:
      return "cancel";
    case Operation::Kind::kTerminate:
      return "terminate";
    case Operation::Kind::kDescribe:
      return "describe";
    case Operation::Kind::kHistory:
      return "history";
    case Operation::Kind::kWorkflowTask:
      return "complete-workflow-task";
    case Operation::Kind::kWorkflowTaskFail:
      return "fail-workflow-task";
    case Operation::Kind::kActivityComplete:
      return "complete-activity";
    case Operation::Kind::kActivityFail:
      return "fail-activity";
    case Operation::Kind::kActivityCancel:
      return "cancel-activity";
    case Operation::Kind::kHeartbeat:
      return "heartbeat";
  }
  return "?";
}

const Operation* Ledger::find(const std::string& identity) const {
  if (!identity.starts_with("op")) {
    return nullptr;
  }
  std::size_t id = 0;
  std::from_chars(identity.data() + 2, identity.data() + identity.size(), id);
  return id >= 1 && id <= operations_.size() ? &operations_[id - 1] : nullptr;
}

}  // namespace perdure::sim
