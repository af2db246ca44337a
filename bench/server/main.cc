// perdure-bench-server --perdure PROGRAM [--temporal PROGRAM]: Perdure's server and a real Temporal, both
// durable on this disk, measured in one run by the same client, in turns.
#include <fmt/format.h>
#include <perdure/perdure.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "api/payload_conversion.h"
#include "client/connection.h"
#include "client/remote.h"
#include "closed_loop.h"
#include "idle_polls.h"
#include "process.h"
#include "programs.h"
#include "results.h"
#include "server_process.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::bench {
namespace {

namespace wire = temporal::api::workflowservice::v1;

double microseconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1000.0; }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Other users of the machine only ever add to the CPU that a workflow costs.
double least(const std::vector<double>& values) { return *std::min_element(values.begin(), values.end()); }

// One figure of one server: of each round.
struct Row {
  std::vector<double> per_second;
  std::vector<double> p50_us;
  std::vector<double> p99_us;
  std::vector<double> cpu_us;
};

struct Load {
  std::string name;
  int concurrent;
  int total;       // a round, of Perdure
  int total_slow;  // a round, of Temporal
  std::function<std::vector<std::chrono::nanoseconds>(client::Connection&, const std::string& prefix,
                                                      int concurrent, int total)>
      run;
  std::string program{};  // instead of `run`: PROGRAM HOST:PORT CONCURRENT TOTAL, with a worker of its own
};

class Server {
 public:
  Server(std::string name, const std::vector<std::string>& command, int port, const std::string& log)
      : address_(fmt::format("127.0.0.1:{}", port)) {
    const auto begun = std::chrono::steady_clock::now();
    process_ = std::make_unique<ServerProcess>(std::move(name), command, log);
    wait_for_port(port);
    ready_ = std::chrono::steady_clock::now() - begun;
    connection_ = std::make_shared<client::Connection>(client::make_grpc_transport({.address = address_}),
                                                       "default", "benchmark", false);
  }

