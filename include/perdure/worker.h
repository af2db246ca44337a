#pragma once
// A worker takes tasks from one task queue and runs the workflows and activities that are registered with it.
//
//   perdure::Worker worker(client, {.task_queue = "your-task-queue",
//                                   .workflows = perdure::workflows<YourWorkflow>(),
//                                   .activities = perdure::activities<your_activity>()});
//   worker.run();  // until SIGINT or SIGTERM
//
// Workflow code runs on one thread of the worker's, activities that are functions on a pool of threads,
// activities that are coroutines on an event loop. All of them on the program's own event loop if the client
// was connected with an executor (executor.h).
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "perdure/async.h"
#include "perdure/client.h"
#include "perdure/detail/activity_definition.h"
#include "perdure/detail/workflow_definition.h"

namespace perdure {

namespace worker {
class WorkerCore;
}

// What workflows<…>() gives. Lists can be joined: workflows<A>() + workflows<B>(), or {workflows<A>(),
// workflows<B>()}.
class Workflows {
 public:
  Workflows() = default;
  Workflows(std::initializer_list<Workflows> lists) {
    for (const Workflows& list : lists) {
      *this += list;
    }
  }
  Workflows& operator+=(const Workflows& other) {
    definitions_.insert(definitions_.end(), other.definitions_.begin(), other.definitions_.end());
    return *this;
  }
  friend Workflows operator+(Workflows a, const Workflows& b) { return a += b; }
  const std::vector<detail::WorkflowDefinition>& definitions() const { return definitions_; }

 private:
  template <class... W>
  friend Workflows workflows();

  std::vector<detail::WorkflowDefinition> definitions_;
};

// The workflow classes that a worker runs.
template <class... W>
Workflows workflows() {
  Workflows list;
  (list.definitions_.push_back(detail::workflow_definition<W>()), ...);
  return list;
}

// What activities<…>() gives. Lists can be joined as those of workflows.
class Activities {
 public:
  Activities() = default;
  Activities(std::initializer_list<Activities> lists) {
    for (const Activities& list : lists) {
      *this += list;
    }
  }
  Activities& operator+=(const Activities& other) {
    definitions_.insert(definitions_.end(), other.definitions_.begin(), other.definitions_.end());
    return *this;
  }
  friend Activities operator+(Activities a, const Activities& b) { return a += b; }
  const std::vector<detail::ActivityDefinition>& definitions() const { return definitions_; }
  void add(detail::ActivityDefinition definition) { definitions_.push_back(std::move(definition)); }

