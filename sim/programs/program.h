#pragma once
// Random workflow programs: a seed makes a tree of steps, one workflow class (program_workflow.h) runs it as
// real coroutines. A steady program's result follows from its tree alone, whatever happens first: its races
// have one entrant that can finish, what fails is caught before it can stop a neighbour. Other programs race
// in earnest; of these only a replay of the same history has to do the same.
#include <cstdint>
#include <string>
#include <vector>

namespace perdure::programs {

enum class Kind {
  kSequence,       // one after the other; those with `beside` run beside the rest and are awaited at the end
  kTry,            // catches what its step throws
  kActivity,       // as `activity` says
  kLocalActivity,  // the same, within the workflow task
  kStuck,          // does not end by itself; `flavour`: a timer, a condition, or an activity that nobody runs
  kSleep,          // `time`
  kYield,          // sleep(0)
  kAll,
  kRace,  // the first decides, the others are cancelled and awaited, or (`beside`) left alone
  kAny,
  kTimeout,          // its step in `time`
  kShield,           // its step
  kScope,            // its steps, cancelled after `time`
  kSignal,           // an activity that signals this run; waits for the signal
  kPatience,         // wait_condition that never holds, for `time`
  kCancelledHandle,  // its stuck activity, cancelled after `time`
  kLoop,             // its step, `count` times
  kFail,             // throws
  kSideEffect,       // ...
  kPatched,          // `count`: of which patch
  kRandom,
  kUuid,
  kNow,
  kMemo,
  kCancelMe,  // an activity that asks for this run's cancellation; waits for it
};

// What an activity does; travels as its argument.
struct ActivityPlan {
  enum Behaviour {
    kOk = 0,
    kFailFirst = 1,     // `count` attempts fail
    kNonRetryable = 2,  // fails
    kNobody = 3,        // on a queue without a worker
  };
  int behaviour = kOk;
  int count = 0;
  int schedule_to_start_ms = 0;  // of kNobody; 0: none
  int cancellation_type = 0;     // ActivityCancellationType
};

struct Step {
  Kind kind = Kind::kSequence;
  int number = 0;  // in the tree
  int count = 0;
  int flavour = 0;
  std::int64_t time = 0;  // in the input's units
  bool beside = false;
  ActivityPlan activity{};
  std::vector<Step> steps{};
};

// The workflow's argument.
struct ProgramInput {
  std::uint64_t seed = 0;
  bool steady = true;
  bool local_activities = true;
  bool cancellation = false;  // the program may ask for its own
  std::int64_t unit_us = 1000;
  int round = 0;  // of continue-as-new
  std::string so_far{};
  bool broken = false;  // does something else each time: to see that it is noticed
};

// How a run of the program ends.
enum class Ending { kComplete, kFail, kContinueAsNew };

struct Program {
  Step root;
  Ending ending = Ending::kComplete;
};

Program make_program(const ProgramInput& input);
// One line for each step.
std::string describe(const Step& root);

// What the last run of a steady program gives: its result, or "failed: " and the message.
std::string predicted_result(const ProgramInput& input);

// How many steps of each kind, over and over: that no kind is missing from a set of programs.
void count_kinds(const Step& step, std::vector<int>* counts);
inline constexpr int kKinds = static_cast<int>(Kind::kCancelMe) + 1;
const char* name_of(Kind kind);
// What a step that is none of the composites gives when it succeeds.
std::string value_of(Kind kind);

// The queue whose workers never come.
inline constexpr const char* kDeserted = "deserted";
// The types of the activities: activity(plan, number, seen), poke(number), cancel_me(number).
inline constexpr const char* kActivity = "program_activity";
inline constexpr const char* kPoke = "program_poke";
inline constexpr const char* kCancelMe = "program_cancel_me";
inline constexpr const char* kFailureMessage = "as the program says";

}  // namespace perdure::programs
