#include "worker/workflow_worker.h"

#include <utility>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "worker/encoded_failure.h"
#include "worker/guarded_activation.h"
#include "worker/update_messages.h"
#include "worker/warn.h"

namespace perdure::worker {
namespace {

namespace service = temporal::api::workflowservice::v1;
using client::Boundary;
using temporal::api::enums::v1::TASK_QUEUE_KIND_NORMAL;
using temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY;
using workflow_core::Completion;
using workflow_core::HistoryEvents;

constexpr const char* kPollBroughtTask = "workflow_task_queue_poll_succeed";
constexpr const char* kPollBroughtNothing = "workflow_task_queue_poll_empty";

// As Temporal's SDKs: at most this many activities of one completion start without the way over their queue.
constexpr std::size_t kMaxEagerActivities = 3;

LogFields fields_of(const service::PollWorkflowTaskQueueResponse& task) {
  return {{"workflow_id", task.workflow_execution().workflow_id()},
          {"run_id", task.workflow_execution().run_id()}};
}

// The API calls the field deprecated, but it is where services that do not route by it look for a worker's
// build.
template <class Request>
void set_build_id(Request* request, const std::string& build_id) {
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
  if (build_id.empty()) {
    return;
  }
  if constexpr (requires { request->mutable_worker_version_capabilities(); }) {
    request->mutable_worker_version_capabilities()->set_build_id(build_id);
  } else {
    request->mutable_worker_version_stamp()->set_build_id(build_id);
  }
#pragma clang diagnostic pop
}

service::PollWorkflowTaskQueueRequest poll_request(Calls& calls, const WorkflowWorkerOptions& options,
                                                   const std::string& sticky_queue) {
  service::PollWorkflowTaskQueueRequest request;
  request.set_namespace_(calls.connection().namespace_name());
  request.set_identity(options.identity);
  request.set_worker_instance_key(options.instance_key);
  if (sticky_queue.empty()) {
    request.mutable_task_queue()->set_name(options.task_queue);
    request.mutable_task_queue()->set_kind(TASK_QUEUE_KIND_NORMAL);
  } else {
    request.mutable_task_queue()->set_name(sticky_queue);
    request.mutable_task_queue()->set_kind(TASK_QUEUE_KIND_STICKY);
    request.mutable_task_queue()->set_normal_name(options.task_queue);
  }
  set_build_id(&request, options.build_id);
  return request;
}

// No more than there are slots, so that the two queues cannot take all of them from each other.
std::size_t all_polls(const WorkflowWorkerOptions& options) {
  return std::max<std::size_t>(2, std::min(options.max_polls, options.max_concurrent));
}
// Most polls go to the sticky queue, as in Temporal's SDKs; the normal one gets at least one. In process,
// where polls cost next to nothing, both have plenty.
std::size_t normal_polls(const WorkflowWorkerOptions& options) {
  const std::size_t share = all_polls(options) / (options.in_process ? 2 : 5);
  return options.max_cached == 0 ? all_polls(options) : std::max<std::size_t>(1, share);
}

// As the label of Temporal's SDKs.
const char* failure_reason(temporal::api::enums::v1::WorkflowTaskFailedCause cause) {
  switch (cause) {
    case temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR:
      return "NonDeterminismError";
    case temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE:
      return "GrpcMessageTooLarge";
    default:
      return "WorkflowError";
  }
}

// Null: it does not end the run.
const char* metric_of(const temporal::api::command::v1::Command& command) {
  switch (command.command_type()) {
    case temporal::api::enums::v1::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
      return "workflow_completed";
    case temporal::api::enums::v1::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
      return "workflow_failed";
    case temporal::api::enums::v1::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
      return "workflow_canceled";
    case temporal::api::enums::v1::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
      return "workflow_continue_as_new";
    default:
      return nullptr;
  }
}

Completion task_failure(const std::string& message, std::string type) {
  Completion completion;
  completion.outcome = Completion::Outcome::kTaskFailure;
  completion.cause = temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_WORKFLOW_WORKER_UNHANDLED_FAILURE;
  completion.failure = api::exception_to_failure(
      std::make_exception_ptr(ApplicationError(message, {.type = std::move(type)})));
  return completion;
}

}  // namespace

WorkflowWorker::WorkflowWorker(Calls& calls, ActivityWorker& activities, WorkflowWorkerOptions options,
                               std::vector<detail::WorkflowDefinition> definitions)
    : calls_(calls),
      activities_(activities),
      options_(std::move(options)),
      sticky_queue_(calls.connection().take_sticky_queue(options_.task_queue)),
      cache_(options_.max_cached, options_.max_cached_bytes),
      history_(calls),
      slots_(options_.max_concurrent),
      metrics_(calls.connection(), options_.task_queue, "WorkflowWorker", options_.max_concurrent),
      normal_poller_(calls.connection(), calls.loop(), slots_, "PollWorkflowTaskQueue",
                     poll_request(calls, options_, ""), normal_polls(options_),
                     PollerMetrics{metrics_, "workflow_task", kPollBroughtTask, kPollBroughtNothing},
                     [this](WorkflowTask task) {
                       metrics_.task_begun();
                       enqueue([this, task = std::move(task)]() mutable { process(std::move(task)); });
                     }),
      sticky_poller_(calls.connection(), calls.loop(), slots_, "PollWorkflowTaskQueue",
                     poll_request(calls, options_, sticky_queue_),
                     all_polls(options_) - normal_polls(options_),
                     PollerMetrics{metrics_, "sticky_workflow_task", kPollBroughtTask, kPollBroughtNothing},
                     [this](WorkflowTask task) {
                       metrics_.task_begun();
                       enqueue([this, task = std::move(task)]() mutable { process(std::move(task)); });
                     }),
      watch_(calls.loop()),
      local_activities_(
          calls, activities, options_.task_queue, options_.max_concurrent_local_activities,
          [this](const LocalActivityOwner& owner, std::uint32_t number,
                 const LocalActivities::Outcome& outcome) {
            enqueue([this, run_id = owner.run_id, result = LocalResult{number, outcome, owner.incarnation}] {
              local_activity_ended(run_id, result);
            });
          }) {
  for (detail::WorkflowDefinition& definition : definitions) {
    std::string name = definition.name;
    definitions_.emplace(std::move(name), std::move(definition));
  }
  slots_.on_release([this] {
    if (options_.max_cached > 0) {
      sticky_poller_.top_up();
    }
    normal_poller_.top_up();
  });
}

WorkflowWorker::~WorkflowWorker() { calls_.connection().give_back_sticky_queue(sticky_queue_); }

void WorkflowWorker::start() {
  if (definitions_.empty()) {
    return;
  }
  works_ = working_.enter();
  if (calls_.loop().has_thread()) {
    watch_.start();
    thread_ = std::thread([this] { run(); });
  }
  normal_poller_.top_up();
  if (options_.max_cached > 0) {
    sticky_poller_.top_up();
  }
}

void WorkflowWorker::close_polls() {
  normal_poller_.close();
  sticky_poller_.close();
}

Task<> WorkflowWorker::stop(std::chrono::nanoseconds patience, std::chrono::nanoseconds grace) {
  co_await normal_poller_.stop(patience);
  co_await sticky_poller_.stop(patience);
  if (working_.is_empty()) {
    co_return;  // it was not started
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  enqueue([] {});  // has a look at it
  co_await GateWait(working_, calls_.loop(), grace);
  enqueue([this] {
    std::vector<std::string> run_ids;
    for (const auto& [run_id, held] : held_) {
      run_ids.push_back(run_id);
    }
    for (const std::string& run_id : run_ids) {
      drop_held_if_stopping(run_id);
    }
  });
  local_activities_.stop();
  co_await GateWait(working_, calls_.loop());
  if (thread_.joinable()) {
    thread_.join();
  }
  co_await local_activities_.wait();
  report_shutdown();
}

// ---- the thread
// -------------------------------------------------------------------------------------------------

void WorkflowWorker::enqueue(std::function<void()> work) {
  bool notify = false;
  {
    const std::lock_guard lock(mutex_);
    notify = work_.empty();  // else the thread is awake, or called already
    work_.push_back(std::move(work));
  }
  if (!notify) {
    return;
  }
  if (calls_.loop().has_thread()) {
    changed_.notify_all();  // after the lock, which the thread needs at once
  } else {
    calls_.loop().post([this] { run_on_loop(); });
  }
}

// Under the lock.
bool WorkflowWorker::is_at_end() const { return stopping_ && reads_ == 0 && held_.empty(); }

void WorkflowWorker::end() {
  ended_ = true;
  cache_.clear();  // frames of user code are destroyed on the thread that ran them
  works_ = nullptr;
}

void WorkflowWorker::run_on_loop() {
  std::vector<std::function<void()>> taken;
  {
    const std::lock_guard lock(mutex_);
    taken = std::exchange(work_, {});
  }
  for (std::function<void()>& work : taken) {
    if (!ended_) {
      work();
    }
    work = nullptr;
  }
  bool at_end = false;
  {
    const std::lock_guard lock(mutex_);
    at_end = !ended_ && work_.empty() && is_at_end();
  }
  if (at_end) {
    end();
  }
}

void WorkflowWorker::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [&] { return is_at_end() || !work_.empty(); });
    if (work_.empty()) {
      break;
    }
    std::vector<std::function<void()>> taken = std::exchange(work_, {});
    lock.unlock();
    for (std::function<void()>& work : taken) {
      work();
      work = nullptr;
    }
    lock.lock();
  }
  lock.unlock();
  end();
}

