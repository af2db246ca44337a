// What fsck says about sound, stopped, running, foreign and damaged directories.
#include "cli/fsck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/cli/state_fixture.h"

namespace perdure::cli {
namespace {

using namespace testing;  // NOLINT: the fixture of this folder
using storage::testing::TemporaryDirectory;
using ::testing::Contains;
using ::testing::HasSubstr;

class FsckTest : public ::testing::Test {
 protected:
  void expect_finding(const std::string& words) {
    const FsckReport report = check_directory(state_);
    EXPECT_EQ(exit_code(report), 1);
    EXPECT_THAT(report.findings, Contains(HasSubstr(words)));
  }

  TemporaryDirectory directory_;
  std::string state_ = directory_.file("state");
};

TEST_F(FsckTest, ASoundDirectoryIsCleanAndStaysAsItIs) {
  fill_directory(state_, 20);
  const std::string database = read_bytes(state_ + "/perdure.sqlite");
  const std::string mark = read_bytes(state_ + "/durable-mark");
  const FsckReport report = check_directory(state_);
  EXPECT_THAT(report.findings, ::testing::IsEmpty());
  EXPECT_EQ(exit_code(report), 0);
  EXPECT_EQ(report.runs, 20);
  EXPECT_EQ(report.events, 10 * 5 + 10 * 2);
  EXPECT_EQ(report.items, 10 + 10 * 2);
  EXPECT_EQ(report.last_sequence, 30);
  EXPECT_EQ(read_bytes(state_ + "/perdure.sqlite"), database);
  EXPECT_EQ(read_bytes(state_ + "/durable-mark"), mark);
  EXPECT_FALSE(std::filesystem::exists(state_ + "/perdure.sqlite-wal"));
}

TEST_F(FsckTest, ADirectoryLeftByACrashIsCleanAndKeepsItsLog) {
  fill_directory(state_, 20);
  {
    ASSERT_TRUE(storage::open_sqlite({.directory = state_}).ok());
  }
  const std::string log = read_bytes(state_ + "/perdure.sqlite-wal");
  ASSERT_FALSE(log.empty());
  EXPECT_EQ(exit_code(check_directory(state_)), 0);
  EXPECT_EQ(read_bytes(state_ + "/perdure.sqlite-wal"), log);
}

TEST_F(FsckTest, ARunningDirectoryIsNotChecked) {
  fill_directory(state_, 2);
  const auto store = storage::open_sqlite({.directory = state_, .holder = "worker"});
  const FsckReport report = check_directory(state_);
  EXPECT_EQ(exit_code(report), 2);
  EXPECT_THAT(report.not_checkable, HasSubstr("(worker)"));
}

TEST_F(FsckTest, WhatIsNoStateDirectoryIsNotChecked) {
  EXPECT_EQ(exit_code(check_directory(directory_.file("absent"))), 2);
  std::filesystem::create_directory(state_);
  EXPECT_EQ(exit_code(check_directory(state_)), 2);
  write_bytes(state_ + "/perdure.sqlite", std::string(9000, 'z'));
  EXPECT_EQ(exit_code(check_directory(state_)), 2);
}

TEST_F(FsckTest, EveryRowThatVanishesIsMissed) {
  for (const char* table : {"run", "item", "history", "current_run", "meta", "commit_state"}) {
    SCOPED_TRACE(table);
    std::filesystem::remove_all(state_);
    fill_directory(state_, 8);
    const std::string limit = std::string(table) == "commit_state" || std::string(table) == "meta"
                                  ? " WHERE checksum = (SELECT min(checksum) FROM " + std::string(table) + ")"
                                  : " WHERE execution_id = 6";
    tamper(state_, "DELETE FROM " + std::string(table) + limit);
    expect_finding(table == std::string("history") || table == std::string("item") ? "run 6" : table);
  }
}

TEST_F(FsckTest, ARowWithARightChecksumInTheWrongPlaceIsFound) {
  fill_directory(state_, 8);
  tamper(state_,
         "UPDATE item SET execution_id = 4 WHERE execution_id = 6 AND kind = 3 AND item_id = 2"
         " AND 0; UPDATE item SET item_id = 3 WHERE execution_id = 6 AND kind = 3");
  expect_finding("run 6: item 3 of kind 3 does not match its checksum");
}

TEST_F(FsckTest, ALostDueEntryIsFound) {
  fill_directory(state_, 8);
  tamper(state_, "UPDATE item SET due_at = NULL WHERE execution_id = 6");
  expect_finding("run 6: item 2 of kind 3 does not match its checksum");
}

TEST_F(FsckTest, AnOlderCopyOfTheDatabaseIsBehindItsMark) {
  fill_directory(state_, 8);
  const std::string older = read_bytes(state_ + "/perdure.sqlite");
  {
    auto store = storage::open_sqlite({.directory = state_});
    ASSERT_TRUE(storage::testing::commit(**store, {Transition{.sequence = 13, .now = Timestamp{99}}}).ok());
    ASSERT_TRUE((*store)->close().ok());
  }
  write_bytes(state_ + "/perdure.sqlite", older);
  expect_finding("the database is behind by 1 commits");
}

}  // namespace
}  // namespace perdure::cli
