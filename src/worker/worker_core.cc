#include "worker/worker_core.h"

#include <fmt/core.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <map>
#include <system_error>
#include <utility>

#include "client/rpc_error.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "worker/detached.h"
#include "worker/thread_loop.h"
#include "worker/worker_metrics.h"

namespace perdure::worker {
namespace {

namespace service = temporal::api::workflowservice::v1;

// How long polls may take to end after the worker said that it stops, before they are cancelled.
constexpr std::chrono::nanoseconds kPollPatience = std::chrono::seconds(2);

template <class Definitions>
void refuse_duplicates(const Definitions& definitions, const std::string& kind) {
  std::map<std::string, std::string> written;  // by the name that the service knows
  for (const auto& definition : definitions) {
    const auto [first, is_new] = written.emplace(definition.name, definition.written);
    if (is_new) {
      continue;
    }
    const std::string both = fmt::format("{} and {}", first->second, definition.written);
    if (definition.name.empty()) {
      throw OptionsError(
          fmt::format("WorkerOptions: two dynamic {} are registered ({}); a worker can have one, for "
                      "the types that it does not know",
                      kind, both));
    }
    throw OptionsError(
        fmt::format("WorkerOptions: two {} are registered under the name \"{}\" ({}); give one of "
                    "them another name (perdure/names.h)",
                    kind, definition.name, both));
  }
}

void check_options(const WorkerOptions& options) {
  if (options.task_queue.empty()) {
    throw OptionsError("WorkerOptions.task_queue is missing: name the queue that workflows are started on");
  }
  if (options.workflows.definitions().empty() && options.activities.definitions().empty()) {
    throw OptionsError("WorkerOptions: at least one workflow or activity has to be registered");
  }
  refuse_duplicates(options.workflows.definitions(), "workflows");
  refuse_duplicates(options.activities.definitions(), "activities");
  for (const auto& [value, name] :
       {std::pair(options.max_concurrent_activities, "max_concurrent_activities"),
        std::pair(options.max_concurrent_local_activities, "max_concurrent_local_activities"),
        std::pair(options.max_concurrent_workflow_tasks, "max_concurrent_workflow_tasks"),
        std::pair(options.max_concurrent_activity_task_polls, "max_concurrent_activity_task_polls")}) {
    if (value < 1) {
      throw OptionsError(std::string("WorkerOptions.") + name + " is " + std::to_string(value) +
                         "; it must be at least 1");
    }
  }
  if (options.max_concurrent_workflow_task_polls < 0) {
    throw OptionsError("WorkerOptions.max_concurrent_workflow_task_polls cannot be negative");
  }
  check_process_activities(options.activities.definitions());
  if (options.max_cached_workflow_bytes < 0) {
    throw OptionsError("WorkerOptions.max_cached_workflow_bytes cannot be negative; 0 is no limit");
  }
  if (options.max_processes < 0) {
    throw OptionsError("WorkerOptions.max_processes cannot be negative; 0 is one for each processor");
  }
  if (options.max_cached_workflows < 0) {
    throw OptionsError("WorkerOptions.max_cached_workflows cannot be negative");
  }
  if (options.max_cached_workflows > 0 && options.max_concurrent_workflow_tasks < 2) {
    throw OptionsError(
        "WorkerOptions.max_concurrent_workflow_tasks must be at least 2 when workflows are cached: one poll "
        "for the "
        "queue and one for the cached runs");
  }
  for (const auto& [value, name] :
       {std::pair(options.max_activities_per_second, "max_activities_per_second"),
        std::pair(options.max_task_queue_activities_per_second, "max_task_queue_activities_per_second")}) {
    if (!(value >= 0) || !std::isfinite(value)) {
      throw OptionsError(std::string("WorkerOptions.") + name + " is " + std::to_string(value) +
                         "; it must be a positive number, or 0 for no limit");
    }
  }
  const auto zero = std::chrono::nanoseconds::zero();
  if (options.graceful_shutdown_timeout < zero || options.sticky_queue_schedule_to_start_timeout < zero) {
    throw OptionsError("WorkerOptions: timeouts cannot be negative");
  }
}

// Runs `task`, then `done`.
Detached drive(Task<> task, std::function<void()> done = [] {}) {
  co_await task;
  done();
}

// A function may block, which the loop of a program must not: so it is the program's to say where it runs.
void check_executor(const WorkerOptions& options, bool has_executor) {
  if (!has_executor) {
    if (options.function_activities == FunctionActivities::kOnExecutor) {
      throw OptionsError(
          "WorkerOptions.function_activities is kOnExecutor, but the client has no executor "
          "(ConnectOptions::executor)");
    }
    return;
  }
  for (const detail::ActivityDefinition& definition : options.activities.definitions()) {
    if (definition.start) {
      continue;
    }
    if (!options.function_activities) {
      throw OptionsError("WorkerOptions.function_activities is missing: " + definition.written +
                         " is a function, which could block the loop of the client's executor. Make it a "
                         "coroutine (perdure::Task<T>), or say where functions run: "
                         "FunctionActivities::kOnThreads or kOnExecutor");
    }
    if (!definition.process.empty() && options.function_activities != FunctionActivities::kOnThreads) {
      throw OptionsError("WorkerOptions.function_activities: " + definition.written +
                         " is a process activity; a thread has to wait for its process: kOnThreads");
    }
  }
}

// Activities that come with the answer to a workflow task would not be counted.
bool starts_eagerly(const WorkerOptions& options) {
  return !options.disable_eager_activity_execution && options.max_activities_per_second == 0 &&
         options.max_task_queue_activities_per_second == 0;
}

std::size_t workflow_polls(const WorkerOptions& options, bool in_process) {
  constexpr int kOverTheNetwork = 16;
  const int asked = options.max_concurrent_workflow_task_polls;
  const int usual = in_process ? options.max_concurrent_workflow_tasks / 2 : kOverTheNetwork;
  return static_cast<std::size_t>(asked > 0 ? asked : usual);
}

}  // namespace

WorkerCore::WorkerCore(std::shared_ptr<client::Connection> connection, WorkerOptions options)
    : connection_(std::move(connection)),
      graceful_shutdown_timeout_((check_executor(options, on_callers_loop()), check_options(options),
                                  options.graceful_shutdown_timeout)),
      task_queue_(options.task_queue),
      identity_(options.identity.empty() ? connection_->identity() : options.identity),
      instance_key_(connection_->fresh_id()),
      stop_requested_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (stop_requested_ < 0) {
    throw std::system_error(errno, std::generic_category(), "a worker needs an event descriptor");
  }
  std::vector<std::shared_ptr<Interceptor>> interceptors = connection_->interceptors();
  interceptors.insert(interceptors.end(), options.interceptors.begin(), options.interceptors.end());
  if (on_callers_loop()) {
    auto loop = std::make_unique<WatchedLoop>(connection_->caller_loop()->make_queue());
    watched_loop_ = loop.get();
    loop_ = std::move(loop);
  } else {
    loop_ = std::make_unique<ThreadLoop>();
  }
  calls_ = std::make_unique<Calls>(*connection_, *loop_);
  activities_ = std::make_unique<ActivityWorker>(
      *calls_,
      ActivityWorkerOptions{
          .task_queue = options.task_queue,
          .identity = identity_,
          .instance_key = instance_key_,
          .max_concurrent = static_cast<std::size_t>(options.max_concurrent_activities),
          .max_concurrent_local = static_cast<std::size_t>(options.max_concurrent_local_activities),
          .max_polls = static_cast<std::size_t>(options.max_concurrent_activity_task_polls),
          .max_processes = static_cast<std::size_t>(options.max_processes),
          .max_per_second = options.max_activities_per_second,
          .max_per_second_of_queue = options.max_task_queue_activities_per_second,
          .functions_on_loop = options.function_activities == FunctionActivities::kOnExecutor,
          .heartbeat = {options.max_heartbeat_throttle_interval, options.default_heartbeat_throttle_interval},
          .interceptors = interceptors},
      options.activities.definitions());
  workflows_ = std::make_unique<WorkflowWorker>(
      *calls_, *activities_,
      WorkflowWorkerOptions{.task_queue = options.task_queue,
                            .identity = identity_,
                            .instance_key = instance_key_,
                            .build_id = options.build_id,
                            .max_concurrent = static_cast<std::size_t>(options.max_concurrent_workflow_tasks),
                            .max_polls = workflow_polls(options, connection_->in_process()),
                            .in_process = connection_->in_process(),
                            .max_cached = static_cast<std::size_t>(options.max_cached_workflows),
                            .max_cached_bytes = options.max_cached_workflow_bytes,
                            .max_concurrent_local_activities =
                                static_cast<std::size_t>(options.max_concurrent_local_activities),
                            .sticky_timeout = options.sticky_queue_schedule_to_start_timeout,
                            .eager_activities = starts_eagerly(options),
                            .guard_determinism = options.guard_determinism,
                            .interceptors = interceptors},
      options.workflows.definitions());
}

