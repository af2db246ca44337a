// What a store keeps and gives back, on a real directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/sqlite/sqlite_storage.h"
#include "tests/storage/model.h"
#include "tests/storage/temporary_directory.h"

namespace perdure::storage {
namespace {

using testing::commit;
using testing::describe;
using ::testing::HasSubstr;
using testing::Model;
using testing::TemporaryDirectory;
using testing::TransitionSource;

std::unique_ptr<Storage> must_open(const SqliteOptions& options) {
  auto store = open_sqlite(options);
  EXPECT_TRUE(store.ok()) << store.status().to_string();
  return store.ok() ? std::move(*store) : nullptr;
}

class SqliteStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> open() { return must_open(options_); }
  // `count` transitions in groups of up to `group`.
  void run(Storage& store, int count, std::uint64_t group) {
    std::vector<Transition> batch;
    for (int i = 0; i < count; ++i) {
      batch.push_back(source_.next(model_));
      if (batch.size() == group || i + 1 == count) {
        ASSERT_TRUE(commit(store, std::exchange(batch, {})).ok());
      }
    }
  }
  void expect_same(Storage& store) {
    const auto text = describe(store);
    ASSERT_TRUE(text.ok()) << text.status().to_string();
    EXPECT_EQ(*text, describe(model_));
  }

