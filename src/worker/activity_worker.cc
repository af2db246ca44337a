#include "worker/activity_worker.h"

#include <coroutine>
#include <exception>
#include <utility>

#include "api/payload_conversion.h"
#include "worker/current_activity.h"
#include "worker/detached.h"
#include "worker/gate_wait.h"
#include "worker/loop_work.h"

namespace perdure::worker {
namespace {

// Around an activity that is a coroutine.
Detached drive(std::shared_ptr<ActivityAttempt> activity, Task<Payload> task) {
  std::exception_ptr failure;
  try {
    const Payload result = co_await task;
    activity->succeed(result);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    activity->fail(failure);
  }
}

// Goes on in the pool if this is an event loop.
class OffTheLoop : public perdure::detail::AwaitableTag {
 public:
  // `pool` null: it may be.
  OffTheLoop(ThreadPool* pool, ActivityAttempt& activity) : pool_(pool), activity_(activity) {}
  bool await_ready() const { return pool_ == nullptr || LoopWork::here() == nullptr; }
  void await_suspend(std::coroutine_handle<> waiting) const {
    pool_->post([&activity = activity_, waiting] {
      const ActivityScope scope(&activity);
      waiting.resume();
    });
  }
  void await_resume() const {}

 private:
  ThreadPool* const pool_;
  ActivityAttempt& activity_;
};

temporal::api::workflowservice::v1::PollActivityTaskQueueRequest poll_request(
    Calls& calls, const ActivityWorkerOptions& options) {
  temporal::api::workflowservice::v1::PollActivityTaskQueueRequest request;
  request.set_namespace_(calls.connection().namespace_name());
  request.set_identity(options.identity);
  request.set_worker_instance_key(options.instance_key);
  request.mutable_task_queue()->set_name(options.task_queue);
  request.mutable_task_queue()->set_kind(temporal::api::enums::v1::TASK_QUEUE_KIND_NORMAL);
  if (options.max_per_second_of_queue > 0) {
    request.mutable_task_queue_metadata()->mutable_max_tasks_per_second()->set_value(
        options.max_per_second_of_queue);
  }
  return request;
}

}  // namespace

ActivityWorker::ActivityWorker(Calls& calls, ActivityWorkerOptions options,
                               std::vector<detail::ActivityDefinition> definitions)
    : calls_(calls),
      options_(std::move(options)),
      slots_(options_.max_concurrent),
      metrics_(calls.connection(), options_.task_queue, "ActivityWorker", options_.max_concurrent),
      processes_(options_.max_processes, options_.task_queue),
      pool_(options_.max_concurrent + options_.max_concurrent_local),
      poller_(
          calls.connection(), calls.loop(), slots_, "PollActivityTaskQueue", poll_request(calls, options_),
          options_.max_polls,
          PollerMetrics{metrics_, "activity_task", "activity_task_received", "activity_poll_no_task"},
          [this](ActivityTask task) { execute(std::move(task)); }, options_.max_per_second) {
  for (detail::ActivityDefinition& definition : definitions) {
    std::string name = definition.name;
    definitions_.emplace(std::move(name), std::move(definition));
  }
  slots_.on_release([this] { poller_.top_up(); });
}

ActivityWorker::~ActivityWorker() = default;

void ActivityWorker::start() {
  if (!definitions_.empty()) {
    poller_.top_up();
  }
}

Task<> ActivityWorker::finish(std::chrono::nanoseconds grace) {
  if (!co_await GateWait(running_, calls_.loop(), grace)) {
    cancel_running();
  }
  co_await GateWait(running_, calls_.loop());
}

void ActivityWorker::cancel_running() {
  std::vector<std::shared_ptr<RunningActivity>> still_running;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, activity] : activities_) {
      if (auto alive = activity.lock()) {
        still_running.push_back(std::move(alive));
      }
    }
  }
  for (const auto& activity : still_running) {
    activity->stop(StopReason::kWorkerShutdown);
  }
}

std::shared_ptr<RunningActivity> ActivityWorker::begin(const ActivityTask& task,
                                                       std::shared_ptr<Gate::Pass> pass) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = next_activity_++;
  auto activity =
      std::make_shared<RunningActivity>(calls_, task, options_.task_queue, options_.identity,
                                        options_.heartbeat, [this, number, pass = std::move(pass)] {
                                          {
                                            const std::lock_guard inner(mutex_);
                                            activities_.erase(number);
                                          }
                                          metrics_.task_ended();
                                          slots_.release();
                                        });
  activities_.emplace(number, activity);
  if (metrics_.on()) {
    activity->measure(std::make_unique<ActivityMeasurement>(metrics_, task));
  }
  return activity;
}

void ActivityWorker::execute(ActivityTask task) {
  auto pass = running_.enter();
  metrics_.task_begun();
  if (calls_.connection().boundary() == nullptr) {
    run_task(task, std::move(pass));
    return;
  }
  auto work = [this, task = std::move(task), pass = std::move(pass)]() mutable {
    decode_and_run(std::move(task), std::move(pass));
  };
  if (calls_.loop().has_thread()) {
    pool_.post(std::move(work));  // tasks come on the engine's thread, which a codec must not hold
  } else {
    work();  // on the loop of the program
  }
}