  ServerProcess& process() { return *process_; }
  const std::string& address() const { return address_; }
  client::Connection& connection() { return *connection_; }
  std::chrono::nanoseconds ready() const { return ready_; }
  // A server that listens need not have its namespace yet.
  void start_worker() {
    for (int attempt = 0;; ++attempt) {
      try {
        worker_ = std::make_unique<Worker>(Client(connection_),
                                           WorkerOptions{.task_queue = "bench",
                                                         .workflows = workflows<OneActivity>(),
                                                         .activities = activities<bench_activity>()});
        worker_->start();
        return;
      } catch (const PerdureError&) {
        if (attempt == 100) {
          throw;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
      }
    }
  }
  void stop_worker() { worker_.reset(); }

 private:
  std::string address_;
  std::unique_ptr<ServerProcess> process_;
  std::chrono::nanoseconds ready_{};
  std::shared_ptr<client::Connection> connection_;
  std::unique_ptr<Worker> worker_;
};

// Starts of workflows that nobody works on, `concurrent` at a time.
std::vector<std::chrono::nanoseconds> run_starts(client::Connection& connection, const std::string& prefix,
                                                 int concurrent, int total) {
  std::vector<std::chrono::nanoseconds> times(static_cast<std::size_t>(total));
  std::vector<std::thread> threads;
  std::atomic<int> next = 0;
  for (int i = 0; i < concurrent; ++i) {
    threads.emplace_back([&] {
      for (int number = next++; number < total; number = next++) {
        wire::StartWorkflowExecutionRequest request;
        request.set_namespace_("default");
        request.set_workflow_id(prefix + std::to_string(number));
        request.set_request_id(request.workflow_id());
        request.mutable_workflow_type()->set_name("Nobody");
        request.mutable_task_queue()->set_name("nobody polls this");
        wire::StartWorkflowExecutionResponse response;
        const auto begun = std::chrono::steady_clock::now();
        const Status status =
            client::call_and_wait(connection.transport(), "StartWorkflowExecution", request, &response);
        if (!status.ok()) {
          throw std::runtime_error(status.to_string());
        }
        times[static_cast<std::size_t>(number)] = std::chrono::steady_clock::now() - begun;
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return times;
}

// The load in a program of its own. Its warming up counts with the server's CPU.
void measure_program(Server& server, const Load& load, int total, Row& row) {
  const auto cpu = server.process().cpu();
  const std::string command =
      fmt::format("{} {} {} {}", load.program, server.address(), load.concurrent, total);
  // NOLINTNEXTLINE(bugprone-command-processor): the command is the user's own
  const std::unique_ptr<FILE, int (*)(FILE*)> out(popen(command.c_str(), "r"), &pclose);
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
  if (!out || std::fscanf(out.get(), "%lf %lf %lf", &per_second, &p50_us, &p99_us) != 3) {
    throw std::runtime_error(command + " failed");
  }
  row.per_second.push_back(per_second);
  row.p50_us.push_back(p50_us);
  row.p99_us.push_back(p99_us);
  row.cpu_us.push_back(microseconds(server.process().cpu() - cpu) /
                       (total + std::max(load.concurrent, total / 10)));
}

void measure(Server& server, const Load& load, int round, int total, Row& row) {
  if (!load.program.empty()) {
    measure_program(server, load, total, row);
    return;
  }
  const std::string prefix = fmt::format("{}-{}-{}-", load.name, load.concurrent, round);
  load.run(server.connection(), prefix + "warm-", load.concurrent, std::max(load.concurrent, total / 10));
  const auto cpu = server.process().cpu();
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::chrono::nanoseconds> times = load.run(server.connection(), prefix, load.concurrent, total);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  row.per_second.push_back(total / seconds);
  row.cpu_us.push_back(microseconds(server.process().cpu() - cpu) / total);
  row.p50_us.push_back(microseconds(percentile(times, 0.5)));
  row.p99_us.push_back(microseconds(percentile(times, 0.99)));
}

void print_row(const std::string& server, const Load& load, const Row& row, Results& results) {
  fmt::print("{:<10} {:<16} {:>10} {:>12.0f} {:>10.0f} {:>10.0f} {:>14.0f} {:>8.0f}\n", server, load.name,
             load.concurrent, median(row.per_second), median(row.p50_us), median(row.p99_us),
             median(row.cpu_us), least(row.cpu_us));
  std::fflush(stdout);
  results.add(server + "_" + load.name, {{"concurrent", load.concurrent},
                                         {"per_second", median(row.per_second)},
                                         {"p50_us", median(row.p50_us)},
                                         {"p99_us", median(row.p99_us)},
                                         {"server_cpu_us", median(row.cpu_us)},
                                         {"server_cpu_us_least", least(row.cpu_us)}});
}

struct Options {
  std::string perdure;
  std::string temporal;
  std::string go_client;
  std::filesystem::path folder = "build/bench-server-state";
  std::string results;
  int rounds = 3;
  int polls = 10'000;
};

void run(const Options& options) {
  std::filesystem::remove_all(options.folder);
  std::filesystem::create_directories(options.folder);
  const auto path = [&options](const std::string& name) { return (options.folder / name).string(); };
  Results results(options.results);
  const int port = free_port();
  Server perdure(
      "perdure",
      {options.perdure, "server", "--data", path("perdure"), "--address", fmt::format("127.0.0.1:{}", port)},
      port, path("perdure.log"));
  fmt::print(
      "perdure: ready after {:.0f} ms from an empty directory, {:.1f} MiB resident when idle, {} threads\n",
      microseconds(perdure.ready()) / 1000, static_cast<double>(perdure.process().resident_bytes()) / 1048576,
      perdure.process().threads());
  const IdlePolls idle = measure_idle_polls(perdure.process(), perdure.address(), options.polls);
  fmt::print("perdure: {} idle long polls: {:.1f} KiB each, {} more threads\n", idle.polls,
             idle.bytes_each / 1024, idle.more_threads);
  results.add("idle",
              {{"polls", idle.polls}, {"bytes_each", idle.bytes_each}, {"more_threads", idle.more_threads}});
  std::unique_ptr<Server> temporal;
  if (!options.temporal.empty()) {
    const int temporal_port = free_port();
    temporal = std::make_unique<Server>(
        "temporal",
        std::vector<std::string>{options.temporal, "server", "start-dev", "--headless", "--ip", "127.0.0.1",
                                 "--port", std::to_string(temporal_port), "--db-filename",
                                 path("temporal.db"), "--log-level", "error"},
        temporal_port, path("temporal.log"));
    fmt::print("temporal: ready after {:.0f} ms, {:.1f} MiB resident when idle\n",
               microseconds(temporal->ready()) / 1000,
               static_cast<double>(temporal->process().resident_bytes()) / 1048576);
    temporal->start_worker();
  } else {
    fmt::print("temporal: NOT RUN: no --temporal PROGRAM was given\n");
  }
  perdure.start_worker();
  fmt::print("\n{:<10} {:<16} {:>10} {:>12} {:>10} {:>10} {:>14} {:>8}   medians of {} rounds, in turns\n",
             "server", "load", "concurrent", "a second", "p50 us", "p99 us", "server CPU us", "least",
             options.rounds);
  std::vector<Load> loads{{"one-activity", 1, 300, 30, &run_workflows},
                          {"one-activity", 32, 4000, 200, &run_workflows},
                          {"one-activity", 128, 8000, 200, &run_workflows},
                          {"start", 16, 4000, 300, &run_starts}};
  if (options.go_client.empty()) {
    fmt::print("one-activity-go: NOT RUN: no --go-client PROGRAM was given\n");
  } else {
    loads.push_back({"one-activity-go", 1, 300, 30, nullptr, options.go_client});
    loads.push_back({"one-activity-go", 32, 4000, 200, nullptr, options.go_client});
  }
  for (const Load& load : loads) {
    Row ours;
    Row theirs;
    for (int round = 0; round < options.rounds; ++round) {
      measure(perdure, load, round, load.total, ours);
      if (temporal) {
        measure(*temporal, load, round, load.total_slow, theirs);
      }
    }
    print_row("perdure", load, ours, results);
    if (temporal) {
      print_row("temporal", load, theirs, results);
      fmt::print("{:<10} {:<16} {:>10} {:>11.1f}x {:>9.1f}x {:>9.1f}x {:>13.1f}x\n", "ratio", "", "",
                 median(ours.per_second) / median(theirs.per_second),
                 median(theirs.p50_us) / median(ours.p50_us), median(theirs.p99_us) / median(ours.p99_us),
                 median(theirs.cpu_us) / median(ours.cpu_us));
    }
  }
  fmt::print("\nperdure: {:.1f} MiB resident at the end\n",
             static_cast<double>(perdure.process().resident_bytes()) / 1048576);
  perdure.stop_worker();
  if (temporal) {
    temporal->stop_worker();
  }
}

}  // namespace
}  // namespace perdure::bench

int main(int argc, char** argv) {
  perdure::bench::Options options;
  CLI::App app{"Measures Perdure's server beside a real Temporal."};
  app.add_option("--perdure", options.perdure, "the perdure program")->required();
  app.add_option("--temporal", options.temporal, "the temporal program; without it only Perdure is measured");
  app.add_option("--go-client", options.go_client, "the load with the Go SDK, from tests/polyglot/go/bench");
  app.add_option("--folder", options.folder, "where data is kept, on the disk to be measured; emptied first");
  app.add_option("--results", options.results, "a file for the figures, one JSON object a line");
  app.add_option("--rounds", options.rounds, "rounds of each load")->check(CLI::Range(1, 100));
  app.add_option("--polls", options.polls, "idle long polls")->check(CLI::Range(1, 100'000));
  CLI11_PARSE(app, argc, argv);
  try {
    perdure::bench::run(options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "perdure-bench-server: {}\n", error.what());
    return 1;
  }
}
