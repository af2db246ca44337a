// A disk that is full, fails, or gives back other bytes than it got.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/disk/sim_disk.h"
#include "tests/storage/crash_run.h"
#include "tests/storage/model.h"

namespace perdure::storage {
namespace {

using ::testing::AnyOf;
using testing::commit;
using testing::describe;
using ::testing::HasSubstr;
using testing::Model;
using testing::options_on;
using testing::TransitionSource;

class DiskFaultTest : public ::testing::Test {
 protected:
  std::unique_ptr<Storage> open() {
    auto store = open_sqlite(options_on(disk_));
    EXPECT_TRUE(store.ok()) << store.status().to_string();
    return store.ok() ? std::move(*store) : nullptr;
  }
  void run(Storage& store, int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(commit(store, {source_.next(model_)}).ok());
    }
  }

  sim::SimDisk disk_{"faults"};
  TransitionSource source_{11};
  Model model_;
};

TEST_F(DiskFaultTest, AFullDiskRefusesTheCommitAndTheStoreGoesOnWhenItIsEmptied) {
  auto store = open();
  run(*store, 50);
  Model ahead = model_;
  TransitionSource same = source_;
  const std::vector<Transition> refused = {same.next(ahead), same.next(ahead)};
  disk_.set_full(true);
  for (int i = 0; i < 3; ++i) {
    const Status status = commit(*store, refused);
    EXPECT_EQ(status.code(), Code::kResourceExhausted);
    EXPECT_THAT(status.message(), HasSubstr("disk full"));
  }
  EXPECT_EQ(store->info().last_sequence, 50);
  EXPECT_EQ(*describe(*store), describe(model_));
  disk_.set_full(false);
  run(*store, 50);
  EXPECT_EQ(*describe(*store), describe(model_));
  EXPECT_TRUE(store->close().ok());
}

TEST_F(DiskFaultTest, ARecordIsKeptOrRefusedAsACommitIs) {
  auto store = open();
  run(*store, 5);
  disk_.set_full(true);
  EXPECT_EQ(store->put_record("namespace/a", std::string(100'000, 'a')).code(), Code::kResourceExhausted);
  EXPECT_TRUE(store->info().records.empty());
  disk_.set_full(false);
  ASSERT_TRUE(store->put_record("namespace/a", "kept").ok());
  run(*store, 5);
  Random random(1);
  disk_.crash(random);  // power is cut: what was not synced is gone
  store = open();
  EXPECT_EQ(store->info().records.at("namespace/a"), "kept");
  EXPECT_EQ(*describe(*store), describe(model_));
}

TEST_F(DiskFaultTest, ADiskThatFillsUpDuringAnyWriteLosesNothing) {
  for (int round = 0; round < 20; ++round) {
    auto store = open();
    run(*store, 7);
    disk_.set_full(true);
    Model ahead = model_;
    TransitionSource same = source_;
    EXPECT_EQ(commit(*store, {same.next(ahead)}).code(), Code::kResourceExhausted);
    Random random(static_cast<std::uint64_t>(round));
    disk_.crash(random);
    store.reset();
    disk_.set_full(false);
    store = open();
    ASSERT_EQ(*describe(*store), describe(model_));
    ASSERT_TRUE(store->close().ok());
  }
}

TEST_F(DiskFaultTest, AFullDiskAtOpeningIsSaidSo) {
  {
    run(*open(), 10);
  }
  disk_.set_full(true);
  const auto store = open_sqlite(options_on(disk_));
  EXPECT_EQ(store.status().code(), Code::kResourceExhausted) << store.status().to_string();
  EXPECT_THAT(store.status().message(), HasSubstr("disk full"));
  disk_.set_full(false);
  EXPECT_EQ(*describe(*open()), describe(model_));
}

TEST_F(DiskFaultTest, AfterAFailedSyncNothingIsAcknowledgedAnyMore) {
  auto store = open();
  run(*store, 20);
  Model ahead = model_;
  TransitionSource same = source_;
  disk_.fail_next_syncs(1);
  const Transition lost = same.next(ahead);
  EXPECT_EQ(commit(*store, {lost}).code(), Code::kUnavailable);
  EXPECT_EQ(commit(*store, {lost}).code(), Code::kUnavailable);
  EXPECT_EQ(store->close().code(), Code::kUnavailable);
  store.reset();
  Random random(3);
  disk_.crash(random);
  store = open();
  const std::int64_t found = store->info().last_sequence;
  EXPECT_THAT(found, AnyOf(20, 21));
  EXPECT_EQ(*describe(*store), describe(found == 20 ? model_ : ahead));
}

// A failed sync leaves bytes in the kernel's cache that are called clean: a new process reads them as good,
// and no later sync writes them. What is acknowledged behind them has to survive the next power cut all the
// same.
TEST_F(DiskFaultTest, CommitsOfTheNextProcessDoNotStandOnBytesThatWereNeverWritten) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    auto store = open();
    run(*store, 5);
    Model ahead = model_;
    TransitionSource same = source_;
    disk_.fail_next_syncs(1);
    EXPECT_EQ(commit(*store, {same.next(ahead)}).code(), Code::kUnavailable);
    store.reset();
    disk_.kill_process();

    // Sometimes the power fails while the next process opens the directory, too.
    Random random(seed);
    if (seed % 2 == 1) {
      disk_.power_off_after(1 + random.below(12));
      (void)open_sqlite(options_on(disk_));
      disk_.crash(random);
    }
    store = open();
    ASSERT_NE(store, nullptr);
    if (store->info().last_sequence > model_.last_sequence) {
      model_ = ahead;
      source_ = same;
    }
    run(*store, 3);
    store.reset();
    disk_.crash(random);
    store = open();
    ASSERT_NE(store, nullptr) << "seed " << seed;
    EXPECT_EQ(*describe(*store), describe(model_)) << "seed " << seed;
    EXPECT_TRUE(store->close().ok());
  }
}

TEST_F(DiskFaultTest, AfterAFailedWriteNothingIsAcknowledgedAnyMore) {
  auto store = open();
  run(*store, 20);
  Model ahead = model_;
  TransitionSource same = source_;
  disk_.fail_next_writes(1);
  const Transition lost = same.next(ahead);
  EXPECT_EQ(commit(*store, {lost}).code(), Code::kUnavailable);
  EXPECT_EQ(commit(*store, {lost}).code(), Code::kUnavailable);
  store.reset();
  disk_.kill_process();
  EXPECT_EQ(*describe(*open()), describe(model_));
}

TEST_F(DiskFaultTest, ASecondStoreOnTheSameDiskIsRefused) {
  const auto first = open();
  const auto second = open_sqlite(options_on(disk_));
  EXPECT_EQ(second.status().code(), Code::kFailedPrecondition) << second.status().to_string();
}

TEST_F(DiskFaultTest, BitsThatChangeOnTheWayFromTheDiskAreNoticed) {
  {
    auto store = open();
    run(*store, 150);
    ASSERT_TRUE(store->close().ok());
  }
  int noticed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    disk_.corrupt_read(1 + seed % 25, seed);
    auto options = options_on(disk_);
    options.read_only = true;
    auto store = open_sqlite(options);
    const auto text = store.ok() ? describe(**store) : Result<std::string>(store.status());
    disk_.corrupt_read(0, 0);
    if (text.ok()) {
      EXPECT_EQ(*text, describe(model_));
    } else {
      EXPECT_EQ(text.status().code(), Code::kDataLoss) << text.status().to_string();
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 150);
}

TEST_F(DiskFaultTest, BitsThatChangeInTheLogAreNoticedBeforeTheCheckpoint) {
  int noticed = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    sim::SimDisk disk("log-bits");
    auto options = options_on(disk);
    options.checkpoint_pages = 100'000;
    TransitionSource source(seed);
    Model model;
    auto store = open_sqlite(options);
    for (int i = 0; i < 60; ++i) {
      ASSERT_TRUE(commit(**store, {source.next(model)}).ok());
    }
    const auto log = disk.read_file("state/perdure.sqlite-wal");
    ASSERT_TRUE(log.has_value());
    Random random(seed);
    const std::uint64_t from_end = 1 + random.below(log->size() / 20);
    ASSERT_TRUE(
        disk.flip_bit("state/perdure.sqlite-wal", static_cast<std::int64_t>(log->size() - from_end), 3));
    // The close reads every page of the log to move it into the database.
    const Status closed = (*store)->close();
    store->reset();
    auto again = open_sqlite(options_on(disk));
    if (closed.ok() && again.ok()) {
      EXPECT_EQ(*describe(**again), describe(model));
    } else {
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 5);
}

TEST_F(DiskFaultTest, ALogThatLostItsTailIsRefused) {
  {
    auto options = options_on(disk_);
    options.checkpoint_pages = 100'000;
    auto store = open_sqlite(options);
    ASSERT_TRUE(store.ok());
    run(**store, 37);
  }
  disk_.kill_process();
  // A damaged frame ends SQLite's log there, silently; the mark names commit 35.
  ASSERT_TRUE(disk_.flip_bit("state/perdure.sqlite-wal", 32 + 4120 * 3, 0));
  const auto store = open_sqlite(options_on(disk_));
  ASSERT_EQ(store.status().code(), Code::kDataLoss) << store.status().to_string();
  EXPECT_THAT(store.status().message(), HasSubstr("is behind by"));
}

}  // namespace
}  // namespace perdure::storage
