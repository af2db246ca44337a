#include "perdure/testing/replayer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "perdure/testing/environment.h"
#include "tests/testing/workflows.h"

namespace testing_test {
namespace {

using perdure::testing::Environment;
using perdure::testing::replay;
using perdure::testing::Replayer;
using testing::AllOf;
using testing::HasSubstr;

// Greeting as somebody changed it.
class GreetingLater {
 public:
  static constexpr std::string_view workflow_name = "Greeting";
  perdure::Task<std::string> run(std::string name) {
    co_await workflow::sleep(24h);
    co_return co_await workflow::execute_activity<greet>(name, {.start_to_close_timeout = 10s});
  }
};

struct YourParams {
  std::string greeting;
  std::string name;
};

class YourWorkflow {
 public:
  static constexpr std::string_view workflow_name = "YourWorkflow";
  perdure::Task<std::string> run(YourParams input) {
    co_return co_await workflow::execute_activity_by_name<std::string>(
        "your_activity", {.start_to_close_timeout = 10s}, input);
  }
};

class YourWorkflowLater {
 public:
  static constexpr std::string_view workflow_name = "YourWorkflow";
  perdure::Task<std::string> run(YourParams input) { co_return input.name; }
};

template <class W, class... A>
std::string history_of(const A&... arguments) {
  Environment environment;
  perdure::Worker worker(environment.client(), {.task_queue = kQueue,
                                                .workflows = perdure::workflows<W>(),
                                                .activities = perdure::activities<greet>()});
  worker.start();
  auto handle = environment.client().start_workflow<W>(arguments..., {.id = "w", .task_queue = kQueue});
  handle.result();
  return handle.fetch_history();
}

template <class E>
std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  } catch (const std::exception& error) {
    return std::string("another error: ") + error.what();
  }
  return "no error";
}

TEST(Replay, FollowsWhatTheSameCodeDid) {
  EXPECT_NO_THROW(replay<Greeting>(history_of<Greeting>("Ada")));
  EXPECT_NO_THROW(replay<Sleeper>(history_of<Sleeper>(3)));
}

TEST(Replay, NamesWhatAChangeOfTheCodeBreaks) {
  const std::string message =
      message_of<perdure::NondeterminismError>([] { replay<GreetingLater>(history_of<Greeting>("Ada")); });
  EXPECT_THAT(message, AllOf(HasSubstr("replay of workflow \"w\" (Greeting, run"), HasSubstr("event 5"),
                             HasSubstr("ActivityTaskScheduled"), HasSubstr("StartTimer")));
}

TEST(Replay, RefusesHistoriesOfOtherWorkflows) {
  EXPECT_THAT(message_of<perdure::PerdureError>([] { replay<Sleeper>(history_of<Greeting>("Ada")); }),
              HasSubstr("of workflow type \"Greeting\", which this Replayer does not have; it has: Sleeper"));
}

TEST(Replay, OfWhatIsNoHistorySaysSo) {
  for (const char* json : {"", "{", "7", "{}", R"({"events": []})", R"({"events": [{"eventId": "1"}]})"}) {
    EXPECT_THAT(message_of<perdure::PerdureError>([&] { replay<Sleeper>(json); }),
                HasSubstr("this is not the JSON of a workflow history"))
        << json;
  }
}

// Recorded on a real Temporal by the hello program, printed by its CLI.
TEST(Replay, ReadsWhatTheCommandLineOfTemporalPrints) {
  const auto results = Replayer(perdure::workflows<YourWorkflow>()).replay_folder(PERDURE_CLI_HISTORIES);
  ASSERT_EQ(results.size(), 1U);
  EXPECT_TRUE(results[0]) << *results[0].failure;
  EXPECT_EQ(results[0].workflow_id, "your-workflow-id");
  EXPECT_EQ(results[0].events, 11);
  const auto changed = Replayer(perdure::workflows<YourWorkflowLater>()).replay_folder(PERDURE_CLI_HISTORIES);
  EXPECT_TRUE(changed.at(0).nondeterministic);
}

TEST(Replayer, GoesThroughAFolder) {
  std::string pattern = std::filesystem::temp_directory_path() / "perdure-replay-XXXXXX";
  const std::filesystem::path folder = mkdtemp(pattern.data());
  const Replayer replayer(perdure::workflows<GreetingLater, Sleeper>());
  EXPECT_THAT(message_of<perdure::PerdureError>([&] { replayer.replay_folder(folder); }),
              HasSubstr("there is no history (*.json) in " + folder.string()));
  std::ofstream(folder / "b.json") << history_of<Greeting>("Ada");
  std::ofstream(folder / "a.json") << history_of<Sleeper>(1);
  std::ofstream(folder / "c.txt") << "not looked at";
  const auto results = replayer.replay_folder(folder);
  ASSERT_EQ(results.size(), 2U);
  EXPECT_TRUE(results[0]) << *results[0].failure;
  EXPECT_EQ(results[0].workflow_type, "Sleeper");
  EXPECT_FALSE(results[1]);
  EXPECT_TRUE(results[1].nondeterministic);
  EXPECT_EQ(results[1].source, folder / "b.json");
  std::filesystem::remove_all(folder);
}

TEST(Replayer, NeedsWorkflowsOfDifferentNames) {
  EXPECT_THROW(Replayer{perdure::Workflows()}, perdure::OptionsError);
  EXPECT_THROW(Replayer(perdure::workflows<Greeting, GreetingLater>()), perdure::OptionsError);
}

}  // namespace
}  // namespace testing_test
