#pragma once
// The calls of Client and WorkflowHandle, awaitable: they are sent at once, and their answers arrive on the
// loop of the client's executor (executor.h). For programs whose threads must not wait.
//
//   const perdure::AsyncClient async(client);
//   async.execute_workflow<YourWorkflow>("World", {.id = "your-workflow-id", .task_queue =
//   "your-task-queue"})
//       .then([](const perdure::Answer<std::string>& greeting) { std::cout << greeting.value() << "\n"; });
//
// What cannot be a call (OptionsError, an argument that cannot be converted) is thrown at once, everything
// else is part of the answer. Thread-safe. Copies share the client's connection. If interceptors of the
// client's are around its calls, which block, each call has a thread until it is answered.
#include <memory>
#include <string>
#include <utility>

#include "perdure/async.h"
#include "perdure/awaitable_async_activity.h"
#include "perdure/client.h"
#include "perdure/detail/async_calls.h"

namespace perdure {

// One update of a workflow; see WorkflowUpdateHandle.
template <class R = Payload>
class AsyncWorkflowUpdateHandle {
 public:
  explicit AsyncWorkflowUpdateHandle(detail::UpdateReference update) : update_(std::move(update)) {}

  const std::string& id() const { return update_.id; }
  const std::string& workflow_id() const { return update_.workflow_id; }
  const std::string& workflow_run_id() const { return update_.workflow_run_id; }
  Async<R> result() const {
    return detail::make_async<R, Payload>(
        update_.connection, [&](auto done) { detail::async_update_result(update_, std::move(done)); },
        detail::DecodeResult<R>());
  }

 private:
  detail::UpdateReference update_;
};

// One workflow; see WorkflowHandle, whose calls these are.
template <class R = Payload>
class AsyncWorkflowHandle : public detail::HandleCalls<AsyncWorkflowHandle<R>> {
 public:
  explicit AsyncWorkflowHandle(detail::WorkflowReference workflow) : workflow_(std::move(workflow)) {}

  const std::string& id() const { return workflow_.workflow_id; }
  const std::string& run_id() const { return workflow_.run_id; }
  const std::string& first_execution_run_id() const { return workflow_.first_execution_run_id; }

  // What the workflow gives. The answer's error is a WorkflowFailureError when it fails.
  Async<R> result() const {
    return detail::make_async<R, Payload>(
        workflow_.connection, [&](auto done) { detail::async_result(workflow_, std::move(done)); },
        detail::DecodeResult<R>());
  }

  Async<void> cancel(const std::string& reason = "") const {
    return make_void([&](auto done) { detail::async_cancel(workflow_, reason, std::move(done)); });
  }
  Async<void> terminate(const std::string& reason = "") const {
    return make_void([&](auto done) { detail::async_terminate(workflow_, reason, std::move(done)); });
  }
  Async<WorkflowExecutionDescription> describe() const {
    return detail::make_async<WorkflowExecutionDescription, WorkflowExecutionDescription>(
        workflow_.connection, [&](auto done) { detail::async_describe(workflow_, std::move(done)); },
        [](WorkflowExecutionDescription description) { return description; });
  }

  // An update that was started before; nothing is sent.
  template <auto Handler>
  AsyncWorkflowUpdateHandle<detail::UpdateResultOf<Handler>> get_update_handle(std::string update_id) const {
    return AsyncWorkflowUpdateHandle<detail::UpdateResultOf<Handler>>(
        {workflow_.connection, std::move(update_id), workflow_.workflow_id,
         workflow_.first_execution_run_id.empty() ? workflow_.run_id : std::string(), nullptr});
  }

  // The same workflow, with calls that block.
  WorkflowHandle<R> blocking() const { return WorkflowHandle<R>(workflow_); }

 private:
  template <class Call>
  Async<void> make_void(const Call& call) const {
    return detail::make_async<void, void>(workflow_.connection, call, [] {});
  }
  friend class detail::HandleCalls<AsyncWorkflowHandle>;

