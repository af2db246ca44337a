#include "engine/failures.h"

#include <gtest/gtest.h>

#include "base/limits.h"
#include "engine/durations.h"
#include "engine/names.h"

namespace perdure::engine::testing {
namespace {

TEST(Names, EnumsAreSpelledAsTemporalDoes) {
  EXPECT_EQ(short_name(enums::TIMEOUT_TYPE_SCHEDULE_TO_START), "ScheduleToStart");
  EXPECT_EQ(short_name(enums::WORKFLOW_TASK_FAILED_CAUSE_UNHANDLED_COMMAND), "UnhandledCommand");
  EXPECT_EQ(short_name(enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED), "WorkflowExecutionStarted");
  EXPECT_EQ(short_name(enums::TimeoutType_descriptor(), 99), "99");
}

TEST(Failures, TruncationKeepsWhatMattersMostAndWholeCharacters) {
  failure::Failure failure;
  failure.set_message("größer");
  failure.set_stack_trace(std::string(1000, 's'));
  failure.mutable_application_failure_info()->set_type("T");
  failure.mutable_application_failure_info()->set_non_retryable(true);
  failure.mutable_cause()->set_message("cause");
  const failure::Failure cut = truncate_failure(failure, 16);
  EXPECT_TRUE(cut.application_failure_info().non_retryable());
  EXPECT_EQ(cut.application_failure_info().type(), "T");
  EXPECT_EQ(cut.message(), "gr") << "3 bytes are left, and the third would split a character";
  EXPECT_EQ(cut.stack_trace(), "");
  EXPECT_FALSE(cut.has_cause());
}

TEST(Failures, OnlyWhatIsTooLongIsTruncated) {
  failure::Failure failure;
  failure.set_message("short");
  EXPECT_EQ(stored_activity_failure(failure).message(), "short");
  failure.set_message(std::string(limits::kStoredActivityFailure + 1, 'x'));
  const failure::Failure stored = stored_activity_failure(failure);
  EXPECT_EQ(stored.message(), "Failure exceeds size limit.");
  EXPECT_TRUE(stored.has_server_failure_info());
  EXPECT_LE(stored.cause().ByteSizeLong(), limits::kStoredActivityFailure + 16);
}

TEST(Failures, TextIsAJsonPayload) {
  const common::Payloads payloads = text_payloads("a \"b\"\n");
  EXPECT_EQ(payloads.payloads(0).metadata().at("encoding"), "json/plain");
  EXPECT_EQ(payloads.payloads(0).data(), "\"a \\\"b\\\"\\n\"");
}

TEST(Durations, NegativeAndMixedSignsAreRefusedAndLongOnesCapped) {
  google::protobuf::Duration duration;
  duration.set_seconds(-1);
  EXPECT_STREQ(validate_and_cap(&duration), "negative duration");
  duration.set_seconds(1);
  duration.set_nanos(-1);
  EXPECT_STREQ(validate_and_cap(&duration), "duration has seconds and nanos with different signs");
  duration.set_seconds(std::int64_t{1} << 40);
  duration.set_nanos(5);
  EXPECT_EQ(validate_and_cap(&duration), nullptr);
  EXPECT_EQ(duration.seconds(), 3'153'600'000);
  EXPECT_EQ(duration.nanos(), 0);
}

}  // namespace
}  // namespace perdure::engine::testing
