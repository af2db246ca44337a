#include "tests/workflow/patterns.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"
#include "tests/workflow/tracked.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

struct BracesForArgument {
  Tracked member;
  Task<std::string> run() {
    const std::string name = "you";
    co_return co_await execute_activity<compose>({.greeting = "Hello", .name = name, .titles = {}},
                                                 {.start_to_close_timeout = 10s});
  }
};

struct BracesWithLists {
  Task<std::string> run() {
    co_return co_await execute_activity<compose>(
        {"Hello", "you", {"Sir", "Doctor of a very long title, longer than a small string"}},
        {.start_to_close_timeout = 10s,
         .retry_policy =
             RetryPolicy{.maximum_attempts = 3, .non_retryable_error_types = {"Fatal", "AlsoFatal"}},
         .summary = "a summary that is longer than the small string buffer"});
  }
};

struct NamedOptions {
  Task<std::string> run() {
    const ActivityOptions options{.start_to_close_timeout = 10s};
    const std::string a = co_await execute_activity<echo>("a", options);
    const std::string b = co_await execute_activity<echo>("b", options);
    co_return a + b;
  }
};

struct HandleThenAwait {
  Task<int> run() {
    auto handle = start_activity<add>(1, 2, {.start_to_close_timeout = 10s});
    const Tracked between;
    co_return co_await handle;
  }
};

struct HandleAwaitedTwice {
  Task<int> run() {
    auto handle = start_activity<add>(1, 2, {.start_to_close_timeout = 10s});
    const int first = co_await handle;
    co_return first + co_await handle;
  }
};

struct TwoInOneExpression {
  Task<int> run() {
    co_return co_await execute_activity<add>(1, 2, {.start_to_close_timeout = 10s}) +
        co_await execute_activity<add>(3, 4, {.start_to_close_timeout = 10s});
  }
};

struct NestedAsArgument {
  Task<int> run() {
    co_return co_await execute_activity<add>(
        co_await execute_activity<add>(1, 2, {.start_to_close_timeout = 10s}),
        co_await execute_activity<add>(3, 4, {.start_to_close_timeout = 10s}),
        {.start_to_close_timeout = 10s});
  }
};

struct Ternary {
  Task<std::string> run() {
    const Tracked tracked;
    const bool yes = co_await execute_activity<add>(1, 1, {.start_to_close_timeout = 10s}) == 2;
    co_return yes ? co_await execute_activity<echo>("yes", {.start_to_close_timeout = 10s})
                  : co_await execute_activity<echo>("no", {.start_to_close_timeout = 10s});
  }
};

struct LoopOverActivities {
  Task<int> run() {
    int sum = 0;
    for (int i = 0; i < 4; ++i) {
      const Tracked each;
      sum += co_await execute_activity<add>(i, 1, {.start_to_close_timeout = 10s});
    }
    co_return sum;
  }
};

struct RangeForOverResult {
  Task<std::string> run() {
    std::string all;
    for (const std::string& file :
         co_await execute_activity<list_files>("/tmp", {.start_to_close_timeout = 10s})) {
      all += co_await execute_activity<echo>(file, {.start_to_close_timeout = 10s});
    }
    co_return all;
  }
};

struct WhileCondition {
  Task<int> run() {
    int n = 0;
    while (co_await execute_activity<add>(n, 0, {.start_to_close_timeout = 10s}) < 3) {
      ++n;
    }
    co_return n;
  }
};

struct TryCatch {
  Task<std::string> run() {
    try {
      const Tracked inside;
      co_await execute_activity<refuse>(1, {.start_to_close_timeout = 10s});
    } catch (const ActivityError& error) {
      co_return error.activity_type() + ": " + error.cause()->what();
    }
    co_return "not reached";
  }
};

struct AwaitAfterCatch {
  Task<std::string> run() {
    std::string what;
    try {
      co_await execute_activity<refuse>(1, {.start_to_close_timeout = 10s});
    } catch (const ActivityError& error) {
      what = error.cause()->message();
    }
    co_return co_await execute_activity<echo>(what, {.start_to_close_timeout = 10s});
  }
};

struct ParallelVector {
  Task<int> run() {
    std::vector<ActivityHandle<int>> handles;
    for (int i = 0; i < 5; ++i) {
      handles.push_back(start_activity<add>(i, i, {.start_to_close_timeout = 10s}));
    }
    int sum = 0;
    for (auto& handle : handles) {
      sum += co_await handle;
    }
    co_return sum;
  }
};

