#pragma once
// The workflows of the simulation: short programs that travel in the input of a run, and their interpreter,
// which decides commands from nothing but the history that it is given, as an SDK does.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "report.h"
#include "temporal/api/command/v1/message.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::sim {

// How an activity behaves; what its code does is decided by its input and its attempt alone.
enum class Behaviour {
  kOk,            // answers at once
  kFailFirst,     // fails `count` attempts, then succeeds
  kNonRetryable,  // fails with a non-retryable failure
  kHeartbeat,     // heartbeats `count` times, then succeeds
  kSlow,          // takes `count` milliseconds
  kSilent,        // never answers in time; with a `count`, too late
  kNobody,        // on a queue without a worker
};

struct ActivityStep {
  Behaviour behaviour = Behaviour::kOk;
  int count = 0;
  int maximum_attempts = 0;  // 0: no limit
  int start_to_close_ms = 3'000;
  int schedule_to_close_ms = 0;
  int schedule_to_start_ms = 0;
  int heartbeat_ms = 0;
  int initial_interval_ms = 100;
  int coefficient_tenths = 20;
  int maximum_interval_ms = 2'000;
  char expected = 'o';  // 'o': completes; 'x': does not complete; '?': depends on the faults
};

struct Step {
  enum class Kind : char {
    kActivity = 'a',
    kTimer = 't',
    kCancelledTimer = 'c',     // a long timer, cancelled when a short one fires
    kCancelledActivity = 'x',  // an activity, cancelled when a timer fires
    kParallel = 'p',           // `count` activities at once
    kSignals = 's',            // waits until `count` signals arrived in this run
    kContinueAsNew = 'n',
    kCancelRequest = 'w',  // waits for a cancel request, then ends cancelled
    kComplete = 'e',
    kFail = 'f',
  };
  Kind kind = Kind::kComplete;
  int milliseconds = 0;
  int count = 0;
  ActivityStep activity;
};

struct Program {
  std::string result;  // of the runs before this one in the chain
  std::vector<Step> steps;
  bool eager = false;  // asks for eager activities
  int workflow_task_timeout_ms = 0;
};

std::string encode(const Program& program);
Program decode(std::string_view text);
std::string encode(const ActivityStep& step);
ActivityStep decode_activity(std::string_view text);

// A program that ends by itself, or with signals, whatever faults happen, with a result that is known before.
Program make_program(Random& random, bool eager);
// A short one for the ids that clients fight over: may fail, wait for ever, end when it is cancelled.
Program make_contested_program(Random& random, bool eager);
// What the last run of the chain returns; empty if the program fails.
std::string predicted_result(const Program& program);
bool waits_for_signals(const Program& program);

struct CodeRun;

struct Decision {
  std::vector<temporal::api::command::v1::Command> commands;
  bool completes = false;           // the last command closes the run
  std::shared_ptr<CodeRun> code{};  // whose decision it is; null: the interpreter's
  bool heartbeat = false;           // the code waits for local activities; another task is asked for
};

// Decides what the workflow task that ends `events` answers: its last event is the started event. Reports H9
// if the history contradicts what earlier workflow tasks decided.
Decision decide(const std::vector<temporal::api::history::v1::HistoryEvent>& events,
                const std::string& run_name, Report& report);

// The queue whose workers never come.
inline constexpr const char* kDeserted = "deserted";
inline constexpr const char* kQueue = "work";

}  // namespace perdure::sim
