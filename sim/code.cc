#include "code.h"

#include <fmt/format.h>

#include "api/convert.h"
#include "api/payload_conversion.h"
#include "perdure/serialize.h"
#include "programs/program.h"
#include "programs/program_workflow.h"
#include "programs/replay_check.h"

namespace perdure::sim {
namespace {

using workflow_core::Completion;
using workflow_core::HistoryEvents;
using workflow_core::LocalActivityOutcome;
using workflow_core::LocalActivityTask;

workflow_core::RunIdentity identity(const std::string& workflow_id, const std::string& run_id) {
  return {NamespaceName("default"), WorkflowId(workflow_id), RunId(run_id), kQueue};
}

std::string describe(const std::vector<std::string>& commands) {
  std::string text;
  for (const std::string& bytes : commands) {
    temporal::api::command::v1::Command command;
    command.ParseFromString(bytes);
    text += "\n  " + command.ShortDebugString();
  }
  return text;
}

}  // namespace

CodePointer make_code_run(const std::string& workflow_id, const std::string& run_id) {
  auto code = std::make_shared<CodeRun>();
  code->run = std::make_unique<workflow_core::WorkflowRun>(
      detail::workflow_definition<programs::RandomProgram>(), identity(workflow_id, run_id));
  return code;
}

ActivityStep code_activity_step(
    const temporal::api::workflowservice::v1::PollActivityTaskQueueResponse& task) {
  ActivityStep step;  // the retry policy is RandomProgram's
  if (task.activity_type().name() != programs::kActivity) {
    return step;
  }
  const auto plan = from_payload<programs::ActivityPlan>(api::payload_from_proto(task.input().payloads(0)));
  if (plan.behaviour == programs::ActivityPlan::kNonRetryable) {
    step.behaviour = Behaviour::kNonRetryable;
  } else if (plan.behaviour == programs::ActivityPlan::kFailFirst) {
    step.behaviour = Behaviour::kFailFirst;
    step.count = plan.count;
  }
  return step;
}

LocalActivityOutcome local_outcome(const LocalActivityTask& task, bool stopped, Duration runtime) {
  LocalActivityOutcome outcome;
  outcome.attempt = task.first_attempt;
  outcome.runtime = runtime;
  temporal::api::failure::v1::Failure failure;
  failure.set_message(programs::kFailureMessage);
  failure.mutable_application_failure_info()->set_type("Planned");
  const auto plan = from_payload<programs::ActivityPlan>(task.arguments.at(0));
  if (stopped) {
    failure.set_message("Activity cancelled");
    failure.mutable_canceled_failure_info();
    outcome.failure = failure;
  } else if (plan.behaviour == programs::ActivityPlan::kNonRetryable) {
    outcome.failure = failure;
  } else if (plan.behaviour == programs::ActivityPlan::kFailFirst && task.first_attempt <= plan.count) {
    outcome.failure = failure;
    outcome.backoff = std::chrono::milliseconds(50);
  } else {
    outcome.result = to_payload(std::string("local"));
  }
  return outcome;
}

void check_code(const HistoryEvents& events, const std::string& workflow_id, const std::string& run_id,
                const AnsweredCodes& answered, Report& report) {
  const auto who = identity(workflow_id, run_id);
  if (const std::string failure = programs::check_replays(events, who); !failure.empty()) {
    report.violate("R1", fmt::format("run {}: {}", run_id, failure));
    return;
  }
  for (auto task = answered.lower_bound({run_id, 0}); task != answered.end() && task->first.first == run_id;
       ++task) {
    const AnsweredCode& answer = task->second;
    const std::int64_t started = task->first.second;
    HistoryEvents before;
    for (const auto& event : events) {
      if (event.event_id() <= started) {
        *before.Add() = event;
      }
    }
    const CodePointer code = make_code_run(workflow_id, run_id);
    Completion completion = code->run->activate(before, {answer.previous_started_event_id});
    for (const auto& [number, outcome] : answer.ended) {
      completion = code->run->resolve_local_activity(number, outcome);
    }
    std::vector<std::string> commands;
    for (const auto& command : completion.commands) {
      commands.push_back(api::serialize(command));
    }
    report.expect(completion.outcome == Completion::Outcome::kCommands && commands == answer.commands, "R1",
                  "run {}: the replay of the workflow task started by event {} gives {}{}; answered was{}",
                  run_id, started, completion.failure.message(), describe(commands),
                  describe(answer.commands));
  }
}

}  // namespace perdure::sim
