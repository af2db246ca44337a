#pragma once
// Starting workflows and talking to them. Calls block until the service answered; what they throw is in
// error.h.
//
//   auto client = perdure::Client::connect("file:./state");
//   std::string greeting = client.execute_workflow<YourWorkflow>(
//       "World", {.id = "your-workflow-id", .task_queue = "your-task-queue"});
//
// Clients and handles are copyable and may be used from several threads. Copies share one connection, which
// ends with the last of them (workers hold one too).
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "perdure/async_activity.h"
#include "perdure/client_options.h"
#include "perdure/detail/call.h"
#include "perdure/detail/client_calls.h"
#include "perdure/detail/handle_calls.h"
#include "perdure/detail/with_start_calls.h"
#include "perdure/error.h"
#include "perdure/names.h"

namespace perdure {

// One update of a workflow. R is what its handler gives.
template <class R = Payload>
class WorkflowUpdateHandle {
 public:
  explicit WorkflowUpdateHandle(detail::UpdateReference update) : update_(std::move(update)) {}

  const std::string& id() const { return update_.id; }
  const std::string& workflow_id() const { return update_.workflow_id; }
  const std::string& workflow_run_id() const { return update_.workflow_run_id; }

  // Waits until its handler has ended. Throws WorkflowUpdateFailedError, whose cause() says what happened.
  R result() const {
    const Payload result = detail::update_result(update_);
    if constexpr (!std::is_void_v<R>) {
      return from_payload<R>(result);
    }
  }

 private:
  detail::UpdateReference update_;
};

// One workflow, by id: its current run, or the run that was asked for. R is what the workflow gives. For
// signal, query, execute_update and start_update see detail/handle_calls.h:
//   handle.signal<&Order::approve>("me");
//   std::string status = handle.query<&Order::status>();
//   int total = handle.execute_update<&Cart::add_item>({.name = "tea", .count = 2});
template <class R = Payload>
class WorkflowHandle : public detail::HandleCalls<WorkflowHandle<R>> {
 public:
  explicit WorkflowHandle(detail::WorkflowReference workflow) : workflow_(std::move(workflow)) {}

  const std::string& id() const { return workflow_.workflow_id; }
  // Of the run that start_workflow() made or found, or that get_workflow_handle() was asked for.
  const std::string& run_id() const { return workflow_.run_id; }
  // Of the first run of the chain of retries and continue-as-new; empty when it is not known.
  const std::string& first_execution_run_id() const { return workflow_.first_execution_run_id; }

  // Waits until the workflow is closed, following runs that it continues as. Throws WorkflowFailureError,
  // whose cause() says what happened: ApplicationError, CancelledError, TerminatedError, TimeoutError, ….
  R result() const {
    const Payload result = detail::wait_for_result(workflow_);
    if constexpr (!std::is_void_v<R>) {
      return from_payload<R>(result);
    }
  }

  // An update of this workflow that was started before, perhaps by another program; nothing is sent.
  template <auto Handler>
  WorkflowUpdateHandle<detail::UpdateResultOf<Handler>> get_update_handle(std::string update_id) const {
    return get_update_handle_by_name<detail::UpdateResultOf<Handler>>(std::move(update_id));
  }
  template <class U = Payload>
  WorkflowUpdateHandle<U> get_update_handle_by_name(std::string update_id) const {
    return WorkflowUpdateHandle<U>(
        {workflow_.connection, std::move(update_id), workflow_.workflow_id,
         workflow_.first_execution_run_id.empty() ? workflow_.run_id : std::string(), nullptr});
  }

  // Asks the workflow to cancel; its wait throws CancelledError.
  void cancel(const std::string& reason = "") const { detail::cancel_workflow(workflow_, reason); }
  // Ends the workflow at once; its code is not asked.
  void terminate(const std::string& reason = "") const { detail::terminate_workflow(workflow_, reason); }

  WorkflowExecutionDescription describe() const { return detail::describe_workflow(workflow_); }
  // The whole Event History of the run, as the JSON that Temporal's tools read.
  std::string fetch_history() const { return detail::fetch_history_json(workflow_); }

 private:
  friend class detail::HandleCalls<WorkflowHandle>;

  void send_signal(const std::string& name, Payloads arguments) const {
    detail::signal_workflow(workflow_, name, std::move(arguments));
  }
  template <class Q>
  Q send_query(const std::string& name, Payloads arguments, const QueryOptions& options) const {
    return from_payload<Q>(detail::query_workflow(workflow_, name, std::move(arguments), options));
  }
  template <class U>
  U send_execute_update(const std::string& name, Payloads arguments, const UpdateOptions& options) const {
    return send_start_update<U>(name, std::move(arguments), {WorkflowUpdateStage::kCompleted, options.id})
        .result();
  }
  template <class U>
  WorkflowUpdateHandle<U> send_start_update(const std::string& name, Payloads arguments,
                                            const StartUpdateOptions& options) const {
    return WorkflowUpdateHandle<U>(detail::start_update(workflow_, name, std::move(arguments), options));
  }