// To where the code of functions runs.
void ActivityWorker::post_function(std::function<void()> work) {
  if (options_.functions_on_loop) {
    calls_.loop().post(std::move(work));
  } else {
    pool_.post(std::move(work));
  }
}

void ActivityWorker::decode_and_run(ActivityTask task, std::shared_ptr<Gate::Pass> pass) {
  try {
    calls_.connection().boundary()->decode(&task);
  } catch (const DataConversionError&) {
    task.clear_heartbeat_details();
    begin(task, std::move(pass))->fail(std::current_exception());
    return;
  }
  run_task(task, std::move(pass));
}

void ActivityWorker::run_task(const ActivityTask& task, std::shared_ptr<Gate::Pass> pass) {
  run(begin(task, std::move(pass)), api::payloads_from_proto(task.input()),
      options_.interceptors.empty() ? Headers() : api::headers_from_proto(task.header()));
}

void ActivityWorker::run(const std::shared_ptr<ActivityAttempt>& activity, Payloads arguments,
                         Headers headers) {
  auto found = definitions_.find(activity->info().activity_type);
  if (found == definitions_.end()) {
    found = definitions_.find("");  // the dynamic one
  }
  if (found == definitions_.end()) {
    activity->fail(std::make_exception_ptr(
        ApplicationError(not_registered(activity->info()), {.type = "NotFoundError"})));
    return;
  }
  const detail::ActivityDefinition& definition = found->second;
  if (!options_.interceptors.empty()) {
    run_intercepted(definition, activity, {.args = std::move(arguments), .headers = std::move(headers)});
  } else if (definition.start) {
    calls_.loop().post([this, &definition, activity, arguments = std::move(arguments)]() mutable {
      run_coroutine(definition, activity, std::move(arguments));
    });
  } else {
    post_function([this, &definition, activity, arguments = std::move(arguments)] {
      run_function(definition, activity, arguments);
    });
  }
}

void ActivityWorker::run_function(const detail::ActivityDefinition& definition,
                                  std::shared_ptr<ActivityAttempt> activity, const Payloads& arguments) {
  const ActivityScope scope(activity.get());
  std::exception_ptr failure;
  Payload result;
  try {
    result = definition.process.empty() ? definition.call(arguments)
                                        : processes_.run(definition, *activity, arguments);
  } catch (...) {
    failure = std::current_exception();
  }
  failure ? activity->fail(failure) : activity->succeed(result);
}

void ActivityWorker::run_coroutine(const detail::ActivityDefinition& definition,
                                   std::shared_ptr<ActivityAttempt> activity, Payloads arguments) {
  const ActivityScope scope(activity.get());
  std::exception_ptr failure;
  try {
    drive(activity, definition.start(arguments));
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    activity->fail(failure);
  }
}

// Functions as coroutines too, which do not suspend; on the thread where they would run without interceptors.
void ActivityWorker::run_intercepted(const detail::ActivityDefinition& definition,
                                     std::shared_ptr<ActivityAttempt> activity, ExecuteActivityInput input) {
  auto work = [this, &definition, activity = std::move(activity), input = std::move(input)]() mutable {
    const ActivityScope scope(activity.get());
    std::exception_ptr failure;
    try {
      activity->intercept(std::make_unique<ActivityInterception>(
          options_.interceptors, *activity,
          [this, &definition, running = activity.get()](const Payloads& args) {
            return definition.start ? definition.start(args) : call_function(definition, *running, args);
          }));
      drive(activity, activity->interception()->inbound().execute_activity(std::move(input)));
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      activity->fail(failure);
    }
  };
  if (definition.start) {
    calls_.loop().post(std::move(work));
  } else {
    post_function(std::move(work));
  }
}

// The worker outlives its activities, and an attempt its code. An interceptor that has waited goes on where
// the event loop is; the function it then calls must not run there.
// NOLINTBEGIN(cppcoreguidelines-avoid-reference-coroutine-parameters)
Task<Payload> ActivityWorker::call_function(const detail::ActivityDefinition& definition,
                                            ActivityAttempt& activity, Payloads arguments) {
  // NOLINTEND(cppcoreguidelines-avoid-reference-coroutine-parameters)
  co_await OffTheLoop(options_.functions_on_loop ? nullptr : &pool_, activity);
  co_return definition.process.empty() ? definition.call(arguments)
                                       : processes_.run(definition, activity, arguments);
}

std::string ActivityWorker::registered() const {
  std::string names;
  for (const auto& [name, definition] : definitions_) {
    names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

std::string ActivityWorker::not_registered(const activity::Info& info) const {
  return "Activity function " + info.activity_type + " for workflow " + info.workflow_id +
         " is not registered on this worker, available activities: " + registered();
}

}  // namespace perdure::worker
