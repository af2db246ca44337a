#pragma once
// Of sdk-python: tests/worker.
#include <perdure/perdure.h>

#include <chrono>
#include <cstdint>
#include <string>

namespace twins {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

struct SayHelloParams {
  std::string name;
  bool should_wait = false;
  bool should_error = false;
  bool should_cause_nondeterminism = false;
};

class SayHelloWorkflow {
 public:
  perdure::Task<std::string> run(SayHelloParams params) {
    const auto result = co_await workflow::execute_activity_by_name<std::string>(
        "say_hello", {.schedule_to_close_timeout = 60s}, params.name);
    if (params.should_wait) {
      co_await workflow::wait_condition([this] { return finished_; });
    }
    if (params.should_error) {
      throw perdure::ApplicationError("Intentional error");
    }
    if (params.should_cause_nondeterminism && workflow::is_replaying()) {
      co_await workflow::sleep(100ms);
    }
    co_return result;
  }
  void finish() { finished_ = true; }
  static constexpr auto signals = perdure::signals<&SayHelloWorkflow::finish>();

 private:
  bool finished_ = false;
};

class ActivityAndSignalsWhileWorkflowDown {
 public:
  perdure::Task<std::vector<std::string>> run(std::string activity_queue) {
    auto activity = workflow::create_task(run_activity(activity_queue));
    co_await workflow::wait_condition([this] { return counter_ >= 2; });
    events_.push_back("counter-" + std::to_string(counter_));
    co_await activity;
    co_return events_;
  }
  void dosig(std::string name) {
    events_.push_back("sig-" + name);
    ++counter_;
  }
  static constexpr auto signals = perdure::signals<&ActivityAndSignalsWhileWorkflowDown::dosig>();

 private:
  perdure::Task<void> run_activity(std::string queue) {
    events_.push_back("act-start");
    co_await workflow::execute_activity_by_name<std::string>(
        "say_hello", {.task_queue = queue, .schedule_to_close_timeout = 30s}, std::string("Enchi"));
    ++counter_;
    events_.push_back("act-done");
  }

  std::vector<std::string> events_;
  int counter_ = 0;
};

class QuickActivityWorkflow {
 public:
  perdure::Task<void> run(double total_seconds) {
    const auto end = workflow::now() + std::chrono::duration_cast<std::chrono::system_clock::duration>(
                                           std::chrono::duration<double>(total_seconds));
    do {
      co_await workflow::execute_activity_by_name<std::int64_t>("short_activity_async",
                                                                {.schedule_to_close_timeout = 10s});
    } while (workflow::now() <= end);
  }
};

}  // namespace twins
