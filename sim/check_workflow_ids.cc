// The sequential specification of a workflow id, and every call against it.
#include <algorithm>
#include <map>
#include <set>

#include "base/limits.h"
#include "checks.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::sim {
namespace {

namespace enums = temporal::api::enums::v1;

// What a workflow id is between two transitions.
struct State {
  std::int64_t sequence = 0;  // from this transition on
  Timestamp now;
  const MirrorRun* run = nullptr;
  int status = 0;
  bool open() const { return run != nullptr && status == enums::WORKFLOW_EXECUTION_STATUS_RUNNING; }
};

class WorkflowIdCheck {
 public:
  WorkflowIdCheck(World& world, std::string workflow_id)
      : world_(world), workflow_id_(std::move(workflow_id)) {
    states_.push_back(State{});
    for (const Snapshot& snapshot : world.node.mirror().timeline(workflow_id_)) {
      const State state{snapshot.sequence, snapshot.now, snapshot.run, snapshot.status};
      if (states_.back().sequence == snapshot.sequence) {
        states_.back() = state;
      } else {
        states_.push_back(state);
      }
    }
    for (const auto& [id, run] : world.node.mirror().runs()) {
      if (run->key.workflow_id.value == workflow_id_) {
        runs_.push_back(run.get());
      }
    }
  }

  void run() {
    for (const MirrorRun* run : runs_) {
      check_creation(*run);
      check_termination(*run);
    }
    for (const Operation& operation : world_.ledger.operations()) {
      if (operation.workflow_id == workflow_id_) {
        check(operation);
      }
    }
  }

 private:
  enum class Verdict { kCreate, kReplace, kThisRun, kRefuse };

  std::string request_id_of(const MirrorRun& run) const {
    if (!run.check.start().continued_execution_run_id().empty()) {
      return {};  // its own, unknown to every client
    }
    const Operation* operation = world_.ledger.find(run.check.start().identity());
    return operation == nullptr ? std::string() : operation->request_id;
  }

  Verdict judge_start(const Operation& operation, const State& state) const {
    if (state.run == nullptr) {
      return Verdict::kCreate;
    }
    if (request_id_of(*state.run) == operation.request_id) {
      return Verdict::kThisRun;
    }
    if (state.open()) {
      switch (operation.conflict_policy) {
        case enums::WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING:
          return Verdict::kThisRun;
        case enums::WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING:
          return Verdict::kReplace;
        default:
          return Verdict::kRefuse;
      }
    }
    const bool failed = state.status != enums::WORKFLOW_EXECUTION_STATUS_COMPLETED;
    switch (operation.reuse_policy) {
      case enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE:
        return Verdict::kRefuse;
      case enums::WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY:
        return failed ? Verdict::kCreate : Verdict::kRefuse;
      default:
        return Verdict::kCreate;
    }
  }

  // Is there a state at some point of the call for which `holds`?
  template <class Holds>
  bool at_some_point(const Operation& operation, Holds holds) const {
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const bool begins_in_time = states_[i].sequence <= operation.returned;
      const bool ends_in_time = i + 1 == states_.size() || states_[i + 1].sequence > operation.invoked;
      if (begins_in_time && ends_in_time && holds(states_[i])) {
        return true;
      }
    }
    return false;
  }

  const State& before(std::int64_t sequence) const {
    const State* found = &states_.front();
    for (const State& state : states_) {
      if (state.sequence < sequence) {
        found = &state;
      }
    }
    return *found;
  }

