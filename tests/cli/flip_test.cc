// One changed bit in a closed directory is refused at the opening, reported by a read, or found by fsck; or
// the store reads exactly what it held before.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "cli/fsck.h"
#include "sim/disk/sim_disk.h"
#include "tests/cli/state_fixture.h"

namespace perdure::cli {
namespace {

using namespace testing;  // NOLINT: the fixture of this folder
using storage::testing::describe;
using storage::testing::TemporaryDirectory;

constexpr const char* kDatabase = "perdure.sqlite";
constexpr const char* kMark = "durable-mark";

struct Outcomes {
  int refused = 0;   // by the store: open or a read
  int reported = 0;  // by fsck
  int harmless = 0;  // the store reads what it held before
};

class FlipTest : public ::testing::Test {
 protected:
  FlipTest() {
    content_ = fill_directory(state_, 40);
    for (const char* name : {kDatabase, kMark}) {
      files_[name] = read_bytes(state_ + "/" + name);
    }
  }

  // What the store makes of the files, on the simulated disk so that the real ones stay as they are.
  Result<std::string> read_all(const std::map<std::string, std::string>& files) {
    sim::SimDisk disk("flips");
    for (const auto& [name, bytes] : files) {
      disk.put_file("state/" + name, bytes);
    }
    auto store = storage::open_sqlite({.directory = "state", .vfs = "flips", .create_if_missing = false});
    return store.ok() ? describe(**store) : Result<std::string>(store.status());
  }

  void flip(const std::string& name, std::size_t at, int bit, Outcomes& outcomes) {
    std::map<std::string, std::string> changed = files_;
    changed[name][at] = static_cast<char>(changed[name][at] ^ (1 << bit));
    const auto text = read_all(changed);
    const bool identical = text.ok() && *text == content_;
    write_bytes(state_ + "/" + name, changed[name]);
    const FsckReport report = check_directory(state_);
    write_bytes(state_ + "/" + name, files_[name]);
    outcomes.refused += !text.ok();
    outcomes.reported += exit_code(report) != 0;
    outcomes.harmless += identical;
    ASSERT_TRUE(!text.ok() || identical)
        << name << " byte " << at << " bit " << bit << ": wrong data was read";
    ASSERT_NE(exit_code(report), 0) << name << " byte " << at << " bit " << bit << ": fsck calls it clean";
  }

  TemporaryDirectory directory_;
  std::string state_ = directory_.file("state");
  std::string content_;
  std::map<std::string, std::string> files_;
};

TEST_F(FlipTest, WithoutAFlipEverythingIsReadAndClean) {
  EXPECT_EQ(*read_all(files_), content_);
  EXPECT_EQ(exit_code(check_directory(state_)), 0);
}

TEST_F(FlipTest, AFlipInTheDatabaseIsDetected) {
  const std::size_t size = files_[kDatabase].size();
  ASSERT_GT(size, 15u * 4096);
  Outcomes outcomes;
  std::set<std::size_t> pages;
  for (std::size_t at = 0; at < size; at += at < 128 ? 1 : 181) {
    ASSERT_NO_FATAL_FAILURE(flip(kDatabase, at, static_cast<int>(at % 8), outcomes));
    pages.insert(at / 4096);
  }
  // The checksum bytes at the end of each page, too.
  for (std::size_t page = 1; page <= size / 4096; ++page) {
    ASSERT_NO_FATAL_FAILURE(flip(kDatabase, page * 4096 - 1 - page % 8, 0, outcomes));
  }
  EXPECT_EQ(pages.size(), size / 4096);
  EXPECT_GT(outcomes.refused, outcomes.harmless);
}

TEST_F(FlipTest, AFlipInTheMarkFileIsDetected) {
  Outcomes outcomes;
  int flips = 0;
  // Every byte of the text of each slot, and some of the padding after it.
  for (std::size_t at = 0; at < files_[kMark].size(); at += at % 512 < 120 ? 1 : 23, ++flips) {
    ASSERT_NO_FATAL_FAILURE(flip(kMark, at, static_cast<int>(at % 8), outcomes));
  }
  EXPECT_EQ(outcomes.harmless, flips);
}

TEST_F(FlipTest, AnyByteMayBeCutOff) {
  for (std::size_t lost = 1; lost < files_[kDatabase].size(); lost = lost * 3 + 1) {
    std::map<std::string, std::string> changed = files_;
    changed[kDatabase].resize(files_[kDatabase].size() - lost);
    const auto text = read_all(changed);
    EXPECT_TRUE(!text.ok() || *text == content_) << lost;
    write_bytes(state_ + "/" + kDatabase, changed[kDatabase]);
    EXPECT_NE(exit_code(check_directory(state_)), 0) << lost;
  }
}

}  // namespace
}  // namespace perdure::cli
