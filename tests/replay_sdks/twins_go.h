#pragma once
// Of sdk-go: test/replaytests, test/fixtures, internal/testdata.
#include <perdure/perdure.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "perdure/json.h"

namespace twins {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

inline const perdure::ActivityOptions kTenSeconds{.start_to_close_timeout = 10s};

inline workflow::ActivityHandle<std::string> start_hello(const std::string& name) {
  return workflow::start_activity_by_name<std::string>("helloworldActivity", kTenSeconds, name);
}

class ContinueAsNewWorkflow {
 public:
  perdure::Task<void> run(bool again) {
    if (again) {
      co_await workflow::continue_as_new<ContinueAsNewWorkflow>(false);
    }
  }
};

class LocalActivityWorkflow {
 public:
  perdure::Task<void> run(std::string name) {
    co_await workflow::start_local_activity_by_name<std::string>("helloworldActivity",
                                                                 {.schedule_to_close_timeout = 1min}, name);
  }
};

class UpsertMemoWorkflow {
 public:
  perdure::Task<void> run(std::string memo) {
    workflow::upsert_memo({{"Test key", perdure::to_payload(memo)}});
    memo = co_await start_hello(memo);
    workflow::upsert_memo({{"Test key", perdure::to_payload(memo)}});
  }
};

class UpsertSearchAttributesWorkflow {
 public:
  perdure::Task<void> run(std::string field) {
    static constexpr auto kField = perdure::SearchAttributeKey<std::string>("CustomStringField");
    workflow::upsert_search_attributes({{kField, field}});
    field = co_await start_hello(field);
    workflow::upsert_search_attributes({{kField, field}});
  }
};

class SideEffectWorkflow {
 public:
  perdure::Task<void> run(std::string field) {
    const auto random = workflow::side_effect([] { return std::int64_t{-1}; });
    if (random < 0) {
      throw perdure::ApplicationError("the side effect's value is not the recorded one");
    }
    co_await start_hello(field);
  }
};

class WorkflowWithParallelSideEffects {
 public:
  perdure::Task<std::string> run() {
    std::vector<workflow::TaskHandle<std::int64_t>> values;
    for (int i = 0; i < 10; ++i) {
      values.push_back(workflow::create_task(value()));
    }
    for (int i = 0; i < 10; ++i) {
      if (co_await values[static_cast<std::size_t>(i)] != i) {
        throw perdure::ApplicationError("side effects in another order");
      }
    }
    co_return "";
  }

 private:
  static perdure::Task<std::int64_t> value() {
    co_return workflow::side_effect([] { return std::int64_t{-1}; });
  }
};

// Its Go original blocks for longer than a workflow may.
class DeadlockedWorkflow {
 public:
  perdure::Task<void> run(std::string) { co_return; }
};

// A timer, and another one when the workflow ends, cancelled or not.
class TimerWf {
 public:
  perdure::Task<void> run() {
    bool cancelled = false;
    try {
      co_await workflow::sleep(10min);
    } catch (const perdure::CancelledError&) {
      cancelled = true;
    }
    co_await workflow::shield(workflow::sleep(10min));
    if (cancelled) {
      throw perdure::CancelledError();
    }
  }
};

class CancelOrderSelectWorkflow {
 public:
  perdure::Task<void> run() {
    bool cancelled = false;
    try {
      co_await workflow::sleep(5min);
    } catch (const perdure::CancelledError&) {
      cancelled = true;
    }
    if (cancelled) {
      co_await workflow::shield(start_hello("world"));
    } else {
      static constexpr auto kField = perdure::SearchAttributeKey<std::string>::keyword("CustomKeywordField");
      workflow::upsert_search_attributes({{kField, std::string("testkey")}});
    }
  }
};

class CancelActivityCompletionBeforeWorkflowTaskStarted {
 public:
  perdure::Task<void> run() {
    co_await workflow::execute_activity_by_name<std::string>(
        "helloworldActivity", {.start_to_close_timeout = 1min, .activity_id = "custom-activity-id"},
        std::string("world"));
  }
};

class CancelTimerAfterActivity {
 public:
  perdure::Task<std::string> run() {
    auto timer = workflow::sleep(3s);
    auto activity =
        workflow::start_activity_by_name<std::string>("Prefix_ToUpper", kTenSeconds, std::string("hello"));
    timer.cancel();
    co_return co_await activity;
  }
};

// The activity is an ordinary one, whatever the name says.
class WorkflowWithLocalActivityStartWhenTimerCancel {
 public:
  perdure::Task<bool> run() {
    auto timer = workflow::sleep(3s);
    co_await workflow::wait_condition([this] { return signalled_; });
    auto activity =
        workflow::start_activity_by_name<std::int64_t>("Echo", kTenSeconds, std::int64_t{0}, std::int64_t{0});
    timer.cancel();
    co_await activity;
    co_return true;
  }
  void signal(std::string) { signalled_ = true; }
  static constexpr auto signals = perdure::signals<&WorkflowWithLocalActivityStartWhenTimerCancel::signal>();