void WorkflowWorker::process(WorkflowTask task) {
  measure_task(task);
  auto definition = definitions_.find(task.workflow_type().name());
  if (definition == definitions_.end()) {
    definition = definitions_.find("");  // the dynamic one
  }
  if (definition == definitions_.end() && task.has_query()) {
    refuse_query(task, not_registered(task.workflow_type().name()), "NotFoundError");
    return;
  }
  if (definition == definitions_.end()) {
    fail(task, task_failure(not_registered(task.workflow_type().name()), "NotFoundError"));
    return;
  }
  if (task.has_query()) {
    process_query(std::move(task), definition->second);
    return;
  }
  const std::string& run_id = task.workflow_execution().run_id();
  if (const auto held = held_.find(run_id); held != held_.end()) {
    if (held->second.state == Held::State::kAnswered && !waits_for_answer(run_id)) {
      go_on(std::string(run_id), std::move(task));
      return;
    }
    drop_held(run_id);  // what it did may not have happened
  }
  auto run = take_cached(task);
  begin(std::make_shared<Activation>(Activation{.task = std::make_shared<const WorkflowTask>(std::move(task)),
                                                .definition = &definition->second,
                                                .run = std::move(run),
                                                .begun = metrics_.now(),
                                                .received = EventLoop::Clock::now(),
                                                .incarnation = ++incarnations_}));
}

