// Activities that are completed from elsewhere, a client inside activities, dynamic types, log lines.
#include "tests/sdk/fixture.h"
#include "tests/support/kept_log.h"

namespace sdk_test {

// Hands its token to the test, by way of a client of its own.
class Inbox {
 public:
  perdure::Task<std::string> run() {
    co_await workflow::wait_condition([this] { return !token_.empty(); });
    co_return token_;
  }
  void put(std::string token) { token_ = std::move(token); }
  static constexpr auto signals = perdure::signals<&Inbox::put>();

 private:
  std::string token_;
};

std::string hex(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    out += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}
std::string unhex(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    out += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
  }
  return out;
}

// [ask]
std::string ask_a_person(const std::string& inbox) {
  activity::client().get_workflow_handle<Inbox>(inbox).signal<&Inbox::put>(hex(activity::info().task_token));
  activity::complete_async();
}
// [ask]

class AskedApproval {
 public:
  perdure::Task<std::string> run(std::string inbox) {
    co_return co_await workflow::execute_activity<ask_a_person>(
        inbox, {.start_to_close_timeout = 60s,
                .retry_policy = perdure::RetryPolicy{.maximum_attempts = 1},
                .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted,
                .activity_id = "approval"});
  }
};

class AsyncActivityTest : public SdkTest {
 protected:
  // An approval that waits for its answer; its token.
  std::string begin() {
    worker_ = worker({.workflows = perdure::workflows<AskedApproval, Inbox>(),
                      .activities = perdure::activities<ask_a_person>()});
    const auto inbox = client().start_workflow<Inbox>({.id = "inbox", .task_queue = kQueue});
    approval_ = client().start_workflow<AskedApproval>("inbox", {.id = "approval-1", .task_queue = kQueue});
    return unhex(inbox.result());
  }

  std::unique_ptr<perdure::Worker> worker_;
  std::optional<perdure::WorkflowHandle<std::string>> approval_;
};

// [complete]
TEST_F(AsyncActivityTest, IsCompletedByToken) {
  const auto handle = client().get_async_activity_handle(begin());
  handle.heartbeat("asked");
  handle.complete("approved");
  EXPECT_EQ(approval_->result(), "approved");
  EXPECT_EQ(error_of<perdure::RpcError>([&] { handle.complete("again"); })->code(),
            perdure::RpcStatusCode::kNotFound);
}
// [complete]

TEST_F(AsyncActivityTest, IsCompletedByIds) {
  begin();
  client().get_async_activity_handle("approval-1", "", "approval").complete("yes");
  EXPECT_EQ(approval_->result(), "yes");
}

TEST_F(AsyncActivityTest, FailsByToken) {
  client().get_async_activity_handle(begin()).fail(perdure::ApplicationError(
      "refused", {.type = "Refused", .category = perdure::ApplicationErrorCategory::kBenign}));
  const auto error = error_of<perdure::WorkflowFailureError>([&] { approval_->result(); });
  ASSERT_TRUE(error);
  const auto* refused = cause_at<perdure::ApplicationError>(*error, 1);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->type(), "Refused");
  EXPECT_EQ(refused->category(), perdure::ApplicationErrorCategory::kBenign);
}

TEST_F(AsyncActivityTest, HearsOfItsCancellationAndReportsIt) {
  const auto handle = client().get_async_activity_handle(begin());
  approval_->cancel();
  EXPECT_TRUE(
      eventually([&] { return error_of<perdure::CancelledError>([&] { handle.heartbeat(); }).has_value(); }));
  handle.report_cancellation("put away");
  const auto error = error_of<perdure::WorkflowFailureError>([&] { approval_->result(); });
  ASSERT_TRUE(error);
  const auto* cancelled = cause_at<perdure::CancelledError>(*error, 0);
  EXPECT_NE(cancelled, nullptr);
}

TEST(ActivityContext, CompleteAsyncOutsideOfAnActivityIsRefused) {
  EXPECT_TRUE(error_of<perdure::PerdureError>([] { activity::complete_async(); }));
}

// ---- dynamic types