  template <class Q>
  Async<Q> send_query(const std::string& name, Payloads arguments, const QueryOptions& options) const {
    return detail::make_async<Q, Payload>(
        workflow_.connection,
        [&](auto done) {
          detail::async_query(workflow_, name, std::move(arguments), options, std::move(done));
        },
        detail::DecodeResult<Q>());
  }
  template <class U>
  Async<U> send_execute_update(const std::string& name, Payloads arguments,
                               const UpdateOptions& options) const {
    return detail::make_async<U, Payload>(
        workflow_.connection,
        [&](auto done) {
          detail::async_execute_update(workflow_, name, std::move(arguments),
                                       {WorkflowUpdateStage::kCompleted, options.id}, std::move(done));
        },
        detail::DecodeResult<U>());
  }
  template <class U>
  Async<AsyncWorkflowUpdateHandle<U>> send_start_update(const std::string& name, Payloads arguments,
                                                        const StartUpdateOptions& options) const {
    return detail::make_async<AsyncWorkflowUpdateHandle<U>, detail::UpdateReference>(
        workflow_.connection,
        [&](auto done) {
          detail::async_start_update(workflow_, name, std::move(arguments), options, std::move(done));
        },
        [](detail::UpdateReference update) { return AsyncWorkflowUpdateHandle<U>(std::move(update)); });
  }
  Async<void> send_signal(const std::string& name, Payloads arguments) const {
    return make_void(
        [&](auto done) { detail::async_signal(workflow_, name, std::move(arguments), std::move(done)); });
  }

  detail::WorkflowReference workflow_;
};

class AsyncClient {
 public:
  // Throws OptionsError when `client` was connected without ConnectOptions::executor.
  explicit AsyncClient(const Client& client) : connection_(client.connection()) {
    detail::check_has_executor(*connection_);
  }

