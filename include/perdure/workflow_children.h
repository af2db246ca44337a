#pragma once
// Child workflows, and other workflows that this one signals or cancels.
//
//   auto report = co_await workflow::execute_child_workflow<Report>("2026-11", {.id = "report-2026-11"});
//   auto child = co_await workflow::start_child_workflow<Chat>({.id = "chat-7"});  // once it has started
//   co_await child.signal<&Chat::say>("hello");
//   auto lines = co_await child;  // its result
//   co_await workflow::get_external_workflow_handle<Chat>("chat-8").signal<&Chat::say>("hello");
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "perdure/detail/arguments.h"
#include "perdure/detail/call.h"
#include "perdure/detail/workflow_context.h"
#include "perdure/detail/workflow_waits.h"
#include "perdure/names.h"
#include "perdure/workflow_handles.h"
#include "perdure/workflow_options.h"

namespace perdure::workflow {

// A signal, or a request to cancel, on its way to another workflow. Awaiting returns when it has arrived;
// throws ApplicationError when it cannot (there is no such open workflow).
class [[nodiscard("co_await it: a signal can fail to arrive")]] Delivery
    : public perdure::detail::AwaitableTag {
 public:
  explicit Delivery(std::shared_ptr<perdure::detail::Operation> operation)
      : operation_(std::move(operation)) {}

  bool is_done() const { return operation_->done(); }
  // Does not send it if it was not sent yet.
  void cancel() const { operation_->cancel(); }
  perdure::detail::OperationAwaiter<void> operator co_await() const {
    return perdure::detail::OperationAwaiter<void>(operation_);
  }

 private:
  friend struct perdure::detail::HandleAccess;
  std::shared_ptr<perdure::detail::Operation> operation_;
};

// A child workflow. Copies mean the same child. Awaiting gives its result, as often as one likes, or throws
// ChildWorkflowError, CancelledError when it ended cancelled, WorkflowAlreadyStartedError when its id is
// taken.
template <class R>
class [[nodiscard("co_await the child, or keep its handle")]] ChildWorkflowHandle
    : public perdure::detail::AwaitableTag {
 public:
  explicit ChildWorkflowHandle(std::shared_ptr<perdure::detail::ChildOperation> child)
      : child_(std::move(child)) {}

  const std::string& id() const { return child_->workflow_id(); }
  // Empty until it has started.
  const std::string& first_execution_run_id() const { return child_->run_id(); }
  bool is_done() const { return child_->done(); }
  // Asks for cancellation, as the child's cancellation_type says. Does nothing when it is done.
  void cancel() const { child_->cancel(); }

  // signal<&Chat::say>(arguments of Chat::say…), to the current run of the child.
  template <auto Handler, class... A>
    requires(perdure::detail::kArity<Handler> == sizeof...(A))
  Delivery signal(const A&... arguments) const {
    return send(std::string(signal_name<Handler>), perdure::detail::encode_call<Handler>(arguments...), {});
  }
  template <class... A>
  Delivery signal(perdure::detail::LocatedName name, const A&... arguments) const {
    return send(std::move(name.text), to_payloads(arguments...), name.where);
  }

  perdure::detail::OperationAwaiter<R> operator co_await() const {
    return perdure::detail::OperationAwaiter<R>(child_);
  }

 private:
  friend struct perdure::detail::HandleAccess;
  Delivery send(std::string signal, Payloads arguments, std::source_location where) const {
    return Delivery(perdure::detail::current_context("ChildWorkflowHandle::signal")
                        .signal_external({.workflow_id = id(),
                                          .run_id = "",
                                          .child = true,
                                          .signal = std::move(signal),
                                          .arguments = std::move(arguments),
                                          .where = where}));
  }

  std::shared_ptr<perdure::detail::ChildOperation> child_;
};

// A child that is about to start. Awaiting gives its handle once it has, or throws what the start failed
// with: WorkflowAlreadyStartedError, CancelledError.
template <class R>
class [[nodiscard("co_await it")]] ChildWorkflowStart : public perdure::detail::AwaitableTag {
 public:
  explicit ChildWorkflowStart(std::shared_ptr<perdure::detail::ChildOperation> child)
      : child_(std::move(child)) {}

  class Awaiter final : public perdure::detail::OperationAwaiter<void> {
   public:
    explicit Awaiter(std::shared_ptr<perdure::detail::ChildOperation> child)
        : OperationAwaiter<void>(child->started()), child_(std::move(child)) {}
    ChildWorkflowHandle<R> await_resume() {
      OperationAwaiter<void>::await_resume();
      return ChildWorkflowHandle<R>(child_);
    }

   private:
    std::shared_ptr<perdure::detail::ChildOperation> child_;
  };

  bool is_done() const { return child_->started()->done(); }
  void cancel() const { child_->cancel(); }
  Awaiter operator co_await() const { return Awaiter(child_); }

