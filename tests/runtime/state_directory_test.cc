// The whole service over a real state directory, closed and opened again, and left without a word.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "storage/sqlite/sqlite_storage.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

class StateDirectory : public ::testing::Test {
 protected:
  StateDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "perdure-runtime-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~StateDirectory() override { std::filesystem::remove_all(folder_); }

  // A Rig whose instance works on the directory.
  void open(Rig& rig) {
    rig.frontend.reset();
    rig.instance.reset();
    auto storage =
        storage::open_sqlite({.directory = folder_ / "state", .holder = "test", .program_version = "test"});
    ASSERT_TRUE(storage.ok()) << storage.status().to_string();
    rig.storage = nullptr;
    rig.instance = std::make_unique<runtime::Instance>(std::move(storage).value(), rig.clock,
                                                       runtime::InstanceOptions{.seed = ++seed_});
    rig.frontend = std::make_unique<frontend::Frontend>(*rig.instance);
  }

  std::filesystem::path folder_;
  std::uint64_t seed_ = 0;
};

TEST_F(StateDirectory, AWorkflowGoesOnWhereItWasAfterAStop) {
  Rig rig;
  open(rig);
  ASSERT_TRUE(rig.start("w")->ok());
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  ASSERT_TRUE(rig.complete(task->response.task_token(), {schedule_activity("a")})->ok());
  auto activity = rig.poll_activity();
  ASSERT_TRUE(activity->ok());
  ASSERT_TRUE(rig.instance->stop().ok());

  open(rig);
  ASSERT_TRUE(rig.complete_activity(activity->response.task_token(), "1")->ok());
  task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.history().events_size(), 9);
  ASSERT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("2")})->ok());
  ASSERT_TRUE(rig.instance->stop().ok());

  open(rig);
  auto result = rig.wait_for_close("w");
  ASSERT_TRUE(result->ok());
  EXPECT_EQ(result->response.history()
                .events(0)
                .workflow_execution_completed_event_attributes()
                .result()
                .payloads(0)
                .data(),
            "2");
}

TEST_F(StateDirectory, NothingAcknowledgedIsLostWhenTheProcessJustEnds) {
  Rig rig;
  for (int round = 0; round < 5; ++round) {
    open(rig);
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(rig.start("w" + std::to_string(round) + "-" + std::to_string(i))->ok());
    }
    rig.instance->abandon();
  }
  open(rig);
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 20; ++i) {
      auto task = rig.poll_workflow();
      ASSERT_TRUE(task->ok());
      EXPECT_EQ(task->response.workflow_execution().workflow_id(),
                "w" + std::to_string(round) + "-" + std::to_string(i));
      EXPECT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("1")})->ok());
    }
  }
}

TEST_F(StateDirectory, ATimerThatFellDueWhileNobodyRanFiresAtTheNextOpen) {
  Rig rig;
  open(rig);
  rig.start("w");
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {start_timer("t", 60)});
  rig.instance->abandon();
  rig.clock.time = rig.clock.time + seconds(3'600);
  open(rig);
  rig.instance->step();
  task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  bool fired = false;
  for (const auto& event : task->response.history().events()) {
    fired |= event.event_type() == enums::EVENT_TYPE_TIMER_FIRED;
  }
  EXPECT_TRUE(fired);
}

}  // namespace
}  // namespace perdure::testing
