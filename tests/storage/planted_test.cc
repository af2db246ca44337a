// Each bug that is planted in the store is noticed by the means that are there to notice it.
#include <gtest/gtest.h>

#include "base/planted.h"
#include "tests/storage/crash_run.h"
#include "tests/storage/model.h"

namespace perdure::storage {
namespace {

using testing::check_image;
using testing::commit;
using testing::CrashRun;
using testing::describe;
using testing::Model;
using testing::options_on;
using testing::record_crash_run;
using testing::TransitionSource;

class PlantedTest : public ::testing::Test {
 protected:
  ~PlantedTest() override { g_planted_bug = PlantedBug::kNone; }

  // The first complaint about an image of a run that was recorded with `bug`; empty if there is none in 200.
  std::string first_complaint(PlantedBug bug) {
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      g_planted_bug = bug;
      const CrashRun run = record_crash_run(seed, 60);
      Random random(seed);
      for (int image = 0; image < 100; ++image) {
        if (std::string wrong = check_image(run, random.below(run.operations.size() + 1), random.next());
            !wrong.empty()) {
          return wrong;
        }
      }
    }
    return "";
  }
};

TEST_F(PlantedTest, WithoutABugNoImageIsWrong) { EXPECT_EQ(first_complaint(PlantedBug::kNone), ""); }

TEST_F(PlantedTest, AcknowledgingBeforeTheSyncLosesTransitions) {
  EXPECT_NE(first_complaint(PlantedBug::kAcknowledgeBeforeSync), "");
}

TEST_F(PlantedTest, ATornTransitionIsFoundAfterACrash) {
  EXPECT_NE(first_complaint(PlantedBug::kTornTransition), "");
}

TEST_F(PlantedTest, AMissingDueEntryLeavesATimerThatNothingFires) {
  g_planted_bug = PlantedBug::kMissingDueIndexEntry;
  sim::SimDisk disk("planted");
  auto store = open_sqlite(options_on(disk));
  Transition start{.sequence = 1};
  RunWrite write{.execution = ExecutionId{1},
                 .key = {NamespaceName("n"), WorkflowId("w")},
                 .run_id = RunId("r"),
                 .create = true,
                 .make_current = true};
  write.upsert = {{.key = {ItemKind::kTimer, 5}, .due_at = Timestamp{100}}};
  start.writes.push_back(write);
  ASSERT_TRUE(commit(**store, {start}).ok());
  EXPECT_EQ(*(*store)->next_due(), std::nullopt);
  EXPECT_EQ((*store)->load(ExecutionId{1})->value().items.size(), 1u);
}

TEST_F(PlantedTest, SkippedChecksumsLetChangedBitsThrough) {
  sim::SimDisk disk("planted");
  TransitionSource source(5);
  Model model;
  {
    auto store = open_sqlite(options_on(disk));
    for (int i = 0; i < 80; ++i) {
      ASSERT_TRUE(commit(**store, {source.next(model)}).ok());
    }
    ASSERT_TRUE((*store)->close().ok());
  }
  g_planted_bug = PlantedBug::kChecksumSkipped;
  int wrong = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    disk.corrupt_read(1 + seed % 25, seed);
    auto options = options_on(disk);
    options.read_only = true;
    auto store = open_sqlite(options);
    const auto text = store.ok() ? describe(**store) : Result<std::string>(store.status());
    wrong += text.ok() && *text != describe(model);
  }
  EXPECT_GT(wrong, 10);
}

}  // namespace
}  // namespace perdure::storage
