// A release replays what earlier ones recorded: every history in this folder, with the programs of today.
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <perdure/testing/replayer.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>

#include "programs.h"
#include "temporal/api/history/v1/message.pb.h"
#include "testing/history_json.h"

namespace histories {
namespace {

using temporal::api::history::v1::History;

std::string read_file(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return std::move(text).str();
}

std::string to_json(const History& history) {
  std::string json;
  EXPECT_TRUE(google::protobuf::util::MessageToJsonString(history, &json).ok());
  return json;
}

const perdure::testing::Replayer& replayer() {
  static const perdure::testing::Replayer all(
      perdure::workflows<OneActivity, ParallelActivities, Retried, CaughtFailure, Signalled, Cancelled,
                         Continuing, Failing, LocalActivities, LA, LB>());
  return all;
}

// [folder]
TEST(RecordedHistories, ReplayWithTheCodeOfToday) {
  const auto results = replayer().replay_folder(PERDURE_HISTORIES);
  EXPECT_GE(results.size(), 11U);
  for (const perdure::testing::ReplayResult& result : results) {
    EXPECT_FALSE(result.failure) << result.source << ": " << *result.failure;
  }
}
// [folder]

TEST(RecordedHistories, OfAnotherActivityAreNoticed) {
  int changed = 0;
  for (const auto& recorded : replayer().replay_folder(PERDURE_HISTORIES)) {
    auto history = perdure::testing::read_history_json(read_file(recorded.source));
    ASSERT_TRUE(history.ok()) << history.status().to_string();
    for (auto& event : *history->mutable_events()) {
      if (event.has_activity_task_scheduled_event_attributes()) {
        event.mutable_activity_task_scheduled_event_attributes()->mutable_activity_type()->set_name(
            "another");
        ++changed;
        EXPECT_TRUE(replayer().replay(to_json(*history)).nondeterministic) << recorded.source;
        break;
      }
    }
  }
  EXPECT_GE(changed, 4);
}

}  // namespace
}  // namespace histories
