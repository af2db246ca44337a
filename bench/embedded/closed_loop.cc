#include "closed_loop.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "api/payload_conversion.h"
#include "base/check.h"
#include "programs.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::bench {
namespace {

namespace wire = temporal::api::workflowservice::v1;

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

}  // namespace

std::vector<std::chrono::nanoseconds> run_workflows(client::Connection& connection, const std::string& prefix,
                                                    int concurrent, int total) {
  return ClosedLoop(connection, prefix, concurrent, total).run();
}

}  // namespace perdure::bench
