#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>

#include "api/convert.h"
#include "api/encoded_attributes.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using temporal::api::failure::v1::Failure;

Failure foreign_failure() {
  Failure failure;
  failure.set_message("Activity task failed");
  failure.set_source("PythonSDK");
  failure.mutable_activity_failure_info()->set_activity_id("7");
  auto* cause = failure.mutable_cause();
  cause->set_message("inner");
  cause->set_stack_trace("line 1");
  cause->mutable_application_failure_info()->set_type("ValueError");
  cause->mutable_encoded_attributes()->set_data("opaque");
  return failure;
}

TEST(FailureConversion, OfAnErrorFromTheWireGivesBackTheSameBytes) {
  const Failure failure = foreign_failure();
  EXPECT_EQ(api::serialize(api::exception_to_failure(api::failure_to_exception(failure))),
            api::serialize(failure));
}

TEST(FailureConversion, ChainsCauses) {
  const auto error = api::failure_to_error(foreign_failure());
  const auto* activity = dynamic_cast<const ActivityError*>(error.get());
  ASSERT_NE(activity, nullptr);
  EXPECT_EQ(activity->activity_id(), "7");
  const auto* cause = dynamic_cast<const ApplicationError*>(activity->cause().get());
  ASSERT_NE(cause, nullptr);
  EXPECT_EQ(cause->type(), "ValueError");
  EXPECT_EQ(cause->stack_trace(), "line 1");
}

// As EncodedFailure of Temporal's Python SDK writes it, of which each failure of a chain hides its own.
Failure failure_hidden_by_python() {
  Failure failure;
  failure.set_message("Encoded failure");
  failure.mutable_application_failure_info()->set_type("Outer");
  api::set_payload(
      failure.mutable_encoded_attributes(),
      {{{"encoding", "json/plain"}}, R"({"message":"it broke","stack_trace":"  File \"a.py\", line 7\n"})"});
  const Failure alone = failure;
  *failure.mutable_cause() = alone;
  failure.mutable_cause()->mutable_encoded_attributes()->set_data(R"({"message":"inner","stack_trace":""})");
  return failure;
}

TEST(FailureConversion, ReadsWhatPythonHides) {
  const auto error = api::failure_to_error(failure_hidden_by_python());
  EXPECT_EQ(error->message(), "it broke");
  EXPECT_EQ(error->stack_trace(), "  File \"a.py\", line 7\n");
  EXPECT_EQ(error->cause()->message(), "inner");
  // What is passed on is the failure as it is, to be hidden again on its way out.
  const Failure again = api::exception_to_failure(api::failure_to_exception(failure_hidden_by_python()));
  EXPECT_EQ(again.message(), "it broke");
  EXPECT_FALSE(again.has_encoded_attributes());
}

TEST(FailureConversion, HidesAsPythonDoes) {
  Failure failure;
  failure.set_message("it broke");
  failure.set_stack_trace("  File \"a.py\", line 7\n");
  failure.mutable_application_failure_info()->set_type("Outer");
  api::hide_common_attributes(&failure);
  Failure expected = failure_hidden_by_python();
  expected.clear_cause();
  EXPECT_EQ(api::serialize(failure), api::serialize(expected));
  api::show_common_attributes(&failure);
  EXPECT_EQ(failure.message(), "it broke");
  EXPECT_EQ(failure.stack_trace(), "  File \"a.py\", line 7\n");
}

TEST(FailureConversion, ThrowsTheMostDerivedType) {
  EXPECT_THROW(std::rethrow_exception(api::failure_to_exception(foreign_failure())), ActivityError);
  EXPECT_THROW(std::rethrow_exception(api::failure_to_exception(api::server_failure("x", true))),
               ServerError);
  try {
    std::rethrow_exception(api::failure_to_exception(api::timeout_failure("late", 4)));
  } catch (const TimeoutError& error) {
    EXPECT_EQ(error.type(), TimeoutType::kHeartbeat);
  }
}

TEST(FailureConversion, MakesANestedExceptionTheCause) {
  std::exception_ptr exception;
  try {
    try {
      throw std::out_of_range("index 9");
    } catch (...) {
      std::throw_with_nested(
          ApplicationError("lookup failed", {.type = "Lookup", .next_retry_delay = 1500ms}));
    }
  } catch (...) {
    exception = std::current_exception();
  }
  const Failure failure = api::exception_to_failure(exception);
  EXPECT_EQ(failure.application_failure_info().type(), "Lookup");
  EXPECT_EQ(failure.application_failure_info().next_retry_delay().nanos(), 500'000'000);
  EXPECT_EQ(failure.cause().message(), "index 9");
  EXPECT_EQ(failure.cause().application_failure_info().type(), "out_of_range");
}

TEST(FailureConversion, NamesTheTypeBehindANestedWrapper) {
  try {
    try {
      throw 1;
    } catch (...) {
      std::throw_with_nested(std::logic_error("outer"));
    }
  } catch (...) {
    EXPECT_EQ(api::exception_type(std::current_exception()), "logic_error");
    EXPECT_EQ(api::exception_to_failure(std::current_exception()).cause().application_failure_info().type(),
              "unknown");
  }
}

TEST(FailureConversion, FindsACancellationAtAnyDepth) {
  Failure failure = foreign_failure();
  EXPECT_FALSE(is_cancelled(*api::failure_to_error(failure)));
  failure.mutable_cause()->mutable_canceled_failure_info();
  EXPECT_TRUE(is_cancelled(*api::failure_to_error(failure)));
}

TEST(PayloadConversion, KeepsBytesAndMetadataInAFixedOrder) {
  temporal::api::common::v1::Payload payload;
  (*payload.mutable_metadata())["zeta"] = "1";
  (*payload.mutable_metadata())["alpha"] = "2";
  (*payload.mutable_metadata())["encoding"] = "json/plain";
  payload.set_data(std::string("\0x", 2));
  const Payload converted = api::payload_from_proto(payload);
  EXPECT_EQ(converted.metadata[0].first, "encoding");
  EXPECT_EQ(converted.metadata[1].first, "alpha");
  temporal::api::common::v1::Payload back;
  api::set_payload(&back, converted);
  EXPECT_EQ(api::serialize(back), api::serialize(payload));
}

}  // namespace perdure::testing