  void check_creation(const MirrorRun& run) {
    if (!run.check.start().continued_execution_run_id().empty()) {
      return;  // H8
    }
    const Operation* operation = world_.ledger.find(run.check.start().identity());
    Report& report = world_.report;
    report.expect(operation != nullptr && operation->kind == Operation::Kind::kStart &&
                      operation->workflow_id == workflow_id_,
                  "W2", "run {} of {} was started by '{}', which started nothing", run.run_id.value,
                  workflow_id_, run.check.start().identity());
    if (operation == nullptr) {
      return;
    }
    report.expect(
        run.created > operation->invoked && (operation->unknown() || run.created <= operation->returned),
        "W2", "op{} created run {} with transition {}, outside of its call ({}, {}]", operation->id,
        run.run_id.value, run.created, operation->invoked, operation->returned);
    const State& state = before(run.created);
    const Verdict verdict = judge_start(*operation, state);
    report.expect(verdict == Verdict::kCreate || verdict == Verdict::kReplace,
                  verdict == Verdict::kThisRun ? "W3" : "W5",
                  "op{} created run {} of {} while run {} had status {} (request id {}, policies {} and {})",
                  operation->id, run.run_id.value, workflow_id_,
                  state.run == nullptr ? "-" : state.run->run_id.value, state.status, operation->request_id,
                  operation->reuse_policy, operation->conflict_policy);
    if (verdict == Verdict::kReplace) {
      report.expect(state.run->closed == run.created &&
                        state.run->check.status() == enums::WORKFLOW_EXECUTION_STATUS_TERMINATED,
                    "W4", "op{}: run {} replaces {}, which was not terminated with it", operation->id,
                    run.run_id.value, state.run->run_id.value);
    }
    report.expect(operation->unknown() || operation->code == Code::kOk, "W2",
                  "op{} created run {}, but answered {}", operation->id, run.run_id.value,
                  code_name(operation->code));
    report.expect(!operation->ok() || operation->reply_run_id == run.run_id.value, "W2",
                  "op{} created run {}, but answered {}", operation->id, run.run_id.value,
                  operation->reply_run_id);
  }

  void check_termination(const MirrorRun& run) {
    if (run.check.status() != enums::WORKFLOW_EXECUTION_STATUS_TERMINATED) {
      return;
    }
    const Operation* operation = world_.ledger.find(run.check.closing_identity());
    if (operation == nullptr) {
      return;  // by the service: TERMINATE_EXISTING, limits
    }
    world_.report.expect(
        run.closed > operation->invoked && (operation->unknown() || run.closed <= operation->returned), "W2",
        "op{} terminated run {} with transition {}, outside of its call ({}, {}]", operation->id,
        run.run_id.value, run.closed, operation->invoked, operation->returned);
  }

  void check(const Operation& operation) {
    if (operation.unknown()) {
      return;
    }
    if (operation.code == Code::kResourceExhausted) {
      check_refused_for_resources(operation);
      return;
    }
    switch (operation.kind) {
      case Operation::Kind::kStart:
        check_start(operation);
        break;
      case Operation::Kind::kTerminate:
        check_terminate(operation);
        break;
      case Operation::Kind::kDescribe:
        check_describe(operation);
        break;
      case Operation::Kind::kCancel:
      case Operation::Kind::kSignal:
        check_target(operation);
        break;
      default:
        break;
    }
  }

  void check_refused_for_resources(const Operation& operation) {
    if (world_.plan.disk_full) {
      return;
    }
    const bool busy = operation.kind == Operation::Kind::kStart &&
                      at_some_point(operation, [&](const State& state) { return state.run != nullptr; });
    world_.report.expect(busy, "D7", "op{} {} is refused on a disk with space: {}", operation.id,
                         name_of(operation.kind), operation.message);
    world_.report.mark("start refused: too soon after the one before");
  }

  void check_start(const Operation& operation) {
    Report& report = world_.report;
    if (operation.ok()) {
      const MirrorRun* run = world_.node.mirror().find_run(operation.reply_run_id);
      report.expect(run != nullptr, "D1", "op{} was told that it started run {}, which is not stored",
                    operation.id, operation.reply_run_id);
      if (run == nullptr || run->check.start().identity() == fmt::format("op{}", operation.id)) {
        return;  // check_creation
      }
      const bool right = at_some_point(operation, [&](const State& state) {
        return state.run == run && judge_start(operation, state) == Verdict::kThisRun;
      });
      report.expect(right, "W3", "op{} start of {} (request {}, policies {} and {}) is answered with run {}",
                    operation.id, workflow_id_, operation.request_id, operation.reuse_policy,
                    operation.conflict_policy, operation.reply_run_id);
      report.mark(request_id_of(*run) == operation.request_id ? "start: request id known"
                                                              : "start: existing run used");
      return;
    }
    const bool right =
        operation.code == Code::kAlreadyExists && at_some_point(operation, [&](const State& state) {
          return judge_start(operation, state) == Verdict::kRefuse;
        });
    report.expect(right, "W5", "op{} start of {} (request {}, policies {} and {}) is refused: {} {}",
                  operation.id, workflow_id_, operation.request_id, operation.reuse_policy,
                  operation.conflict_policy, code_name(operation.code), operation.message);
  }

