// What AsyncClient and its handles call (perdure/async_client.h).
#include <thread>
#include <utility>

#include "base/event_loop.h"
#include "client/connection.h"
#include "client/later_call.h"
#include "client/outbound.h"
#include "client/repeated_call.h"
#include "client/update_calls.h"
#include "perdure/detail/async_calls.h"
#include "perdure/error.h"

namespace perdure::client {
namespace {

// Interceptors block: their call has a thread for as long as it takes.
template <class Output, class Call>
void call_on_a_thread(const std::shared_ptr<Connection>& connection, Call call,
                      std::function<void(Answer<Output>)> done) {
  std::thread([connection, call = std::move(call), done = std::move(done)]() mutable {
    const Answer<Output> answer = answer_of<Output>([&] { return call(connection->outbound()); });
    connection->loop()->post([done = std::move(done), answer] { done(answer); });
  }).detach();
}

template <class Output, class Input>
using Intercepted = Output (ClientOutboundInterceptor::*)(Input);
template <class Output, class Input>
using Prepare = PreparedCall<Output> (*)(Connection&, const Input&);

template <class Output, class Input>
void send(const std::shared_ptr<Connection>& connection, Input input, Prepare<Output, Input> prepare,
          Intercepted<Output, Input> intercepted, std::function<void(Answer<Output>)> done) {
  if (connection->intercepts_calls()) {
    call_on_a_thread<Output>(
        connection,
        [input = std::move(input), intercepted](ClientOutboundInterceptor& outbound) mutable {
          return (outbound.*intercepted)(std::move(input));
        },
        std::move(done));
  } else {
    make_call_later(connection, prepare(*connection, input), std::move(done));
  }
}

// The same for calls that are asked again (repeated_call.h).
template <class Call, class Input>
void send_repeated(const std::shared_ptr<Connection>& connection, Input input,
                   Intercepted<typename Call::Output, Input> intercepted,
                   std::function<void(Answer<typename Call::Output>)> done) {
  if (connection->intercepts_calls()) {
    call_on_a_thread<typename Call::Output>(
        connection,
        [input = std::move(input), intercepted](ClientOutboundInterceptor& outbound) mutable {
          return (outbound.*intercepted)(std::move(input));
        },
        std::move(done));
  } else {
    make_repeated_call_later<Call>(connection, std::make_shared<const Call>(*connection, input),
                                   std::move(done));
  }
}

void outcome_later(const detail::UpdateReference& update,
                   std::function<void(Answer<WorkflowUpdateOutcome>)> done) {
  send_repeated<UpdateResultCall, WorkflowUpdateResultInput>(
      update.connection, {update.id, update.workflow_id, update.workflow_run_id},
      &ClientOutboundInterceptor::workflow_update_result, std::move(done));
}

WorkflowTarget target_of(const detail::WorkflowReference& workflow) {
  return {workflow.workflow_id, workflow.run_id, workflow.first_execution_run_id};
}
AsyncActivityTarget target_of(const detail::AsyncActivityReference& activity) {
  return {activity.task_token, activity.workflow_id, activity.run_id, activity.activity_id};
}

}  // namespace
}  // namespace perdure::client

