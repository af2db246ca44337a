// What a MetricsSink is told, by Temporal's names.
#include <map>
#include <mutex>
#include <vector>

#include "fixture.h"

namespace sdk_test::metrics {

// A metric with its labels as "name{a=b,c=d}".
class Recorder final : public perdure::MetricsSink {
 public:
  void count(std::string_view name, const perdure::MetricLabels& labels, double by) override {
    const std::lock_guard lock(mutex_);
    counters_[key(name, labels)] += by;
  }
  void gauge(std::string_view name, const perdure::MetricLabels& labels, double value) override {
    const std::lock_guard lock(mutex_);
    gauges_[key(name, labels)] = value;
  }
  void latency(std::string_view name, const perdure::MetricLabels& labels,
               std::chrono::nanoseconds value) override {
    EXPECT_GE(value, std::chrono::nanoseconds::zero()) << name;
    const std::lock_guard lock(mutex_);
    ++latencies_[key(name, labels)];
  }

  double counter(const std::string& metric) const { return find(counters_, metric); }
  double gauge_value(const std::string& metric) const { return find(gauges_, metric); }
  double measured(const std::string& metric) const { return find(latencies_, metric); }

 private:
  static std::string key(std::string_view name, const perdure::MetricLabels& labels) {
    std::string text(name);
    for (const auto& [label, value] : labels) {
      text += (text.size() == name.size() ? "{" : ",") + label + "=" + value;
    }
    return text + "}";
  }
  double find(const std::map<std::string, double>& values, const std::string& metric) const {
    const std::lock_guard lock(mutex_);
    const auto found = values.find(metric);
    return found == values.end() ? -1 : found->second;
  }

  mutable std::mutex mutex_;
  std::map<std::string, double> counters_;
  std::map<std::string, double> gauges_;
  std::map<std::string, double> latencies_;
};

int twice(int number) { return 2 * number; }
int never() { throw perdure::ApplicationError("never", {.non_retryable = true}); }

class Metered {
 public:
  perdure::Task<int> run(int number) {
    try {
      co_await workflow::execute_activity<never>({.start_to_close_timeout = 10s});
    } catch (const perdure::ActivityError&) {
    }
    if (number > 10) {
      throw perdure::ApplicationError("too much");
    }
    co_return co_await workflow::execute_activity<twice>(number, {.start_to_close_timeout = 10s});
  }
};

int second_time() {
  if (activity::info().attempt == 1) {
    throw perdure::ApplicationError("not yet");
  }
  return 3;
}
perdure::Task<int> until_told() {
  while (true) {
    co_await activity::sleep(1ms);
  }
}

class MeteredLocally {
 public:
  perdure::Task<int> run() {
    const perdure::LocalActivityOptions options{
        .start_to_close_timeout = 10s, .retry_policy = perdure::RetryPolicy{.initial_interval = 1ms}};
    int sum = co_await workflow::execute_local_activity<twice>(4, options);
    sum += 2 * co_await workflow::execute_local_activity<second_time>(options);
    sum -= co_await failing(workflow::start_local_activity<never>(options));
    const perdure::RetryPolicy once{.maximum_attempts = 1};
    co_await failing(
        workflow::start_local_activity<until_told>({.start_to_close_timeout = 20ms, .retry_policy = once}));
    auto cancelled = workflow::start_local_activity<until_told>(
        {.start_to_close_timeout = 10s,
         .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted});
    co_await workflow::execute_local_activity<twice>(0, options);
    cancelled.cancel();
    co_await failing(cancelled);
    co_return sum;
  }

