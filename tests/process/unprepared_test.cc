// A program whose main() does not know what to do as an activity process.
#include "perdure/process_activities.h"
#include "tests/sdk/fixture.h"

namespace sdk_test {

int one() { return 1; }

class ProcessUnprepared : public SdkTest {};

TEST_F(ProcessUnprepared, AWorkerSaysWhatMainHasToBeginWith) {
  const auto error = error_of<perdure::OptionsError>([&] {
    perdure::Worker(client(), {.task_queue = kQueue, .activities = perdure::process_activities<one>()});
  });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), testing::HasSubstr("activity one runs in a process of its own"));
  EXPECT_THAT(error->what(), testing::HasSubstr("perdure::run_as_activity_process_if_asked(argc, argv);"));
}

}  // namespace sdk_test
