#include "program.h"

#include <fmt/format.h>

#include <charconv>

#include "base/check.h"

namespace perdure::sim {
namespace {

int between(Random& random, int low, int high) {
  return low + static_cast<int>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return parts;
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

ActivityStep make_activity(Random& random) {
  ActivityStep step;
  step.initial_interval_ms = between(random, 50, 400);
  step.coefficient_tenths = between(random, 10, 30);
  step.maximum_interval_ms = step.initial_interval_ms * between(random, 2, 10);
  step.start_to_close_ms = between(random, 1'000, 5'000);
  switch (random.below(9)) {
    case 0:
    case 1:
      step.behaviour = Behaviour::kFailFirst;
      step.count = between(random, 1, 4);
      break;
    case 2:
      step.behaviour = Behaviour::kFailFirst;
      step.count = between(random, 1, 4);
      step.maximum_attempts = between(random, 1, 4);
      step.expected = step.count >= step.maximum_attempts ? 'x' : '?';
      break;
    case 3:
      step.behaviour = Behaviour::kNonRetryable;
      step.expected = 'x';
      break;
    case 4:
      step.behaviour = Behaviour::kHeartbeat;
      step.count = between(random, 1, 4);
      step.heartbeat_ms = between(random, 500, 1'500);
      break;
    case 5:
      step.behaviour = Behaviour::kSlow;
      step.count = between(random, 50, 800);
      break;
    case 6:
      step.behaviour = Behaviour::kSilent;
      step.maximum_attempts = between(random, 1, 3);
      step.start_to_close_ms = between(random, 300, 1'500);
      step.heartbeat_ms = random.chance(0.3) ? 400 : 0;
      step.schedule_to_close_ms = random.chance(0.3) ? between(random, 500, 3'000) : 0;
      // With a count it answers after its time; what comes of that depends on when the timeout was noticed.
      step.count = random.chance(0.3) ? 1 : 0;
      step.expected = step.count > 0 ? '?' : 'x';
      break;
    case 7:
      step.behaviour = Behaviour::kNobody;
      step.schedule_to_start_ms = between(random, 200, 2'000);
      step.expected = 'x';
      break;
    default:
      step.maximum_attempts = random.chance(0.4) ? 1 : 0;
      step.expected = step.maximum_attempts == 0 ? 'o' : '?';
      break;
  }
  return step;
}

Step make_step(Random& random) {
  Step step;
  switch (random.below(8)) {
    case 0:
      step.kind = Step::Kind::kTimer;
      step.milliseconds = between(random, 10, 4'000);
      break;
    case 1:
      step.kind = Step::Kind::kCancelledTimer;
      step.milliseconds = between(random, 10, 1'000);
      break;
    case 2:
      step.kind = Step::Kind::kSignals;
      step.count = between(random, 1, 3);
      break;
    case 3:
      step.kind = Step::Kind::kContinueAsNew;
      break;
    case 4:
      step.kind = Step::Kind::kParallel;
      step.count = between(random, 2, 4);
      step.activity = make_activity(random);
      break;
    case 5:
      step.kind = Step::Kind::kCancelledActivity;
      step.milliseconds = between(random, 10, 1'500);
      step.activity = make_activity(random);
      step.activity.expected = '?';
      break;
    default:
      step.kind = Step::Kind::kActivity;
      step.activity = make_activity(random);
      break;
  }
  return step;
}

}  // namespace

std::string encode(const ActivityStep& step) {
  return fmt::format("{},{},{},{},{},{},{},{},{},{},{}", static_cast<int>(step.behaviour), step.count,
                     step.maximum_attempts, step.start_to_close_ms, step.schedule_to_close_ms,
                     step.schedule_to_start_ms, step.heartbeat_ms, step.initial_interval_ms,
                     step.coefficient_tenths, step.maximum_interval_ms, step.expected);
}

ActivityStep decode_activity(std::string_view text) {
  const auto parts = split(text, ',');
  check(parts.size() == 11, "an activity step has eleven fields");
  ActivityStep step;
  step.behaviour = static_cast<Behaviour>(number(parts[0]));
  step.count = number(parts[1]);
  step.maximum_attempts = number(parts[2]);
  step.start_to_close_ms = number(parts[3]);
  step.schedule_to_close_ms = number(parts[4]);
  step.schedule_to_start_ms = number(parts[5]);
  step.heartbeat_ms = number(parts[6]);
  step.initial_interval_ms = number(parts[7]);
  step.coefficient_tenths = number(parts[8]);
  step.maximum_interval_ms = number(parts[9]);
  step.expected = parts[10][0];
  return step;
}

std::string encode(const Program& program) {
  std::string text =
      fmt::format("{}|{}|{}", program.result, program.eager ? 1 : 0, program.workflow_task_timeout_ms);
  for (const Step& step : program.steps) {
    text += fmt::format("|{};{};{};{}", static_cast<char>(step.kind), step.milliseconds, step.count,
                        encode(step.activity));
  }
  return text;
}

Program decode(std::string_view text) {
  Program program;
  const std::size_t end = text.find('|');
  check(end != std::string_view::npos, "a program starts with its result so far");
  program.result = text.substr(0, end);
  const auto parts = split(text.substr(end + 1), '|');
  check(parts.size() >= 2, "a program has a head");
  program.eager = parts[0] == "1";
  program.workflow_task_timeout_ms = number(parts[1]);
  for (std::size_t i = 2; i < parts.size(); ++i) {
    const auto fields = split(parts[i], ';');
    check(fields.size() == 4, "a step has four fields");
    Step step;
    step.kind = static_cast<Step::Kind>(fields[0][0]);
    step.milliseconds = number(fields[1]);
    step.count = number(fields[2]);
    step.activity = decode_activity(fields[3]);
    program.steps.push_back(step);
  }
  return program;
}

Program make_program(Random& random, bool eager) {
  Program program;
  program.eager = eager;
  program.workflow_task_timeout_ms = random.chance(0.5) ? between(random, 1, 4) * 1'000 : 0;
  const int count = between(random, 2, 6);
  for (int i = 0; i < count; ++i) {
    program.steps.push_back(make_step(random));
  }
  Step last;
  last.kind = random.chance(0.85) ? Step::Kind::kComplete : Step::Kind::kFail;
  program.steps.push_back(last);
  return program;
}

Program make_contested_program(Random& random, bool eager) {
  Program program;
  program.eager = eager;
  program.workflow_task_timeout_ms = random.chance(0.5) ? between(random, 1, 4) * 1'000 : 0;
  Step wait;
  switch (random.below(7)) {
    case 0:
      wait.kind = Step::Kind::kTimer;
      wait.milliseconds = between(random, 50, 2'000);
      break;
    case 1:
    case 2:
    case 3:
      wait.kind = Step::Kind::kSignals;
      wait.count = between(random, 1, 3);
      break;
    case 4:
      wait.kind = Step::Kind::kSignals;
      wait.count = 1'000;  // for ever
      break;
    case 5:
      wait.kind = Step::Kind::kCancelRequest;
      break;
    default:
      wait.kind = Step::Kind::kActivity;
      wait.activity = make_activity(random);
      wait.activity.expected = '?';
      break;
  }
  program.steps.push_back(wait);
  if (random.chance(0.2)) {
    Step next;
    next.kind = Step::Kind::kContinueAsNew;
    program.steps.push_back(next);
    program.steps.push_back(wait);
  }
  Step last;
  last.kind = random.chance(0.6) ? Step::Kind::kComplete : Step::Kind::kFail;
  program.steps.push_back(last);
  return program;
}

std::string predicted_result(const Program& program) {
  std::string result = program.result;
  for (const Step& step : program.steps) {
    switch (step.kind) {
      case Step::Kind::kActivity:
      case Step::Kind::kCancelledActivity:
        result += step.activity.expected;
        break;
      case Step::Kind::kParallel:
        result.append(static_cast<std::size_t>(step.count), step.activity.expected);
        break;
      case Step::Kind::kFail:
        return {};
      default:
        result += static_cast<char>(step.kind);
    }
  }
  return result;
}

bool waits_for_signals(const Program& program) {
  for (const Step& step : program.steps) {
    if (step.kind == Step::Kind::kSignals) {
      return true;
    }
  }
  return false;
}

}  // namespace perdure::sim
