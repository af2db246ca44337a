#pragma once
// Between workflow code, which sees only templates, and the core that runs it (src/workflow). A workflow's
// run has one WorkflowContext; while its code runs, that context is the current one of the thread.
#include <chrono>
#include <concepts>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include "perdure/payload.h"
#include "perdure/workflow_info.h"
#include "perdure/workflow_options.h"

namespace perdure {
template <class T>
class Task;
}
namespace perdure::workflow {
class ContinueAsNew;
struct UpdateInfo;
}  // namespace perdure::workflow

namespace perdure::detail {

class Wait;
class WorkflowContext;
struct SignalHandler;
struct QueryHandler;
struct UpdateHandler;

class PromiseBase;

// One chain of tasks that wait for each other: the workflow's run(), or one handler.
struct Fiber {
  Wait* waiting = nullptr;      // the wait at the end of the chain, while it is suspended
  bool cancel_pending = false;  // a cancellation that found no wait; the next one gets it
  // Of the update whose handler this is, or which created it; null: of none.
  std::shared_ptr<const workflow::UpdateInfo> update{};
};

// One suspended co_await. Lives in the coroutine frame; leaves every list when the frame is destroyed.
class Wait {
 public:
  Wait() = default;
  Wait(const Wait&) = delete;
  Wait& operator=(const Wait&) = delete;

  // The workflow was asked to cancel while it waits here.
  virtual void cancel() = 0;
  // Of the coroutine that waits; null: it does not wait.
  const PromiseBase* waiting_coroutine() const { return coroutine_; }

 protected:
  ~Wait() { leave(); }

  // Makes this the wait of the running fiber. A cancellation that is pending arrives at once.
  void suspend(std::coroutine_handle<> handle);
  // Queues the coroutine behind all that is ready; a second call does nothing.
  void wake();
  void leave() noexcept;

 private:
  WorkflowContext* context_ = nullptr;
  Fiber* fiber_ = nullptr;
  std::coroutine_handle<> handle_;
  const PromiseBase* coroutine_ = nullptr;
};

// Told when an Operation is done.
class Operation;

class OperationListener {
 public:
  virtual void operation_done(const Operation& operation) = 0;

 protected:
  ~OperationListener() = default;
};

// Something that the service does for the workflow: an activity, a timer, a child, …. Shared between the
// handles that user code holds and the machine that follows its events.
class Operation {
 public:
  Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  virtual ~Operation() = default;

  bool done() const { return done_; }
  bool failed() const { return done_ && failure_ != nullptr; }
  // Asks for cancellation; does nothing when it is done, or when the run left its worker.
  virtual void cancel() = 0;
  // The result of a done operation; throws what it failed with.
  const Payload& result() const {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
    return result_;
  }

  void listen(OperationListener* listener) { listeners_.push_back(listener); }
  void unlisten(OperationListener* listener) noexcept { std::erase(listeners_, listener); }

 protected:
  // Only the first resolution counts. Waits wake in the order in which they began.
  void resolve(Payload result, std::exception_ptr failure) {
    if (done_) {
      return;
    }
    done_ = true;
    result_ = std::move(result);
    failure_ = std::move(failure);
    for (OperationListener* listener : std::exchange(listeners_, {})) {
      listener->operation_done(*this);
    }
  }

 private:
  bool done_ = false;
  Payload result_;
  std::exception_ptr failure_;
  std::vector<OperationListener*> listeners_;
};

// A predicate that someone waits for.
class Condition {
 public:
  // True when the wait is over; called whenever the workflow's code came to rest.
  virtual bool check() = 0;

 protected:
  ~Condition() = default;
};

// What was called by its name, and where.
struct LocatedName {
  template <std::convertible_to<std::string> Text>
  LocatedName(Text&& name, std::source_location at = std::source_location::current())  // NOLINT: it is a name
      : text(std::forward<Text>(name)), where(at) {}

