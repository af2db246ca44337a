#include "open_executions.h"

#include <fmt/core.h>
#include <malloc.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/payload_conversion.h"
#include "client/connection.h"
#include "engine_fixture.h"
#include "process.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::bench {
namespace {

namespace wire = temporal::api::workflowservice::v1;
constexpr int kUnderWay = 256;

// Calls `begin(number, done)` for each number below `count`, at most kUnderWay at a time, and waits for all.
void for_each_asynchronously(int first, int count,
                             const std::function<void(int, std::function<void()>)>& begin) {
  std::mutex mutex;
  std::condition_variable changed;
  int under_way = 0;
  for (int number = first; number < first + count; ++number) {
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return under_way < kUnderWay; });
      ++under_way;
    }
    begin(number, [&] {
      std::lock_guard lock(mutex);
      --under_way;
      changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return under_way == 0; });
}

void start_idle(client::Connection& connection, const std::string& queue, int number,
                std::function<void()> done) {
  wire::StartWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.set_workflow_id(fmt::format("{}-{}", queue, number));
  request.set_request_id(request.workflow_id());
  request.mutable_workflow_type()->set_name("Idle");
  request.mutable_task_queue()->set_name(queue);
  api::set_payload(request.mutable_input()->add_payloads(), to_payload(BenchInput{.number = number}));
  auto response = std::make_shared<wire::StartWorkflowExecutionResponse>();
  connection.transport().call("StartWorkflowExecution", request, response.get(), std::nullopt,
                              [response, done = std::move(done)](const Status& status) {
                                check(status.ok(), "a start failed");
                                done();
                              });
}

void signal_idle(client::Connection& connection, const std::string& queue, int number,
                 std::function<void()> done) {
  wire::SignalWorkflowExecutionRequest request;
  request.set_namespace_(connection.namespace_name());
  request.mutable_workflow_execution()->set_workflow_id(fmt::format("{}-{}", queue, number));
  request.set_signal_name("tick");
  auto response = std::make_shared<wire::SignalWorkflowExecutionResponse>();
  connection.transport().call("SignalWorkflowExecution", request, response.get(), std::nullopt,
                              [response, done = std::move(done)](const Status& status) {
                                check(status.ok(), "a signal failed");
                                done();
                              });
}

double cpu_us_per(const Usage& before, const Usage& after, int count) {
  return static_cast<double>((after.cpu - before.cpu).count()) / 1000.0 / count;
}

}  // namespace

void bench_growth(const std::filesystem::path& folder, int most, Results& results) {
  fmt::print("\nopen workflows that nobody works on: cost as their number grows\n");
  fmt::print("{:>10} {:>16} {:>17} {:>12} {:>14}\n", "open", "CPU us a start", "CPU us a signal", "reopen ms",
             "RSS MiB");
  const auto state = folder / "growth";
  int open = 0;
  for (int size = 1000; size <= most; size *= 10) {
    double start_us = 0;
    double signal_us = 0;
    {
      EngineFixture engine(state);
      const Usage before = usage_now();
      for_each_asynchronously(open, size - open, [&](int number, std::function<void()> done) {
        start_idle(engine.connection(), "growth", number, std::move(done));
      });
      const Usage started = usage_now();
      const int signals = 2000;
      for_each_asynchronously(0, signals, [&](int number, std::function<void()> done) {
        signal_idle(engine.connection(), "growth", static_cast<int>(number * 7919LL % size), std::move(done));
      });
      const Usage signalled = usage_now();
      start_us = cpu_us_per(before, started, size - open);
      signal_us = cpu_us_per(started, signalled, signals);
      fmt::print("{:>10} {:>16.1f} {:>17.1f}", size, start_us, signal_us);
      open = size;
    }
    EngineFixture reopened(state);
    const double reopen_ms = static_cast<double>(reopened.open_time().count()) / 1e6;
    const double resident_mib = static_cast<double>(resident_bytes()) / 1048576.0;
    fmt::print(" {:>12.1f} {:>14.1f}\n", reopen_ms, resident_mib);
    results.add("open", {{"open", size},
                         {"start_cpu_us", start_us},
                         {"signal_cpu_us", signal_us},
                         {"reopen_ms", reopen_ms},
                         {"resident_mib", resident_mib}});
  }
}

void bench_memory(const std::filesystem::path& folder, Results& results) {
  constexpr int kCount = 10'000;
  EngineFixture engine(folder / "memory");
  malloc_trim(0);
  const auto before = resident_bytes();
  for_each_asynchronously(0, kCount, [&](int number, std::function<void()> done) {
    start_idle(engine.connection(), "memory", number, std::move(done));
  });
  const auto open = resident_bytes();
  Worker worker(engine.client(),
                {.task_queue = "memory", .workflows = workflows<Idle>(), .max_cached_workflows = kCount * 2});
  worker.start();
  // The task of the last one started was handled once a later one, behind it on the queue, has been handled.
  for (int number = kCount; number < kCount + 1; ++number) {
    start_idle(engine.connection(), "memory", number, [] {});
  }
  auto last = engine.client().get_workflow_handle<Idle>(fmt::format("memory-{}", kCount));
  while (last.describe().history_length < 4) {
  }
  const auto cached = resident_bytes();
  const double open_kib = static_cast<double>(open - before) / 1024.0 / kCount;
  const double cached_kib = static_cast<double>(cached - open) / 1024.0 / kCount;
  fmt::print("\nmemory, {} workflows: {:.1f} KiB each open and idle, {:.1f} KiB each cached by a worker\n",
             kCount, open_kib, cached_kib);
  results.add("memory", {{"workflows", kCount}, {"open_kib", open_kib}, {"cached_kib", cached_kib}});
  worker.stop();
}

}  // namespace perdure::bench
