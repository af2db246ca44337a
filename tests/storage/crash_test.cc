// Disk images rebuilt from recorded writes and syncs: unsynced ones dropped, torn, scattered. None may lose
// what was acknowledged, none may hold half a transition.
#include <gtest/gtest.h>

#include "tests/storage/crash_run.h"
#include "tests/storage/model.h"

namespace perdure::storage {
namespace {

using namespace testing;  // this file is about the harness

constexpr int kImages = 600;

TEST(CrashTest, NoImageLosesWhatWasAcknowledgedOrHoldsHalfATransition) {
  int images = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const CrashRun run = record_crash_run(seed, 120);
    ASSERT_GE(run.acknowledgements.back().sequence, 120);
    Random random(seed * 1000);
    for (int image = 0; image < kImages / 4; ++image, ++images) {
      const auto operations = random.below(run.operations.size() + 1);
      ASSERT_EQ(check_image(run, operations, random.next()), "");
    }
  }
  EXPECT_EQ(images, kImages);
}

TEST(CrashTest, EveryInstantOfTheCreationCanBeCrashed) {
  const CrashRun run = record_crash_run(9, 3);
  const std::size_t creation = std::min<std::size_t>(run.operations.size(), 60);
  for (std::size_t operations = 0; operations <= creation; ++operations) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      ASSERT_EQ(check_image(run, operations, seed), "");
    }
  }
}

TEST(CrashTest, TheSameSeedGivesTheSameWritesAndTheSameImage) {
  const CrashRun one = record_crash_run(5, 40);
  const CrashRun two = record_crash_run(5, 40);
  ASSERT_EQ(one.operations.size(), two.operations.size());
  std::vector<std::string> images;
  for (const CrashRun* run : {&one, &two}) {
    sim::SimDisk disk("same");
    disk.replay(std::span(run->operations).first(run->operations.size() / 2));
    Random random(77);
    disk.crash(random);
    std::string image;
    for (const std::string& file : disk.files()) {
      image += file + *disk.read_file(file);
    }
    images.push_back(image);
  }
  EXPECT_EQ(images[0], images[1]);
}

TEST(CrashTest, PowerThatFailsDuringACommitLeavesAllOrNothingOfIt) {
  for (std::uint64_t operation = 1; operation <= 40; ++operation) {
    sim::SimDisk disk("power");
    TransitionSource source(operation);
    Model model;
    Random random(operation);
    std::vector<std::size_t> contents = {hash_of(describe(model))};
    std::int64_t acknowledged = 0;
    {
      auto store = open_sqlite(options_on(disk));
      ASSERT_TRUE(store.ok());
      disk.power_off_after(operation);
      for (int i = 0; i < 30; ++i) {
        const Transition transition = source.next(model);
        contents.push_back(hash_of(describe(model)));
        if (!commit(**store, {transition}).ok()) {
          break;
        }
        acknowledged = transition.sequence;
      }
    }
    disk.crash(random);
    auto store = open_sqlite(options_on(disk));
    ASSERT_TRUE(store.ok()) << store.status().to_string();
    const std::int64_t found = (*store)->info().last_sequence;
    EXPECT_GE(found, acknowledged);
    EXPECT_LE(found, acknowledged + 1);
    EXPECT_EQ(hash_of(*describe(**store)), contents.at(static_cast<std::size_t>(found)));
  }
}

}  // namespace
}  // namespace perdure::storage
