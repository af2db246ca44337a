#pragma once
// A whole service in one thread: frontend, loop, engine and a store in memory, with a clock that stands still
// until it is told otherwise. Shared by the tests of runtime and frontend.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/convert.h"
#include "base/limits.h"
#include "frontend/frontend.h"
#include "runtime/clock.h"
#include "runtime/instance.h"
#include "runtime/service.h"
#include "storage/memory/memory_storage.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::testing {

namespace wire = temporal::api::workflowservice::v1;
namespace enums = temporal::api::enums::v1;
using std::chrono::milliseconds;
using std::chrono::seconds;
using temporal::api::command::v1::Command;
using temporal::api::history::v1::History;

class FakeClock : public runtime::Clock {
 public:
  Timestamp now() override { return time; }
  Timestamp time{1'700'000'000'000'000'000};
};

// A store whose commits can be held back or refused, and that outlives the instance, as a directory does.
class TestStorage : public storage::Storage {
 public:
  explicit TestStorage(std::shared_ptr<storage::Storage> inner)
      : inner_(std::move(inner)), info_(inner_->info()) {}

  const storage::StoreInfo& info() const override { return info_; }
  void commit(std::vector<Transition> transitions, std::function<void(Status)> done) override {
    ++commits;
    if (!refuse.ok()) {
      done(refuse);
      return;
    }
    if (hold) {
      held = [this, kept = std::make_shared<std::vector<Transition>>(std::move(transitions)),
              done = std::move(done)] { inner_->commit(std::move(*kept), done); };
      return;
    }
    inner_->commit(std::move(transitions), done);
  }
  Status put_record(const std::string& key, const std::string& value) override {
    return refuse.ok() ? inner_->put_record(key, value) : refuse;
  }
  void let_go() { std::exchange(held, nullptr)(); }

  Result<std::optional<ExecutionId>> find_current(const WorkflowKey& key) override {
    return inner_->find_current(key);
  }
  Result<std::optional<ExecutionId>> find_run(const WorkflowKey& key, const RunId& run_id) override {
    return inner_->find_run(key, run_id);
  }
  Result<std::optional<storage::LoadedRun>> load(ExecutionId execution) override {
    ++loads;
    return inner_->load(execution);
  }
  Result<storage::HistoryPage> read_history(ExecutionId execution, std::int64_t first_event_id,
                                            int max_events, std::size_t max_bytes) override {
    ++history_reads;
    return inner_->read_history(execution, first_event_id, max_events, max_bytes);
  }
  Result<std::optional<Timestamp>> next_due() override { return inner_->next_due(); }
  Result<std::vector<storage::DueItem>> read_due(Timestamp now, int limit) override {
    ++due_reads;
    return inner_->read_due(now, limit);
  }
  Result<std::vector<storage::QueuedItem>> read_queue(const std::string& queue,
                                                      const storage::QueuedItem& after, int limit) override {
    return inner_->read_queue(queue, after, limit);
  }
  Result<std::vector<storage::DueItem>> read_orphans(std::int64_t incarnation, int limit) override {
    return inner_->read_orphans(incarnation, limit);
  }
  Result<std::vector<storage::RunSummary>> list_runs(ExecutionId after, int limit) override {
    return inner_->list_runs(after, limit);
  }
  Status close() override { return {}; }

  void set_incarnation(std::int64_t incarnation) { info_.incarnation = incarnation; }

  bool hold = false;
  std::function<void()> held;
  Status refuse;
  int commits = 0;
  int loads = 0;
  int history_reads = 0;
  int due_reads = 0;

 private:
  std::shared_ptr<storage::Storage> inner_;
  storage::StoreInfo info_;
};

// One call and, later, its answer.
template <class Response>
struct Pending {
  Response response;
  std::optional<Status> status;
  std::uint64_t ticket = 0;

  bool answered() const { return status.has_value(); }
  bool ok() const { return answered() && status->ok(); }
};
template <class Response>
using PendingPointer = std::shared_ptr<Pending<Response>>;

