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
#include "perdure/detail/handlers.h"
#include "perdure/names.h"
#include "perdure/queries.h"
#include "perdure/signals.h"
#include "perdure/task.h"
#include "perdure/updates.h"

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

// As the handlers of handlers.h, on an object of the class. Without a name: for all names that have no
// handler.
struct SignalDefinition {
  std::string name;
  Task<void> (*start)(void* object, const std::string& signal, const Payloads& arguments);
  bool abandon_unfinished = false;
};
struct QueryDefinition {
  std::string name;
  Payload (*answer)(const void* object, const std::string& query, const Payloads& arguments);
};
struct UpdateDefinition {
  std::string name;
  void (*validate)(const void* object, const std::string& update, const Payloads& arguments);  // null: none
  Task<Payload> (*start)(void* object, const std::string& update, const Payloads& arguments);
  bool abandon_unfinished = false;
};

struct WorkflowDefinition {
  std::string name;      // empty: of a dynamic workflow
  bool dynamic = false;  // runs every type that is not registered
  std::unique_ptr<WorkflowInstance> (*create)();
  std::vector<SignalDefinition> signals;
  std::vector<QueryDefinition> queries{};
  std::vector<UpdateDefinition> updates{};
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

// A member function as a call on one object, which is small enough to live in a frame.
template <auto Handler, class W>
struct MemberCall {
  W* object;
  template <class... A>
  decltype(auto) operator()(A&&... arguments) const {
    return (object->*Handler)(std::forward<A>(arguments)...);
  }
};

template <auto Entry, class W, bool dynamic>
SignalDefinition signal_definition() {
  constexpr auto kHandler = EntryTraits<Entry>::handler;
  using Traits = FunctionTraits<std::remove_cv_t<decltype(kHandler)>>;
  check_signal_result<typename Traits::Result>();
  check_dynamic_parameters<dynamic>(typename Traits::Parameters{});
  static_assert(std::is_base_of_v<typename Traits::Class, W>,
                "perdure: a workflow's signals are member functions of its own class");
  SignalDefinition definition{
      "",
      [](void* object, const std::string& signal, const Payloads& arguments) {
        return run_signal_call<typename Traits::Result>(
            MemberCall<kHandler, W>{static_cast<W*>(object)},
            handler_arguments<dynamic>(signal, arguments, typename Traits::Parameters{}));
      },
      EntryTraits<Entry>::abandon};
  if constexpr (!dynamic) {
    definition.name = std::string(signal_name<kHandler>);
  }
  return definition;
}

template <auto Handler, class W, bool dynamic>
QueryDefinition query_definition() {
  using Traits = FunctionTraits<std::remove_cv_t<decltype(Handler)>>;
  static_assert(Traits::is_const,
                "perdure: a query handler is a const member function: a query changes nothing");
  static_assert(std::is_base_of_v<typename Traits::Class, W>,
                "perdure: a workflow's queries are member functions of its own class");
  check_dynamic_parameters<dynamic>(typename Traits::Parameters{});
  QueryDefinition definition{"", nullptr};
  if constexpr (check_query_result<typename Traits::Result>() && Traits::is_const) {
    check_boundary_type<std::remove_cvref_t<typename Traits::Result>>();
    definition.answer = [](const void* object, const std::string& query, const Payloads& arguments) {
      return answer_query_call(MemberCall<Handler, const W>{static_cast<const W*>(object)},
                               handler_arguments<dynamic>(query, arguments, typename Traits::Parameters{}));
    };
    if constexpr (!dynamic) {
      definition.name = std::string(query_name<Handler>);
    }
  }
  return definition;
}

template <auto Validator, auto Handler, class W>
consteval bool check_validator() {
  using Traits = FunctionTraits<std::remove_cv_t<decltype(Validator)>>;
  constexpr bool is_member = std::is_member_function_pointer_v<std::remove_cv_t<decltype(Validator)>>;
  static_assert(is_member, "perdure: a validator is a const member function of the workflow class");
  if constexpr (is_member) {
    static_assert(
        Traits::is_const && std::is_void_v<typename Traits::Result>,
        "perdure: a validator is a const member function that returns void; it refuses by throwing");
    constexpr bool same =
        std::is_same_v<decltype(decode_arguments(Payloads{}, typename Traits::Parameters{})),
                       decltype(decode_arguments(
                           Payloads{},
                           typename FunctionTraits<std::remove_cv_t<decltype(Handler)>>::Parameters{}))>;
    static_assert(same, "perdure: a validator takes the same parameters as its update handler");
    return Traits::is_const && std::is_void_v<typename Traits::Result> && same &&
           std::is_base_of_v<typename Traits::Class, W>;
  }
  return false;
}

template <auto Entry, class W, bool dynamic>
UpdateDefinition update_definition() {
  constexpr auto kHandler = EntryTraits<Entry>::handler;
  using Traits = FunctionTraits<std::remove_cv_t<decltype(kHandler)>>;
  static_assert(std::is_base_of_v<typename Traits::Class, W>,
                "perdure: a workflow's updates are member functions of its own class");
  check_dynamic_parameters<dynamic>(typename Traits::Parameters{});
  check_boundary_type<typename ResultOf<typename Traits::Result>::Type>();
  UpdateDefinition definition{
      "", nullptr,
      [](void* object, const std::string& update, const Payloads& arguments) {
        return run_update_call<typename Traits::Result>(
            MemberCall<kHandler, W>{static_cast<W*>(object)},
            handler_arguments<dynamic>(update, arguments, typename Traits::Parameters{}));
      },
      EntryTraits<Entry>::abandon};
  if constexpr (EntryTraits<Entry>::has_validator) {
    constexpr auto kValidator = EntryTraits<Entry>::validator;
    if constexpr (check_validator<kValidator, kHandler, W>()) {
      definition.validate = [](const void* object, const std::string& update, const Payloads& arguments) {
        auto decoded = handler_arguments<dynamic>(update, arguments, typename Traits::Parameters{});
        std::apply(
            [&](auto&... values) { (static_cast<const W*>(object)->*kValidator)(std::move(values)...); },
            decoded);
      };
    }
  }
  if constexpr (!dynamic) {
    definition.name = std::string(update_name<kHandler>);
  }
  return definition;
}

template <class W, auto... Handlers>
std::vector<SignalDefinition> signal_definitions(SignalList<Handlers...>) {
  return {signal_definition<Handlers, W, false>()...};
}
template <class W, auto... Handlers>
std::vector<QueryDefinition> query_definitions(QueryList<Handlers...>) {
  return {query_definition<Handlers, W, false>()...};
}
template <class W, auto... Handlers>
std::vector<UpdateDefinition> update_definitions(UpdateList<Handlers...>) {
  return {update_definition<Handlers, W, false>()...};
}

template <class W>
void add_handlers(WorkflowDefinition& definition) {
  if constexpr (requires { W::signals; }) {
    definition.signals = signal_definitions<W>(W::signals);
  }
  if constexpr (requires { W::queries; }) {
    definition.queries = query_definitions<W>(W::queries);
  }
  if constexpr (requires { W::updates; }) {
    definition.updates = update_definitions<W>(W::updates);
  }
  if constexpr (requires { W::dynamic_signal; }) {
    definition.signals.push_back(signal_definition<W::dynamic_signal, W, true>());
  }
  if constexpr (requires { W::dynamic_query; }) {
    definition.queries.push_back(query_definition<W::dynamic_query, W, true>());
  }
  if constexpr (requires { W::dynamic_update; }) {
    definition.updates.push_back(update_definition<W::dynamic_update, W, true>());
  }
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
    add_handlers<W>(definition);
  }
  return definition;
}

}  // namespace perdure::detail
