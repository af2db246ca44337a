#include "one_activity.h"

#include <fmt/core.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "api/convert.h"
#include "api/payload_conversion.h"
#include "bare_log.h"
#include "client/connection.h"
#include "engine_fixture.h"
#include "process.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::bench {
namespace {

namespace wire = temporal::api::workflowservice::v1;

// Keeps `concurrent` workflows under way until `total` have completed; each call is asynchronous, as a
// server's would be.
class ClosedLoop {
 public:
  ClosedLoop(client::Connection& connection, std::string prefix, int concurrent, int total)
      : connection_(connection),
        prefix_(std::move(prefix)),
        total_(total),
        slots_(static_cast<std::size_t>(concurrent)) {}

  // Latencies from the start call to the result, one for each workflow.
  std::vector<std::chrono::nanoseconds> run() {
    for (Slot& slot : slots_) {
      start_next(slot);
    }
    std::unique_lock lock(mutex_);
    all_done_.wait(lock, [this] { return static_cast<int>(latencies_.size()) >= total_; });
    return latencies_;
  }

 private:
  struct Slot {
    std::chrono::steady_clock::time_point begun;
    std::string workflow_id;
    wire::StartWorkflowExecutionResponse started;
    wire::GetWorkflowExecutionHistoryResponse history;
  };

  void start_next(Slot& slot) {
    const int number = next_++;
    if (number >= total_) {
      return;
    }
    slot.workflow_id = prefix_ + std::to_string(number);
    wire::StartWorkflowExecutionRequest request;
    request.set_namespace_(connection_.namespace_name());
    request.set_workflow_id(slot.workflow_id);
    request.set_request_id(slot.workflow_id);
    request.mutable_workflow_type()->set_name("OneActivity");
    request.mutable_task_queue()->set_name("bench");
    api::set_payload(request.mutable_input()->add_payloads(), to_payload(BenchInput{.number = number}));
    slot.begun = std::chrono::steady_clock::now();
    connection_.transport().call("StartWorkflowExecution", request, &slot.started, std::nullopt,
                                 [this, &slot](const Status& status) {
                                   check(status.ok(), "the benchmark's start failed");
                                   wait_for_close(slot);
                                 });
  }

