// The listing of a stopped directory.
#include "cli/state_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/state_fixture.h"

namespace perdure::cli {
namespace {

using namespace testing;  // NOLINT: the fixture of this folder
using storage::testing::TemporaryDirectory;
using ::testing::HasSubstr;

TEST(StateCommandTest, ListsEveryRunOfAStoppedDirectory) {
  const TemporaryDirectory directory;
  const std::string state = directory.file("state");
  fill_directory(state, 4);
  const auto text = list_state(state);
  ASSERT_TRUE(text.ok()) << text.status().to_string();
  EXPECT_EQ(*text,
            "NAMESPACE  WORKFLOW ID  RUN ID    STATUS     TYPE   EVENTS  PENDING\n"
            "default    order-0      run-0001  Completed  Order  5       1\n"
            "default    order-0      run-0002  Running    Order  2       2\n"
            "default    order-1      run-0003  Completed  Order  5       1\n"
            "default    order-1      run-0004  Running    Order  2       2\n"
            "4 runs, 6 commits, opened 1 times\n");
}

TEST(StateCommandTest, ARunningDirectoryIsNotListed) {
  const TemporaryDirectory directory;
  const auto store = storage::open_sqlite({.directory = directory.path(), .holder = "worker"});
  EXPECT_THAT(list_state(directory.path()).status().message(), HasSubstr("(worker)"));
}

TEST(StateCommandTest, AMissingDirectoryIsNotMade) {
  const TemporaryDirectory directory;
  EXPECT_EQ(list_state(directory.file("absent")).status().code(), Code::kNotFound);
}

}  // namespace
}  // namespace perdure::cli
