// Queries from end to end: typed answers, errors of clients, interceptors, the program's own loop.
#include <stdexcept>
#include <vector>

#include "perdure/async_client.h"
#include "tests/sdk/fixture.h"

namespace sdk_test::queries {

class Asked {
 public:
  perdure::Task<std::string> run(std::string name) {
    name_ = std::move(name);
    co_await workflow::wait_condition([this] { return done_; });
    co_return name_;
  }
  std::string name() const { return name_; }
  std::vector<std::string> repeated(int times) const {
    return std::vector<std::string>(static_cast<std::size_t>(times), name_);
  }
  std::string refused() const { throw perdure::ApplicationError("I will not say", {.type = "Shy"}); }
  void rename(std::string name) { name_ = std::move(name); }
  void finish() { done_ = true; }
  static constexpr auto signals = perdure::signals<&Asked::rename, &Asked::finish>();
  static constexpr auto queries = perdure::queries<&Asked::name, &Asked::repeated, &Asked::refused>();

 private:
  std::string name_;
  bool done_ = false;
};

class QueriesTest : public SdkTest {
 protected:
  auto start() { return client().start_workflow<Asked>("ada", {.id = "w", .task_queue = kQueue}); }
};

TEST_F(QueriesTest, SeeEverythingThatWasAcknowledgedBefore) {
  const auto running = worker({.workflows = perdure::workflows<Asked>()});
  const auto handle = start();
  EXPECT_EQ(handle.query<&Asked::name>(), "ada");
  for (const char* name : {"bob", "eve", "kim"}) {
    handle.signal<&Asked::rename>(name);
    EXPECT_EQ(handle.query<&Asked::name>(), name);
  }
  EXPECT_THAT(handle.query<&Asked::repeated>(2), testing::ElementsAre("kim", "kim"));
  EXPECT_EQ(handle.query_by_name<std::string>("name", {}), "kim");
  handle.signal<&Asked::finish>();
  EXPECT_EQ(handle.result(), "kim");
  EXPECT_EQ(handle.query<&Asked::name>(), "kim") << "closed runs answer, too";
}

TEST_F(QueriesTest, ThatFailSayWhy) {
  const auto running = worker({.workflows = perdure::workflows<Asked>()});
  const auto handle = start();
  const auto refused = error_of<perdure::WorkflowQueryFailedError>([&] { handle.query<&Asked::refused>(); });
  ASSERT_TRUE(refused);
  EXPECT_STREQ(refused->what(), "I will not say");
  ASSERT_NE(refused->cause(), nullptr);
  EXPECT_EQ(dynamic_cast<const perdure::ApplicationError&>(*refused->cause()).type(), "Shy");
  const auto unheard =
      error_of<perdure::WorkflowQueryFailedError>([&] { handle.query_by_name("unheard", {}); });
  ASSERT_TRUE(unheard);
  EXPECT_THAT(unheard->what(), testing::HasSubstr("Query handler for 'unheard' expected but not found"));
  EXPECT_THROW(client().get_workflow_handle<Asked>("nobody").query<&Asked::name>(),
               perdure::WorkflowNotFoundError);
}

TEST_F(QueriesTest, CanBeRejectedByWhatTheRunIs) {
  const auto running = worker({.workflows = perdure::workflows<Asked>()});
  const auto handle = start();
  const perdure::QueryOptions open{.reject_condition = perdure::QueryRejectCondition::kNotOpen};
  EXPECT_EQ(handle.query<&Asked::name>(open), "ada");
  handle.signal<&Asked::finish>();
  handle.result();
  const auto rejected =
      error_of<perdure::WorkflowQueryRejectedError>([&] { handle.query<&Asked::name>(open); });
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->status(), perdure::WorkflowExecutionStatus::kCompleted);
  EXPECT_STREQ(rejected->what(), "Query rejected, status: COMPLETED");
}

TEST_F(QueriesTest, AreAnsweredWithoutMemoryOfTheRun) {
  const auto running = worker({.workflows = perdure::workflows<Asked>(), .max_cached_workflows = 0});
  const auto handle = start();
  EXPECT_EQ(handle.query<&Asked::name>(), "ada");
  handle.signal<&Asked::rename>("bob");
  EXPECT_EQ(handle.query<&Asked::name>(), "bob");
}

// What a client and its workers say to each other about queries.
class Spelling final : public perdure::Interceptor {
 public:
  class Outbound final : public perdure::ClientOutboundInterceptor {
   public:
    using ClientOutboundInterceptor::ClientOutboundInterceptor;
    perdure::Payload query_workflow(perdure::QueryWorkflowInput input) override {
      input.headers["loud"] = perdure::to_payload(true);
      return next().query_workflow(std::move(input));
    }
  };
  class Inbound final : public perdure::WorkflowInboundInterceptor {
   public:
    using WorkflowInboundInterceptor::WorkflowInboundInterceptor;
    perdure::Payload handle_query(perdure::HandleQueryInput input) override {
      const bool loud = input.headers.contains("loud");
      const perdure::Payload answer = next().handle_query(std::move(input));
      return loud ? perdure::to_payload(perdure::from_payload<std::string>(answer) + "!") : answer;
    }
  };
  std::unique_ptr<perdure::ClientOutboundInterceptor> intercept_client(
      std::unique_ptr<perdure::ClientOutboundInterceptor> next) override {
    return std::make_unique<Outbound>(std::move(next));
  }
  std::unique_ptr<perdure::WorkflowInboundInterceptor> intercept_workflow(
      std::unique_ptr<perdure::WorkflowInboundInterceptor> next) override {
    return std::make_unique<Inbound>(std::move(next));
  }
};

TEST_F(QueriesTest, PassTheInterceptors) {
  client_ = perdure::Client::connect("file:" + directory_.string(),
                                     {.interceptors = {std::make_shared<Spelling>()}});
  const auto running = worker({.workflows = perdure::workflows<Asked>()});
  EXPECT_EQ(start().query<&Asked::name>(), "ada!");
}

}  // namespace sdk_test::queries
