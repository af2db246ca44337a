// A release replays what earlier ones recorded: every history in this folder, with the programs of today.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "perdure/detail/workflow_definition.h"
#include "programs.h"
#include "temporal/api/history/v1/message.pb.h"
#include "workflow/run.h"

namespace histories {
namespace {

using perdure::workflow_core::Completion;
using temporal::api::history::v1::History;

template <class... W>
std::map<std::string, perdure::detail::WorkflowDefinition> definitions() {
  return {{std::string(perdure::workflow_name<W>), perdure::detail::workflow_definition<W>()}...};
}

History read_history(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  History history;
  const auto status = google::protobuf::util::JsonStringToMessage(text.str(), &history);
  EXPECT_TRUE(status.ok()) << file << ": " << status.ToString();
  return history;
}

Completion replay(const History& history) {
  static const auto known = definitions<OneActivity, ParallelActivities, Retried, CaughtFailure, Signalled,
                                        Cancelled, Continuing, Failing>();
  const std::string& type =
      history.events(0).workflow_execution_started_event_attributes().workflow_type().name();
  perdure::workflow_core::WorkflowRun run(
      known.at(type),
      {perdure::NamespaceName("default"), perdure::WorkflowId(type), perdure::RunId("replayed"), ""});
  return run.activate(history.events(), {.previous_started_event_id = history.events_size()});
}

std::vector<std::filesystem::path> recorded_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(PERDURE_HISTORIES)) {
    if (entry.path().extension() == ".json") {
      files.push_back(entry.path());
    }
  }
  return files;
}

TEST(RecordedHistories, ReplayWithTheCodeOfToday) {
  EXPECT_GE(recorded_files().size(), 8U);
  for (const auto& file : recorded_files()) {
    const Completion completion = replay(read_history(file));
    EXPECT_EQ(completion.outcome, Completion::Outcome::kCommands)
        << file << ": " << completion.failure.message();
  }
}

TEST(RecordedHistories, OfAnotherActivityAreNoticed) {
  int changed = 0;
  for (const auto& file : recorded_files()) {
    History history = read_history(file);
    for (auto& event : *history.mutable_events()) {
      if (event.has_activity_task_scheduled_event_attributes()) {
        event.mutable_activity_task_scheduled_event_attributes()->mutable_activity_type()->set_name(
            "another");
        ++changed;
        EXPECT_EQ(replay(history).outcome, Completion::Outcome::kTaskFailure) << file;
        break;
      }
    }
  }
  EXPECT_GE(changed, 4);
}

}  // namespace
}  // namespace histories
