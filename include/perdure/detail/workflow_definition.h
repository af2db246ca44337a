#pragma once
// A workflow class as the worker and the core see it: without its type.
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "perdure/continue_as_new.h"
#include "perdure/detail/arguments.h"
#include "perdure/detail/compiler.h"
#include "perdure/names.h"
#include "perdure/signals.h"
#include "perdure/task.h"

namespace perdure::detail {

// How run() ended, if it did not throw.
struct RunResult {
  Payload result;
  std::shared_ptr<workflow::ContinueAsNew> continue_as_new;  // null: completed with `result`
};

// One object of a workflow class.
class WorkflowInstance {
 public:
  virtual ~WorkflowInstance() = default;
  // Decodes the arguments now (throws DataConversionError), runs when awaited.
  virtual Task<RunResult> run(const Payloads& arguments) = 0;
  virtual void* object() = 0;
};

// `start` decodes the arguments now (throws DataConversionError); the handler runs when the task is awaited.
struct SignalDefinition {
  std::string name;
  Task<void> (*start)(void* object, const Payloads& arguments);
};

struct WorkflowDefinition {
  std::string name;      // empty: of a dynamic workflow
  bool dynamic = false;  // runs every type that is not registered
  std::unique_ptr<WorkflowInstance> (*create)();
  std::vector<SignalDefinition> signals;
  std::string written{};  // as the program spells it: "app::Order"
};

// Awaits a task without taking its result.
template <class T>
class Completion : public AwaitableTag {
 public:
  explicit Completion(Task<T>& task) : handle_(TaskAccess::handle(task)) {}
  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept {
    TaskAccess::set_continuation(handle_.promise(), waiting);
    return handle_;
  }
  void await_resume() const noexcept {}

 private:
  std::coroutine_handle<Promise<T>> handle_;
};

template <class W, class R, class... P>
// The run owns the object and outlives this coroutine.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<RunResult> run_workflow(W& object, std::tuple<P...> arguments) {
  Task<R> task = std::apply([&](P&... values) { return object.run(std::move(values)...); }, arguments);
  co_await Completion<R>(task);
  if (auto next = TaskAccess::continue_as_new(task)) {
    co_return RunResult{{}, std::move(next)};
  }
  if constexpr (std::is_void_v<R>) {
    TaskAccess::take(task);
    co_return RunResult{null_payload(), nullptr};
  } else {
    const R result = TaskAccess::take(task);
    co_return RunResult{to_payload(result), nullptr};
  }
}

// Says in one line what is wrong with a workflow class.
template <class W>
consteval bool check_workflow() {
  static_assert(std::is_class_v<W>, "perdure: a workflow is a class");
  static_assert(std::is_default_constructible_v<W>,
                "perdure: a workflow class needs a public default constructor");
  constexpr bool has_run = requires { &W::run; };
  static_assert(has_run,
                "perdure: a workflow class needs exactly one public member function `run` (not overloaded, "
                "not a template)");
  if constexpr (has_run) {
    using Traits = FunctionTraits<decltype(&W::run)>;
    constexpr bool is_member = Traits::is_function && std::is_member_function_pointer_v<decltype(&W::run)>;
    static_assert(is_member, "perdure: a workflow's `run` is a non-static member function");
    if constexpr (is_member) {
      constexpr bool is_task = ResultOf<typename Traits::Result>::is_task;
      static_assert(is_task, "perdure: a workflow's `run` is a coroutine that returns perdure::Task<T>");
      return is_task;
    }
  }
  return false;
}

// A class with `static constexpr bool dynamic_workflow = true` runs all types that are not registered. Its
// run() takes perdure::Payloads, the arguments as they came; workflow::info().workflow_type says what was
// asked for.
template <class W>
consteval bool is_dynamic_workflow() {
  if constexpr (requires { static_cast<bool>(W::dynamic_workflow); }) {
    return W::dynamic_workflow;
  }
  return false;
}

template <class W, class Parameters = typename FunctionTraits<decltype(&W::run)>::Parameters>
class InstanceOf;

template <class W, class... P>
class InstanceOf<W, Types<P...>> final : public WorkflowInstance {
 public:
  using R = typename ResultOf<typename FunctionTraits<decltype(&W::run)>::Result>::Type;

  Task<RunResult> run(const Payloads& arguments) override {
    if constexpr (is_dynamic_workflow<W>()) {
      static_assert(std::is_same_v<std::tuple<std::remove_cvref_t<P>...>, std::tuple<Payloads>>,
                    "perdure: the run() of a dynamic workflow takes perdure::Payloads, and nothing else");
      return run_workflow<W, R>(object_, std::tuple<Payloads>(arguments));
    } else {
      return run_workflow<W, R>(object_, decode_arguments(arguments, Types<P...>{}));
    }
  }
  void* object() override { return &object_; }

 private:
  W object_;
};

// A coroutine for a handler that is a coroutine or a plain function.
template <auto Handler, class W, class... P>
// NOLINTNEXTLINE(cppcoreguidelines-avoid-reference-coroutine-parameters): as run_workflow
Task<void> run_signal_handler(W& object, std::tuple<P...> arguments) {
  auto call = [&](P&... values) { return (object.*Handler)(std::move(values)...); };
  if constexpr (std::is_void_v<typename FunctionTraits<decltype(Handler)>::Result>) {
    std::apply(call, arguments);
    co_return;
  } else {
    Task<void> task = std::apply(call, arguments);
    co_await task;
  }
}

template <auto Handler, class W>
SignalDefinition signal_definition() {
  using Traits = FunctionTraits<decltype(Handler)>;
  using Result = typename Traits::Result;
  static_assert(std::is_void_v<Result> || std::is_same_v<Result, Task<void>>,
                "perdure: a signal handler returns void or perdure::Task<void>");
  static_assert(std::is_base_of_v<typename Traits::Class, W>,
                "perdure: a workflow's signals are member functions of its own class");
  return {std::string(signal_name<Handler>), [](void* object, const Payloads& arguments) {
            return run_signal_handler<Handler>(*static_cast<W*>(object),
                                               decode_arguments(arguments, typename Traits::Parameters{}));
          }};
}

template <class W, auto... Handlers>
std::vector<SignalDefinition> signal_definitions(SignalList<Handlers...>) {
  return {signal_definition<Handlers, W>()...};
}

template <class W>
WorkflowDefinition workflow_definition() {
  WorkflowDefinition definition;
  if constexpr (check_workflow<W>()) {
    check_boundary_type<typename InstanceOf<W>::R>();
    definition.written = std::string(entity_name(pretty_class<W>(), "T = "));
    definition.dynamic = is_dynamic_workflow<W>();
    if constexpr (!is_dynamic_workflow<W>()) {
      definition.name = std::string(workflow_name<W>);
    }
    definition.create = []() -> std::unique_ptr<WorkflowInstance> {
      return std::make_unique<InstanceOf<W>>();
    };
    if constexpr (requires { W::signals; }) {
      definition.signals = signal_definitions<W>(W::signals);
    }
  }
  return definition;
}

}  // namespace perdure::detail
