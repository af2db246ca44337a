#pragma once
// What the callers of the simulated system know: every call that changes or reads a workflow id, with what
// was asked, when (as positions in the log of transitions) and what was answered. Kept outside the system.
#include <cstdint>
#include <deque>
#include <string>

#include "base/status.h"
#include "base/time.h"

namespace perdure::sim {

struct Operation {
  enum class Kind {
    kStart,
    kSignal,
    kCancel,
    kTerminate,
    kDescribe,
    kHistory,
    kWorkflowTask,  // completion
    kWorkflowTaskFail,
    kActivityComplete,
    kActivityFail,
    kActivityCancel,
    kHeartbeat,
  };

  int id = 0;  // the caller's identity on the wire is "op<id>": events can be traced back
  Kind kind{};
  std::string workflow_id;
  std::string run_id;  // asked for; empty: the current one
  std::string request_id;
  std::string input;  // of a signal: the same for all attempts of one request id
  int reuse_policy = 0;
  int conflict_policy = 0;

  std::int64_t invoked = 0;  // last committed transition when it was called
  Timestamp
      invoked_time;  // engine time of that transition: a lower bound of the engine's time of the command
  std::uint64_t invoked_order = 0;   // order of all calls and answers
  std::uint64_t returned_order = 0;  // 0: never answered

  bool answered = false;  // by the system itself; false: the answer got lost, or the process with it
  std::int64_t returned = 0;
  Code code = Code::kUnknown;
  std::string message;
  std::string reply_run_id;
  bool reply_started = false;
  int reply_status = 0;

  bool ok() const { return answered && code == Code::kOk; }
  // Whether it happened is not known.
  bool unknown() const {
    return !answered || code == Code::kUnavailable || code == Code::kDeadlineExceeded ||
           code == Code::kCancelled;
  }
};

const char* name_of(Operation::Kind kind);

class Ledger {
 public:
  // The reference stays valid.
  Operation& add(Operation::Kind kind) {
    Operation& operation = operations_.emplace_back();
    operation.id = static_cast<int>(operations_.size());
    operation.kind = kind;
    operation.invoked_order = ++order_;
    return operation;
  }
  std::uint64_t next_order() { return ++order_; }
  const std::deque<Operation>& operations() const { return operations_; }
  // Of an identity "op<id>"; null for any other.
  const Operation* find(const std::string& identity) const;

  std::uint64_t acknowledged = 0;
  std::uint64_t answered = 0;

 private:
  std::deque<Operation> operations_;
  std::uint64_t order_ = 0;
};

}  // namespace perdure::sim
