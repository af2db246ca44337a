#pragma once
// Of sdk-core: crates/sdk-core/tests/histories.
#include <perdure/perdure.h>

#include <chrono>
#include <string_view>

namespace twins {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

class FailWorkflowTask {
 public:
  static constexpr std::string_view workflow_name = "fail_wf_task";
  perdure::Task<void> run() { co_await workflow::sleep(200ms); }
};

class TimerWorkflow {
 public:
  static constexpr std::string_view workflow_name = "timer_workflow";
  perdure::Task<void> run() { co_await workflow::sleep(1s); }
};

class WritesChangeMarkers {
 public:
  static constexpr std::string_view workflow_name = "writes_change_markers";
  perdure::Task<void> run() {
    co_await workflow::sleep(workflow::patched("integ_test_change_name") ? 100ms : 200ms);
    co_await workflow::sleep(200ms);
    co_await workflow::sleep(workflow::patched("integ_test_change_name") ? 100ms : 200ms);
  }
};

// A long local activity, and then an ordinary one.
class LocalActivityProblem {
 public:
  static constexpr std::string_view workflow_name = "evict_while_la_running_no_interference";
  perdure::Task<void> run() {
    co_await workflow::start_local_activity_by_name<void>(
        "delay", {.start_to_close_timeout = 60s, .local_retry_threshold = 1s}, 15);
    co_await workflow::execute_activity_by_name<void>("delay", {.start_to_close_timeout = 20s}, 15);
  }
};

}  // namespace twins
