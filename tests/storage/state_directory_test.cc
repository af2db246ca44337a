// What is refused at the door, with which words, and that a foreign directory is left as it was.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "storage/sqlite/sqlite_storage.h"
#include "tests/storage/model.h"
#include "tests/storage/temporary_directory.h"

namespace perdure::storage {
namespace {

namespace fs = std::filesystem;
using testing::commit;
using ::testing::HasSubstr;
using testing::Model;
using testing::TemporaryDirectory;
using testing::TransitionSource;

std::map<std::string, std::string> contents_of(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    files[entry.path().filename().string()] = text.str();
  }
  return files;
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

class StateDirectoryTest : public ::testing::Test {
 protected:
  StateDirectoryTest() { fs::create_directory(state_); }

  Status open_status() {
    auto store = open_sqlite(options_);
    return store.ok() ? (*store)->close() : store.status();
  }
  // A closed directory with `transitions`.
  void fill(int transitions) {
    auto store = open_sqlite(options_);
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    for (int i = 0; i < transitions; ++i) {
      ASSERT_TRUE(commit(**store, {source_.next(model_)}).ok());
    }
    ASSERT_TRUE((*store)->close().ok());
  }
  void expect_refused_and_untouched(Code code, const std::string& words) {
    const auto before = contents_of(state_);
    const Status status = open_status();
    EXPECT_EQ(status.code(), code) << status.to_string();
    EXPECT_THAT(status.message(), HasSubstr(words));
    EXPECT_EQ(contents_of(state_), before);
  }
  std::string file(const std::string& name) const { return state_ + "/" + name; }

  TemporaryDirectory directory_;
  std::string state_ = directory_.file("state");
  SqliteOptions options_{.directory = state_, .holder = "test program", .program_version = "test"};
  TransitionSource source_{3};
  Model model_;
};

TEST_F(StateDirectoryTest, ASecondStoreIsToldWhoHoldsTheDirectory) {
  auto first = open_sqlite(options_);
  ASSERT_TRUE(first.ok());
  const Status status = open_status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("process " + std::to_string(::getpid()) + " (test program)"));
  EXPECT_THAT(status.message(), HasSubstr(state_));
  ASSERT_TRUE((*first)->close().ok());
  EXPECT_TRUE(open_status().ok());
}

TEST_F(StateDirectoryTest, OnlyItsOwnerCanReadIt) {
  options_.directory = state_ + "/deeper/new";
  const auto store = open_sqlite(options_);
  ASSERT_TRUE(store.ok());
  struct stat info{};
  ASSERT_EQ(::stat(options_.directory.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  for (const auto& entry : fs::directory_iterator(options_.directory)) {
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << entry.path();
  }
}

TEST_F(StateDirectoryTest, ADirectoryWithOtherFilesIsRefused) {
  write_file(file("notes.txt"), "mine");
  expect_refused_and_untouched(Code::kFailedPrecondition, "is not a state directory: it holds 'notes.txt'");
}

TEST_F(StateDirectoryTest, AnotherProgramsDatabaseIsRefused) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file("perdure.sqlite").c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "CREATE TABLE t(x)", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  expect_refused_and_untouched(Code::kFailedPrecondition, "was not made by Perdure");
}

TEST_F(StateDirectoryTest, RandomBytesAreRefused) {
  std::string bytes(10'000, ' ');
  Random random(1);
  for (char& byte : bytes) {
    byte = static_cast<char>(random.below(256));
  }
  write_file(file("perdure.sqlite"), bytes);
  expect_refused_and_untouched(Code::kFailedPrecondition, "was not made by Perdure");
}

TEST_F(StateDirectoryTest, APathThatIsAFileIsRefused) {
  options_.directory = file("plain");
  write_file(options_.directory, "text");
  expect_refused_and_untouched(Code::kFailedPrecondition, "is not a directory");
}

TEST_F(StateDirectoryTest, NothingIsMadeUnlessAsked) {
  options_.create_if_missing = false;
  options_.directory = directory_.file("absent");
  EXPECT_EQ(open_status().code(), Code::kNotFound);
  EXPECT_FALSE(fs::exists(options_.directory));
  options_.directory = state_;
  EXPECT_EQ(open_status().code(), Code::kNotFound);
}

TEST_F(StateDirectoryTest, ANewerFormatIsRefusedNamingBothVersions) {
  fill(5);
  std::string bytes = read_file(file("perdure.sqlite"));
  bytes[63] = 2;  // user_version, big endian, at 60
  write_file(file("perdure.sqlite"), bytes);
  const Status status = open_status();
  EXPECT_EQ(status.code(), Code::kFailedPrecondition);
  EXPECT_THAT(status.message(), HasSubstr("has format version 2, this program reads versions up to 1"));
  EXPECT_EQ(read_file(file("perdure.sqlite")), bytes);
}

TEST_F(StateDirectoryTest, ADirectoryWithoutWritePermissionIsRefused) {
  fill(5);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
    ASSERT_EQ(::seteuid(65534), 0);  // permissions do not bind root
  } else {
    ASSERT_EQ(::chmod(state_.c_str(), 0500), 0);
    ASSERT_EQ(::chmod(file("perdure.sqlite").c_str(), 0400), 0);
    ASSERT_EQ(::chmod(file("lock").c_str(), 0400), 0);
  }
  const Status status = open_status();
  if (::getuid() == 0) {
    ASSERT_EQ(::seteuid(0), 0);
  }
  ::chmod(state_.c_str(), 0700);
  EXPECT_EQ(status.code(), Code::kFailedPrecondition) << status.to_string();
  EXPECT_THAT(status.message(), HasSubstr("ermission denied"));
}

TEST_F(StateDirectoryTest, AnOlderCopyOfTheDatabaseIsRefusedSayingByHowMuch) {
  fill(5);
  const std::string older = read_file(file("perdure.sqlite"));
  fill(7);
  write_file(file("perdure.sqlite"), older);
  const Status status = open_status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("is behind by 7 commits"));
}

TEST_F(StateDirectoryTest, ALostDatabaseOrMarkIsRefused) {
  fill(5);
  const std::string database = read_file(file("perdure.sqlite"));
  fs::remove(file("perdure.sqlite"));
  Status status = open_status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("names commit 5"));
  EXPECT_FALSE(fs::exists(file("perdure.sqlite")));
  write_file(file("perdure.sqlite"), database);
  fs::remove(file("durable-mark"));
  status = open_status();
  EXPECT_EQ(status.code(), Code::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr("durable-mark is missing"));
  EXPECT_EQ(read_file(file("perdure.sqlite")), database);
}

TEST_F(StateDirectoryTest, AClosedDirectoryIsADatabaseThatTheSqliteShellCanRead) {
  fill(20);
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open_v2(file("perdure.sqlite").c_str(), &db, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  ASSERT_EQ(sqlite3_prepare_v2(db, "SELECT last_sequence, (SELECT count(*) FROM run) FROM commit_state", -1,
                               &statement, nullptr),
            SQLITE_OK);
  ASSERT_EQ(sqlite3_step(statement), SQLITE_ROW);
  EXPECT_EQ(sqlite3_column_int64(statement, 0), 20);
  EXPECT_EQ(sqlite3_column_int64(statement, 1), static_cast<std::int64_t>(model_.runs.size()));
  sqlite3_finalize(statement);
  sqlite3_close(db);
}

}  // namespace
}  // namespace perdure::storage
