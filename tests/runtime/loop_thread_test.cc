#include "runtime/loop_thread.h"

#include <gtest/gtest.h>

#include <future>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

template <class Response, class Request>
Status call_and_wait(frontend::Frontend& frontend, std::string_view method, const Request& request,
                     Response* response) {
  std::promise<Status> done;
  frontend.call(method, request, response, {.timeout = seconds(70)},
                [&](Status status) { done.set_value(status); });
  return done.get_future().get();
}

TEST(LoopThread, ServesCallsFromOtherThreadsUntilItIsStopped) {
  runtime::SystemClock clock;
  runtime::Instance instance(storage::open_memory_storage(), clock, {});
  frontend::Frontend frontend(instance);
  runtime::LoopThread thread(instance, clock);
  for (int i = 0; i < 200; ++i) {
    wire::StartWorkflowExecutionResponse response;
    const auto request = Rig::start_request("w" + std::to_string(i));
    ASSERT_TRUE(call_and_wait(frontend, "StartWorkflowExecution", request, &response).ok());
  }
  EXPECT_TRUE(thread.stop().ok());
  wire::StartWorkflowExecutionResponse response;
  EXPECT_EQ(call_and_wait(frontend, "StartWorkflowExecution", Rig::start_request("late"), &response).code(),
            Code::kUnavailable);
}

TEST(LoopThread, WakesUpForWhatIsDue) {
  runtime::SystemClock clock;
  runtime::Instance instance(storage::open_memory_storage(), clock, {});
  frontend::Frontend frontend(instance);
  runtime::LoopThread thread(instance, clock);
  auto request = Rig::start_request("w");
  request.mutable_workflow_run_timeout()->set_nanos(50'000'000);
  wire::StartWorkflowExecutionResponse started;
  ASSERT_TRUE(call_and_wait(frontend, "StartWorkflowExecution", request, &started).ok());
  auto history = Rig::history_request("w");
  history.set_wait_new_event(true);
  history.set_history_event_filter_type(enums::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  wire::GetWorkflowExecutionHistoryResponse closed;
  ASSERT_TRUE(call_and_wait(frontend, "GetWorkflowExecutionHistory", history, &closed).ok());
  ASSERT_EQ(closed.history().events_size(), 1);
  EXPECT_EQ(closed.history().events(0).event_type(), enums::EVENT_TYPE_WORKFLOW_EXECUTION_TIMED_OUT);
}

}  // namespace
}  // namespace perdure::testing
