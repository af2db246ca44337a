#include "perdure/testing/replayer.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

#include "client/boundary.h"
#include "testing/history_json.h"
#include "workflow/run.h"

namespace perdure::testing {
namespace {

using temporal::api::history::v1::History;
using temporal::api::history::v1::WorkflowExecutionStartedEventAttributes;
using workflow_core::Completion;

const perdure::detail::WorkflowDefinition& definition_of(const Workflows& workflows,
                                                         const std::string& type) {
  std::string names;
  const perdure::detail::WorkflowDefinition* dynamic = nullptr;
  for (const perdure::detail::WorkflowDefinition& definition : workflows.definitions()) {
    if (definition.name == type) {
      return definition;
    }
    if (definition.name.empty()) {
      dynamic = &definition;
    } else {
      names += (names.empty() ? "" : ", ") + definition.name;
    }
  }
  if (dynamic != nullptr) {
    return *dynamic;
  }
  throw PerdureError("the history is of workflow type \"" + type +
                     "\", which this Replayer does not have; it has: " + names);
}

std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) {
    throw PerdureError(file.string() + " cannot be read");
  }
  return std::move(text).str();
}

// What the code did with the history.
Completion run(const perdure::detail::WorkflowDefinition& definition, const History& history,
               const WorkflowExecutionStartedEventAttributes& started, const ReplayResult& names,
               const std::vector<std::shared_ptr<Interceptor>>& interceptors) {
  workflow_core::WorkflowRun replayed(definition,
                                      {NamespaceName("default"), WorkflowId(names.workflow_id),
                                       RunId(names.run_id), started.task_queue().name()},
                                      interceptors);
  return replayed.activate(history.events(), {.previous_started_event_id = names.events});
}

}  // namespace

Replayer::Replayer(Workflows workflows, ReplayerOptions options)
    : workflows_(std::move(workflows)), options_(std::move(options)) {
  if (workflows_.definitions().empty()) {
    throw OptionsError("Replayer: at least one workflow is needed: Replayer(workflows<Order>())");
  }
  std::set<std::string> names;
  for (const perdure::detail::WorkflowDefinition& definition : workflows_.definitions()) {
    if (!names.insert(definition.name).second) {
      throw OptionsError("Replayer: two workflows have the name \"" + definition.name +
                         "\"; give one of them another name (perdure/names.h)");
    }
  }
}

ReplayResult Replayer::replay(std::string_view history_json) const {
  auto history = read_history_json(history_json);
  if (!history.ok()) {
    throw PerdureError(history.status().message());
  }
  if (const auto boundary = client::Boundary::make(options_.data_converter)) {
    boundary->decode(&*history);
  }
  const auto& started = history->events(0).workflow_execution_started_event_attributes();
  ReplayResult result;
  result.workflow_type = started.workflow_type().name();
  result.workflow_id = started.workflow_id();
  result.run_id = started.original_execution_run_id();
  result.events = history->events(history->events_size() - 1).event_id();
  const Completion completion =
      run(definition_of(workflows_, result.workflow_type), *history, started, result, options_.interceptors);
  if (completion.outcome == Completion::Outcome::kTaskFailure) {
    result.failure = completion.failure.message();
    result.nondeterministic =
        completion.cause == temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR;
  } else if (completion.outcome == Completion::Outcome::kNeedsFullHistory) {
    throw PerdureError("the history has a gap: events are missing after one of them, or are out of order");
  }
  return result;
}

std::vector<ReplayResult> Replayer::replay_folder(const std::filesystem::path& folder) const {
  std::vector<std::filesystem::path> files;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
  if (files.empty()) {
    throw PerdureError("there is no history (*.json) in " + folder.string() +
                       (error ? ": " + error.message() : std::string()));
  }
  std::sort(files.begin(), files.end());
  std::vector<ReplayResult> results;
  for (const std::filesystem::path& file : files) {
    try {
      results.push_back(replay(read_file(file)));
      results.back().source = file.string();
    } catch (const PerdureError& failed) {
      throw PerdureError(file.string() + ": " + failed.what());
    }
  }
  return results;
}

void throw_if_failed(const ReplayResult& result) {
  if (!result.failure) {
    return;
  }
  const std::string message = "replay of workflow \"" + result.workflow_id + "\" (" + result.workflow_type +
                              ", run \"" + result.run_id + "\"" +
                              (result.source.empty() ? "" : ", " + result.source) +
                              ") failed: " + *result.failure;
  if (result.nondeterministic) {
    throw NondeterminismError(message);
  }
  throw PerdureError(message);
}

}  // namespace perdure::testing
