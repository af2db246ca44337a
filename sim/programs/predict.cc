#include <optional>

#include "program.h"

namespace perdure::programs {
namespace {

// What a step comes to: its value, or the letter of what it throws.
struct Outcome {
  std::string value;
  char thrown = 0;
};

Outcome thrown(char letter) { return {"", letter}; }

Outcome predict(const Step& step);

std::string caught(const Outcome& outcome) {
  return outcome.thrown == 0 ? outcome.value : std::string("[") + outcome.thrown + "]";
}

Outcome predict_sequence(const Step& step) {
  std::string value = "(";
  std::string beside;
  for (const Step& child : step.steps) {
    const Outcome outcome = predict(child);
    if (outcome.thrown != 0) {
      return outcome;
    }
    (child.beside ? beside : value) += outcome.value;
  }
  return {value + beside + ")"};
}

// The one that is neither stuck nor fails at once is first.
Outcome predict_race(const Step& step, char letter) {
  std::string value;
  std::string others;
  for (std::size_t i = 0; i < step.steps.size(); ++i) {
    const Kind kind = step.steps[i].kind;
    if (kind == Kind::kStuck) {
      others += 'C';
    } else if (kind == Kind::kFail) {
      others += 'F';
    } else {
      value = letter + std::to_string(i) + predict(step.steps[i]).value;
    }
  }
  return {value + others};
}

Outcome predict_activity(const Step& step) {
  switch (step.activity.behaviour) {
    case ActivityPlan::kNonRetryable:
      return thrown('F');
    case ActivityPlan::kNobody:
      return thrown('T');
    default:
      return {step.kind == Kind::kActivity ? "a" : "l"};
  }
}

Outcome predict_loop(const Step& step) {
  std::string value;
  for (int i = 0; i < step.count; ++i) {
    const Outcome outcome = predict(step.steps[0]);
    if (outcome.thrown != 0) {
      return outcome;
    }
    value += outcome.value;
  }
  return {value};
}

Outcome predict(const Step& step) {
  switch (step.kind) {
    case Kind::kSequence:
      return predict_sequence(step);
    case Kind::kTry:
      return {caught(predict(step.steps[0]))};
    case Kind::kActivity:
    case Kind::kLocalActivity:
      return predict_activity(step);
    case Kind::kAll: {
      std::string value = "{";
      for (const Step& child : step.steps) {
        value += predict(child).value + ",";
      }
      return {value + "}"};
    }
    case Kind::kRace:
      return predict_race(step, 'r');
    case Kind::kAny:
      return predict_race(step, 'n');
    case Kind::kTimeout:
      return step.steps[0].kind == Kind::kStuck ? thrown('T') : predict(step.steps[0]);
    case Kind::kShield:
      return predict(step.steps[0]);
    case Kind::kScope:
      return {"x" + std::string(step.steps.size(), 'C')};
    case Kind::kLoop:
      return predict_loop(step);
    case Kind::kPatience:
      return thrown('T');
    case Kind::kFail:
      return thrown('F');
    case Kind::kCancelledHandle:
      return {"hC"};
    case Kind::kStuck:
      return thrown('C');
    default:
      return {value_of(step.kind)};
  }
}

}  // namespace

std::string value_of(Kind kind) {
  switch (kind) {
    case Kind::kActivity:
      return "a";
    case Kind::kLocalActivity:
      return "l";
    case Kind::kSleep:
      return "z";
    case Kind::kYield:
      return "y";
    case Kind::kSignal:
      return "s";
    case Kind::kSideEffect:
      return "e";
    case Kind::kPatched:
      return "p";
    case Kind::kRandom:
      return "?";
    case Kind::kUuid:
      return "u";
    case Kind::kNow:
      return "t";
    case Kind::kMemo:
      return "m";
    case Kind::kCancelMe:
      return "c";
    default:
      return "";
  }
}

std::string predicted_result(const ProgramInput& input) {
  ProgramInput current = input;
  while (true) {
    const Program program = make_program(current);
    const std::string value = current.so_far + predict(program.root).value;
    switch (program.ending) {
      case Ending::kComplete:
        return value;
      case Ending::kFail:
        return std::string("failed: ") + kFailureMessage;
      case Ending::kContinueAsNew:
        current.so_far = value + "/";
        ++current.round;
        break;
    }
  }
}

}  // namespace perdure::programs