 private:
  friend struct perdure::detail::HandleAccess;
  std::shared_ptr<perdure::detail::ChildOperation> child_;
};

// Any workflow of the namespace, by id: its current run, or the run that is named.
class ExternalWorkflowHandle {
 public:
  ExternalWorkflowHandle(std::string workflow_id, std::string run_id)
      : workflow_id_(std::move(workflow_id)), run_id_(std::move(run_id)) {}

  const std::string& id() const { return workflow_id_; }
  const std::string& run_id() const { return run_id_; }

  template <auto Handler, class... A>
    requires(perdure::detail::kArity<Handler> == sizeof...(A))
  Delivery signal(const A&... arguments) const {
    return send(std::string(signal_name<Handler>), perdure::detail::encode_call<Handler>(arguments...), {});
  }
  template <class... A>
  Delivery signal(perdure::detail::LocatedName name, const A&... arguments) const {
    return send(std::move(name.text), to_payloads(arguments...), name.where);
  }
  // Asks the workflow to cancel.
  Delivery cancel(std::string reason = "",
                  std::source_location where = std::source_location::current()) const {
    return Delivery(perdure::detail::current_context("ExternalWorkflowHandle::cancel")
                        .cancel_external({workflow_id_, run_id_, std::move(reason), where}));
  }

 private:
  Delivery send(std::string signal, Payloads arguments, std::source_location where) const {
    return Delivery(perdure::detail::current_context("ExternalWorkflowHandle::signal")
                        .signal_external({.workflow_id = workflow_id_,
                                          .run_id = run_id_,
                                          .child = false,
                                          .signal = std::move(signal),
                                          .arguments = std::move(arguments),
                                          .where = where}));
  }

  std::string workflow_id_;
  std::string run_id_;
};

// Nothing is sent. Without run id: the current run at each call.
inline ExternalWorkflowHandle get_external_workflow_handle(std::string workflow_id, std::string run_id = "") {
  return {std::move(workflow_id), std::move(run_id)};
}

}  // namespace perdure::workflow

namespace perdure::detail {

template <template <class> class Handle, class W, class Parameters>
struct ChildCall;

// The call operator has the parameter types of run(), so that literals and braces convert.
template <template <class> class Handle, class W, class... P>
struct ChildCall<Handle, W, Types<P...>> {
  using Result = RunResultOf<W>;

  Handle<Result> operator()(std::remove_cvref_t<P>... arguments, ChildWorkflowOptions options = {},
                            std::source_location where = std::source_location::current()) const {
    check_boundary_type<Result>();
    return Handle<Result>(current_context("workflow::start_child_workflow")
                              .start_child_workflow({.workflow_type = std::string(workflow_name<W>),
                                                     .arguments = encode_arguments<P...>(arguments...),
                                                     .options = std::move(options),
                                                     .where = where}));
  }
};

template <template <class> class Handle, class W>
constexpr auto make_child_call() {
  constexpr bool has_run = requires { &W::run; };
  static_assert(has_run, "perdure: a child is a workflow class: execute_child_workflow<Report>(…)");
  if constexpr (has_run) {
    return ChildCall<Handle, W, ParametersOf<&W::run>>{};
  }
}

}  // namespace perdure::detail

namespace perdure::workflow {

// execute_child_workflow<W>(arguments of W::run…, ChildWorkflowOptions): starts a child and gives its handle,
// which is awaited for the result. Throws OptionsError for options that cannot be.
template <class W>
inline constexpr auto execute_child_workflow =
    perdure::detail::make_child_call<perdure::workflow::ChildWorkflowHandle, W>();

// The same, awaited for the start: `auto child = co_await start_child_workflow<W>(…)`.
template <class W>
inline constexpr auto start_child_workflow =
    perdure::detail::make_child_call<perdure::workflow::ChildWorkflowStart, W>();

// A child that this program knows by name only: execute_child_workflow_by_name<int>("Count", {…}, "text", 3).
template <class R, class... A>
ChildWorkflowHandle<R> execute_child_workflow_by_name(perdure::detail::LocatedName name,
                                                      ChildWorkflowOptions options, const A&... arguments) {
  perdure::detail::check_boundary_type<R>();
  return ChildWorkflowHandle<R>(perdure::detail::current_context("workflow::execute_child_workflow_by_name")
                                    .start_child_workflow({.workflow_type = std::move(name.text),
                                                           .arguments = to_payloads(arguments...),
                                                           .options = std::move(options),
                                                           .where = name.where}));
}
template <class R, class... A>
ChildWorkflowStart<R> start_child_workflow_by_name(perdure::detail::LocatedName name,
                                                   ChildWorkflowOptions options, const A&... arguments) {
  perdure::detail::check_boundary_type<R>();
  return ChildWorkflowStart<R>(perdure::detail::current_context("workflow::start_child_workflow_by_name")
                                   .start_child_workflow({.workflow_type = std::move(name.text),
                                                          .arguments = to_payloads(arguments...),
                                                          .options = std::move(options),
                                                          .where = name.where}));
}

}  // namespace perdure::workflow
