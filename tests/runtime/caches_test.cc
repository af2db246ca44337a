// What is kept in memory, and that nothing depends on it.
#include <gtest/gtest.h>

#include "runtime/due_items.h"
#include "runtime/history_cache.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

TEST(Caches, ARunThatWasForgottenIsLoadedWhenItIsNeeded) {
  Rig rig({.cache_bytes = 0, .history_cache_bytes = 0});
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(rig.start("w" + std::to_string(i))->ok());
  }
  EXPECT_EQ(rig.instance->stats().executions_cached, 0u);
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(rig.signal("w" + std::to_string(i), "s")->ok());
  }
}

TEST(Caches, ARunWhoseTaskIsStartedInMemoryOnlyIsNotForgotten) {
  Rig rig({.cache_bytes = 0, .history_cache_bytes = 0});
  rig.start("w");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  rig.start("other");
  EXPECT_EQ(rig.instance->stats().executions_cached, 1u);
  EXPECT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("1")})->ok());
  EXPECT_EQ(rig.instance->stats().executions_cached, 0u);
}

TEST(Caches, ForgettingSeveralRunsAtOnceKeepsTheOneThatIsInUse) {
  Rig rig({.cache_bytes = 0, .history_cache_bytes = 0});
  std::vector<PendingPointer<wire::StartWorkflowExecutionResponse>> started;
  const auto start_many = [&](const std::string& prefix) {
    for (int i = 0; i < 5; ++i) {
      started.push_back(rig.post<wire::StartWorkflowExecutionResponse>(
          "StartWorkflowExecution", Rig::start_request(prefix + std::to_string(i), "others")));
    }
  };
  // One round, so that the run in use is in the middle of what is forgotten.
  start_many("before");
  started.push_back(
      rig.post<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", Rig::start_request("w")));
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(rig.instance->stats().executions_cached, 1u);
  start_many("after");
  rig.instance->step();
  EXPECT_EQ(rig.instance->stats().executions_cached, 1u);
  for (const auto& start : started) {
    EXPECT_TRUE(start->ok());
  }
  EXPECT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("1")})->ok());
}

TEST(Caches, HandingOutATaskReadsNoHistoryFromTheStore) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  rig.complete(task->response.task_token(), {schedule_activity("a")});
  auto activity = rig.poll_activity();
  rig.complete_activity(activity->response.task_token(), "1");
  task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.history().events_size(), 9);
  EXPECT_EQ(rig.storage->history_reads, 0);
}

TEST(Caches, AHistoryReadFromTheStoreIsTheSame) {
  Rig rig;
  rig.start("w");
  for (int i = 0; i < 10; ++i) {
    rig.signal("w", "s" + std::to_string(i));
  }
  const std::string cached = rig.history(Rig::history_request("w"))->response.history().SerializeAsString();
  rig.crash_and_restart();
  auto reread = rig.history(Rig::history_request("w"));
  ASSERT_TRUE(reread->ok());
  EXPECT_GT(rig.storage->history_reads, 0);
  EXPECT_EQ(reread->response.history().SerializeAsString(), cached);
}

Transition transition_with(std::int64_t sequence, std::vector<Item> upsert, std::vector<ItemKey> erase = {}) {
  RunWrite write;
  write.execution = {1};
  write.key = {NamespaceName("default"), WorkflowId("w")};
  write.run_id = RunId("r");
  write.create = sequence == 1;
  write.upsert = std::move(upsert);
  write.erase = std::move(erase);
  Transition transition;
  transition.sequence = sequence;
  transition.writes.push_back(std::move(write));
  return transition;
}

Item due_item(std::int64_t id, std::int64_t due) {
  Item item;
  item.key = {ItemKind::kTimer, id};
  item.due_at = Timestamp{due};
  return item;
}

TEST(DueItems, AnItemThatIsSnoozedLetsLaterOnesPass) {
  auto storage = storage::open_memory_storage();
  runtime::DueItems due(*storage);
  storage->commit({transition_with(1, {due_item(1, 10), due_item(2, 20), due_item(3, 90)})},
                  [](const Status&) {});
  auto first = due.take(Timestamp{10}, 1);
  ASSERT_EQ(first->size(), 1u);
  due.snooze({1}, {ItemKind::kTimer, 1}, Timestamp{50});
  EXPECT_TRUE(due.take(Timestamp{10}, 1)->empty());
  EXPECT_EQ(due.wake_at(), Timestamp{20});
  auto second = due.take(Timestamp{20}, 1);
  ASSERT_EQ(second->size(), 1u);
  EXPECT_EQ((*second)[0].key.id, 2);
  const Transition fired = transition_with(2, {}, {{ItemKind::kTimer, 2}});
  due.note(fired.writes[0]);
  storage->commit({fired}, [](const Status&) {});
  EXPECT_TRUE(due.take(Timestamp{30}, 1)->empty());
  EXPECT_EQ(due.wake_at(), Timestamp{50});
  EXPECT_EQ(due.take(Timestamp{50}, 1)->size(), 1u);
}

TEST(DueItems, AWriteThatTouchesASnoozedItemWakesIt) {
  auto storage = storage::open_memory_storage();
  runtime::DueItems due(*storage);
  storage->commit({transition_with(1, {due_item(1, 10)})}, [](const Status&) {});
  ASSERT_EQ(due.take(Timestamp{10}, 8)->size(), 1u);
  due.snooze({1}, {ItemKind::kTimer, 1}, Timestamp{1'000});
  const Transition changed = transition_with(2, {due_item(1, 30)});
  due.note(changed.writes[0]);
  storage->commit({changed}, [](const Status&) {});
  EXPECT_EQ(due.wake_at(), Timestamp{10}) << "a lower bound";
  EXPECT_TRUE(due.take(Timestamp{20}, 8)->empty());
  EXPECT_EQ(due.wake_at(), Timestamp{30});
  EXPECT_EQ(due.take(Timestamp{30}, 8)->size(), 1u);
}

}  // namespace
}  // namespace perdure::testing
