// The simulated disk keeps and loses what it says.
#include "sim/disk/sim_disk.h"

#include <gtest/gtest.h>

#include <set>

#include "storage/sqlite/raw_file.h"

namespace perdure::sim {
namespace {

using storage::RawFile;

std::unique_ptr<RawFile> open(const SimDisk& disk, const std::string& file) {
  auto opened = RawFile::open(sqlite3_vfs_find(disk.vfs_name().c_str()), file, RawFile::Mode::kCreate);
  EXPECT_TRUE(opened.ok());
  return std::move(*opened);
}

TEST(SimDiskTest, SyncedBytesSurviveEveryCrash) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    SimDisk disk("sim");
    {
      const auto file = open(disk, "f");
      ASSERT_TRUE(file->write(0, std::string(2000, 'a')).ok());
      ASSERT_TRUE(file->sync().ok());
      ASSERT_TRUE(file->write(2000, std::string(2000, 'b')).ok());
    }
    Random random(seed);
    disk.crash(random);
    const auto content = disk.read_file("f");
    ASSERT_TRUE(content.has_value());
    EXPECT_EQ(content->substr(0, 2000), std::string(2000, 'a'));
  }
}

TEST(SimDiskTest, UnsyncedBytesAreKeptDroppedTornOrSpoiled) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SimDisk disk("sim");
    {
      const auto file = open(disk, "f");
      ASSERT_TRUE(file->write(0, std::string(1024, 'a')).ok());
      ASSERT_TRUE(file->sync().ok());
      ASSERT_TRUE(file->write(0, std::string(1024, 'b')).ok());
    }
    Random random(seed);
    disk.crash(random);
    const std::string content = *disk.read_file("f");
    const auto kind = [](const std::string& sector) {
      return sector == std::string(512, 'a') ? 'a' : sector == std::string(512, 'b') ? 'b' : '?';
    };
    outcomes.insert({kind(content.substr(0, 512)), kind(content.substr(512))});
  }
  for (const char* expected : {"aa", "bb", "ba", "ab", "b?", "?a"}) {
    EXPECT_TRUE(outcomes.contains(expected)) << expected;
  }
}

TEST(SimDiskTest, AFileWithoutASyncMayVanishAndARemovedOneMayComeBack) {
  std::set<bool> made;
  std::set<bool> removed;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimDisk disk("sim");
    disk.put_file("old", "x");
    {
      ASSERT_TRUE(open(disk, "new")->write(0, "y").ok());
    }
    sqlite3_vfs* vfs = sqlite3_vfs_find("sim");
    ASSERT_EQ(vfs->xDelete(vfs, "old", 0), SQLITE_OK);
    Random random(seed);
    disk.crash(random);
    made.insert(disk.read_file("new").has_value());
    removed.insert(disk.read_file("old").has_value());
  }
  EXPECT_EQ(made.size(), 2u);
  EXPECT_EQ(removed.size(), 2u);
}

TEST(SimDiskTest, AFailedSyncMakesNothingSafeAndNeitherDoesTheNextOne) {
  bool lost = false;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    SimDisk disk("sim");
    {
      const auto file = open(disk, "f");
      ASSERT_TRUE(file->sync().ok());
      ASSERT_TRUE(file->write(0, "first").ok());
      disk.fail_next_syncs(1);
      EXPECT_EQ(file->sync().code(), Code::kUnavailable);
      EXPECT_EQ(*file->read(0, 5), "first");
      ASSERT_TRUE(file->sync().ok());
    }
    Random random(seed);
    disk.crash(random);
    lost = lost || *disk.read_file("f") != "first";
  }
  EXPECT_TRUE(lost);
}

TEST(SimDiskTest, HandlesFromBeforeACrashAreDead) {
  SimDisk disk("sim");
  const auto file = open(disk, "f");
  ASSERT_TRUE(file->write(0, "x").ok());
  ASSERT_TRUE(file->sync().ok());
  Random random(1);
  disk.crash(random);
  EXPECT_FALSE(file->write(0, "y").ok());
  EXPECT_FALSE(file->read(0, 1).ok());
  EXPECT_EQ(*disk.read_file("f"), "x");
}

}  // namespace
}  // namespace perdure::sim