  detail::WorkflowReference workflow_;
};

// A start that goes with an update; see Client::with_start_workflow. Used once. R is what the workflow gives.
template <class R>
class WithStartWorkflowOperation {
 public:
  explicit WithStartWorkflowOperation(detail::WithStart start)
      : start_(std::make_shared<detail::WithStart>(std::move(start))) {}

  // The workflow, once the update was sent. Throws PerdureError before.
  WorkflowHandle<R> workflow_handle() const {
    if (!start_->started) {
      throw PerdureError("WithStartWorkflowOperation::workflow_handle: its update was not sent yet");
    }
    return WorkflowHandle<R>(*start_->started);
  }

 private:
  friend class Client;
  std::shared_ptr<detail::WithStart> start_;
};

// start_signal<&Chat::say>(arguments of Chat::say…): a signal that goes with a start,
//   client.start_workflow<Chat>({.id = …, .start_signal = perdure::start_signal<&Chat::say>("hello")});
template <auto Handler, class... A>
  requires(detail::kArity<Handler> == sizeof...(A))
StartSignal start_signal(const A&... arguments) {
  return {std::string(signal_name<Handler>), detail::encode_call<Handler>(arguments...)};
}

class Client : public detail::WithStartCalls<Client> {
 public:
  // "file:DIR": the whole service runs inside this program, its state in DIR, which is made if it does not
  // exist and belongs to one program at a time. "HOST:PORT": a Perdure or Temporal server, for programs that
  // link perdure::grpc. Throws OptionsError for a target or an option that cannot be, RpcError when the state
  // cannot be opened or no server answers: after about a second when the connection is refused, after ten
  // when there is silence (the message says why).
  static Client connect(const std::string& target, ConnectOptions options = {});

  explicit Client(std::shared_ptr<client::Connection> connection) : connection_(std::move(connection)) {}

