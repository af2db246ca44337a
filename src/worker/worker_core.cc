#include "worker/worker_core.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <set>
#include <utility>

namespace perdure::worker {
namespace {

template <class Definitions>
void refuse_duplicates(const Definitions& definitions, const std::string& kind) {
  std::set<std::string> names;
  for (const auto& definition : definitions) {
    if (!names.insert(definition.name).second) {
      throw OptionsError("WorkerOptions: two " + kind + " are registered under the name \"" +
                         definition.name + "\"; give one of them another name (perdure/names.h)");
    }
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
        std::pair(options.max_concurrent_workflow_tasks, "max_concurrent_workflow_tasks"),
        std::pair(options.max_concurrent_activity_task_polls, "max_concurrent_activity_task_polls"),
        std::pair(options.max_concurrent_workflow_task_polls, "max_concurrent_workflow_task_polls")}) {
    if (value < 1) {
      throw OptionsError(std::string("WorkerOptions.") + name + " is " + std::to_string(value) +
                         "; it must be at least 1");
    }
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
  const auto zero = std::chrono::nanoseconds::zero();
  if (options.graceful_shutdown_timeout < zero || options.sticky_queue_schedule_to_start_timeout < zero) {
    throw OptionsError("WorkerOptions: timeouts cannot be negative");
  }
}

}  // namespace

WorkerCore::WorkerCore(std::shared_ptr<client::Connection> connection, WorkerOptions options)
    : connection_(std::move(connection)),
      graceful_shutdown_timeout_((check_options(options), options.graceful_shutdown_timeout)),
      stop_requested_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  const std::string identity = options.identity.empty() ? connection_->identity() : options.identity;
  loop_ = std::make_unique<EventLoop>();
  calls_ = std::make_unique<Calls>(*connection_, *loop_);
  activities_ = std::make_unique<ActivityWorker>(
      *calls_,
      ActivityWorkerOptions{.task_queue = options.task_queue,
                            .identity = identity,
                            .max_concurrent = static_cast<std::size_t>(options.max_concurrent_activities),
                            .max_polls = static_cast<std::size_t>(options.max_concurrent_activity_task_polls),
                            .heartbeat = {options.max_heartbeat_throttle_interval,
                                          options.default_heartbeat_throttle_interval}},
      options.activities.definitions());
  workflows_ = std::make_unique<WorkflowWorker>(
      *calls_, *activities_,
      WorkflowWorkerOptions{.task_queue = options.task_queue,
                            .identity = identity,
                            .build_id = options.build_id,
                            .max_concurrent = static_cast<std::size_t>(options.max_concurrent_workflow_tasks),
                            .max_polls = static_cast<std::size_t>(options.max_concurrent_workflow_task_polls),
                            .max_cached = static_cast<std::size_t>(options.max_cached_workflows),
                            .sticky_timeout = options.sticky_queue_schedule_to_start_timeout,
                            .eager_activities = !options.disable_eager_activity_execution},
      options.workflows.definitions());
}

WorkerCore::~WorkerCore() {
  stop();
  close(stop_requested_);
}

void WorkerCore::start() {
  const std::lock_guard lock(mutex_);
  if (started_ || stopped_) {
    throw PerdureError("a Worker can be started once");
  }
  started_ = true;
  activities_->start();
  workflows_->start();
}

void WorkerCore::stop() {
  eventfd_write(stop_requested_, 1);
  const std::lock_guard lock(mutex_);
  if (stopped_) {
    return;
  }
  stopped_ = true;
  activities_->stop_polling();
  workflows_->stop();
  calls_->wait();  // the last answers to workflow tasks may bring activities along
  activities_->finish(graceful_shutdown_timeout_);
  calls_->wait();
  loop_.reset();
  workflows_.reset();
  activities_.reset();
  calls_.reset();
}

}  // namespace perdure::worker