// ---- running workflow code
// --------------------------------------------------------------------------------------

// Reads first what is missing. Other tasks are worked on meanwhile.
void WorkflowWorker::begin(const std::shared_ptr<Activation>& activation) {
  const bool whole = activation->run == nullptr;
  if (HistoryReader::brought_all(*activation->task, whole)) {
    activate(activation, activation->task->history().events());
    return;
  }
  ++reads_;
  history_.read(activation->task, whole, [this, activation](const Status& status, HistoryEvents events) {
    enqueue([this, activation, status, events = std::move(events)] {
      --reads_;
      if (status.ok()) {
        activate(activation, events);
      } else {
        give_up(activation, status);
      }
    });
  });
}

void WorkflowWorker::activate(const std::shared_ptr<Activation>& activation, const HistoryEvents& events) {
  const WorkflowTask& task = *activation->task;
  if (calls_.connection().boundary() == nullptr) {
    activate_decoded(activation, events);
    return;
  }
  HistoryEvents decoded = events;
  try {
    for (auto& event : decoded) {
      calls_.connection().boundary()->decode(&event);
    }
  } catch (const DataConversionError& error) {
    activation->run = nullptr;
    if (activation->query_only) {
      refuse_query(task, error.what(), "DataConversionError");
      return;
    }
    stop_holding(activation);
    local_activities_.drop(task.workflow_execution().run_id());
    fail(task, task_failure(error.what(), "DataConversionError"));
    return;
  }
  activate_decoded(activation, decoded);
}