struct ParallelMap {
  Task<int> run() {
    std::map<std::string, ActivityHandle<int>> handles;
    for (const std::string key : {"a", "b", "c"}) {
      handles.emplace(key, start_activity<add>(1, 1, {.start_to_close_timeout = 10s}));
    }
    int sum = 0;
    for (const auto& [key, handle] : handles) {
      sum += co_await handle;
    }
    co_return sum;
  }
};

struct StructuredBindings {
  Task<std::string> run() {
    const auto [id, amount] =
        co_await execute_activity<charge>("account", 5, {.start_to_close_timeout = 10s});
    const Tracked after;
    co_await sleep(1s);
    co_return id + ":" + std::to_string(amount);
  }
};

struct BracedResult {
  Task<Receipt> run() {
    co_return Receipt{.id = co_await execute_activity<echo>("r-1", {.start_to_close_timeout = 10s}),
                      .amount = co_await execute_activity<add>(2, 3, {.start_to_close_timeout = 10s})};
  }
};

struct BracesInReturn {
  Task<Receipt> run() {
    const int amount = co_await execute_activity<add>(2, 3, {.start_to_close_timeout = 10s});
    co_return {.id = "r-2", .amount = amount};
  }
};

struct BracedVector {
  Task<std::vector<std::string>> run() {
    co_return std::vector<std::string>{co_await execute_activity<echo>("a", {.start_to_close_timeout = 10s}),
                                       co_await execute_activity<echo>("b", {.start_to_close_timeout = 10s})};
  }
};

struct WaitWithLambdaCapturingThis {
  Tracked tracked;
  bool ready = false;
  Task<std::string> run() {
    co_await wait_condition([this] { return ready; });
    co_return tracked.text();
  }
  void go() { ready = true; }
  static constexpr auto signals = perdure::signals<&WaitWithLambdaCapturingThis::go>();
};

struct WaitWithLambdaCapturingValues {
  bool ready = false;
  Task<std::string> run() {
    const Tracked tracked("captured by value, and longer than the small string buffer");
    co_await wait_condition([this, tracked] { return ready && !tracked.text().empty(); }, 1h);
    co_return tracked.text().substr(0, 8);
  }
  void go() { ready = true; }
  static constexpr auto signals = perdure::signals<&WaitWithLambdaCapturingValues::go>();
};

