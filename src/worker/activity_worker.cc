#include "worker/activity_worker.h"

#include <coroutine>
#include <exception>
#include <utility>

#include "api/payload_conversion.h"
#include "worker/current_activity.h"

namespace perdure::worker {
namespace {

// The coroutine around an activity that is one. Destroys itself at its end.
struct Driver {
  struct promise_type {
    Driver get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Driver drive(std::shared_ptr<ActivityAttempt> activity, Task<Payload> task) {
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
      processes_(options_.max_processes, options_.task_queue),
      pool_(options_.max_concurrent + options_.max_concurrent_local),
      poller_(
          calls.connection(), calls.loop(), slots_, "PollActivityTaskQueue", poll_request(calls, options_),
          options_.max_polls, [this](const ActivityTask& task) { execute(task); }, options_.max_per_second) {
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

void ActivityWorker::finish(std::chrono::nanoseconds grace) {
  if (!running_.wait_for(grace)) {
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
  running_.wait();
}

std::shared_ptr<RunningActivity> ActivityWorker::begin(const ActivityTask& task) {
  auto pass = running_.enter();
  const std::lock_guard lock(mutex_);
  const std::uint64_t number = next_activity_++;
  auto activity =
      std::make_shared<RunningActivity>(calls_, task, options_.task_queue, options_.identity,
                                        options_.heartbeat, [this, number, pass = std::move(pass)] {
                                          {
                                            const std::lock_guard inner(mutex_);
                                            activities_.erase(number);
                                          }
                                          slots_.release();
                                        });
  activities_.emplace(number, activity);
  return activity;
}

void ActivityWorker::execute(const ActivityTask& task) {
  run(begin(task), api::payloads_from_proto(task.input()));
}

void ActivityWorker::run(const std::shared_ptr<ActivityAttempt>& activity, Payloads arguments) {
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
  if (definition.start) {
    calls_.loop().post([this, &definition, activity, arguments = std::move(arguments)]() mutable {
      run_coroutine(definition, activity, std::move(arguments));
    });
  } else {
    pool_.post([this, &definition, activity, arguments = std::move(arguments)] {
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