void WorkflowWorker::activate_decoded(const std::shared_ptr<Activation>& activation,
                                      const HistoryEvents& events) {
  const WorkflowTask& task = *activation->task;
  const bool whole = activation->run == nullptr;
  if (!activation->query_only) {
    stop_holding(activation);
    drop_held(task.workflow_execution().run_id());  // of an earlier task that read its history meanwhile
  }
  if (whole) {
    activation->run = make_run(task, *activation->definition);
  }
  workflow_core::ProtocolMessages messages = task.messages();
  try {
    decode_messages(calls_.connection().boundary(), &messages);
  } catch (const DataConversionError& error) {
    activation->run = nullptr;
    local_activities_.drop(task.workflow_execution().run_id());
    fail(task, task_failure(error.what(), "DataConversionError"));
    return;
  }
  const workflow_core::ActivationOptions how{.previous_started_event_id = task.previous_started_event_id(),
                                             .messages = &messages,
                                             .completed_only = activation->query_only};
  Completion completion = run_code(task, [&] { return activation->run->activate(events, how); });
  if (completion.outcome == Completion::Outcome::kNeedsFullHistory) {
    activation->run = nullptr;
    activation->local_results.clear();  // of activities that the replay starts once more
    activation->incarnation = ++incarnations_;
    if (whole && activation->query_only) {
      refuse_query(task, "the service sent a history with a gap", "HistoryError");
    } else if (whole) {
      fail(task, task_failure("the service sent a history with a gap", "HistoryError"));
    } else {
      begin(activation);
    }
    return;
  }
  if (activation->query_only) {
    replayed_for_query(activation, completion);
    return;
  }
  measure_activation(*activation, whole);
  settle(activation, std::move(completion));
}

Completion WorkflowWorker::run_code(const WorkflowTask& task, const std::function<Completion()>& step) {
  watch_.begin({&task.workflow_type().name(), &task.workflow_execution().workflow_id(),
                &task.workflow_execution().run_id()});
  Completion completion = options_.guard_determinism ? run_guarded(step) : step();
  watch_.end();
  return completion;
}

// The history cannot be read.
void WorkflowWorker::give_up(const std::shared_ptr<Activation>& activation, const Status& status) {
  const WorkflowTask& task = *activation->task;
  activation->run = nullptr;
  if (activation->query_only) {
    refuse_query(task, "the history cannot be read: " + status.to_string(), "HistoryError");
    return;
  }
  stop_holding(activation);
  local_activities_.drop(task.workflow_execution().run_id());
  if (!calls_.connection().in_process() && status.code() != Code::kNotFound) {
    // Nobody's fault, nothing to report: the task times out and comes again.
    warn("the history of a workflow cannot be read, its task will come again: " + status.to_string(),
         fields_of(task));
    release();
    return;
  }
  fail(task, task_failure("the history cannot be read: " + status.to_string(), "HistoryError"));
}

// ---- metrics
// ----------------------------------------------------------------------------------------------------

void WorkflowWorker::release() {
  metrics_.task_ended();
  slots_.release();
}

void WorkflowWorker::measure_task(const WorkflowTask& task) {
  if (metrics_.on()) {
    metrics_.latency("workflow_task_schedule_to_start_latency",
                     std::chrono::nanoseconds(api::from_proto(task.started_time()).nanos -
                                              api::from_proto(task.scheduled_time()).nanos),
                     {{"workflow_type", task.workflow_type().name()}});
  }
}

void WorkflowWorker::measure_activation(const Activation& activation, bool whole) {
  if (!metrics_.on()) {
    return;
  }
  const std::string& type = activation.task->workflow_type().name();
  metrics_.latency_since("workflow_task_execution_latency", activation.begun, {{"workflow_type", type}});
  if (whole && activation.task->previous_started_event_id() > 0) {
    metrics_.latency_since("workflow_task_replay_latency", activation.begun, {{"workflow_type", type}});
  }
}