namespace {

std::vector<Pattern> all_patterns() {
  const std::string long_text = "\"a text that is too long for the small string buffer\"";
  std::vector<Pattern> patterns{
      pattern<BracesForArgument>("\"Hello, you!\""),
      pattern<BracesWithLists>("\"Hello, you!\""),
      pattern<NamedOptions>("\"ab\""),
      pattern<HandleThenAwait>("3"),
      pattern<HandleAwaitedTwice>("6"),
      pattern<TwoInOneExpression>("10"),
      pattern<NestedAsArgument>("10"),
      pattern<Ternary>("\"yes\""),
      pattern<LoopOverActivities>("10"),
      pattern<RangeForOverResult>("\"onetwo\""),
      pattern<WhileCondition>("3"),
      pattern<TryCatch>("\"refuse: no\""),
      pattern<AwaitAfterCatch>("\"no\""),
      pattern<ParallelVector>("20"),
      pattern<ParallelMap>("6"),
      pattern<StructuredBindings>("\"account:5\""),
      pattern<BracedResult>("{\"amount\":5,\"id\":\"r-1\"}"),
      pattern<BracesInReturn>("{\"amount\":5,\"id\":\"r-2\"}"),
      pattern<BracedVector>("[\"a\",\"b\"]"),
      pattern<WaitWithLambdaCapturingThis>(long_text),
      pattern<WaitWithLambdaCapturingValues>("\"captured\""),
  };
  for (Pattern& more : more_patterns()) {
    patterns.push_back(std::move(more));
  }
  for (Pattern& more : wait_patterns()) {
    patterns.push_back(std::move(more));
  }
  return patterns;
}

class Patterns : public ::testing::TestWithParam<Pattern> {
 protected:
  // Runs the pattern to its end on one worker.
  Driven run_to_the_end(FakeService& service) {
    WorkflowRun run(GetParam().definition, identity());
    return drive(run, service, test_activities(), signal_go_at_task_two);
  }
  static void signal_go_at_task_two(int task, FakeService& service) {
    if (task == 2 && service.activities().empty() && service.timers().size() < 2) {
      service.signal("go");
    }
  }
};

TEST_P(Patterns, GiveTheirResult) {
  FakeService service(GetParam().name);
  const int live = Tracked::live();
  const Driven driven = run_to_the_end(service);
  EXPECT_EQ(driven.failure, "");
  EXPECT_EQ(result_text(driven.last), GetParam().result);
  EXPECT_EQ(Tracked::live(), live);
}

TEST_P(Patterns, ReplayGivesTheSameCommandsAfterEveryTask) {
  FakeService service(GetParam().name);
  const Driven driven = run_to_the_end(service);
  for (const AnsweredTask& task : driven.tasks) {
    WorkflowRun run(GetParam().definition, identity());
    const Completion completion =
        run.activate(service.slice(1, task.started_event_id), {task.previous_started_event_id});
    EXPECT_EQ(completion.failure.message(), "");
    EXPECT_EQ(serialised(completion.commands), task.commands);
  }
  WorkflowRun whole(GetParam().definition, identity());
  const Completion completion = whole.activate(service.events(), {service.last_event_id()});
  EXPECT_EQ(completion.failure.message(), "");
  EXPECT_TRUE(completion.commands.empty());
}

TEST_P(Patterns, EvictionAtEverySuspensionPointDestroysEverythingOnce) {
  FakeService service(GetParam().name);
  const int live = Tracked::live();
  const Driven driven = run_to_the_end(service);
  for (const AnsweredTask& task : driven.tasks) {
    auto run = std::make_unique<WorkflowRun>(GetParam().definition, identity());
    run->activate(service.slice(1, task.started_event_id), {task.previous_started_event_id});
    run.reset();
    EXPECT_EQ(Tracked::live(), live) << "after the task of event " << task.started_event_id;
  }
}

TEST_P(Patterns, ARunThatWasReplayedGoesOnWithNewEventsOnly) {
  FakeService service(GetParam().name);
  const Driven driven = run_to_the_end(service);
  for (std::size_t i = 0; i + 1 < driven.tasks.size(); ++i) {
    const AnsweredTask& replayed = driven.tasks[i];
    const AnsweredTask& next = driven.tasks[i + 1];
    WorkflowRun run(GetParam().definition, identity());
    run.activate(service.slice(1, replayed.started_event_id), {replayed.previous_started_event_id});
    const Completion completion =
        run.activate(service.slice(replayed.started_event_id + 1, next.started_event_id),
                     {next.previous_started_event_id});
    EXPECT_EQ(completion.failure.message(), "");
    EXPECT_EQ(serialised(completion.commands), next.commands);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Patterns, ::testing::ValuesIn(all_patterns()),
                         [](const auto& info) { return info.param.name; });

TEST(PatternTable, HasAtLeastThirty) { EXPECT_GE(all_patterns().size(), 30U); }

}  // namespace

// The results of the activities.
const Activities& test_activities() {
  static const Activities activities{
      {"compose",
       [](const Payloads& in) {
         const auto greeting = from_payload<Greeting>(in.at(0));
         return to_payload(greeting.greeting + ", " + greeting.name + "!");
       }},
      {"echo", [](const Payloads& in) { return to_payload(from_payload<std::string>(in.at(0))); }},
      {"add",
       [](const Payloads& in) {
         return to_payload(from_payload<int>(in.at(0)) + from_payload<int>(in.at(1)));
       }},
      {"note", [](const Payloads&) { return null_payload(); }},
      {"charge",
       [](const Payloads& in) {
         return to_payload(Receipt{from_payload<std::string>(in.at(0)), from_payload<int>(in.at(1))});
       }},
      {"list_files", [](const Payloads&) { return to_payload(std::vector<std::string>{"one", "two"}); }},
      {"refuse", [](const Payloads&) -> Payload { throw std::runtime_error("no"); }},
      {"price", [](const Payloads&) { return to_payload(7); }},
      {"deliver",
       [](const Payloads& in) { return to_payload("sent " + from_payload<std::string>(in.at(0))); }},
  };
  return activities;
}

}  // namespace perdure::testing
