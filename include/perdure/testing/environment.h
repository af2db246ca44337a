#pragma once
// The whole service in memory, for one test. Its time is virtual: while the test waits for the result of a
// workflow, or in sleep(), and nothing can run, the clock goes on to the next timer at once.
//
//   perdure::testing::Environment environment;
//   perdure::Worker worker(environment.client(), {.task_queue = "test",
//                                                 .workflows = perdure::workflows<Subscription>(),
//                                                 .activities = mocks.activities()});
//   worker.start();
//   environment.client().execute_workflow<Subscription>(…);  // 30 days in milliseconds
//
// At all other moments time passes as it really does: while a workflow task or an activity is with a worker,
// while a workflow task waits for one, and between the calls of the test. So nothing that the test does can
// come too late, and a workflow that waits for a signal is still waiting when the test sends it.
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "perdure/client.h"

namespace perdure::testing {

struct EnvironmentOptions {
  std::string namespace_name = "default";  // the one that there is
  std::string identity{};                  // of the client and its workers; empty: PID@HOST
  DataConverter data_converter{};
  std::vector<std::shared_ptr<Interceptor>> interceptors{};
  std::shared_ptr<MetricsSink> metrics{};
  // What the clock shows at first; none: what it is.
  std::optional<std::chrono::system_clock::time_point> start_time{};
};

// While one lives, no time is skipped in its environment, which outlives it.
class TimeLock {
 public:
  TimeLock(TimeLock&& other) noexcept = default;
  TimeLock& operator=(TimeLock&& other) noexcept = default;
  ~TimeLock() = default;

 private:
  friend class Environment;
  explicit TimeLock(std::shared_ptr<void> held) : held_(std::move(held)) {}
  std::shared_ptr<void> held_;
};

// Thread-safe. Everything in it is gone with it; workers and clients may outlive it.
class Environment {
 public:
  explicit Environment(EnvironmentOptions options = {});
  ~Environment();
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  // For starting workflows and for workers.
  const Client& client() const;

  // The time that workflows see.
  std::chrono::system_clock::time_point now() const;
  // Returns when `duration` has passed and workflows have done what was due by then. Skips; under a TimeLock,
  // and while activities run, it takes as long as it says.
  void sleep(std::chrono::nanoseconds duration);

  // Whether time is skipped while a result is waited for: on at first. sleep() skips in any case.
  void skip_time(bool on);
  // For a part of a test in which no time may be skipped, whoever waits.
  [[nodiscard]] TimeLock lock_time();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::testing
