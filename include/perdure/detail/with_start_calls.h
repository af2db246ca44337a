#pragma once
// The calls of a client that start a workflow and update it at once: with_start_workflow,
// execute_update_with_start_workflow, start_update_with_start_workflow. An overload for each number of
// parameters, as in handle_calls.h.
#include <string>
#include <utility>

#include "perdure/detail/handle_calls.h"

namespace perdure {
template <class R>
class WithStartWorkflowOperation;
}

namespace perdure::detail {

// Self has prepare_start<W>, send_execute_update_with_start<R> and send_start_update_with_start<R>.
template <class Self>
class WithStartCalls {
 public:
  // A start that goes with an update: with_start_workflow<W>(arguments of W::run…, WorkflowOptions). Nothing
  // is sent. The options need an id_conflict_policy, mostly kUseExisting.
  template <class W>
    requires(kRunArity<W> == 0)
  auto with_start_workflow(const WorkflowOptions& options) const {
    return self().template prepare_start<W>(encode_call<&W::run>(), options);
  }

  template <class W>
    requires(kRunArity<W> == 1)
  auto with_start_workflow(RunArgument<W, 0> a0, const WorkflowOptions& options) const {
    return self().template prepare_start<W>(encode_call<&W::run>(a0), options);
  }

  template <class W>
    requires(kRunArity<W> == 2)
  auto with_start_workflow(RunArgument<W, 0> a0, RunArgument<W, 1> a1, const WorkflowOptions& options) const {
    return self().template prepare_start<W>(encode_call<&W::run>(a0, a1), options);
  }

  template <class W>
    requires(kRunArity<W> == 3)
  auto with_start_workflow(RunArgument<W, 0> a0, RunArgument<W, 1> a1, RunArgument<W, 2> a2,
                           const WorkflowOptions& options) const {
    return self().template prepare_start<W>(encode_call<&W::run>(a0, a1, a2), options);
  }

  template <class W>
    requires(kRunArity<W> == 4)
  auto with_start_workflow(RunArgument<W, 0> a0, RunArgument<W, 1> a1, RunArgument<W, 2> a2,
                           RunArgument<W, 3> a3, const WorkflowOptions& options) const {
    return self().template prepare_start<W>(encode_call<&W::run>(a0, a1, a2, a3), options);
  }

  template <class W>
    requires(kRunArity<W> == 5)
  auto with_start_workflow(RunArgument<W, 0> a0, RunArgument<W, 1> a1, RunArgument<W, 2> a2,
                           RunArgument<W, 3> a3, RunArgument<W, 4> a4, const WorkflowOptions& options) const {
    return self().template prepare_start<W>(encode_call<&W::run>(a0, a1, a2, a3, a4), options);
  }

  template <class W>
    requires(kRunArity<W> == 6)
  auto with_start_workflow(RunArgument<W, 0> a0, RunArgument<W, 1> a1, RunArgument<W, 2> a2,
                           RunArgument<W, 3> a3, RunArgument<W, 4> a4, RunArgument<W, 5> a5,
                           const WorkflowOptions& options) const {
    return self().template prepare_start<W>(encode_call<&W::run>(a0, a1, a2, a3, a4, a5), options);
  }

  // Starts the workflow, unless it runs already, and waits for what its update handler gives: both or
  // neither.
  template <auto Handler, class W>
    requires(kArity<Handler> == 0)
  auto execute_update_with_start_workflow(WithStartWorkflowOperation<W>& start,
                                          const UpdateOptions& options = {}) const {
    return self().template send_execute_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 1)
  auto execute_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                          const UpdateOptions& options = {}) const {
    return self().template send_execute_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 2)
  auto execute_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                          Argument<Handler, 1> a1, const UpdateOptions& options = {}) const {
    return self().template send_execute_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 3)
  auto execute_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                          Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                                          const UpdateOptions& options = {}) const {
    return self().template send_execute_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 4)
  auto execute_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                          Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                                          Argument<Handler, 3> a3, const UpdateOptions& options = {}) const {
    return self().template send_execute_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 5)
  auto execute_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                          Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                                          Argument<Handler, 3> a3, Argument<Handler, 4> a4,
                                          const UpdateOptions& options = {}) const {
    return self().template send_execute_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 6)
  auto execute_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                          Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                                          Argument<Handler, 3> a3, Argument<Handler, 4> a4,
                                          Argument<Handler, 5> a5, const UpdateOptions& options = {}) const {
    return self().template send_execute_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4, a5), options);
  }

  // The same, and returns a handle as soon as the update was accepted, or refused, which result() tells.
  template <auto Handler, class W>
    requires(kArity<Handler> == 0)
  auto start_update_with_start_workflow(WithStartWorkflowOperation<W>& start,
                                        const StartUpdateOptions& options = {}) const {
    return self().template send_start_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 1)
  auto start_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                        const StartUpdateOptions& options = {}) const {
    return self().template send_start_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 2)
  auto start_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                        Argument<Handler, 1> a1,
                                        const StartUpdateOptions& options = {}) const {
    return self().template send_start_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 3)
  auto start_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                        Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                                        const StartUpdateOptions& options = {}) const {
    return self().template send_start_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 4)
  auto start_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                        Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                                        Argument<Handler, 3> a3,
                                        const StartUpdateOptions& options = {}) const {
    return self().template send_start_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 5)
  auto start_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                        Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                                        Argument<Handler, 3> a3, Argument<Handler, 4> a4,
                                        const StartUpdateOptions& options = {}) const {
    return self().template send_start_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4), options);
  }

  template <auto Handler, class W>
    requires(kArity<Handler> == 6)
  auto start_update_with_start_workflow(WithStartWorkflowOperation<W>& start, Argument<Handler, 0> a0,
                                        Argument<Handler, 1> a1, Argument<Handler, 2> a2,
                                        Argument<Handler, 3> a3, Argument<Handler, 4> a4,
                                        Argument<Handler, 5> a5,
                                        const StartUpdateOptions& options = {}) const {
    return self().template send_start_update_with_start<UpdateResultOf<Handler>>(
        start, std::string(update_name<Handler>), encode_call<Handler>(a0, a1, a2, a3, a4, a5), options);
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace perdure::detail
