// Bugs planted in the replay: each has to be found by a handful of random programs.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/planted.h"
#include "sim/programs/program.h"
#include "tests/programs/play.h"

namespace perdure::programs {
namespace {

constexpr std::uint64_t kSeeds = 200;

// The first seed whose replay differs; 0: none does.
std::uint64_t first_found() {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Play play({.seed = seed, .steady = false, .cancellation = true}, seed);
    if (!(play.run_to_the_end() + play.replay_every_task() + play.replay_whole_history()).empty()) {
      return seed;
    }
  }
  return 0;
}

class PlantedInReplay : public ::testing::TestWithParam<PlantedBug> {
 protected:
  ~PlantedInReplay() override { g_planted_bug = PlantedBug::kNone; }
};

TEST_P(PlantedInReplay, IsFound) {
  EXPECT_EQ(first_found(), 0U) << "found without being there";
  g_planted_bug = GetParam();
  EXPECT_NE(first_found(), 0U);
}

std::string name_of(const ::testing::TestParamInfo<PlantedBug>& info) {
  for (const PlantedBugName& known : kPlantedBugs) {
    if (known.bug == info.param) {
      std::string name(known.name);
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    }
  }
  return "unnamed";
}

INSTANTIATE_TEST_SUITE_P(Bugs, PlantedInReplay,
                         ::testing::Values(PlantedBug::kReplayReversesEvents, PlantedBug::kReplayKeepsOldTime,
                                           PlantedBug::kReplayForgetsLocalTime),
                         name_of);

}  // namespace
}  // namespace perdure::programs