  // The run that a call names, in `state`.
  const MirrorRun* target(const Operation& operation, const State& state) const {
    if (operation.run_id.empty()) {
      return state.run;
    }
    const MirrorRun* run = world_.node.mirror().find_run(operation.run_id);
    return run != nullptr && run->created <= operation.returned ? run : nullptr;
  }
  static bool open_at_some_point(const MirrorRun* run, const Operation& operation) {
    return run != nullptr && (run->closed == 0 || run->closed > operation.invoked);
  }
  static bool closed_at_some_point(const MirrorRun* run, const Operation& operation) {
    return run != nullptr && run->closed != 0 && run->closed <= operation.returned;
  }

  void check_terminate(const Operation& operation) {
    if (operation.ok()) {
      const std::string identity = fmt::format("op{}", operation.id);
      const bool happened = std::any_of(runs_.begin(), runs_.end(), [&](const MirrorRun* run) {
        return run->check.status() == enums::WORKFLOW_EXECUTION_STATUS_TERMINATED &&
               run->check.closing_identity() == identity;
      });
      world_.report.expect(happened, "D1", "op{} terminated {}/{}, but no run ends so", operation.id,
                           workflow_id_, operation.run_id);
      return;
    }
    check_target(operation);
  }

  void check_target(const Operation& operation) {
    if (operation.ok()) {
      if (operation.kind == Operation::Kind::kCancel) {
        check_cancel(operation);
      }
      return;  // signals: check_signals
    }
    const bool right = operation.code == Code::kNotFound && at_some_point(operation, [&](const State& state) {
                         const MirrorRun* run = target(operation, state);
                         return run == nullptr || closed_at_some_point(run, operation);
                       });
    world_.report.expect(right, "W2", "op{} {} of {}/{} is refused: {} {}", operation.id,
                         name_of(operation.kind), workflow_id_, operation.run_id, code_name(operation.code),
                         operation.message);
  }

  void check_cancel(const Operation& operation) {
    const std::string identity = fmt::format("op{}", operation.id);
    for (const MirrorRun* run : runs_) {
      for (const StoredEvent& stored : run->events) {
        if (stored.event.event_type() != enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED) {
          continue;
        }
        const std::string& by =
            stored.event.workflow_execution_cancel_requested_event_attributes().identity();
        const Operation* other = world_.ledger.find(by);
        // Its own, or that of another call that may have come first.
        if (by == identity || (other != nullptr && other->invoked_order < operation.returned_order &&
                               open_at_some_point(run, operation))) {
          return;
        }
      }
    }
    const bool closed = at_some_point(operation, [&](const State& state) {
      return closed_at_some_point(target(operation, state), operation);
    });
    world_.report.expect(closed, "D1", "op{} asked {}/{} to cancel and left no event", operation.id,
                         workflow_id_, operation.run_id);
  }

  void check_describe(const Operation& operation) {
    if (!operation.ok()) {
      check_target(operation);
      return;
    }
    const MirrorRun* run = world_.node.mirror().find_run(operation.reply_run_id);
    bool right = run != nullptr && run->created <= operation.returned;
    if (right && operation.reply_status == enums::WORKFLOW_EXECUTION_STATUS_RUNNING) {
      right = open_at_some_point(run, operation);
    } else if (right) {
      right = closed_at_some_point(run, operation) && operation.reply_status == run->check.status();
    }
    if (right && operation.run_id.empty()) {
      right = at_some_point(operation, [&](const State& state) { return state.run == run; });
    }
    world_.report.expect(right, "W2", "op{} describes {} as run {} with status {}", operation.id,
                         workflow_id_, operation.reply_run_id, operation.reply_status);
  }

  World& world_;
  std::string workflow_id_;
  std::vector<State> states_;
  std::vector<const MirrorRun*> runs_;
};

}  // namespace

void check_workflow_ids(World& world) {
  std::set<std::string> ids;
  for (const Operation& operation : world.ledger.operations()) {
    ids.insert(operation.workflow_id);
  }
  for (const std::string& id : ids) {
    WorkflowIdCheck(world, id).run();
  }
}

}  // namespace perdure::sim
