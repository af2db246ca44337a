#pragma once
// What workflow code calls. Names mirror Temporal's Python SDK.
//
// A workflow is a class with one coroutine `run`:
//   class Greeting {
//    public:
//     perdure::Task<std::string> run(std::string name) {
//       co_return co_await perdure::workflow::execute_activity<compose>(
//           {.greeting = "Hello", .name = name}, {.start_to_close_timeout = 10s});
//     }
//   };
// Its parameters and result are serialisable (serialize.h), and it is default constructible. What is called
// here records a command at the call; awaiting waits for what comes of it. All of it throws PerdureError when
// called outside of a workflow, and belongs to the thread that runs the workflow.
//
// The code must be deterministic: it is run again, from its history, whenever a worker needs its state.
#include <chrono>
#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "perdure/continue_as_new.h"
#include "perdure/detail/arguments.h"
#include "perdure/detail/compiler.h"
#include "perdure/detail/workflow_context.h"
#include "perdure/detail/workflow_tasks.h"
#include "perdure/detail/workflow_waits.h"
#include "perdure/error.h"
#include "perdure/logger.h"
#include "perdure/names.h"
#include "perdure/queries.h"
#include "perdure/signals.h"
#include "perdure/task.h"
#include "perdure/updates.h"
#include "perdure/workflow_children.h"
#include "perdure/workflow_combinators.h"
#include "perdure/workflow_handlers.h"
#include "perdure/workflow_handles.h"
#include "perdure/workflow_info.h"
#include "perdure/workflow_local_activities.h"
#include "perdure/workflow_options.h"
#include "perdure/workflow_outcome.h"
#include "perdure/workflow_scopes.h"
#include "perdure/workflow_unsafe.h"
#include "perdure/workflow_versions.h"

namespace perdure::detail {

template <auto F, class Traits, class Parameters>
struct ActivityCall;

// The call operator has the activity's own parameter types, so that literals and braces convert and a wrong
// argument is one line of diagnosis.
template <auto F, class Traits, class... P>
struct ActivityCall<F, Traits, Types<P...>> {
  using Result = typename ResultOf<typename Traits::Result>::Type;

  workflow::ActivityHandle<Result> operator()(
      std::remove_cvref_t<P>... arguments, ActivityOptions options,
      std::source_location where = std::source_location::current()) const {
    check_boundary_type<Result>();
    WorkflowContext& context = current_context("workflow::start_activity");
    return workflow::ActivityHandle<Result>(
        context.start_activity({.activity_type = std::string(activity_name<F>),
                                .arguments = encode_arguments<P...>(arguments...),
                                .options = std::move(options),
                                .where = where}));
  }
  // Options that are left out cannot hold the timeout that every activity needs.
  template <class Call = ActivityCall>
  workflow::ActivityHandle<Result> operator()(std::remove_cvref_t<P>...) const {
    static_assert(!std::is_same_v<Call, ActivityCall>,
                  "perdure: an activity needs start_to_close_timeout or schedule_to_close_timeout: "
                  "execute_activity<F>(arguments…, {.start_to_close_timeout = 10s})");
    throw OptionsError("Activity must have start_to_close_timeout or schedule_to_close_timeout");
  }
};

template <auto F>
constexpr auto make_activity_call() {
  using Traits = FunctionTraits<decltype(F)>;
  static_assert(Traits::is_function,
                "perdure: an activity is a function or a member function: start_activity<say_hello>(…), "
                "start_activity<&Activities::say_hello>(…)");
  if constexpr (Traits::is_function) {
    return ActivityCall<F, Traits, typename Traits::Parameters>{};
  }
}

}  // namespace perdure::detail

namespace perdure::workflow {

// start_activity<F>(arguments of F…, ActivityOptions): schedules the activity and gives its handle.
// Throws OptionsError when neither start_to_close_timeout nor schedule_to_close_timeout is given.
template <auto F>
inline constexpr auto start_activity = perdure::detail::make_activity_call<F>();

// execute_activity<F>(…): the same, to be awaited at once: `auto result = co_await execute_activity<F>(…)`.
template <auto F>
inline constexpr auto execute_activity = perdure::detail::make_activity_call<F>();

// An activity that this program knows by name only: start_activity_by_name<int>("count", {…}, "text", 3).
template <class R, class... A>
ActivityHandle<R> start_activity_by_name(perdure::detail::LocatedName name, ActivityOptions options,
                                         const A&... arguments) {
  perdure::detail::check_boundary_type<R>();
  perdure::detail::WorkflowContext& context =
      perdure::detail::current_context("workflow::start_activity_by_name");
  return ActivityHandle<R>(context.start_activity({.activity_type = std::move(name.text),
                                                   .arguments = to_payloads(arguments...),
                                                   .options = std::move(options),
                                                   .where = name.where}));
}
template <class R, class... A>
ActivityHandle<R> execute_activity_by_name(perdure::detail::LocatedName name, ActivityOptions options,
                                           const A&... arguments) {
  return start_activity_by_name<R>(std::move(name), std::move(options), arguments...);
}

// Awaiting waits until `predicate` is true. It is called whenever the workflow's code came to rest, so it
// must be quick and change nothing. With a timeout, throws TimeoutError when that passes first.
template <std::invocable<> Predicate>
auto wait_condition(Predicate predicate, std::optional<std::chrono::nanoseconds> timeout = std::nullopt,
                    std::source_location where = std::source_location::current()) {
  static_assert(std::convertible_to<std::invoke_result_t<Predicate&>, bool>,
                "perdure: wait_condition takes a function without parameters that returns bool");
  if (timeout && *timeout < std::chrono::nanoseconds::zero()) {
    throw OptionsError("wait_condition: the timeout cannot be negative");
  }
  return perdure::detail::ConditionAwaiter<Predicate>(
      perdure::detail::current_context("workflow::wait_condition"), std::move(predicate), timeout, where);
}

// The time of the current workflow task: the same in a replay. Never the machine's clock.
std::chrono::system_clock::time_point now();
// Facts about the run; valid as long as the workflow's code.
const Info& info();
// Random numbers that a replay repeats, seeded from the run.
Random& random();
// A random UUID that a replay repeats.
std::string uuid4();
// Log lines of this run; silent in a replay.
Logger logger();
// True while the code runs again what it did before: keep logs and metrics quiet.
bool is_replaying();
// True once somebody asked the workflow to cancel; the wait in progress threw CancelledError then.
bool cancellation_requested();
// True in workflow code; all else here throws elsewhere.
bool in_workflow() noexcept;

}  // namespace perdure::workflow