  std::string text;
  std::source_location where;
};

// What a call to start an activity hands to the core.
struct ActivityRequest {
  std::string activity_type;
  Payloads arguments;
  ActivityOptions options;
  std::source_location where;
  Headers headers{};  // of interceptors
};

struct LocalActivityRequest {
  std::string activity_type;
  Payloads arguments;
  LocalActivityOptions options;
  std::source_location where;
  Headers headers{};  // of interceptors
};

struct ChildWorkflowRequest {
  std::string workflow_type;
  Payloads arguments;
  ChildWorkflowOptions options;
  std::source_location where;
  Headers headers{};  // of interceptors
};

// Of one child. As an operation it is done when the child has ended, or could not be started.
class ChildOperation : public Operation {
 public:
  // Done when the child has started, or could not be.
  virtual std::shared_ptr<Operation> started() = 0;
  virtual const std::string& workflow_id() const = 0;
  virtual const std::string& run_id() const = 0;  // of its first run; empty: it has not started
};

// To another workflow. The target is a child of this one, or any workflow of the namespace.
struct SignalExternalRequest {
  std::string workflow_id;
  std::string run_id;  // empty: the current run
  bool child = false;
  std::string signal;
  Payloads arguments;
  std::source_location where;
  Headers headers{};  // of interceptors
};
struct CancelExternalRequest {
  std::string workflow_id;
  std::string run_id;  // empty: the current run
  std::string reason;
  std::source_location where;
};

class WorkflowContext {
 public:
  virtual std::shared_ptr<Operation> start_activity(ActivityRequest request) = 0;
  virtual std::shared_ptr<Operation> start_local_activity(LocalActivityRequest request) = 0;
  virtual std::shared_ptr<Operation> start_timer(std::chrono::nanoseconds duration, std::string summary,
                                                 std::source_location where) = 0;
  virtual std::shared_ptr<ChildOperation> start_child_workflow(ChildWorkflowRequest request) = 0;
  virtual std::shared_ptr<Operation> signal_external(SignalExternalRequest request) = 0;
  virtual std::shared_ptr<Operation> cancel_external(CancelExternalRequest request) = 0;
  virtual void continue_as_new(workflow::ContinueAsNew request) = 0;
  // Runs `task` beside everything else. The fiber lives until its coroutine ends or the run leaves its
  // worker.
  virtual Fiber* start_fiber(Task<void> task) = 0;
  virtual void cancel_fiber(Fiber* fiber) = 0;

  virtual void add_condition(Condition* condition) = 0;
  virtual void remove_condition(Condition* condition) noexcept = 0;
  virtual void make_ready(Fiber* fiber, std::coroutine_handle<> handle) = 0;
  virtual Fiber* running_fiber() = 0;

  // See workflow_versions.h.
  virtual bool patched(const std::string& id, bool deprecated, std::source_location where) = 0;
  virtual Payload side_effect(const std::function<Payload()>& function, std::source_location where) = 0;
  virtual void upsert_search_attributes(const SearchAttributes& attributes, std::source_location where) = 0;
  virtual void upsert_memo(const std::map<std::string, Payload>& memo, std::source_location where) = 0;

  // See workflow_handlers.h. Nothing: there is no handler of that name any more. An empty name: of everything
  // that has none.
  virtual void set_signal_handler(const std::string& name, std::optional<SignalHandler> handler) = 0;
  virtual void set_query_handler(const std::string& name, std::optional<QueryHandler> handler) = 0;
  virtual void set_update_handler(const std::string& name, std::optional<UpdateHandler> handler) = 0;
  virtual bool all_handlers_finished() const = 0;
  virtual void set_current_details(std::string details) = 0;

  virtual const workflow::Info& info() const = 0;
  virtual std::chrono::system_clock::time_point now() const = 0;
  virtual bool is_replaying() const = 0;
  virtual bool cancellation_requested() const = 0;
  virtual workflow::Random& random() = 0;

 protected:
  ~WorkflowContext() = default;
};

// The context of the code that runs on this thread. Throws PerdureError, naming `function`, outside of a
// workflow.
WorkflowContext& current_context(const char* function);
// Null outside of a workflow.
WorkflowContext* current_context_or_null() noexcept;

}  // namespace perdure::detail