  void wait_for_close(Slot& slot) {
    wire::GetWorkflowExecutionHistoryRequest request;
    request.set_namespace_(connection_.namespace_name());
    request.mutable_execution()->set_workflow_id(slot.workflow_id);
    request.mutable_execution()->set_run_id(slot.started.run_id());
    request.set_wait_new_event(true);
    request.set_history_event_filter_type(temporal::api::enums::v1::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
    slot.history.Clear();
    connection_.transport().call("GetWorkflowExecutionHistory", request, &slot.history, std::nullopt,
                                 [this, &slot](const Status& status) {
                                   check(status.ok(), "the benchmark's wait failed");
                                   if (slot.history.history().events().empty()) {
                                     wait_for_close(slot);
                                     return;
                                   }
                                   finished(slot);
                                 });
  }

  void finished(Slot& slot) {
    check(slot.history.history().events(0).has_workflow_execution_completed_event_attributes(),
          "a workflow of the benchmark did not complete");
    {
      std::lock_guard lock(mutex_);
      latencies_.push_back(std::chrono::steady_clock::now() - slot.begun);
      if (static_cast<int>(latencies_.size()) == total_) {
        all_done_.notify_all();
        return;  // whoever waits may destroy this loop now
      }
    }
    start_next(slot);
  }

  client::Connection& connection_;
  std::string prefix_;
  int total_;
  std::vector<Slot> slots_;
  std::atomic<int> next_{0};
  std::mutex mutex_;
  std::condition_variable all_done_;
  std::vector<std::chrono::nanoseconds> latencies_;
};

double microseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1000.0; }

// What one durable step of the whole engine costs alone: a signal to an idle workflow, median.
std::chrono::nanoseconds durable_step(EngineFixture& engine) {
  auto handle = engine.client().start_workflow_by_name<Payload>(
      "Idle", {.id = "durable-step", .task_queue = "nobody polls this"}, BenchInput{});
  std::vector<std::chrono::nanoseconds> samples;
  for (int i = 0; i < 300; ++i) {
    const auto before = std::chrono::steady_clock::now();
    handle.signal("tick");
    samples.push_back(std::chrono::steady_clock::now() - before);
  }
  handle.terminate("measured");
  return percentile(samples, 0.5);
}

void row(EngineFixture& engine, const BareLog& floor, int concurrent, int total, Results& results) {
  ClosedLoop(engine.connection(), fmt::format("warm-{}-", concurrent), concurrent, concurrent * 4).run();
  const runtime::InstanceStats before_stats = engine.stats();
  const Usage before = usage_now();
  auto latencies =
      ClosedLoop(engine.connection(), fmt::format("run-{}-", concurrent), concurrent, total).run();
  const Usage after = usage_now();
  const runtime::InstanceStats after_stats = engine.stats();

  const double seconds = std::chrono::duration<double>(after.wall - before.wall).count();
  const double per_second = total / seconds;
  const double transitions = static_cast<double>(after_stats.transitions - before_stats.transitions);
  fmt::print("{:>10} {:>12.0f} {:>9.0f} {:>9.0f} {:>11.0f} {:>9.2f} {:>11.2f} {:>10.0f} {:>12.2f}\n",
             concurrent, per_second, microseconds(percentile(latencies, 0.5)),
             microseconds(percentile(latencies, 0.99)), microseconds(after.cpu - before.cpu) / total,
             static_cast<double>(after_stats.commits - before_stats.commits) / total, transitions / total,
             static_cast<double>(after.bytes_written - before.bytes_written) / total,
             transitions / seconds / floor.steps_per_second);
  results.add("one_activity",
              {{"concurrent", concurrent},
               {"workflows_per_second", per_second},
               {"p50_us", microseconds(percentile(latencies, 0.5))},
               {"p99_us", microseconds(percentile(latencies, 0.99))},
               {"cpu_us", microseconds(after.cpu - before.cpu) / total},
               {"commits", static_cast<double>(after_stats.commits - before_stats.commits) / total},
               {"steps", transitions / total},
               {"bytes", static_cast<double>(after.bytes_written - before.bytes_written) / total}});
}

}  // namespace

void bench_one_activity(const std::filesystem::path& folder, Results& results) {
  const BareLog floor = measure_bare_log(folder, std::chrono::milliseconds(2000));
  fmt::print(
      "bare log, preallocated, 1 KiB write + fdatasync: {:.0f} steps/s, p50 {:.0f} us, p99 {:.0f} us\n",
      floor.steps_per_second, microseconds(floor.p50), microseconds(floor.p99));
  results.add("bare_log", {{"steps_per_second", floor.steps_per_second},
                           {"p50_us", microseconds(floor.p50)},
                           {"p99_us", microseconds(floor.p99)}});
  EngineFixture engine(folder / "one-activity");
  Worker worker(engine.client(), {.task_queue = "bench",
                                  .workflows = workflows<OneActivity>(),
                                  .activities = activities<bench_activity>()});
  worker.start();
  fmt::print("one durable step of the engine alone (a signal, with its reply): p50 {:.0f} us\n",
             microseconds(durable_step(engine)));
  fmt::print("\nworkflows with one activity, embedded, client and worker in the same process\n");
  fmt::print("{:>10} {:>12} {:>9} {:>9} {:>11} {:>9} {:>11} {:>10} {:>12}\n", "concurrent", "workflows/s",
             "p50 us", "p99 us", "CPU us/wf", "syncs/wf", "steps/wf", "bytes/wf", "steps/bare");
  row(engine, floor, 1, 1000, results);
  row(engine, floor, 32, 8000, results);
  row(engine, floor, 512, 20000, results);
  worker.stop();
}

}  // namespace perdure::bench
