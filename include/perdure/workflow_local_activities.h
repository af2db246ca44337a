#pragma once
// Local activities: short ones that run in the worker which runs the workflow, within its workflow task. They
// cost no round trip through a task queue; their results are in the history all the same, and a replay does
// not run them.
//
//   int rate = co_await perdure::workflow::execute_local_activity<exchange_rate>("EUR",
//                                                                                {.start_to_close_timeout =
//                                                                                1s});
//
// The activity has to be registered with the workflow's worker. An attempt that was under way when its worker
// died is made again. The workflow task stays open while they run, and hears of nothing else until its next
// heartbeat, at 80 % of the workflow's task timeout: an activity that takes longer than a few seconds should
// not be local.
#include <memory>
#include <source_location>
#include <string>
#include <type_traits>
#include <utility>

#include "perdure/detail/arguments.h"
#include "perdure/detail/workflow_context.h"
#include "perdure/names.h"
#include "perdure/workflow_handles.h"
#include "perdure/workflow_options.h"

namespace perdure::detail {

template <auto F, class Traits, class Parameters>
struct LocalActivityCall;

// As ActivityCall (workflow.h).
template <auto F, class Traits, class... P>
struct LocalActivityCall<F, Traits, Types<P...>> {
  using Result = typename ResultOf<typename Traits::Result>::Type;

  workflow::ActivityHandle<Result> operator()(
      std::remove_cvref_t<P>... arguments, LocalActivityOptions options,
      std::source_location where = std::source_location::current()) const {
    check_boundary_type<Result>();
    WorkflowContext& context = current_context("workflow::start_local_activity");
    return workflow::ActivityHandle<Result>(
        context.start_local_activity({.activity_type = std::string(activity_name<F>),
                                      .arguments = encode_arguments<P...>(arguments...),
                                      .options = std::move(options),
                                      .where = where}));
  }
  // Options that are left out cannot hold the timeout that every activity needs.
  template <class Call = LocalActivityCall>
  workflow::ActivityHandle<Result> operator()(std::remove_cvref_t<P>...) const {
    static_assert(!std::is_same_v<Call, LocalActivityCall>,
                  "perdure: a local activity needs start_to_close_timeout or schedule_to_close_timeout: "
                  "execute_local_activity<F>(arguments…, {.start_to_close_timeout = 10s})");
    throw OptionsError("Local activity must have start_to_close_timeout or schedule_to_close_timeout");
  }
};

template <auto F>
constexpr auto make_local_activity_call() {
  using Traits = FunctionTraits<decltype(F)>;
  static_assert(
      Traits::is_function,
      "perdure: an activity is a function or a member function: start_local_activity<say_hello>(…), "
      "start_local_activity<&Activities::say_hello>(…)");
  if constexpr (Traits::is_function) {
    return LocalActivityCall<F, Traits, typename Traits::Parameters>{};
  }
}

}  // namespace perdure::detail

namespace perdure::workflow {

// start_local_activity<F>(arguments of F…, LocalActivityOptions): starts the activity and gives its handle.
// Throws OptionsError when neither start_to_close_timeout nor schedule_to_close_timeout is given. Awaiting
// the handle throws ActivityError with its cause, or CancelledError when it ended cancelled.
template <auto F>
inline constexpr auto start_local_activity = perdure::detail::make_local_activity_call<F>();

// execute_local_activity<F>(…): the same, to be awaited at once.
template <auto F>
inline constexpr auto execute_local_activity = perdure::detail::make_local_activity_call<F>();

// A local activity by name: start_local_activity_by_name<int>("count", {…}, "text", 3).
template <class R, class... A>
ActivityHandle<R> start_local_activity_by_name(perdure::detail::LocatedName name,
                                               LocalActivityOptions options, const A&... arguments) {
  perdure::detail::check_boundary_type<R>();
  perdure::detail::WorkflowContext& context =
      perdure::detail::current_context("workflow::start_local_activity_by_name");
  return ActivityHandle<R>(context.start_local_activity({.activity_type = std::move(name.text),
                                                         .arguments = to_payloads(arguments...),
                                                         .options = std::move(options),
                                                         .where = name.where}));
}
template <class R, class... A>
ActivityHandle<R> execute_local_activity_by_name(perdure::detail::LocatedName name,
                                                 LocalActivityOptions options, const A&... arguments) {
  return start_local_activity_by_name<R>(std::move(name), std::move(options), arguments...);
}

}  // namespace perdure::workflow