  // start_workflow<W>(arguments of W::run…, WorkflowOptions): returns when the start is durable.
  // Throws WorkflowAlreadyStartedError as the id policies say.
  template <class W>
    requires(detail::kRunArity<W> == 0)
  WorkflowHandle<detail::RunResultOf<W>> start_workflow(const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 1)
  WorkflowHandle<detail::RunResultOf<W>> start_workflow(detail::RunArgument<W, 0> a0,
                                                        const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 2)
  WorkflowHandle<detail::RunResultOf<W>> start_workflow(detail::RunArgument<W, 0> a0,
                                                        detail::RunArgument<W, 1> a1,
                                                        const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 3)
  WorkflowHandle<detail::RunResultOf<W>> start_workflow(detail::RunArgument<W, 0> a0,
                                                        detail::RunArgument<W, 1> a1,
                                                        detail::RunArgument<W, 2> a2,
                                                        const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 4)
  WorkflowHandle<detail::RunResultOf<W>> start_workflow(detail::RunArgument<W, 0> a0,
                                                        detail::RunArgument<W, 1> a1,
                                                        detail::RunArgument<W, 2> a2,
                                                        detail::RunArgument<W, 3> a3,
                                                        const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 5)
  WorkflowHandle<detail::RunResultOf<W>> start_workflow(
      detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1, detail::RunArgument<W, 2> a2,
      detail::RunArgument<W, 3> a3, detail::RunArgument<W, 4> a4, const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3, a4), options);
  }
  template <class W>
    requires(detail::kRunArity<W> == 6)
  WorkflowHandle<detail::RunResultOf<W>> start_workflow(
      detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1, detail::RunArgument<W, 2> a2,
      detail::RunArgument<W, 3> a3, detail::RunArgument<W, 4> a4, detail::RunArgument<W, 5> a5,
      const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3, a4, a5), options);
  }
  // More than six parameters: the options have to be spelt as WorkflowOptions{…}.
  template <class W, class... A>
    requires(detail::kRunArity<W> > 6 && sizeof...(A) == detail::kRunArity<W> + 1)
  WorkflowHandle<detail::RunResultOf<W>> start_workflow(const A&... arguments_and_options) const {
    const auto all = std::forward_as_tuple(arguments_and_options...);
    return start<W>(detail::encode_first<&W::run>(all), std::get<sizeof...(A) - 1>(all));
  }
  // The same, and waits for the result.
  template <class W, class... A>
    requires(detail::kRunArity<W> > 6 && sizeof...(A) == detail::kRunArity<W> + 1)
  detail::RunResultOf<W> execute_workflow(const A&... arguments_and_options) const {
    return start_workflow<W>(arguments_and_options...).result();
  }
  template <class W>
    requires(detail::kRunArity<W> == 0)
  detail::RunResultOf<W> execute_workflow(const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(), options).result();
  }
  template <class W>
    requires(detail::kRunArity<W> == 1)
  detail::RunResultOf<W> execute_workflow(detail::RunArgument<W, 0> a0,
                                          const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0), options).result();
  }
  template <class W>
    requires(detail::kRunArity<W> == 2)
  detail::RunResultOf<W> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                          const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1), options).result();
  }
  template <class W>
    requires(detail::kRunArity<W> == 3)
  detail::RunResultOf<W> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                          detail::RunArgument<W, 2> a2,
                                          const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2), options).result();
  }
  template <class W>
    requires(detail::kRunArity<W> == 4)
  detail::RunResultOf<W> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                          detail::RunArgument<W, 2> a2, detail::RunArgument<W, 3> a3,
                                          const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3), options).result();
  }
  template <class W>
    requires(detail::kRunArity<W> == 5)
  detail::RunResultOf<W> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                          detail::RunArgument<W, 2> a2, detail::RunArgument<W, 3> a3,
                                          detail::RunArgument<W, 4> a4,
                                          const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3, a4), options).result();
  }
  template <class W>
    requires(detail::kRunArity<W> == 6)
  detail::RunResultOf<W> execute_workflow(detail::RunArgument<W, 0> a0, detail::RunArgument<W, 1> a1,
                                          detail::RunArgument<W, 2> a2, detail::RunArgument<W, 3> a3,
                                          detail::RunArgument<W, 4> a4, detail::RunArgument<W, 5> a5,
                                          const WorkflowOptions& options) const {
    return start<W>(detail::encode_call<&W::run>(a0, a1, a2, a3, a4, a5), options).result();
  }
  // A workflow that this program knows by name only.
  template <class R = Payload, class... A>
  WorkflowHandle<R> start_workflow_by_name(std::string workflow_type, const WorkflowOptions& options,
                                           const A&... arguments) const {
    return WorkflowHandle<R>(
        detail::start_workflow(connection_, std::move(workflow_type), to_payloads(arguments...), options));
  }

  // A handle to a workflow that exists already; nothing is sent. Without run id: the current run at each
  // call.
  template <class W>
  WorkflowHandle<detail::RunResultOf<W>> get_workflow_handle(std::string workflow_id,
                                                             std::string run_id = "") const {
    return WorkflowHandle<detail::RunResultOf<W>>(
        {connection_, std::move(workflow_id), std::move(run_id), ""});
  }
  template <class R = Payload>
  WorkflowHandle<R> get_workflow_handle_by_name(std::string workflow_id, std::string run_id = "") const {
    return WorkflowHandle<R>({connection_, std::move(workflow_id), std::move(run_id), ""});
  }

  // An activity that said activity::complete_async(), by the task token of its info, or by ids; nothing is
  // sent. Without run id: the activity of the workflow's current run.
  AsyncActivityHandle get_async_activity_handle(std::string task_token) const {
    return AsyncActivityHandle({connection_, std::move(task_token), "", "", ""});
  }
  AsyncActivityHandle get_async_activity_handle(std::string workflow_id, std::string run_id,
                                                std::string activity_id) const {
    return AsyncActivityHandle(
        {connection_, "", std::move(workflow_id), std::move(run_id), std::move(activity_id)});
  }

  const std::shared_ptr<client::Connection>& connection() const { return connection_; }

 private:
  friend class detail::WithStartCalls<Client>;

  template <class W>
  WithStartWorkflowOperation<detail::RunResultOf<W>> prepare_start(Payloads arguments,
                                                                   const WorkflowOptions& options) const {
    return WithStartWorkflowOperation<detail::RunResultOf<W>>(
        detail::WithStart{std::string(workflow_name<W>), std::move(arguments), options, std::nullopt});
  }
  template <class U, class W>
  WorkflowUpdateHandle<U> send_start_update_with_start(WithStartWorkflowOperation<W>& start,
                                                       const std::string& name, Payloads arguments,
                                                       const StartUpdateOptions& options) const {
    return WorkflowUpdateHandle<U>(
        detail::start_update_with_start(connection_, *start.start_, name, std::move(arguments), options));
  }
  template <class U, class W>
  U send_execute_update_with_start(WithStartWorkflowOperation<W>& start, const std::string& name,
                                   Payloads arguments, const UpdateOptions& options) const {
    return send_start_update_with_start<U>(start, name, std::move(arguments),
                                           {WorkflowUpdateStage::kCompleted, options.id})
        .result();
  }

  template <class W>
  WorkflowHandle<detail::RunResultOf<W>> start(Payloads arguments, const WorkflowOptions& options) const {
    return WorkflowHandle<detail::RunResultOf<W>>(
        detail::start_workflow(connection_, std::string(workflow_name<W>), std::move(arguments), options));
  }

  std::shared_ptr<client::Connection> connection_;
};

}  // namespace perdure