void WorkflowWorker::measure_completion(const WorkflowTask& task, const workflow_core::WorkflowRun& run,
                                        const Completion& completion) {
  if (!metrics_.on() || !completion.closes_run) {
    return;
  }
  const std::string& type = task.workflow_type().name();
  if (const char* ended = metric_of(completion.commands.back())) {
    metrics_.count(ended, {{"workflow_type", type}});
    const auto started =
        std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(
            std::chrono::nanoseconds(api::from_proto(task.started_time()).nanos)));
    metrics_.latency("workflow_endtoend_latency", started - run.start_time(), {{"workflow_type", type}});
  }
}

void WorkflowWorker::remember(const std::string& run_id, std::unique_ptr<workflow_core::WorkflowRun> run) {
  const std::size_t before = cache_.size();
  cache_.put(run_id, std::move(run));
  if (metrics_.on()) {
    for (std::size_t evicted = cache_.size(); evicted < before + 1 && options_.max_cached > 0; ++evicted) {
      metrics_.count("sticky_cache_total_forced_eviction");
    }
    metrics_.gauge("sticky_cache_size", static_cast<double>(cache_.size()));
  }
}

// Null: the run is not remembered, or what is remembered may not have happened.
std::unique_ptr<workflow_core::WorkflowRun> WorkflowWorker::take_cached(const WorkflowTask& task) {
  const std::string& run_id = task.workflow_execution().run_id();
  std::unique_ptr<workflow_core::WorkflowRun> run = cache_.take(run_id);
  if (metrics_.on()) {
    metrics_.count(run ? "sticky_cache_hit" : "sticky_cache_miss");
    metrics_.gauge("sticky_cache_size", static_cast<double>(cache_.size()));
  }
  if (run != nullptr && run->last_started_event_id() > task.previous_started_event_id()) {
    return nullptr;  // it is ahead: the service dropped a task of it
  }
  return waits_for_answer(run_id) ? nullptr : std::move(run);
}

bool WorkflowWorker::waits_for_answer(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  return unanswered_.contains(run_id);
}

void WorkflowWorker::answered(const std::string& run_id) {
  const std::lock_guard lock(mutex_);
  if (const auto found = unanswered_.find(run_id); --found->second == 0) {
    unanswered_.erase(found);
  }
}

// On any thread. The service dropped the task, which changed nothing: what the run is remembered with is as
// far as the task before it.
void WorkflowWorker::undo_task(const std::string& run_id, std::int64_t started_event_id) {
  {
    const std::lock_guard lock(mutex_);
    ++unanswered_[run_id];  // until it is undone
  }
  enqueue([this, run_id, started_event_id] {
    if (auto run = cache_.take(run_id)) {
      run->undo_last_task(started_event_id);
      cache_.put(run_id, std::move(run));
    }
    answered(run_id);
  });
}

std::unique_ptr<workflow_core::WorkflowRun> WorkflowWorker::make_run(
    const WorkflowTask& task, const detail::WorkflowDefinition& definition) const {
  return std::make_unique<workflow_core::WorkflowRun>(
      definition,
      workflow_core::RunIdentity{.namespace_name = NamespaceName(calls_.connection().namespace_name()),
                                 .workflow_id = WorkflowId(task.workflow_execution().workflow_id()),
                                 .run_id = RunId(task.workflow_execution().run_id()),
                                 .task_queue = options_.task_queue},
      options_.interceptors);
}

std::string WorkflowWorker::not_registered(const std::string& workflow_type) const {
  std::string names;
  for (const auto& [name, definition] : definitions_) {
    names += (names.empty() ? "" : ", ") + name;
  }
  return "Workflow class " + workflow_type +
         " is not registered on this worker, available workflows: " + names;
}

// ---- answering
// --------------------------------------------------------------------------------------------------

void WorkflowWorker::answer(const WorkflowTask& task, std::unique_ptr<workflow_core::WorkflowRun> run,
                            Completion completion) {
  for (const std::string& warning : completion.warnings) {
    warn(warning, fields_of(task));
  }
  if (completion.outcome != Completion::Outcome::kCommands) {
    fail(task, std::move(completion));
    return;
  }
  measure_completion(task, *run, completion);
  QueryResults query_results = answer_queries(task, run.get());
  if (!completion.closes_run) {
    remember(task.workflow_execution().run_id(), std::move(run));
  }
  complete(task, std::move(completion), Answer::kFinal, std::move(query_results));
}

