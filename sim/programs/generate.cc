#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/random.h"
#include "program.h"

namespace perdure::programs {
namespace {

constexpr int kSteps = 20;
constexpr int kDepth = 4;

class Generator {
 public:
  explicit Generator(const ProgramInput& input)
      : input_(input),
        random_((input.seed * 0x9e3779b97f4a7c15ULL) ^
                (0x70726f6772616dULL + static_cast<std::uint64_t>(input.round) * 0x51ULL)) {}

  Program make() {
    Program program;
    program.root = make_step(Kind::kSequence);
    const int count = between(2, 5);
    const int cancelled_after = input_.cancellation && random_.chance(0.3) ? between(0, count - 1) : -1;
    for (int i = 0; i < count; ++i) {
      program.root.steps.push_back(caught(any(0)));
      if (i == cancelled_after) {
        program.root.steps.push_back(make_step(Kind::kCancelMe));
      }
    }
    program.ending = input_.round < 2 && random_.chance(0.3) ? Ending::kContinueAsNew
                     : random_.chance(0.1)                   ? Ending::kFail
                                                             : Ending::kComplete;
    return program;
  }

 private:
  int between(int low, int high) {
    const std::int64_t count = std::int64_t{high} - low + 1;
    return low + static_cast<int>(random_.below(static_cast<std::uint64_t>(count)));
  }
  std::int64_t some_time() { return between(1, 40); }

  Step make_step(Kind kind) {
    Step step;
    step.kind = kind;
    step.number = ++number_;
    return step;
  }
  Step caught(Step step) {
    Step out = make_step(Kind::kTry);
    out.steps.push_back(std::move(step));
    return out;
  }
  // Of a steady program: what runs beside others must not throw.
  Step neighbour(int depth) { return input_.steady || random_.chance(0.5) ? caught(any(depth)) : any(depth); }

  Step any(int depth) {
    return depth >= kDepth || number_ >= kSteps || random_.chance(0.4) ? leaf() : composite(depth + 1);
  }

  Step leaf() {
    static constexpr std::array kLeaves{Kind::kActivity,
                                        Kind::kActivity,
                                        Kind::kActivity,
                                        Kind::kLocalActivity,
                                        Kind::kLocalActivity,
                                        Kind::kSleep,
                                        Kind::kSleep,
                                        Kind::kYield,
                                        Kind::kSignal,
                                        Kind::kSignal,
                                        Kind::kPatience,
                                        Kind::kFail,
                                        Kind::kCancelledHandle,
                                        Kind::kSideEffect,
                                        Kind::kPatched,
                                        Kind::kRandom,
                                        Kind::kUuid,
                                        Kind::kNow,
                                        Kind::kMemo};
    Step step = make_step(kLeaves[random_.below(kLeaves.size())]);
    switch (step.kind) {
      case Kind::kLocalActivity:
        if (!input_.local_activities) {
          step.kind = Kind::kActivity;
        }
        step.activity = make_activity(step.kind == Kind::kActivity);
        break;
      case Kind::kActivity:
        step.activity = make_activity(true);
        break;
      case Kind::kSleep:
      case Kind::kPatience:
        step.time = some_time();
        break;
      case Kind::kCancelledHandle:
        step.time = random_.chance(0.3) ? 0 : some_time();
        step.steps.push_back(stuck());
        break;
      case Kind::kPatched:
        step.count = between(1, 4);
        break;
      default:
        break;
    }
    return step;
  }

  ActivityPlan make_activity(bool may_be_deserted) {
    ActivityPlan plan;
    switch (random_.below(6)) {
      case 0:
        plan.behaviour = ActivityPlan::kFailFirst;
        plan.count = between(1, 2);
        break;
      case 1:
        plan.behaviour = ActivityPlan::kNonRetryable;
        break;
      case 2:
        if (may_be_deserted) {
          plan.behaviour = ActivityPlan::kNobody;
          plan.schedule_to_start_ms = static_cast<int>(between(1, 30) * input_.unit_us / 1000) + 1;
        }
        break;
      default:
        break;
    }
    plan.cancellation_type = between(0, 2);
    return plan;
  }

  Step stuck() {
    Step step = make_step(Kind::kStuck);
    step.flavour = between(0, 2);
    step.activity.behaviour = ActivityPlan::kNobody;
    step.activity.cancellation_type = between(0, 2);
    return step;
  }

  // Who loses, or is cancelled.
  Step loser(int depth) { return input_.steady || random_.chance(0.4) ? stuck() : neighbour(depth); }

  void add_entrants(Step* step, int depth, bool failing_ones) {
    const int count = between(2, 3);
    const int winner = between(0, count - 1);
    for (int i = 0; i < count; ++i) {
      if (i == winner) {
        step->steps.push_back(caught(any(depth)));
      } else if (failing_ones && random_.chance(0.5)) {
        step->steps.push_back(make_step(Kind::kFail));
      } else {
        step->steps.push_back(loser(depth));
      }
    }
  }