 private:
  std::vector<detail::ActivityDefinition> definitions_;
};

// Functions: activities<say_hello, say_goodbye>().
template <auto... F>
Activities activities() {
  static_assert((detail::check_activity<F>(false) && ...),
                "perdure: a member function needs its object: activities<&Mailer::send>(mailer)");
  Activities list;
  (list.add(detail::activity_definition<F>(std::shared_ptr<detail::NoObject>())), ...);
  return list;
}

// Member functions, called on `object`, from several threads at once: activities<&Mailer::send,
// &Mailer::list>(mailer).
template <auto... F, class Object>
Activities activities(std::shared_ptr<Object> object) {
  static_assert((detail::check_activity<F>(true) && ...),
                "perdure: activities<…>(object) takes member functions of the object");
  Activities list;
  (list.add(detail::activity_definition<F>(object)), ...);
  return list;
}
// The same; `object` has to outlive the worker.
template <auto... F, class Object>
Activities activities(Object& object) {
  return activities<F...>(std::shared_ptr<Object>(std::shared_ptr<Object>(), &object));
}

// An activity for every type that is not registered: a function that takes perdure::Payloads, the arguments
// as they came. activity::info().activity_type says what was asked for.
template <auto F>
Activities dynamic_activity() {
  Activities list;
  list.add(detail::dynamic_activity_definition<F>(std::shared_ptr<detail::NoObject>()));
  return list;
}

// Where activities that are functions run when the client has an executor.
enum class FunctionActivities {
  kOnThreads,   // each on a thread of the worker's: they may block
  kOnExecutor,  // on the program's loop, one after the other: everything else there waits for them
};

// Named as in Temporal's Python SDK. `task_queue` and at least one workflow or activity are required.
struct WorkerOptions {
  std::string task_queue{};
  Workflows workflows{};
  Activities activities{};
  int max_concurrent_activities = 100;        // also the number of threads, which are made as they are needed
  int max_concurrent_local_activities = 100;  // the same; those beyond wait for a free slot
  int max_processes = 0;  // for process activities (process_activities.h); 0: as many as there are processors
  int max_concurrent_workflow_tasks = 100;
  int max_concurrent_activity_task_polls = 16;
  // 0: 16 to a server; half of max_concurrent_workflow_tasks in process, where a poll costs next to nothing.
  int max_concurrent_workflow_task_polls = 0;
  int max_cached_workflows = 1000;  // runs kept in memory between their tasks; 0: replay each time
  // Of the memory that those runs take: coroutine frames, with the variables in them, and the bookkeeping of
  // what is open. What the code allocated itself is not counted. 0: no limit but the number of runs.
  std::int64_t max_cached_workflow_bytes = 0;
  std::chrono::nanoseconds sticky_queue_schedule_to_start_timeout = std::chrono::seconds(10);
  // How long stop() lets activities run before it cancels them. It waits for them in any case.
  std::chrono::nanoseconds graceful_shutdown_timeout = std::chrono::nanoseconds::zero();
  std::chrono::nanoseconds max_heartbeat_throttle_interval = std::chrono::seconds(60);
  std::chrono::nanoseconds default_heartbeat_throttle_interval = std::chrono::seconds(30);
  // How many activities this worker takes; 0: no limit. In bursts of at most a tenth of it. Switches eager
  // starts off.
  double max_activities_per_second = 0;
  // The same for the queue, whoever works on it: the service keeps it, in bursts of at most a second's worth.
  // What the worker that polled last says holds; 0: nothing.
  double max_task_queue_activities_per_second = 0;
  std::string identity{};  // shown in histories; empty: the client's
  // Which build of the program this is; histories keep it with each workflow task. Tasks are not routed by
  // it.
  std::string build_id{};
  bool disable_eager_activity_execution = false;
  // Workflow code that reads clocks, sleeps, or uses threads, files, sockets, processes or random sources
  // fails its workflow task, see docs/guide/determinism.md. false: it is not noticed.
  bool guard_determinism = true;
  std::vector<std::shared_ptr<Interceptor>> interceptors{};  // after those of the client; see interceptor.h
  // Required when the client has an executor and one of the activities is a function.
  std::optional<FunctionActivities> function_activities{};
};

class Worker {
 public:
  // Throws OptionsError: no task queue, nothing registered, a name registered twice, a limit of zero.
  Worker(const Client& client, WorkerOptions options);
  // Stops, as stop() does.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Starts to take tasks, in the background. Once. Asks a server about the namespace before, which takes as
  // long as its answer.
  void start();
  // Takes no more tasks and returns when those in progress are finished. Thread-safe, may be called again.
  // With an executor: call it on the loop's thread, or when the loop does not run; it runs what Perdure has
  // left to do on the calling thread. Throws PerdureError when a workflow or activity of this worker calls
  // it.
  void stop();
  // With an executor: the same without waiting. Answered when the worker has stopped and may be destroyed.
  // Throws PerdureError without one.
  Async<void> async_stop();
  // start(), then stop() when the process gets SIGINT or SIGTERM. Throws PerdureError with an executor, whose
  // loop it would hold.
  void run();

 private:
  std::unique_ptr<worker::WorkerCore> core_;
};

}  // namespace perdure