// The answer cannot be encoded: the run is not as far as its code is.
void WorkflowWorker::refuse_to_send(const WorkflowTask& task, Answer how, const std::string& why) {
  // It may go with the run.
  const WorkflowTask kept = task;  // NOLINT(performance-unnecessary-copy-initialization)
  const std::string& run_id = kept.workflow_execution().run_id();
  cache_.take(run_id);
  if (how == Answer::kHeartbeat) {
    drop_held(run_id);
  }
  fail(kept, task_failure(why, "DataConversionError"));
}

void WorkflowWorker::complete(const WorkflowTask& task, Completion completion, Answer how,
                              QueryResults query_results) {
  if (const Boundary* boundary = calls_.connection().boundary()) {
    try {
      for (auto& command : completion.commands) {
        boundary->encode(&command);
      }
      encode_messages(*boundary, &completion.messages);
      for (auto& [id, result] : query_results) {
        boundary->encode(&result);
      }
    } catch (const DataConversionError& error) {
      refuse_to_send(task, how, error.what());
      return;
    }
  }
  auto request = std::make_shared<service::RespondWorkflowTaskCompletedRequest>();
  request->set_namespace_(calls_.connection().namespace_name());
  request->set_identity(options_.identity);
  request->set_task_token(task.task_token());
  set_build_id(request.get(), options_.build_id);
  for (auto& command : completion.commands) {
    request->mutable_commands()->Add(std::move(command));
  }
  for (auto& message : completion.messages) {
    request->mutable_messages()->Add(std::move(message));
  }
  for (auto& [id, result] : query_results) {
    (*request->mutable_query_results())[id] = std::move(result);
  }
  request->mutable_capabilities()->set_discard_speculative_workflow_task_with_events(true);
  if (!completion.closes_run && how != Answer::kHandOver) {
    ask_for_sticky_queue(request.get());
  }
  request->set_force_create_new_workflow_task(how != Answer::kFinal);
  request->set_return_new_workflow_task(how == Answer::kHeartbeat);
  const std::size_t reserved = reserve_eager_slots(request->mutable_commands());
  // What a report of a message that is too large needs.
  WorkflowTask handle;
  handle.set_task_token(task.task_token());
  handle.set_attempt(task.attempt());
  *handle.mutable_workflow_execution() = task.workflow_execution();
  {
    const std::lock_guard lock(mutex_);
    ++unanswered_[task.workflow_execution().run_id()];
  }
  calls_.send<service::RespondWorkflowTaskCompletedResponse, service::RespondWorkflowTaskCompletedRequest>(
      "RespondWorkflowTaskCompleted", std::move(request),
      [this, reserved, how, handle = std::move(handle)](const Status& status, auto& response) {
        std::size_t unused = reserved;
        for (auto& activity : *response.mutable_activity_tasks()) {
          if (unused > 0) {
            --unused;
            activities_.execute(std::move(activity));
          }
        }
        for (; unused > 0; --unused) {
          activities_.release_slot();
        }
        if (status.ok() && response.reset_history_event_id() > 0) {
          undo_task(handle.workflow_execution().run_id(), response.reset_history_event_id());
        }
        completed(handle, how, status, std::move(*response.mutable_workflow_task()));
      },
      client::CallKind::kAnswer);
}

// On any thread.
void WorkflowWorker::completed(const WorkflowTask& handle, Answer how, const Status& status,
                               WorkflowTask next) {
  const std::string& run_id = handle.workflow_execution().run_id();
  if (!status.ok()) {
    if (status.code() != Code::kNotFound) {  // that is: the run ended meanwhile, or another worker was asked
      warn("the service refuses what a workflow task came to: " + status.to_string(), fields_of(handle));
    }
    // Whatever this worker remembers of the run did not happen; the next task brings the whole history.
    enqueue([this, run_id, how] {
      cache_.take(run_id);
      if (how == Answer::kHeartbeat) {
        drop_held(run_id);
      }
      answered(run_id);
    });
  } else if (how == Answer::kHeartbeat && !next.task_token().empty()) {
    answered(run_id);
    enqueue([this, run_id, next = std::move(next)]() mutable { go_on(run_id, std::move(next)); });
    return;  // the next task has the slot
  } else {
    answered(run_id);
    if (how == Answer::kHeartbeat) {
      enqueue([this, run_id] { drop_held_if_stopping(run_id); });
    }
  }
  if (client::is_message_too_large(status)) {
    fail_too_large(handle);
  } else {
    release();
  }
}