inline temporal::api::common::v1::Payloads payloads(const std::string& data) {
  temporal::api::common::v1::Payloads out;
  auto* payload = out.add_payloads();
  (*payload->mutable_metadata())["encoding"] = "json/plain";
  payload->set_data(data);
  return out;
}

class Rig {
 public:
  // `other_clock`, if there is one, is used instead of the rig's own.
  explicit Rig(runtime::InstanceOptions options = {}, runtime::Clock* other_clock = nullptr)
      : options_(std::move(options)), other_clock_(other_clock) {
    options_.on_fatal = [this](const Status& status) { fatal = status; };
    open();
  }

  // The process ends without a word and another one opens the same store.
  void crash_and_restart() {
    instance->abandon();
    frontend.reset();
    instance.reset();
    ++incarnation_;
    open();
  }

  template <class Response, class Request>
  PendingPointer<Response> call(std::string_view method, const Request& request,
                                frontend::CallOptions options = {.timeout = seconds(70)}) {
    auto pending = post<Response>(method, request, options);
    instance->step();
    return pending;
  }
  // Without stepping.
  template <class Response, class Request>
  PendingPointer<Response> post(std::string_view method, const Request& request,
                                frontend::CallOptions options = {.timeout = seconds(70)}) {
    auto pending = std::make_shared<Pending<Response>>();
    pending->ticket = frontend->call(method, request, &pending->response, options,
                                     [pending](Status status) { pending->status = std::move(status); });
    return pending;
  }
  void advance(Duration duration) {
    clock.time = clock.time + duration;
    instance->step();
  }

  PendingPointer<wire::StartWorkflowExecutionResponse> start(const std::string& id,
                                                             const std::string& queue = "orders") {
    return call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", start_request(id, queue));
  }
  static wire::StartWorkflowExecutionRequest start_request(const std::string& id,
                                                           const std::string& queue = "orders") {
    wire::StartWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.set_workflow_id(id);
    request.mutable_workflow_type()->set_name("Order");
    request.mutable_task_queue()->set_name(queue);
    request.set_request_id("start-" + id);
    return request;
  }