// [dynamic]
class CatchAll {
 public:
  static constexpr bool dynamic_workflow = true;
  perdure::Task<std::string> run(perdure::Payloads arguments) {
    const auto text = co_await workflow::execute_activity_by_name<std::string>(
        "what-is-this", {.start_to_close_timeout = 10s}, static_cast<int>(arguments.size()));
    co_return workflow::info().workflow_type + ": " + text;
  }
};
// [dynamic]

std::string any_activity(const perdure::Payloads& arguments) {
  return activity::info().activity_type + " of " +
         std::to_string(perdure::from_payload<int>(arguments.at(0)));
}

class Known {
 public:
  perdure::Task<std::string> run() { co_return "known"; }
};

using DynamicTest = SdkTest;

TEST_F(DynamicTest, TypesThatAreNotRegisteredGoToTheDynamicOnes) {
  const auto running = worker({.workflows = perdure::workflows<CatchAll, Known>(),
                               .activities = perdure::dynamic_activity<any_activity>()});
  EXPECT_EQ(client()
                .start_workflow_by_name<std::string>("Unheard", {.id = "1", .task_queue = kQueue}, 1, "two")
                .result(),
            "Unheard: what-is-this of 2");
  EXPECT_EQ(client().execute_workflow<Known>({.id = "2", .task_queue = kQueue}), "known");
}

TEST_F(DynamicTest, TwoDynamicWorkflowsAreRefused) {
  const auto error = error_of<perdure::OptionsError>(
      [&] { worker({.workflows = perdure::workflows<CatchAll>() + perdure::workflows<CatchAll>()}); });
  ASSERT_TRUE(error);
  EXPECT_NE(std::string(error->what()).find("two dynamic workflows"), std::string::npos);
}

// ---- many parameters

class SumOfSeven {
 public:
  perdure::Task<int> run(int a, int b, int c, int d, int e, int f, int g, std::string h) {
    co_return a + b + c + d + e + f + g + static_cast<int>(h.size());
  }
};

using ParametersTest = SdkTest;

TEST_F(ParametersTest, MayBeMoreThanSix) {
  const auto running = worker({.workflows = perdure::workflows<SumOfSeven>()});
  EXPECT_EQ(client().execute_workflow<SumOfSeven>(1, 2, 3, 4, 5, 6, 7, "eight",
                                                  perdure::WorkflowOptions{.id = "1", .task_queue = kQueue}),
            33);
}

// ---- what is said about a run: log lines, search attributes, memo

// [activity_logger]
std::string say() {
  activity::logger().warning("from the activity", {{"key", "value"}});
  return "said";
}
// [activity_logger]

inline constexpr perdure::SearchAttributeKey<std::int64_t> kItems("Items");

class Talkative {
 public:
  perdure::Task<std::int64_t> run() {
    workflow::logger().info("begins");
    co_await workflow::execute_activity<say>({.start_to_close_timeout = 10s});
    workflow::logger().info("ends");
    workflow::upsert_memo({{"stage", perdure::to_payload("done")}});
    co_return workflow::info().search_attributes.get(kItems).value_or(0) +
        workflow::memo_value<int>("number").value_or(0);
  }
};

class LoggerTest : public SdkTest {
 protected:
  test_support::KeptLog log_;
};

TEST_F(LoggerTest, LinesAppearOnceAlthoughEveryTaskIsReplayed) {
  auto running = worker({.workflows = perdure::workflows<Talkative>(),
                         .activities = perdure::activities<say>(),
                         .max_cached_workflows = 0});
  EXPECT_EQ(client().execute_workflow<Talkative>({.id = "talk",
                                                  .task_queue = kQueue,
                                                  .memo = {{"number", perdure::to_payload(40)}},
                                                  .search_attributes = {{kItems, 2}}}),
            42);
  running->stop();
  const auto lines = log_.lines();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].message, "begins");
  EXPECT_EQ(test_support::field(lines[0], "workflow_id"), "talk");
  EXPECT_EQ(lines[1].message, "from the activity");
  EXPECT_EQ(lines[1].level, perdure::LogLevel::kWarning);
  EXPECT_EQ(test_support::field(lines[1], "key"), "value");
  EXPECT_EQ(test_support::field(lines[1], "activity_type"), "say");
  EXPECT_EQ(lines[2].message, "ends");
}

}  // namespace sdk_test