void WorkflowWorker::ask_for_sticky_queue(service::RespondWorkflowTaskCompletedRequest* request) const {
  if (options_.max_cached == 0) {
    return;
  }
  auto* queue = request->mutable_sticky_attributes()->mutable_worker_task_queue();
  queue->set_name(sticky_queue_);
  queue->set_kind(TASK_QUEUE_KIND_STICKY);
  queue->set_normal_name(options_.task_queue);
  api::set_duration(request->mutable_sticky_attributes()->mutable_schedule_to_start_timeout(),
                    options_.sticky_timeout);
}

// Asks that activities for this worker's queue come with the answer, for as many as there are free slots.
std::size_t WorkflowWorker::reserve_eager_slots(
    google::protobuf::RepeatedPtrField<temporal::api::command::v1::Command>* commands) {
  std::size_t reserved = 0;
  for (auto& command : *commands) {
    if (!command.has_schedule_activity_task_command_attributes()) {
      continue;
    }
    auto* attributes = command.mutable_schedule_activity_task_command_attributes();
    const bool eager =
        attributes->request_eager_execution() && options_.eager_activities &&
        reserved < kMaxEagerActivities && attributes->task_queue().name() == options_.task_queue &&
        activities_.knows(attributes->activity_type().name()) && activities_.try_reserve_slot();
    attributes->set_request_eager_execution(eager);
    reserved += eager ? 1 : 0;
  }
  return reserved;
}

void WorkflowWorker::fail(const WorkflowTask& task, Completion completion) {
  warn("workflow task failed: " + completion.failure.message(), fields_of(task));
  metrics_.count("workflow_task_execution_failed", {{"workflow_type", task.workflow_type().name()},
                                                    {"failure_reason", failure_reason(completion.cause)}});
  if (task.attempt() > 1) {
    // As Temporal's SDKs: only the first failure is reported. The task times out and comes again after ever
    // longer pauses, until a worker with other code takes it.
    release();
    return;
  }
  auto request = std::make_shared<service::RespondWorkflowTaskFailedRequest>();
  request->set_namespace_(calls_.connection().namespace_name());
  request->set_identity(options_.identity);
  request->set_task_token(task.task_token());
  request->set_cause(completion.cause);
  *request->mutable_failure() =
      encoded_failure(calls_.connection().boundary(), std::move(completion.failure));
  calls_.send<service::RespondWorkflowTaskFailedResponse, service::RespondWorkflowTaskFailedRequest>(
      "RespondWorkflowTaskFailed", std::move(request), [this](const Status&, const auto&) { release(); },
      client::CallKind::kAnswer);
}

// The commands of a task went over the limit of the server: it ends the workflow when it is told, and the
// same commands would come for ever if it were not.
void WorkflowWorker::fail_too_large(const WorkflowTask& task) {
  Completion completion = task_failure("GRPC Message too large", "GrpcMessageTooLarge");
  completion.failure.mutable_application_failure_info()->set_non_retryable(true);
  completion.cause = temporal::api::enums::v1::WORKFLOW_TASK_FAILED_CAUSE_GRPC_MESSAGE_TOO_LARGE;
  fail(task, std::move(completion));
}

// Tasks need not wait on the sticky queue for a worker that is gone.
void WorkflowWorker::report_shutdown() {
  if (options_.max_cached == 0) {
    return;
  }
  auto request = std::make_shared<service::ShutdownWorkerRequest>();
  request->set_namespace_(calls_.connection().namespace_name());
  request->set_identity(options_.identity);
  request->set_sticky_task_queue(sticky_queue_);
  request->set_worker_instance_key(options_.instance_key);
  request->set_task_queue(options_.task_queue);
  request->set_reason("graceful shutdown");
  calls_.send<service::ShutdownWorkerResponse, service::ShutdownWorkerRequest>(
      "ShutdownWorker", std::move(request), [](const Status&, const auto&) {}, client::CallKind::kOnce);
}

}  // namespace perdure::worker