WorkerCore::~WorkerCore() {
  stop();
  close(stop_requested_);
}

void WorkerCore::start() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(started_, true) || stopped_) {
      throw PerdureError("a Worker can be started once");
    }
  }
  bool server_ends_polls = false;
  try {
    server_ends_polls = !connection_->in_process() && look_at_namespace();
  } catch (...) {
    const std::lock_guard lock(mutex_);
    started_ = false;
    throw;
  }
  const std::lock_guard lock(mutex_);
  if (stopped_) {
    return;  // by another thread, meanwhile
  }
  server_ends_polls_ = server_ends_polls;
  WorkerMetrics(*connection_, task_queue_, "", 0).count("worker_start");
  activities_->start();
  workflows_->start();
}

// A server has more than one namespace, and a worker of one that is missing would poll in vain for ever.
// True: the server ends the polls of a worker that says that it stops. Takes as long as the server does.
bool WorkerCore::look_at_namespace() {
  service::DescribeNamespaceRequest request;
  request.set_namespace_(connection_->namespace_name());
  service::DescribeNamespaceResponse answer;
  const Status status = client::call_with_retry(*connection_, "DescribeNamespace", request, &answer);
  // A worker may be allowed to work and not to ask.
  if (status.code() != Code::kPermissionDenied && status.code() != Code::kUnimplemented) {
    client::throw_if_failed(status);
  }
  return answer.namespace_info().capabilities().worker_poll_complete_on_shutdown();
}

