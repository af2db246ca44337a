#pragma once
// What a client sends, as the last link of its interceptors.
#include <functional>
#include <memory>
#include <vector>

#include "client/prepared_call.h"
#include "perdure/async.h"
#include "perdure/interceptor.h"

namespace perdure::client {

class Connection;

// `interceptors` around the calls themselves. The connection outlives it.
std::unique_ptr<ClientOutboundInterceptor> make_outbound(
    Connection& connection, const std::vector<std::shared_ptr<Interceptor>>& interceptors);

// Nobody is around the calls.
bool is_calls_themselves(const ClientOutboundInterceptor& outbound);

// The calls themselves: start.cc, calls.cc, queries.cc, update_calls.cc, result.cc, async_activity.cc.
PreparedCall<StartWorkflowOutput> prepare_start(Connection& connection, const StartWorkflowInput& input);
PreparedCall<void> prepare_signal(Connection& connection, const SignalWorkflowInput& input);
PreparedCall<Payload> prepare_query(Connection& connection, const QueryWorkflowInput& input);
PreparedCall<void> prepare_cancel(Connection& connection, const CancelWorkflowInput& input);
PreparedCall<void> prepare_terminate(Connection& connection, const TerminateWorkflowInput& input);
PreparedCall<WorkflowExecutionDescription> prepare_describe(Connection& connection,
                                                            const DescribeWorkflowInput& input);
Payload wait_for_result(Connection& connection, const WorkflowResultInput& input);
// Throws WorkflowUpdateFailedError.
Payload result_or_throw(const WorkflowUpdateOutcome& outcome);
// The same without a thread that waits; see later_call.h.
void result_later(const std::shared_ptr<Connection>& connection, const WorkflowResultInput& input,
                  std::function<void(Answer<Payload>)> done);
PreparedCall<void> prepare_heartbeat(Connection& connection, const HeartbeatAsyncActivityInput& input);
PreparedCall<void> prepare_completion(Connection& connection, const CompleteAsyncActivityInput& input);
PreparedCall<void> prepare_failure(Connection& connection, const FailAsyncActivityInput& input);
PreparedCall<void> prepare_cancellation(Connection& connection,
                                        const ReportCancellationAsyncActivityInput& input);

}  // namespace perdure::client