 private:
  static perdure::Task<int> failing(workflow::ActivityHandle<int> handle) {
    try {
      co_await handle;
    } catch (const perdure::FailureError&) {
    }
    co_return 0;
  }
};

class Sleepy {
 public:
  perdure::Task<void> run() { co_await workflow::sleep(24h); }
};

constexpr const char* kBase = "{namespace=default,task_queue=test-queue";

class MetricsTest : public SdkTest {
 protected:
  MetricsTest() { client_ = perdure::Client::connect("file:" + directory_.string(), {.metrics = metrics_}); }
  static std::string of(const std::string& name, const std::string& labels = "") {
    return "temporal_" + name + kBase + (labels.empty() ? "" : "," + labels) + "}";
  }
  std::shared_ptr<Recorder> metrics_ = std::make_shared<Recorder>();
};

TEST_F(MetricsTest, WorkflowsAndActivitiesAreCountedAndTimed) {
  auto running =
      worker({.workflows = perdure::workflows<Metered>(), .activities = perdure::activities<twice, never>()});
  EXPECT_EQ(client().execute_workflow<Metered>(4, {.id = "m", .task_queue = kQueue}), 8);
  EXPECT_TRUE(error_of<perdure::WorkflowFailureError>(
      [&] { client().execute_workflow<Metered>(40, {.id = "n", .task_queue = kQueue}); }));
  running->stop();
  const std::string type = "workflow_type=Metered";
  EXPECT_EQ(metrics_->counter(of("worker_start")), 1);
  EXPECT_EQ(metrics_->counter(of("workflow_completed", type)), 1);
  EXPECT_EQ(metrics_->counter(of("workflow_failed", type)), 1);
  EXPECT_EQ(metrics_->measured(of("workflow_endtoend_latency", type)), 2);
  EXPECT_EQ(metrics_->measured(of("workflow_task_execution_latency", type)), 5);
  EXPECT_EQ(metrics_->measured(of("workflow_task_schedule_to_start_latency", type)), 5);
  EXPECT_EQ(metrics_->counter(of("workflow_task_queue_poll_succeed")), 5);
  EXPECT_EQ(metrics_->counter(of("sticky_cache_hit")), 3);
  EXPECT_EQ(metrics_->counter(of("sticky_cache_miss")), 2);
  EXPECT_EQ(metrics_->gauge_value(of("sticky_cache_size")), 0);
  EXPECT_EQ(metrics_->counter(of("activity_execution_failed", "activity_type=never," + type)), 2);
  EXPECT_EQ(metrics_->measured(of("activity_execution_latency", "activity_type=twice," + type)), 1);
  EXPECT_EQ(metrics_->measured(of("activity_succeed_endtoend_latency", "activity_type=twice," + type)), 1);
  EXPECT_EQ(metrics_->measured(of("activity_schedule_to_start_latency", "activity_type=never," + type)), 2);
  EXPECT_EQ(metrics_->gauge_value(of("worker_task_slots_used", "worker_type=ActivityWorker")), 0);
  EXPECT_EQ(metrics_->gauge_value(of("worker_task_slots_available", "worker_type=ActivityWorker")), 100);
  EXPECT_EQ(metrics_->gauge_value(of("worker_task_slots_available", "worker_type=WorkflowWorker")), 100);
}

TEST_F(MetricsTest, RequestsAreCountedByOperationAndLongPollsApart) {
  auto running =
      worker({.workflows = perdure::workflows<Metered>(), .activities = perdure::activities<twice, never>()});
  client().execute_workflow<Metered>(4, {.id = "m", .task_queue = kQueue});
  EXPECT_TRUE(error_of<perdure::WorkflowNotFoundError>(
      [&] { client().get_workflow_handle<Metered>("nobody").describe(); }));
  running->stop();
  const auto operation = [](const std::string& name) { return "{namespace=default,operation=" + name + "}"; };
  EXPECT_EQ(metrics_->counter("temporal_request" + operation("StartWorkflowExecution")), 1);
  EXPECT_EQ(metrics_->measured("temporal_request_latency" + operation("StartWorkflowExecution")), 1);
  EXPECT_EQ(
      metrics_->counter("temporal_request_failure{namespace=default,operation=DescribeWorkflowExecution,"
                        "status_code=NOT_FOUND}"),
      1);
  EXPECT_GE(metrics_->counter("temporal_long_request" + operation("PollWorkflowTaskQueue")), 3);
  EXPECT_GE(metrics_->counter("temporal_long_request" + operation("GetWorkflowExecutionHistory")), 1);
  EXPECT_EQ(metrics_->counter("temporal_request" + operation("PollWorkflowTaskQueue")), -1);
}

TEST_F(MetricsTest, WhatTheCacheHasToForgetIsCounted) {
  perdure::WorkerOptions options{.workflows = perdure::workflows<Sleepy>()};
  options.max_cached_workflows = 1;
  const auto running = worker(std::move(options));
  for (const std::string id : {"a", "b", "c"}) {
    client().start_workflow<Sleepy>({.id = id, .task_queue = kQueue});
  }
  EXPECT_TRUE(eventually([&] { return metrics_->counter(of("sticky_cache_total_forced_eviction")) == 2; }));
  EXPECT_EQ(metrics_->gauge_value(of("sticky_cache_size")), 1);
}

TEST_F(MetricsTest, AttemptsOfLocalActivitiesAreCountedAndTimed) {
  auto running = worker({.workflows = perdure::workflows<MeteredLocally>(),
                         .activities = perdure::activities<twice, never, second_time, until_told>()});
  EXPECT_EQ(client().execute_workflow<MeteredLocally>({.id = "m", .task_queue = kQueue}), 14);
  running->stop();
  const auto of_type = [](const std::string& name, const std::string& type) {
    return of("local_activity_" + name, "activity_type=" + type + ",workflow_type=MeteredLocally");
  };
  EXPECT_EQ(metrics_->counter(of_type("total", "twice")), 2);
  EXPECT_EQ(metrics_->counter(of_type("total", "second_time")), 2) << "attempts";
  EXPECT_EQ(metrics_->measured(of_type("execution_latency", "second_time")), 2);
  EXPECT_EQ(metrics_->measured(of_type("succeed_endtoend_latency", "second_time")), 1);
  EXPECT_EQ(metrics_->counter(of_type("execution_failed", "second_time")), 1);
  EXPECT_EQ(metrics_->counter(of_type("execution_failed", "twice")), -1);
  EXPECT_EQ(metrics_->counter(of_type("execution_failed", "never")), 1);
  EXPECT_EQ(metrics_->measured(of_type("succeed_endtoend_latency", "never")), -1);
  EXPECT_EQ(metrics_->counter(of_type("execution_failed", "until_told")), 1) << "one of two timed out";
  EXPECT_EQ(metrics_->counter(of_type("execution_cancelled", "until_told")), 1);
  EXPECT_EQ(metrics_->measured(of_type("execution_latency", "until_told")), 2);
  EXPECT_EQ(metrics_->gauge_value(of("worker_task_slots_used", "worker_type=LocalActivityWorker")), 0);
  EXPECT_EQ(metrics_->gauge_value(of("worker_task_slots_available", "worker_type=LocalActivityWorker")), 100);
}

}  // namespace sdk_test::metrics
