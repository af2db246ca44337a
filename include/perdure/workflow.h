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
#include "perdure/names.h"
#include "perdure/signals.h"
#include "perdure/task.h"
#include "perdure/workflow_info.h"
#include "perdure/workflow_options.h"

namespace perdure::workflow {

// An activity that was started. Copies mean the same activity. Awaiting gives its result, as often as one
// likes, or throws ActivityError, or CancelledError when it ended cancelled.
template <class R>
class [[nodiscard("co_await the activity, or keep its handle")]] ActivityHandle
    : public perdure::detail::AwaitableTag {
 public:
  explicit ActivityHandle(std::shared_ptr<perdure::detail::Operation> operation)
      : operation_(std::move(operation)) {}

  bool is_done() const { return operation_->done(); }
  // Asks for cancellation, as the activity's cancellation_type says. Does nothing when it is done.
  void cancel() const { operation_->cancel(); }
  perdure::detail::OperationAwaiter<R> operator co_await() const {
    return perdure::detail::OperationAwaiter<R>(operation_);
  }

 private:
  std::shared_ptr<perdure::detail::Operation> operation_;
};

// A timer that was started. Awaiting throws CancelledError when it was cancelled.
class [[nodiscard("co_await the timer, or keep its handle")]] TimerHandle
    : public perdure::detail::AwaitableTag {
 public:
  explicit TimerHandle(std::shared_ptr<perdure::detail::Operation> operation)
      : operation_(std::move(operation)) {}

  bool is_done() const { return operation_->done(); }
  void cancel() const { operation_->cancel(); }
  perdure::detail::OperationAwaiter<void> operator co_await() const {
    return perdure::detail::OperationAwaiter<void>(operation_);
  }

 private:
  std::shared_ptr<perdure::detail::Operation> operation_;
};

}  // namespace perdure::workflow

namespace perdure::detail {

template <auto F, class Traits, class Parameters>
struct ActivityCall;

// The call operator has the activity's own parameter types, so that literals and braces convert and a wrong
// argument is one line of diagnosis.
template <auto F, class Traits, class... P>
struct ActivityCall<F, Traits, Types<P...>> {
  using Result = typename ResultOf<typename Traits::Result>::Type;

  workflow::ActivityHandle<Result> operator()(
      std::remove_cvref_t<P>... arguments, ActivityOptions options = {},
      std::source_location where = std::source_location::current()) const {
    check_boundary_type<Result>();
    WorkflowContext& context = current_context("workflow::start_activity");
    return workflow::ActivityHandle<Result>(
        context.start_activity({.activity_type = std::string(activity_name<F>),
                                .arguments = encode_arguments<P...>(arguments...),
                                .options = std::move(options),
                                .where = where}));
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
ActivityHandle<R> start_activity_by_name(std::string name, ActivityOptions options, const A&... arguments) {
  perdure::detail::check_boundary_type<R>();
  perdure::detail::WorkflowContext& context =
      perdure::detail::current_context("workflow::start_activity_by_name");
  return ActivityHandle<R>(context.start_activity({.activity_type = std::move(name),
                                                   .arguments = to_payloads(arguments...),
                                                   .options = std::move(options),
                                                   .where = std::source_location::current()}));
}
template <class R, class... A>
ActivityHandle<R> execute_activity_by_name(std::string name, ActivityOptions options, const A&... arguments) {
  return start_activity_by_name<R>(std::move(name), std::move(options), arguments...);
}

// A task that runs beside the one that created it. Copies mean the same task. Awaiting gives its result or
// throws what it threw.
template <class T>
class TaskHandle : public perdure::detail::AwaitableTag {
 public:
  explicit TaskHandle(std::shared_ptr<perdure::detail::CreatedTask<T>> task) : task_(std::move(task)) {}

  bool is_done() const { return task_->done(); }
  // The wait in which the task is throws CancelledError.
  void cancel() const { task_->cancel(); }
  perdure::detail::CreatedTaskAwaiter<T> operator co_await() const {
    return perdure::detail::CreatedTaskAwaiter<T>(task_);
  }

 private:
  std::shared_ptr<perdure::detail::CreatedTask<T>> task_;
};

// Runs `task` beside the current one, as Python's asyncio.create_task: it begins at the next wait. A workflow
// that ends does not wait for it. A FailureError waits for whoever awaits the handle; any other exception
// fails the workflow task.
template <class T>
TaskHandle<T> create_task(Task<T> task) {
  perdure::detail::WorkflowContext& context = perdure::detail::current_context("workflow::create_task");
  auto created = std::make_shared<perdure::detail::CreatedTask<T>>();
  perdure::detail::Fiber* fiber = context.start_fiber(
      perdure::detail::run_created_task<T>(std::move(task), perdure::detail::TaskLink<T>(created)));
  if (fiber != nullptr) {
    created->attach(&context, fiber);
  }
  return TaskHandle<T>(std::move(created));
}

struct SleepOptions {
  std::string summary{};  // one line, shown in user interfaces
};

// A durable timer, started at the call: it goes on while no worker runs. Zero starts no timer and only lets
// others run first. Throws OptionsError for a negative duration.
TimerHandle sleep(std::chrono::nanoseconds duration, SleepOptions options = {},
                  std::source_location where = std::source_location::current());

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
// True while the code runs again what it did before: keep logs and metrics quiet.
bool is_replaying();
// True once somebody asked the workflow to cancel; the wait in progress threw CancelledError then.
bool cancellation_requested();
// True in workflow code; all else here throws elsewhere.
bool in_workflow() noexcept;

}  // namespace perdure::workflow
