#include <gtest/gtest.h>

#include <chrono>
#include <optional>

#include "perdure/workflow.h"
#include "temporal/api/sdk/v1/enhanced_stack_trace.pb.h"
#include "temporal/api/sdk/v1/workflow_metadata.pb.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing::queries {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

struct Order {
  std::string status_ = "new";
  std::optional<TimerHandle> timer;
  Task<std::string> run() {
    set_query_handler("set later", [this](int number) { return status_ + std::to_string(number); });
    set_current_details("half **done**");
    status_ = "packed";
    timer.emplace(sleep(1h));
    co_await *timer;
    status_ = "sent";
    co_return status_;
  }
  std::string status() const { return status_; }
  int add(int a, int b) const { return a + b; }
  int fails() const { throw ApplicationError("no idea", {.type = "Clueless"}); }
  bool starts_something() const {
    static_cast<void>(start_activity<echo>("x", {.start_to_close_timeout = 10s}));
    return true;
  }
  bool cancels() const {
    timer->cancel();
    return true;
  }
  std::string draws() const { return uuid4(); }
  bool replaying() const { return is_replaying(); }
  std::string id() const { return info().workflow_id; }
  void touch() {}
  Payload anything(std::string query, Payloads arguments) const {
    return to_payload(query + " with " + std::to_string(arguments.size()));
  }
  static constexpr auto signals = perdure::signals<&Order::touch>();
  static constexpr auto queries =
      perdure::queries<&Order::status, &Order::add, &Order::fails, &Order::starts_something, &Order::cancels,
                       &Order::draws, &Order::replaying, &Order::id>();
};

struct OrderWithDynamic : Order {
  Task<std::string> run() { return Order::run(); }
  static constexpr auto dynamic_query = &OrderWithDynamic::anything;
};

// A run after its first workflow task, which was completed.
struct Started {
  explicit Started(const detail::WorkflowDefinition& definition)
      : service("Order"), run(definition, identity()) {
    service.start_task();
    const Completion completion = run.activate(service.events(), {0});
    commands = serialised(completion.commands);
    service.complete_task(completion);
  }
  FakeService service;
  WorkflowRun run;
  std::vector<std::string> commands;
};

TEST(Queries, SeeTheStateAndTakeArguments) {
  Started started(detail::workflow_definition<Order>());
  EXPECT_EQ(query_text(started.run, "status"), "\"packed\"");
  EXPECT_EQ(query_text(started.run, "add", to_payloads(1, 2)), "3");
  EXPECT_EQ(query_text(started.run, "set later", to_payloads(7)), "\"packed7\"");
  EXPECT_EQ(query_text(started.run, "id"), "\"workflow-1\"");
}

TEST(Queries, ThatFailSayWhy) {
  Started started(detail::workflow_definition<Order>());
  EXPECT_EQ(query_text(started.run, "fails"), "failed: no idea");
  EXPECT_NE(query_text(started.run, "add", to_payloads("x", 1)).find("failed: argument 1"),
            std::string::npos);
  EXPECT_EQ(
      query_text(started.run, "unheard"),
      "failed: Query handler for 'unheard' expected but not found, known queries: [__enhanced_stack_trace "
      "__stack_trace __temporal_workflow_metadata add cancels draws fails id replaying set later "
      "starts_something status]");
}

TEST(Queries, GoToTheDynamicHandlerWhenThereIsNoOther) {
  Started started(detail::workflow_definition<OrderWithDynamic>());
  EXPECT_EQ(query_text(started.run, "unheard", to_payloads(1, 2)), "\"unheard with 2\"");
  EXPECT_EQ(query_text(started.run, "status"), "\"packed\"");
}

TEST(Queries, ChangeNothing) {
  Started started(detail::workflow_definition<Order>());
  for (const char* query : {"starts_something", "cancels", "draws"}) {
    EXPECT_NE(query_text(started.run, query).find("failed: a query handler must only look at the workflow"),
              std::string::npos)
        << query;
  }
  EXPECT_EQ(query_text(started.run, "replaying"), "false");
  // The run goes on as one that was not asked.
  started.service.fire_next_timer();
  started.service.start_task();
  const Completion completion =
      started.run.activate(started.service.slice(4, started.service.last_event_id()), {3});
  EXPECT_EQ(result_text(completion), "\"sent\"");
  started.service.complete_task(completion);
  EXPECT_EQ(replay_failure(detail::workflow_definition<Order>(), started.service), "");
}

