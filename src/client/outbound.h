#pragma once
// What a client sends, as the last link of its interceptors.
#include <memory>
#include <vector>

#include "perdure/interceptor.h"

namespace perdure::client {

class Connection;

// `interceptors` around the calls themselves. The connection outlives it.
std::unique_ptr<ClientOutboundInterceptor> make_outbound(
    Connection& connection, const std::vector<std::shared_ptr<Interceptor>>& interceptors);

// The calls themselves: start.cc, calls.cc, result.cc, async_activity.cc.
StartWorkflowOutput send_start(Connection& connection, const StartWorkflowInput& input);
void send_signal(Connection& connection, const SignalWorkflowInput& input);
void send_cancel(Connection& connection, const CancelWorkflowInput& input);
void send_terminate(Connection& connection, const TerminateWorkflowInput& input);
WorkflowExecutionDescription send_describe(Connection& connection, const DescribeWorkflowInput& input);
Payload wait_for_result(Connection& connection, const WorkflowResultInput& input);
void send_heartbeat(Connection& connection, const HeartbeatAsyncActivityInput& input);
void send_completion(Connection& connection, const CompleteAsyncActivityInput& input);
void send_failure(Connection& connection, const FailAsyncActivityInput& input);
void send_cancellation(Connection& connection, const ReportCancellationAsyncActivityInput& input);

}  // namespace perdure::client