  PendingPointer<wire::PollWorkflowTaskQueueResponse> poll_workflow(
      const std::string& queue = "orders", enums::TaskQueueKind kind = enums::TASK_QUEUE_KIND_NORMAL,
      frontend::CallOptions options = {.timeout = seconds(70)}) {
    wire::PollWorkflowTaskQueueRequest request;
    request.set_namespace_("default");
    request.mutable_task_queue()->set_name(queue);
    request.mutable_task_queue()->set_kind(kind);
    request.set_identity("worker");
    return call<wire::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", request, options);
  }
  PendingPointer<wire::PollActivityTaskQueueResponse> poll_activity(const std::string& queue = "orders",
                                                                    frontend::CallOptions options = {
                                                                        .timeout = seconds(70)}) {
    wire::PollActivityTaskQueueRequest request;
    request.set_namespace_("default");
    request.mutable_task_queue()->set_name(queue);
    request.set_identity("worker");
    return call<wire::PollActivityTaskQueueResponse>("PollActivityTaskQueue", request, options);
  }
  PendingPointer<wire::RespondWorkflowTaskCompletedResponse> complete(const std::string& token,
                                                                      const std::vector<Command>& commands,
                                                                      const std::string& sticky_queue = "") {
    wire::RespondWorkflowTaskCompletedRequest request;
    request.set_task_token(token);
    request.set_identity("worker");
    for (const Command& command : commands) {
      *request.add_commands() = command;
    }
    if (!sticky_queue.empty()) {
      auto* sticky = request.mutable_sticky_attributes();
      sticky->mutable_worker_task_queue()->set_name(sticky_queue);
      sticky->mutable_worker_task_queue()->set_kind(enums::TASK_QUEUE_KIND_STICKY);
      sticky->mutable_worker_task_queue()->set_normal_name("orders");
      sticky->mutable_schedule_to_start_timeout()->set_seconds(5);
    }
    return call<wire::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", request);
  }
  PendingPointer<wire::RespondActivityTaskCompletedResponse> complete_activity(const std::string& token,
                                                                               const std::string& result) {
    wire::RespondActivityTaskCompletedRequest request;
    request.set_task_token(token);
    *request.mutable_result() = payloads(result);
    return call<wire::RespondActivityTaskCompletedResponse>("RespondActivityTaskCompleted", request);
  }
  PendingPointer<wire::SignalWorkflowExecutionResponse> signal(const std::string& id,
                                                               const std::string& name) {
    wire::SignalWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.mutable_workflow_execution()->set_workflow_id(id);
    request.set_signal_name(name);
    return call<wire::SignalWorkflowExecutionResponse>("SignalWorkflowExecution", request);
  }
  PendingPointer<wire::DescribeWorkflowExecutionResponse> describe(const std::string& id) {
    wire::DescribeWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.mutable_execution()->set_workflow_id(id);
    return call<wire::DescribeWorkflowExecutionResponse>("DescribeWorkflowExecution", request);
  }
  static wire::GetWorkflowExecutionHistoryRequest history_request(const std::string& id) {
    wire::GetWorkflowExecutionHistoryRequest request;
    request.set_namespace_("default");
    request.mutable_execution()->set_workflow_id(id);
    return request;
  }
  PendingPointer<wire::GetWorkflowExecutionHistoryResponse> history(
      const wire::GetWorkflowExecutionHistoryRequest& request) {
    return call<wire::GetWorkflowExecutionHistoryResponse>("GetWorkflowExecutionHistory", request);
  }
  // The result, by the long poll that clients use.
  PendingPointer<wire::GetWorkflowExecutionHistoryResponse> wait_for_close(const std::string& id) {
    auto request = history_request(id);
    request.set_wait_new_event(true);
    request.set_history_event_filter_type(enums::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
    return history(request);
  }
  std::vector<enums::EventType> event_types(const std::string& id) {
    auto events = history(history_request(id));
    std::vector<enums::EventType> types;
    for (const auto& event : events->response.history().events()) {
      types.push_back(event.event_type());
    }
    return types;
  }

  FakeClock clock;
  std::shared_ptr<storage::Storage> durable = storage::open_memory_storage();
  TestStorage* storage = nullptr;  // the instance's
  std::optional<Status> fatal;
  std::unique_ptr<runtime::Instance> instance;
  std::unique_ptr<frontend::Frontend> frontend;

 private:
  void open() {
    auto opened = std::make_unique<TestStorage>(durable);
    opened->set_incarnation(incarnation_);
    storage = opened.get();
    instance = std::make_unique<runtime::Instance>(std::move(opened),
                                                   other_clock_ != nullptr ? *other_clock_ : clock, options_);
    frontend = std::make_unique<frontend::Frontend>(*instance);
  }

  runtime::InstanceOptions options_;
  runtime::Clock* other_clock_;
  std::int64_t incarnation_ = 1;
};

inline Command schedule_activity(const std::string& id, const std::string& queue = "orders") {
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
  auto* attributes = command.mutable_schedule_activity_task_command_attributes();
  attributes->set_activity_id(id);
  attributes->mutable_activity_type()->set_name("charge");
  attributes->mutable_task_queue()->set_name(queue);
  attributes->mutable_start_to_close_timeout()->set_seconds(30);
  return command;
}
inline Command start_timer(const std::string& id, int after_seconds) {
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_START_TIMER);
  command.mutable_start_timer_command_attributes()->set_timer_id(id);
  command.mutable_start_timer_command_attributes()->mutable_start_to_fire_timeout()->set_seconds(
      after_seconds);
  return command;
}
inline Command complete_workflow(const std::string& result) {
  Command command;
  command.set_command_type(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
  *command.mutable_complete_workflow_execution_command_attributes()->mutable_result() = payloads(result);
  return command;
}

}  // namespace perdure::testing
