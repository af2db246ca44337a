#pragma once
// Simulated callers: those that fight over a few workflow ids with every operation and policy, and those that
// start one program and wait for its result.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "program.h"
#include "temporal/api/common/v1/message.pb.h"
#include "world.h"

namespace perdure::sim {

// One of several callers of the same workflow id. It makes one call after another; after an unknown outcome
// it repeats the call with the same request id.
class ContestingClient {
 public:
  ContestingClient(World& world, std::string workflow_id, int index);

  void start();

 private:
  // What stays the same when a call is repeated.
  struct Intent {
    Operation::Kind kind{};
    std::string request_id;
    std::string run_id;
    std::string input;
    int reuse_policy = 0;
    int conflict_policy = 0;
    int run_timeout_ms = 0;
    Program program;
    int tries = 4;
  };
  using IntentPointer = std::shared_ptr<Intent>;

  void next();
  Intent choose();
  void choose_policies(Intent& intent);
  void perform(const IntentPointer& intent);
  void finish(const IntentPointer& intent, Operation& operation, const Status& status);
  Operation& begin(const Intent& intent);

  void call_start(const IntentPointer& intent, Operation& operation);
  void call_signal(const IntentPointer& intent, Operation& operation);
  void call_cancel(const IntentPointer& intent, Operation& operation);
  void call_terminate(const IntentPointer& intent, Operation& operation);
  void call_describe(const IntentPointer& intent, Operation& operation);
  void read_history(const IntentPointer& intent, Operation& operation);
  void read_page(const IntentPointer& intent, Operation& operation, bool wait, const std::string& token,
                 std::shared_ptr<std::int64_t> next_event);

  World& world_;
  const Network::Link link_ = world_.network.connect();
  std::string workflow_id_;
  int index_;
  Random random_;
  int next_request_ = 1;
  std::string last_start_request_;
  std::string last_signal_request_;
  std::string last_signal_input_;
  std::vector<std::string> seen_runs_;
};

// What a ProgramClient starts.
struct ProgramJob {
  std::string workflow_id;
  std::string workflow_type;
  temporal::api::common::v1::Payload input;
  int workflow_task_timeout_ms = 0;
  bool wants_signals = false;
  // Of the last run of the chain; empty: it fails; none: nobody knows.
  std::optional<std::string> predicted_result;
  std::string description;
};

// A program for the interpreter (program.h), and one that runs as coroutines (programs/program.h).
ProgramJob interpreted_job(const World& world, int index);
ProgramJob code_job(const World& world, int index);

// Starts one program, signals it as long as it waits for signals, follows it to its end and compares the
// result.
class ProgramClient {
 public:
  ProgramClient(World& world, ProgramJob job, int index);

  void start();
  bool done() const { return done_; }
  const ProgramJob& job() const { return job_; }

 private:
  void call_start();
  void wait_for_end();
  void ended(const temporal::api::history::v1::HistoryEvent& event);
  Duration pace_of_signals() const;
  void signal();
  void send_signal(const std::string& request_id, int tries);

  World& world_;
  const Network::Link link_ = world_.network.connect();
  const ProgramJob job_;
  Random random_;
  bool done_ = false;
  std::string run_id_;  // the one that is followed
  int next_signal_ = 1;
};

}  // namespace perdure::sim