  TemporaryDirectory directory_;
  SqliteOptions options_{.directory = directory_.file("state"), .program_version = "test"};
  TransitionSource source_{7};
  Model model_;
};

TEST_F(SqliteStoreTest, RecordsAreThereAfterACloseAndAfterACrash) {
  auto store = open();
  EXPECT_TRUE(store->info().records.empty());
  ASSERT_TRUE(store->put_record("namespace/a", "first").ok());
  run(*store, 3, 1);
  ASSERT_TRUE(store->put_record("namespace/a", "second").ok());
  ASSERT_TRUE(store->put_record("namespace/b", std::string("\0\xff", 2)).ok());
  const std::map<std::string, std::string> records = {{"namespace/a", "second"},
                                                      {"namespace/b", std::string("\0\xff", 2)}};
  EXPECT_EQ(store->info().records, records);
  store.reset();  // as a crash
  store = open();
  EXPECT_EQ(store->info().records, records);
  EXPECT_TRUE(store->close().ok());
  store = open();
  EXPECT_EQ(store->info().records, records);
  expect_same(*store);
}

TEST_F(SqliteStoreTest, ANewDirectoryIsEmptyAndHasAKey) {
  auto store = open();
  EXPECT_EQ(store->info().last_sequence, 0);
  EXPECT_EQ(store->info().incarnation, 1);
  EXPECT_EQ(store->info().next_execution_id, 1);
  EXPECT_EQ(store->info().token_key.size(), 32u);
  EXPECT_EQ(*store->next_due(), std::nullopt);
  EXPECT_EQ(*store->load(ExecutionId{1}), std::nullopt);
  EXPECT_TRUE(store->close().ok());
}

TEST_F(SqliteStoreTest, ReadsSeeEveryCommittedTransition) {
  auto store = open();
  for (int round = 0; round < 20; ++round) {
    run(*store, 10, 3);
    expect_same(*store);
  }
}

TEST_F(SqliteStoreTest, ManyMegabytesInOneCommitAreKept) {
  {
    auto store = open();
    run(*store, 2000, 2000);
    Transition large = source_.next(model_);
    large.writes[0].state = std::string(5'000'000, 's');
    model_.runs[large.writes[0].execution.value].state = large.writes[0].state;
    ASSERT_TRUE(commit(*store, {large}).ok());
    expect_same(*store);
  }
  auto store = open();
  expect_same(*store);
}

TEST_F(SqliteStoreTest, ACleanCloseKeepsEverything) {
  std::string token_key;
  {
    auto store = open();
    token_key = store->info().token_key;
    run(*store, 200, 8);
    EXPECT_TRUE(store->close().ok());
  }
  auto store = open();
  EXPECT_EQ(store->info().incarnation, 2);
  EXPECT_EQ(store->info().token_key, token_key);
  expect_same(*store);
  run(*store, 50, 8);
  expect_same(*store);
}

TEST_F(SqliteStoreTest, AStoreThatIsDroppedWithoutCloseKeepsEverything) {
  for (int round = 0; round < 5; ++round) {
    auto store = open();
    EXPECT_EQ(store->info().incarnation, round + 1);
    expect_same(*store);
    run(*store, 40, 5);
  }
}

TEST_F(SqliteStoreTest, CheckpointsOnTheWayChangeNothing) {
  options_.checkpoint_pages = 20;
  options_.mark_interval = 3;
  {
    auto store = open();
    run(*store, 300, 2);
    expect_same(*store);
  }
  auto store = open();
  expect_same(*store);
}

TEST_F(SqliteStoreTest, QueuesAndDueItemsComeInPages) {
  auto store = open();
  run(*store, 300, 16);
  const auto all = store->read_queue("w/default/q0", QueuedItem{}, 1000);
  ASSERT_TRUE(all.ok());
  ASSERT_GT(all->size(), 5u);
  std::vector<ExecutionId> paged;
  QueuedItem after;
  for (;;) {
    const auto page = store->read_queue("w/default/q0", after, 3);
    ASSERT_TRUE(page.ok());
    if (page->empty()) {
      break;
    }
    for (const QueuedItem& item : *page) {
      paged.push_back(item.execution);
    }
    after = page->back();
  }
  ASSERT_EQ(paged.size(), all->size());
  for (std::size_t i = 0; i < paged.size(); ++i) {
    EXPECT_EQ(paged[i], (*all)[i].execution);
  }
  const auto due = store->read_due(Timestamp{INT64_MAX}, 1);
  ASSERT_TRUE(due.ok());
  EXPECT_EQ(*store->next_due(), std::optional(due->at(0).due_at));
  EXPECT_TRUE(store->read_due(due->at(0).due_at - Duration(1), 10)->empty());
}

TEST_F(SqliteStoreTest, OrphansAreItemsOfAnotherIncarnation) {
  auto store = open();
  run(*store, 200, 16);
  std::size_t held = 0;
  for (const auto& [id, stored] : model_.runs) {
    for (const auto& [key, item] : stored.items) {
      held += item.holder == 1;
    }
  }
  ASSERT_GT(held, 0u);
  EXPECT_EQ(store->read_orphans(2, 1000)->size(), held);
  EXPECT_EQ(store->read_orphans(2, 1)->size(), 1u);
  EXPECT_EQ(store->read_orphans(1, 1000)->size(), 0u);
}

TEST_F(SqliteStoreTest, HistoryStartsWithTheBatchThatHoldsTheEvent) {
  auto store = open();
  Transition start{.sequence = 1};
  RunWrite write{.execution = ExecutionId{1},
                 .key = {NamespaceName("n"), WorkflowId("w")},
                 .run_id = RunId("r"),
                 .create = true,
                 .make_current = true};
  write.append = {{1, 3, "abc"}, {4, 2, "de"}, {6, 1, "f"}};
  start.writes.push_back(write);
  ASSERT_TRUE(commit(*store, {start}).ok());
  const auto page = store->read_history(ExecutionId{1}, 5, 1, 1000);
  ASSERT_TRUE(page.ok());
  ASSERT_EQ(page->batches.size(), 1u);
  EXPECT_EQ(page->batches[0].first_event_id, 4);
  EXPECT_TRUE(page->more);
  const auto last = store->read_history(ExecutionId{1}, 6, 100, 1000);
  ASSERT_EQ(last->batches.size(), 1u);
  EXPECT_FALSE(last->more);
  EXPECT_TRUE(store->read_history(ExecutionId{1}, 7, 100, 1000)->batches.empty());
}

TEST_F(SqliteStoreTest, ASequenceWithAGapIsAProgrammingError) {
  auto store = open();
  EXPECT_THROW(store->commit({Transition{.sequence = 2}}, [](Status) {}), CheckFailure);
  EXPECT_TRUE(commit(*store, {Transition{.sequence = 1, .now = {5}}}).ok());
  EXPECT_THROW(store->commit({Transition{.sequence = 2, .now = {4}}}, [](Status) {}), CheckFailure);
  EXPECT_EQ(store->info().last_sequence, 1);
}

TEST_F(SqliteStoreTest, ATransitionThatCannotBeKeptKeepsNothingOfItsBatch) {
  {
    auto store = open();
    run(*store, 20, 4);
    std::vector<Transition> batch = {Transition{.sequence = 21, .now = model_.last_time},
                                     Transition{.sequence = 22, .now = model_.last_time}};
    RunWrite write{
        .execution = ExecutionId{1}, .key = model_.runs.at(1).key, .run_id = model_.runs.at(1).run_id};
    write.append = {{1000, 1, "x"}};
    batch[1].writes.push_back(write);
    EXPECT_EQ(commit(*store, batch).code(), Code::kInternal);
    // The caller's view and the store's may differ now: nothing more is accepted.
    EXPECT_FALSE(commit(*store, {Transition{.sequence = 21, .now = model_.last_time}}).ok());
    expect_same(*store);
  }
  auto store = open();
  expect_same(*store);
}

TEST_F(SqliteStoreTest, ARunThatChangesItsNameIsNotKept) {
  auto store = open();
  run(*store, 5, 1);
  Transition renamed{.sequence = 6, .now = model_.last_time};
  renamed.writes.push_back(
      {.execution = ExecutionId{1}, .key = model_.runs.at(1).key, .run_id = RunId("other"), .state = "x"});
  EXPECT_EQ(commit(*store, {renamed}).code(), Code::kInternal);
  expect_same(*store);
}

TEST_F(SqliteStoreTest, ARunThatIsMadeTwiceIsNotKept) {
  auto store = open();
  run(*store, 5, 1);
  Transition again{.sequence = 6, .now = model_.last_time};
  again.writes.push_back({.execution = ExecutionId{1},
                          .key = model_.runs.at(1).key,
                          .run_id = model_.runs.at(1).run_id,
                          .create = true,
                          .state = "x"});
  EXPECT_EQ(commit(*store, {again}).code(), Code::kInternal);
  expect_same(*store);
}

TEST_F(SqliteStoreTest, ReadingOnlyChangesNothing) {
  {
    auto store = open();
    run(*store, 100, 8);
  }
  options_.read_only = true;
  for (int i = 0; i < 2; ++i) {
    auto store = open();
    EXPECT_EQ(store->info().incarnation, 1);
    expect_same(*store);
    EXPECT_EQ(commit(*store, {Transition{.sequence = 101, .now = model_.last_time}}).code(),
              Code::kFailedPrecondition);
    EXPECT_TRUE(store->close().ok());
  }
  options_.read_only = false;
  auto store = open();
  EXPECT_EQ(store->info().incarnation, 2);
  expect_same(*store);
}

}  // namespace
}  // namespace perdure::storage
