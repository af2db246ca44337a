// Random programs in the core: run, then replayed in full and cut at every workflow task, evicted wherever
// they wait. The commands are the same every time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "sim/programs/program.h"
#include "sim/programs/program_workflow.h"
#include "tests/programs/play.h"
#include "tests/programs/seeds.h"

namespace perdure::programs {
namespace {

using ::testing::HasSubstr;

ProgramInput input_of(std::uint64_t seed) {
  return {.seed = seed, .steady = seed % 2 == 0, .cancellation = true};
}

// What went wrong with one program, or nothing.
std::string check(std::uint64_t seed, int* tasks = nullptr) {
  ProgramInput input = input_of(seed);
  const int live = Held::live_here();
  std::string result;
  for (std::vector<ProgramInput> next{input}; !next.empty();) {
    input = next.front();
    Play play(input, seed * 1000 + static_cast<std::uint64_t>(input.round));
    std::string failure = play.run_to_the_end();
    for (const auto& look :
         {&Play::replay_every_task, &Play::go_on_after_every_task, &Play::replay_whole_history}) {
      failure = failure.empty() ? (play.*look)() : failure;
    }
    if (!failure.empty()) {
      return "round " + std::to_string(input.round) + ": " + failure + "\n" +
             describe(make_program(input).root);
    }
    if (tasks != nullptr) {
      *tasks += static_cast<int>(play.tasks().size());
    }
    result = play.result();
    next = play.next();
  }
  if (Held::live_here() != live) {
    return "objects of frames are left: " + std::to_string(Held::live_here() - live);
  }
  if (!input.steady) {
    return "";
  }
  std::string predicted = predicted_result(input_of(seed));
  predicted = predicted.starts_with("failed") ? predicted : '"' + predicted + '"';
  return result == predicted ? "" : "gives " + result + ", predicted was " + predicted;
}

TEST(RandomPrograms, GiveTheSameCommandsInEveryReplay) {
  const Seeds range = seeds(600);
  int tasks = 0;
  for (std::uint64_t seed = range.first; seed <= range.last; ++seed) {
    ASSERT_EQ(check(seed, &tasks), "") << "seed " << seed;
  }
  RecordProperty("workflow_tasks", tasks);
  EXPECT_GT(tasks, 0);
}

TEST(RandomPrograms, HaveEveryKindOfStep) {
  std::vector<int> counts;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    count_kinds(make_program(input_of(seed)).root, &counts);
  }
  for (int kind = 0; kind < kKinds; ++kind) {
    EXPECT_GT(counts.at(static_cast<std::size_t>(kind)), 5) << name_of(static_cast<Kind>(kind));
  }
}

TEST(RandomPrograms, AreTheSameForTheSameSeed) {
  EXPECT_EQ(describe(make_program(input_of(7)).root), describe(make_program(input_of(7)).root));
  EXPECT_NE(describe(make_program(input_of(7)).root), describe(make_program(input_of(9)).root));
}

// A workflow that does something else each time it runs has to be found out.
TEST(RandomPrograms, ThatAreNotDeterministicAreNoticed) {
  ProgramInput input = input_of(4);
  input.broken = true;
  Play play(input, 4);
  ASSERT_EQ(play.run_to_the_end(), "");
  const std::string failure = play.replay_every_task() + play.replay_whole_history();
  EXPECT_THAT(failure, HasSubstr("event"));
}

}  // namespace
}  // namespace perdure::programs