  // start_workflow<W>(arguments of W::run…, WorkflowOptions): answered when the start is durable.
  // execute_workflow: the same, answered with the workflow's result.
  template <class W>
    requires(detail::kRunArity<W> == 0)
  Async<AsyncWorkflowHandle<detail::RunResultOf<W>>> start_workflow(const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 1)
  Async<AsyncWorkflowHandle<detail::RunResultOf<W>>> start_workflow(detail::RunArgument<W, 0> a0,
                                                                    const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 2)
  Async<AsyncWorkflowHandle<detail::RunResultOf<W>>> start_workflow(detail::RunArgument<W, 0> a0,
                                                                    detail::RunArgument<W, 1> a1,
                                                                    const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 3)
  Async<AsyncWorkflowHandle<detail::RunResultOf<W>>> start_workflow(detail::RunArgument<W, 0> a0,
                                                                    detail::RunArgument<W, 1> a1,
                                                                    detail::RunArgument<W, 2> a2,
                                                                    const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 4)
  Async<AsyncWorkflowHandle<detail::RunResultOf<W>>> start_workflow(detail::RunArgument<W, 0> a0,
                                                                    detail::RunArgument<W, 1> a1,
                                                                    detail::RunArgument<W, 2> a2,
                                                                    detail::RunArgument<W, 3> a3,
                                                                    const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 5)
  Async<AsyncWorkflowHandle<detail::RunResultOf<W>>> start_workflow(
      detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1, detail::RunArgument<W, 2> a2,
      detail::RunArgument<W, 3> a3, detail::RunArgument<W, 4> a4, const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3, a4), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 6)
  Async<AsyncWorkflowHandle<detail::RunResultOf<W>>> start_workflow(
      detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1, detail::RunArgument<W, 2> a2,
      detail::RunArgument<W, 3> a3, detail::RunArgument<W, 4> a4, detail::RunArgument<W, 5> a5,
      const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3, a4, a5), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 0)
  Async<detail::RunResultOf<W>> execute_workflow(const WorkflowOptions& options) const {
    return execute<W>(detail::encode_call<&W::run>(), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 1)
  Async<detail::RunResultOf<W>> execute_workflow(detail::RunArgument<W, 0> a0,
                                                 const WorkflowOptions& options) const {
    return execute<W>(detail::encode_call<&W::run>(a0), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 2)
  Async<detail::RunResultOf<W>> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                                 const WorkflowOptions& options) const {
    return execute<W>(detail::encode_call<&W::run>(a0, a1), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 3)
  Async<detail::RunResultOf<W>> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                                 detail::RunArgument<W, 2> a2,
                                                 const WorkflowOptions& options) const {
    return execute<W>(detail::encode_call<&W::run>(a0, a1, a2), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 4)
  Async<detail::RunResultOf<W>> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                                 detail::RunArgument<W, 2> a2, detail::RunArgument<W, 3> a3,
                                                 const WorkflowOptions& options) const {
    return execute<W>(detail::encode_call<&W::run>(a0, a1, a2, a3), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 5)
  Async<detail::RunResultOf<W>> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                                 detail::RunArgument<W, 2> a2, detail::RunArgument<W, 3> a3,
                                                 detail::RunArgument<W, 4> a4,
                                                 const WorkflowOptions& options) const {
    return execute<W>(detail::encode_call<&W::run>(a0, a1, a2, a3, a4), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 6)
  Async<detail::RunResultOf<W>> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                                 detail::RunArgument<W, 2> a2, detail::RunArgument<W, 3> a3,
                                                 detail::RunArgument<W, 4> a4, detail::RunArgument<W, 5> a5,
                                                 const WorkflowOptions& options) const {
    return execute<W>(detail::encode_call<&W::run>(a0, a1, a2, a3, a4, a5), options);
  }
  // A workflow that this program knows by name only.
  template <class R = Payload, class... A>
  Async<AsyncWorkflowHandle<R>> start_workflow_by_name(std::string workflow_type,
                                                       const WorkflowOptions& options,
                                                       const A&... arguments) const {
    return start_type<R>(std::move(workflow_type), to_payloads(arguments...), options);
  }

  // A handle to a workflow that exists already; nothing is sent. Without run id: the current run at each
  // call.
  template <class W>
  AsyncWorkflowHandle<detail::RunResultOf<W>> get_workflow_handle(std::string workflow_id,
                                                                  std::string run_id = "") const {
    return AsyncWorkflowHandle<detail::RunResultOf<W>>(
        {connection_, std::move(workflow_id), std::move(run_id), ""});
  }

  // As Client's: an activity that is completed from here, by its token or by its ids; nothing is sent.
  AwaitableAsyncActivityHandle get_async_activity_handle(std::string task_token) const {
    return AwaitableAsyncActivityHandle({connection_, std::move(task_token), "", "", ""});
  }
  AwaitableAsyncActivityHandle get_async_activity_handle(std::string workflow_id, std::string run_id,
                                                         std::string activity_id) const {
    return AwaitableAsyncActivityHandle(
        {connection_, "", std::move(workflow_id), std::move(run_id), std::move(activity_id)});
  }

 private:
  template <class W>
  Async<AsyncWorkflowHandle<detail::RunResultOf<W>>> start(Payloads arguments,
                                                           const WorkflowOptions& options) const {
    return start_type<detail::RunResultOf<W>>(std::string(workflow_name<W>), std::move(arguments), options);
  }
  template <class R>
  Async<AsyncWorkflowHandle<R>> start_type(std::string workflow_type, Payloads arguments,
                                           const WorkflowOptions& options) const {
    return detail::make_async<AsyncWorkflowHandle<R>, detail::WorkflowReference>(
        connection_,
        [&](auto done) {
          detail::async_start_workflow(connection_, std::move(workflow_type), std::move(arguments), options,
                                       std::move(done));
        },
        [](detail::WorkflowReference workflow) { return AsyncWorkflowHandle<R>(std::move(workflow)); });
  }
  template <class W>
  Async<detail::RunResultOf<W>> execute(Payloads arguments, const WorkflowOptions& options) const {
    using R = detail::RunResultOf<W>;
    return detail::make_async<R, Payload>(
        connection_,
        [&](auto done) {
          detail::async_execute_workflow(connection_, std::string(workflow_name<W>), std::move(arguments),
                                         options, std::move(done));
        },
        detail::DecodeResult<R>());
  }

  std::shared_ptr<client::Connection> connection_;
};

}  // namespace perdure