  Step composite(int depth) {
    static constexpr std::array kComposites{Kind::kSequence, Kind::kSequence, Kind::kAll,     Kind::kAll,
                                            Kind::kRace,     Kind::kAny,      Kind::kTimeout, Kind::kTimeout,
                                            Kind::kShield,   Kind::kScope,    Kind::kLoop,    Kind::kTry};
    Step step = make_step(kComposites[random_.below(kComposites.size())]);
    switch (step.kind) {
      case Kind::kSequence: {
        const int count = between(2, 4);
        const bool some_beside = random_.chance(0.4);
        for (int i = 0; i < count; ++i) {
          step.steps.push_back(some_beside ? neighbour(depth) : any(depth));
          step.steps.back().beside = some_beside && random_.chance(0.5);
        }
        break;
      }
      case Kind::kAll:
        for (int i = between(2, 3); i > 0; --i) {
          step.steps.push_back(neighbour(depth));
        }
        break;
      case Kind::kRace:
        step.beside = !input_.steady && random_.chance(0.3);
        add_entrants(&step, depth, false);
        break;
      case Kind::kAny:
        add_entrants(&step, depth, true);
        break;
      case Kind::kTimeout:
        if (random_.chance(0.5)) {
          step.time = some_time();
          step.steps.push_back(loser(depth));
        } else {
          step.time = kLong;
          step.steps.push_back(caught(any(depth)));
        }
        break;
      case Kind::kScope:
        step.time = some_time();
        for (int i = between(1, 3); i > 0; --i) {
          step.steps.push_back(loser(depth));
        }
        break;
      case Kind::kLoop:
        step.count = between(2, 3);
        step.steps.push_back(any(depth));
        break;
      default:  // kShield, kTry
        step.steps.push_back(neighbour(depth));
        break;
    }
    return step;
  }

  static constexpr std::int64_t kLong = 100'000'000'000;  // microseconds or more: does not pass

  const ProgramInput& input_;
  Random random_;
  int number_ = 0;
};

void describe(const Step& step, int depth, std::string* out) {
  *out += fmt::format("{:{}}{} {}", "", depth * 2, step.number, name_of(step.kind));
  if (step.time != 0) {
    *out += fmt::format(" time {}", step.time);
  }
  if (step.count != 0) {
    *out += fmt::format(" count {}", step.count);
  }
  if (step.kind == Kind::kActivity || step.kind == Kind::kLocalActivity) {
    *out += fmt::format(" behaviour {} count {} type {}", step.activity.behaviour, step.activity.count,
                        step.activity.cancellation_type);
  }
  if (step.kind == Kind::kStuck) {
    *out += fmt::format(" flavour {} type {}", step.flavour, step.activity.cancellation_type);
  }
  *out += step.beside ? " beside\n" : "\n";
  for (const Step& child : step.steps) {
    describe(child, depth + 1, out);
  }
}

}  // namespace

Program make_program(const ProgramInput& input) { return Generator(input).make(); }

std::string describe(const Step& root) {
  std::string out;
  describe(root, 0, &out);
  return out;
}

void count_kinds(const Step& step, std::vector<int>* counts) {
  counts->resize(kKinds);
  ++counts->at(static_cast<std::size_t>(step.kind));
  for (const Step& child : step.steps) {
    count_kinds(child, counts);
  }
}

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::kSequence:
      return "sequence";
    case Kind::kTry:
      return "try";
    case Kind::kActivity:
      return "activity";
    case Kind::kLocalActivity:
      return "local activity";
    case Kind::kStuck:
      return "stuck";
    case Kind::kSleep:
      return "sleep";
    case Kind::kYield:
      return "yield";
    case Kind::kAll:
      return "all";
    case Kind::kRace:
      return "race";
    case Kind::kAny:
      return "any";
    case Kind::kTimeout:
      return "timeout";
    case Kind::kShield:
      return "shield";
    case Kind::kScope:
      return "scope";
    case Kind::kSignal:
      return "signal";
    case Kind::kPatience:
      return "patience";
    case Kind::kCancelledHandle:
      return "cancelled handle";
    case Kind::kLoop:
      return "loop";
    case Kind::kFail:
      return "fail";
    case Kind::kSideEffect:
      return "side effect";
    case Kind::kPatched:
      return "patched";
    case Kind::kRandom:
      return "random";
    case Kind::kUuid:
      return "uuid";
    case Kind::kNow:
      return "now";
    case Kind::kMemo:
      return "memo";
    case Kind::kCancelMe:
      return "cancel me";
  }
  return "?";
}

}  // namespace perdure::programs
