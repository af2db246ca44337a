// What is stored of a run, and what is not readable.
#include "engine/execution.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "harness.h"

namespace perdure::engine::testing {
namespace {

TEST(Execution, ANewerFormatIsRefusedWithTheRunAndTheWayOut) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  StoredRun stored = store_execution(world.execution("w"));
  state::ExecutionState info;
  ASSERT_TRUE(info.ParseFromString(stored.state));
  info.set_format(2);
  stored.state = info.SerializeAsString();
  const Status status = load_execution(stored).status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_NE(status.message().find(stored.run_id.value), std::string::npos);
  EXPECT_NE(status.message().find("format 2"), std::string::npos) << status.message();
}

TEST(Execution, UnreadableBytesAreDataLossNotACrash) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  StoredRun broken = store_execution(world.execution("w"));
  broken.state = "\xff\xff";
  EXPECT_EQ(load_execution(broken).status().code(), Code::kDataLoss);
  StoredRun item = store_execution(world.execution("w"));
  item.items.at(0).state = "\xff\xff";
  EXPECT_EQ(load_execution(item).status().code(), Code::kDataLoss);
  StoredRun twice = store_execution(world.execution("w"));
  twice.items.push_back(twice.items.at(0));
  EXPECT_EQ(load_execution(twice).status().code(), Code::kDataLoss);
}

TEST(Execution, TheSameSeedAndCommandsGiveTheSameBytes) {
  auto play = [](std::uint64_t seed) {
    World world(seed);
    EXPECT_TRUE(world.start(start_request("w")).ok());
    const WorkflowTaskStart task = take_workflow_task(world);
    complete_task(world, "w", task.ref, {schedule_activity("a"), start_timer("t", 5)});
    world.advance(std::chrono::seconds(30));
    return world.kept("w").state;
  };
  EXPECT_EQ(play(7), play(7));
  EXPECT_NE(play(7), play(8)) << "run ids differ";
}

TEST(Execution, ReadersOutsideTheEngineSeeTheRun) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  const Execution& run = world.execution("w");
  EXPECT_EQ(execution_id(run).value, 1);
  EXPECT_EQ(workflow_key(run).workflow_id.value, "w");
  EXPECT_EQ(run_id(run).value.size(), 36U);
  EXPECT_FALSE(is_closed(run));
  EXPECT_EQ(next_event_id(run), 3);
  EXPECT_EQ(successor_run_id(run), "");
  EXPECT_EQ(execution_status(run), enums::WORKFLOW_EXECUTION_STATUS_RUNNING);
  EXPECT_GT(approximate_bytes(run), 100U);
  ASSERT_EQ(waiting_tasks(run).size(), 1U);
  EXPECT_EQ(waiting_tasks(run)[0].queue, "w/default/q");
}

TEST(Execution, ARollBackLeavesNoTrace) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  const WorkflowTaskStart task = take_workflow_task(world);
  complete_task(world, "w", task.ref, {schedule_activity("a"), start_timer("t", 5)});
  Execution& run = world.execution("w");
  const StoredRun before = store_execution(run);
  run.save();
  const std::int64_t id = run.find_activity("a");
  const state::ActivityState activity = *run.activity(id);
  run.remove({ItemKind::kActivity, id});
  run.add({ItemKind::kActivity, 99}, activity);  // the same activity id under another number
  run.info().set_cancel_requested(true);
  run.remove({ItemKind::kTimer, run.find_timer("t")});
  run.roll_back();
  const StoredRun after = store_execution(run);
  EXPECT_EQ(before.state, after.state);
  ASSERT_EQ(before.items.size(), after.items.size());
  EXPECT_EQ(run.find_activity("a"), id);
  EXPECT_NE(run.find_timer("t"), 0);
  EXPECT_FALSE(run.dirty());
}

TEST(Execution, RequestIdsOfManySignalsMoveToItemsThatAreWrittenOnce) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(signal(world, "w", "r" + std::to_string(i)).ok());
  }
  EXPECT_EQ(world.kept("w").items.count({ItemKind::kSignalRequestIds, 3}), 1U);
  EXPECT_LE(world.execution("w").info().signal_request_ids_size(), 32);
  const std::size_t events = world.kept("w").events.size();
  world.crash();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(signal(world, "w", "r" + std::to_string(i)).ok());
  }
  EXPECT_EQ(world.kept("w").events.size(), events) << "every one is known, also after a crash";
}

}  // namespace
}  // namespace perdure::engine::testing
