// Workflows, activities, parameters and results, from a client's call to its answer.
#include <map>
#include <vector>

#include "tests/sdk/fixture.h"

namespace sdk_test {

struct YourParams {
  std::string greeting;
  std::string name;
};

std::string your_activity(const YourParams& input) { return input.greeting + ", " + input.name + "!"; }

class YourWorkflow {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await workflow::execute_activity<your_activity>({.greeting = "Hello", .name = name},
                                                                 {.start_to_close_timeout = 10s});
  }
};

struct Order {
  std::string id;
  std::map<std::string, int> lines;
  std::optional<double> discount;
};

struct Receipt {
  std::string id;
  int pieces = 0;
  bool discounted = false;
};

int count_pieces(Order order) {
  int pieces = 0;
  for (const auto& [article, count] : order.lines) {
    pieces += count;
  }
  return pieces;
}
void nothing(int, std::string) {}

class Shop {
 public:
  perdure::Task<Receipt> run(Order order, bool quick) {
    const int pieces =
        co_await workflow::execute_activity<count_pieces>(order, {.start_to_close_timeout = 10s});
    co_await workflow::execute_activity<nothing>(1, "text", {.start_to_close_timeout = 10s});
    co_return Receipt{.id = order.id, .pieces = pieces, .discounted = order.discount.has_value() && !quick};
  }
};

class Nothing {
 public:
  perdure::Task<> run() { co_return; }
};

class Parallel {
 public:
  perdure::Task<std::vector<std::string>> run(int count) {
    std::vector<workflow::ActivityHandle<std::string>> handles;
    for (int i = 0; i < count; ++i) {
      handles.push_back(workflow::start_activity<your_activity>({.greeting = "n", .name = std::to_string(i)},
                                                                {.start_to_close_timeout = 10s}));
    }
    std::vector<std::string> results;
    for (auto& handle : handles) {
      results.push_back(co_await handle);
    }
    co_return results;
  }
};

class Mailer {
 public:
  explicit Mailer(std::string from) : from_(std::move(from)) {}
  std::string send(std::string to) const { return from_ + " to " + to; }

 private:
  std::string from_;
};

class Mailing {
 public:
  perdure::Task<std::string> run() {
    co_return co_await workflow::execute_activity<&Mailer::send>("you", {.start_to_close_timeout = 10s});
  }
};

class Basics : public SdkTest {};

TEST_F(Basics, AWorkflowRunsAnActivityAndGivesItsResult) {
  const auto running = worker(
      {.workflows = perdure::workflows<YourWorkflow>(), .activities = perdure::activities<your_activity>()});
  EXPECT_EQ(client().execute_workflow<YourWorkflow>("World", {.id = "w", .task_queue = kQueue}),
            "Hello, World!");
}

TEST_F(Basics, StructsCrossEveryBoundary) {
  const auto running = worker(
      {.workflows = perdure::workflows<Shop>(), .activities = perdure::activities<count_pieces, nothing>()});
  const Receipt receipt =
      client().execute_workflow<Shop>({.id = "o-1", .lines = {{"apple", 2}, {"pear", 3}}, .discount = 0.5},
                                      false, {.id = "w", .task_queue = kQueue});
  EXPECT_EQ(receipt.id, "o-1");
  EXPECT_EQ(receipt.pieces, 5);
  EXPECT_TRUE(receipt.discounted);
}

TEST_F(Basics, AWorkflowMayGiveNothing) {
  const auto running = worker({.workflows = perdure::workflows<Nothing>()});
  auto handle = client().start_workflow<Nothing>({.id = "w", .task_queue = kQueue});
  handle.result();
  EXPECT_EQ(handle.describe().status, perdure::WorkflowExecutionStatus::kCompleted);
}

TEST_F(Basics, ActivitiesRunSideBySide) {
  const auto running = worker(
      {.workflows = perdure::workflows<Parallel>(), .activities = perdure::activities<your_activity>()});
  const auto results = client().execute_workflow<Parallel>(40, {.id = "w", .task_queue = kQueue});
  ASSERT_EQ(results.size(), 40U);
  EXPECT_EQ(results[39], "n, 39!");
}

TEST_F(Basics, MemberFunctionsAreActivitiesOfTheirObject) {
  Mailer mailer("me");
  const auto running = worker(
      {.workflows = perdure::workflows<Mailing>(), .activities = perdure::activities<&Mailer::send>(mailer)});
  EXPECT_EQ(client().execute_workflow<Mailing>({.id = "w", .task_queue = kQueue}), "me to you");
}

TEST_F(Basics, WorkflowsAndResultsAreKnownByNameToo) {
  const auto running = worker(
      {.workflows = perdure::workflows<YourWorkflow>(), .activities = perdure::activities<your_activity>()});
  auto handle =
      client().start_workflow_by_name<std::string>("YourWorkflow", {.id = "w", .task_queue = kQueue}, "you");
  EXPECT_EQ(handle.result(), "Hello, you!");
  EXPECT_EQ(client().get_workflow_handle_by_name("w").result().data, R"("Hello, you!")");
}

TEST_F(Basics, DescribeAndHistoryTellWhatHappened) {
  const auto running = worker(
      {.workflows = perdure::workflows<YourWorkflow>(), .activities = perdure::activities<your_activity>()});
  auto handle = client().start_workflow<YourWorkflow>("x", {.id = "w", .task_queue = kQueue});
  handle.result();
  const perdure::WorkflowExecutionDescription description = handle.describe();
  EXPECT_EQ(description.id, "w");
  EXPECT_EQ(description.run_id, handle.run_id());
  EXPECT_EQ(description.workflow_type, "YourWorkflow");
  EXPECT_EQ(description.task_queue, kQueue);
  EXPECT_EQ(description.status, perdure::WorkflowExecutionStatus::kCompleted);
  EXPECT_EQ(description.history_length, 11);
  EXPECT_TRUE(description.close_time.has_value());
  const std::string history = handle.fetch_history();
  EXPECT_THAT(history, testing::HasSubstr("EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"));
  EXPECT_THAT(history, testing::HasSubstr("EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED"));
}

TEST_F(Basics, ManyWorkflowsRunAtOnce) {
  const auto running = worker(
      {.workflows = perdure::workflows<YourWorkflow>(), .activities = perdure::activities<your_activity>()});
  std::vector<perdure::WorkflowHandle<std::string>> handles;
  for (int i = 0; i < 200; ++i) {
    handles.push_back(client().start_workflow<YourWorkflow>(
        std::to_string(i), {.id = "w" + std::to_string(i), .task_queue = kQueue}));
  }
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(handles[static_cast<std::size_t>(i)].result(), "Hello, " + std::to_string(i) + "!");
  }
}

TEST_F(Basics, TwoWorkersShareAQueue) {
  const auto first = worker(
      {.workflows = perdure::workflows<Parallel>(), .activities = perdure::activities<your_activity>()});
  const auto second = worker(
      {.workflows = perdure::workflows<Parallel>(), .activities = perdure::activities<your_activity>()});
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(
        client().execute_workflow<Parallel>(5, {.id = "w" + std::to_string(i), .task_queue = kQueue}).size(),
        5U);
  }
}

}  // namespace sdk_test