 private:
  bool signalled_ = false;
};

// The first of three activities cancels the others, and the sleep beside them.
class ActivityCancelRepro {
 public:
  perdure::Task<std::vector<std::string>> run() {
    auto sleep = scope_.run(workflow::sleep(10s));
    scope_.run(first());
    scope_.run(stuck());
    scope_.run(stuck());
    try {
      co_await sleep;
    } catch (const perdure::CancelledError&) {
    }
    co_return std::vector<std::string>{"toUpperWithDelay"};
  }

 private:
  perdure::Task<void> first() {
    co_await workflow::execute_activity_by_name<std::string>(
        "Prefix_ToUpperWithDelay", kTenSeconds, std::string("hello"), std::int64_t{1'000'000'000});
    scope_.cancel();
  }
  static perdure::Task<void> stuck() {
    co_await workflow::execute_activity_by_name<std::string>("Prefix_ToUpper", kTenSeconds,
                                                             std::string("hello"));
  }

  workflow::CancellationScope scope_;
};

// A condition with a timeout whose timer goes on when the condition is met.
class AwaitWithTimeoutNoTimerCancelWorkflow {
 public:
  perdure::Task<bool> run() {
    bool met = false;
    auto task = workflow::create_task(meet(met));
    auto timer = workflow::sleep(10s);
    co_await workflow::wait_condition([&] { return met || timer.is_done(); });
    co_return met;
  }

 private:
  static perdure::Task<void> meet(bool& met) {
    co_await workflow::sleep(100ms);
    met = true;
  }
};

class TripWorkflow {
 public:
  perdure::Task<void> run(std::int64_t trips) {
    co_await workflow::wait_condition([this] { return events_ == 10; });
    co_await workflow::continue_as_new<TripWorkflow>(trips + 10);
  }
  void trip_event(perdure::RawJson) { ++events_; }
  static constexpr auto signals = perdure::signals<&TripWorkflow::trip_event>();

 private:
  int events_ = 0;
};

// Of the two items that its Go original sends through a channel, one is lost.
class ChannelWorkerWorkflow {
 public:
  perdure::Task<void> run() { co_await start_hello("item-1"); }
};

// As it is since a selector that blocks keeps what it received.
class SelectorBlockingDefaultWorkflow {
 public:
  perdure::Task<void> run() {
    co_await workflow::execute_activity_by_name<std::string>("SelectorBlockingDefaultActivity", kTenSeconds,
                                                             std::string("Signal not lost"));
  }
};

class ListAndDescribeWorkflow {
 public:
  perdure::Task<std::int64_t> run() {
    const auto list = co_await activity("ListWorkflow");
    std::int64_t count = 0;
    for (const nlohmann::json& execution : list.at("executions")) {
      ++count;
      if (execution.value("status", std::string()) == "Running") {
        co_await workflow::sleep(1s);
        continue;
      }
      const auto described = co_await activity("DescribeWorkflowExecution");
      if (described.at("executionConfig").contains("workflowExecutionTimeout")) {
        co_await workflow::sleep(1s);
      }
    }
    co_return count;
  }

 private:
  // Protobuf messages as JSON, with the names of enumerators that are read no more.
  static perdure::Task<nlohmann::json> activity(std::string name) {
    const auto payload = co_await workflow::start_activity_by_name<perdure::Payload>(name, kTenSeconds);
    co_return nlohmann::json::parse(payload.data);
  }
};

class ScheduleMemoWorkflowJson {
 public:
  static constexpr std::string_view workflow_name = "ScheduleMemoWorkflowJSON";
  perdure::Task<std::string> run() {
    const auto value = workflow::memo_value<std::string>("schedule-memo-key");
    if (!value) {
      throw perdure::ApplicationError("the memo has no schedule-memo-key");
    }
    co_return "schedule-read-memo: " + *value;
  }
};

class ReplayedFromFile {
 public:
  static constexpr std::string_view workflow_name = "testReplayWorkflowFromFile";
  perdure::Task<void> run() {
    co_await workflow::execute_activity_by_name<void>("testActivityMultipleArgs", kTenSeconds);
  }
};

}  // namespace twins