TEST(Queries, AreAskedOfWhatWasCompleted) {
  Started started(detail::workflow_definition<Order>());
  started.service.fire_next_timer();
  started.service.start_task();  // open: what comes of it is not known yet
  WorkflowRun replayed(detail::workflow_definition<Order>(), identity());
  const Completion completion =
      replayed.activate(started.service.events(), {.previous_started_event_id = 3, .completed_only = true});
  EXPECT_EQ(completion.commands.size(), 0U);
  EXPECT_EQ(query_text(replayed, "status"), "\"packed\"");
  EXPECT_EQ(replayed.last_started_event_id(), 3);
  // And it goes on with the task that was left out.
  EXPECT_EQ(result_text(replayed.activate(started.service.events(), {3})), "\"sent\"");
}

TEST(Queries, AreAnsweredByClosedRuns) {
  FakeService service("Order");
  WorkflowRun run(detail::workflow_definition<Order>(), identity());
  drive(run, service, {});
  ASSERT_TRUE(service.closed());
  WorkflowRun replayed(detail::workflow_definition<Order>(), identity());
  replayed.activate(service.events(), {.previous_started_event_id = 6, .completed_only = true});
  EXPECT_EQ(query_text(replayed, "status"), "\"sent\"");
  EXPECT_TRUE(replayed.is_closed());
}

TEST(Queries, TellWhereTheWorkflowWaits) {
  Started started(detail::workflow_definition<Order>());
  const std::string text = query_text(started.run, "__stack_trace");
  EXPECT_NE(text.find("Stack for run()"), std::string::npos) << text;
  EXPECT_NE(text.find("queries_test.cc:25"), std::string::npos) << text;
  EXPECT_NE(text.find("Order::run"), std::string::npos) << text;
  const auto answer = started.run.query({"__enhanced_stack_trace", {}, {}});
  const auto trace = from_payload<temporal::api::sdk::v1::EnhancedStackTrace>(*answer.result);
  ASSERT_EQ(trace.stacks_size(), 1);
  ASSERT_EQ(trace.stacks(0).locations_size(), 1);
  EXPECT_EQ(trace.stacks(0).locations(0).line(), 25);
  EXPECT_EQ(trace.sdk().name(), "perdure");
}

struct Nested {
  Task<> inner() {
    co_await wait_condition([] { return false; });
  }
  Task<> run() {
    auto beside = create_task(inner());
    co_await inner();
  }
};

TEST(Queries, TellTheWholeChainOfWaits) {
  FakeService service("Nested");
  WorkflowRun run(detail::workflow_definition<Nested>(), identity());
  service.start_task();
  run.activate(service.events(), {0});
  const std::string text = from_payload<std::string>(*run.query({"__stack_trace", {}, {}}).result);
  const auto outer = text.find("Nested::run");
  const auto inner = text.find("Nested::inner");
  EXPECT_LT(outer, inner) << text;
  EXPECT_NE(text.find("Stack for task"), std::string::npos) << text;
}

TEST(Queries, TellWhatCanBeAsked) {
  Started started(detail::workflow_definition<OrderWithDynamic>());
  const auto answer = started.run.query({"__temporal_workflow_metadata", {}, {}});
  const auto metadata = from_payload<temporal::api::sdk::v1::WorkflowMetadata>(*answer.result);
  EXPECT_EQ(metadata.definition().type(), "Order");
  ASSERT_EQ(metadata.definition().signal_definitions_size(), 1);
  EXPECT_EQ(metadata.definition().signal_definitions(0).name(), "touch");
  EXPECT_EQ(metadata.definition().query_definitions(0).name(), "");  // the dynamic one
  EXPECT_EQ(metadata.definition().query_definitions(1).name(), "add");
  EXPECT_EQ(metadata.current_details(), "half **done**");
}

}  // namespace perdure::testing::queries