void WorkerCore::announce_shutdown() {
  auto request = std::make_shared<service::ShutdownWorkerRequest>();
  request->set_namespace_(connection_->namespace_name());
  request->set_identity(identity_);
  request->set_worker_instance_key(instance_key_);
  request->set_task_queue(task_queue_);
  request->add_task_queue_types(temporal::api::enums::v1::TASK_QUEUE_TYPE_WORKFLOW);
  request->add_task_queue_types(temporal::api::enums::v1::TASK_QUEUE_TYPE_ACTIVITY);
  request->set_reason("graceful shutdown");
  calls_->send<service::ShutdownWorkerResponse, service::ShutdownWorkerRequest>(
      "ShutdownWorker", std::move(request), [](const Status&, const auto&) {}, client::CallKind::kOnce);
}

void WorkerCore::stop() {
  eventfd_write(stop_requested_, 1);
  if (!on_callers_loop()) {
    const std::lock_guard lock(mutex_);
    if (!std::exchange(stopped_, true)) {
      drive(stop_parts());  // on our own threads it blocks
      release_parts();
    }
    return;
  }
  if (released_) {
    return;
  }
  if (watched_loop_->runs_here()) {
    throw PerdureError(
        "Worker::stop() was called by a workflow or an activity of this worker, for which it would wait for "
        "ever: use Worker::async_stop()");
  }
  begin_stop();
  connection_->caller_loop()->run_until([this] { return released_.load(); });
}

void WorkerCore::async_stop(std::function<void()> told) {
  if (!on_callers_loop()) {
    throw PerdureError(
        "Worker::async_stop() is for workers on an executor (ConnectOptions::executor): stop()");
  }
  {
    const std::lock_guard lock(mutex_);
    if (!released_) {
      told_.push_back(std::move(told));
      told = nullptr;
    }
  }
  if (told) {
    connection_->loop()->post(std::move(told));
  } else {
    begin_stop();
  }
}

// On the loop of the program, where everything happens one after the other.
void WorkerCore::begin_stop() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(stopped_, true)) {
      return;
    }
  }
  connection_->loop()->post([this] {
    drive(stop_parts(), [this] {
      // Not from inside of what is destroyed.
      connection_->loop()->post([this] { release_parts(); });
    });
  });
}

Task<> WorkerCore::stop_parts() {
  calls_->hurry();
  activities_->close_polls();
  workflows_->close_polls();
  if (server_ends_polls_) {
    announce_shutdown();
  }
  const auto patience = server_ends_polls_ ? kPollPatience : std::chrono::nanoseconds::zero();
  co_await activities_->stop_polling(patience);
  const auto grace_ends = EventLoop::Clock::now() + graceful_shutdown_timeout_;
  co_await workflows_->stop(patience, graceful_shutdown_timeout_);
  co_await calls_->wait();  // the last answers to workflow tasks may bring activities along
  co_await activities_->finish(
      std::max(grace_ends - EventLoop::Clock::now(), EventLoop::Clock::duration::zero()));
  co_await calls_->wait();
}

void WorkerCore::release_parts() {
  loop_.reset();
  workflows_.reset();
  activities_.reset();
  calls_.reset();
  if (!on_callers_loop()) {
    return;
  }
  std::vector<std::function<void()>> told;
  {
    const std::lock_guard lock(mutex_);
    told = std::exchange(told_, {});
    released_ = true;  // from here on this object may be destroyed
  }
  for (const std::function<void()>& tell : told) {
    tell();
  }
}

}  // namespace perdure::worker