namespace perdure::detail {

void check_has_executor(client::Connection& connection) {
  if (connection.loop() == nullptr) {
    throw OptionsError(
        "AsyncClient: the client has no event loop for its answers; connect it with one: "
        "Client::connect(target, {.executor = …}), see perdure/executor.h");
  }
}

std::function<void(std::function<void()>)> poster(const std::shared_ptr<client::Connection>& connection) {
  return [weak = std::weak_ptr<EventLoop>(connection->loop())](std::function<void()> work) {
    if (const std::shared_ptr<EventLoop> loop = weak.lock()) {
      loop->post(std::move(work));
    }
  };
}

void async_start_workflow(const std::shared_ptr<client::Connection>& connection, std::string workflow_type,
                          Payloads arguments, const WorkflowOptions& options,
                          std::function<void(Answer<WorkflowReference>)> done) {
  client::send<StartWorkflowOutput, StartWorkflowInput>(
      connection,
      {.workflow = std::move(workflow_type), .args = std::move(arguments), .options = options, .headers = {}},
      &client::prepare_start, &ClientOutboundInterceptor::start_workflow,
      [weak = std::weak_ptr(connection), done = std::move(done)](const Answer<StartWorkflowOutput>& answer) {
        done(client::answer_of<WorkflowReference>([&]() -> WorkflowReference {
          StartWorkflowOutput started = answer.value();
          return {weak.lock(), std::move(started.id), std::move(started.run_id),
                  std::move(started.first_execution_run_id)};
        }));
      });
}

void async_execute_workflow(const std::shared_ptr<client::Connection>& connection, std::string workflow_type,
                            Payloads arguments, const WorkflowOptions& options,
                            std::function<void(Answer<Payload>)> done) {
  async_start_workflow(connection, std::move(workflow_type), std::move(arguments), options,
                       [done = std::move(done)](const Answer<WorkflowReference>& started) {
                         if (started) {
                           async_result(started.value(), done);
                         } else {
                           done(Answer<Payload>(started.error()));
                         }
                       });
}

void async_result(const WorkflowReference& workflow, std::function<void(Answer<Payload>)> done) {
  const auto& connection = workflow.connection;
  WorkflowResultInput input{client::target_of(workflow)};
  if (connection->intercepts_calls()) {
    client::call_on_a_thread<Payload>(
        connection,
        [input = std::move(input)](ClientOutboundInterceptor& outbound) mutable {
          return outbound.workflow_result(std::move(input));
        },
        std::move(done));
  } else {
    client::result_later(connection, input, std::move(done));
  }
}

void async_signal(const WorkflowReference& workflow, const std::string& name, Payloads arguments,
                  std::function<void(Answer<void>)> done) {
  client::send<void, SignalWorkflowInput>(
      workflow.connection,
      {.workflow = client::target_of(workflow), .signal = name, .args = std::move(arguments), .headers = {}},
      &client::prepare_signal, &ClientOutboundInterceptor::signal_workflow, std::move(done));
}

void async_query(const WorkflowReference& workflow, const std::string& query, Payloads arguments,
                 const QueryOptions& options, std::function<void(Answer<Payload>)> done) {
  client::send<Payload, QueryWorkflowInput>(workflow.connection,
                                            {.workflow = client::target_of(workflow),
                                             .query = query,
                                             .args = std::move(arguments),
                                             .options = options,
                                             .headers = {}},
                                            &client::prepare_query,
                                            &ClientOutboundInterceptor::query_workflow, std::move(done));
}

void async_start_update(const WorkflowReference& workflow, const std::string& update, Payloads arguments,
                        const StartUpdateOptions& options,
                        std::function<void(Answer<UpdateReference>)> done) {
  const auto& connection = workflow.connection;
  const bool to_the_end = options.wait_for_stage == WorkflowUpdateStage::kCompleted;
  client::send_repeated<client::UpdateCall, StartWorkflowUpdateInput>(
      connection,
      {.workflow = client::target_of(workflow),
       .update = update,
       .args = std::move(arguments),
       .options = options,
       .headers = {}},
      &ClientOutboundInterceptor::start_workflow_update,
      [weak = std::weak_ptr(connection), to_the_end,
       done = std::move(done)](const Answer<StartWorkflowUpdateOutput>& answer) {
        const std::shared_ptr<client::Connection> alive = weak.lock();
        if (alive == nullptr) {
          return;
        }
        if (!answer) {
          done(Answer<UpdateReference>(answer.error()));
          return;
        }
        StartWorkflowUpdateOutput started = answer.value();
        UpdateReference reference{alive, std::move(started.id), std::move(started.workflow_id),
                                  std::move(started.workflow_run_id), nullptr};
        if (started.outcome) {
          reference.outcome = std::make_shared<const WorkflowUpdateOutcome>(*std::move(started.outcome));
        }
        if (reference.outcome != nullptr || !to_the_end) {
          done(Answer<UpdateReference>(std::move(reference)));
          return;
        }
        const UpdateReference asked = reference;
        reference.connection = nullptr;  // a call does not keep the connection
        client::outcome_later(asked, [weak, reference, done](const Answer<WorkflowUpdateOutcome>& outcome) {
          done(client::answer_of<UpdateReference>([&] {
            UpdateReference complete = reference;
            complete.connection = weak.lock();
            complete.outcome = std::make_shared<const WorkflowUpdateOutcome>(outcome.value());
            return complete;
          }));
        });
      });
}

void async_update_result(const UpdateReference& update, std::function<void(Answer<Payload>)> done) {
  if (update.outcome != nullptr) {
    update.connection->loop()->post([outcome = update.outcome, done = std::move(done)] {
      done(client::answer_of<Payload>([&] { return client::result_or_throw(*outcome); }));
    });
    return;
  }
  client::outcome_later(update, [done = std::move(done)](const Answer<WorkflowUpdateOutcome>& outcome) {
    done(client::answer_of<Payload>([&] { return client::result_or_throw(outcome.value()); }));
  });
}

void async_execute_update(const WorkflowReference& workflow, const std::string& update, Payloads arguments,
                          const StartUpdateOptions& options, std::function<void(Answer<Payload>)> done) {
  async_start_update(workflow, update, std::move(arguments), options,
                     [done = std::move(done)](const Answer<UpdateReference>& started) {
                       if (started) {
                         async_update_result(started.value(), done);
                       } else {
                         done(Answer<Payload>(started.error()));
                       }
                     });
}

void async_cancel(const WorkflowReference& workflow, const std::string& reason,
                  std::function<void(Answer<void>)> done) {
  client::send<void, CancelWorkflowInput>(workflow.connection, {client::target_of(workflow), reason},
                                          &client::prepare_cancel,
                                          &ClientOutboundInterceptor::cancel_workflow, std::move(done));
}

void async_terminate(const WorkflowReference& workflow, const std::string& reason,
                     std::function<void(Answer<void>)> done) {
  client::send<void, TerminateWorkflowInput>(workflow.connection, {client::target_of(workflow), reason},
                                             &client::prepare_terminate,
                                             &ClientOutboundInterceptor::terminate_workflow, std::move(done));
}

void async_describe(const WorkflowReference& workflow,
                    std::function<void(Answer<WorkflowExecutionDescription>)> done) {
  client::send<WorkflowExecutionDescription, DescribeWorkflowInput>(
      workflow.connection, {client::target_of(workflow)}, &client::prepare_describe,
      &ClientOutboundInterceptor::describe_workflow, std::move(done));
}

void async_heartbeat_activity(const AsyncActivityReference& activity, Payloads details,
                              std::function<void(Answer<void>)> done) {
  client::send<void, HeartbeatAsyncActivityInput>(
      activity.connection, {client::target_of(activity), std::move(details)}, &client::prepare_heartbeat,
      &ClientOutboundInterceptor::heartbeat_async_activity, std::move(done));
}

void async_complete_activity(const AsyncActivityReference& activity, Payload result,
                             std::function<void(Answer<void>)> done) {
  client::send<void, CompleteAsyncActivityInput>(
      activity.connection, {client::target_of(activity), std::move(result)}, &client::prepare_completion,
      &ClientOutboundInterceptor::complete_async_activity, std::move(done));
}

void async_fail_activity(const AsyncActivityReference& activity, const std::exception_ptr& failure,
                         Payloads last_heartbeat_details, std::function<void(Answer<void>)> done) {
  client::send<void, FailAsyncActivityInput>(
      activity.connection, {client::target_of(activity), failure, std::move(last_heartbeat_details)},
      &client::prepare_failure, &ClientOutboundInterceptor::fail_async_activity, std::move(done));
}

void async_report_cancellation(const AsyncActivityReference& activity, Payloads details,
                               std::function<void(Answer<void>)> done) {
  client::send<void, ReportCancellationAsyncActivityInput>(
      activity.connection, {client::target_of(activity), std::move(details)}, &client::prepare_cancellation,
      &ClientOutboundInterceptor::report_cancellation_async_activity, std::move(done));
}

}  // namespace perdure::detail
