#include "runtime/service.h"

#include <utility>

#include "runtime/loop.h"

namespace perdure::runtime {

Timestamp Service::now() const { return loop_.now(); }
Random& Service::random() { return loop_.random(); }
std::int64_t Service::incarnation() const { return loop_.incarnation(); }

void Service::execute(const RunTarget& target, Body body, Finish finish) {
  loop_.execute(target, std::move(body), std::move(finish));
}

void Service::start_workflow(const engine::wire::StartWorkflowExecutionRequest& request,
                             Reply<StartAnswer> reply, std::optional<engine::PollerInfo> eager_worker) {
  auto task = std::make_shared<std::shared_ptr<engine::WorkflowTaskStart>>();
  loop_.start_on_current(
      {NamespaceName(request.namespace_()), WorkflowId(request.workflow_id())},
      [&request, task, worker = std::move(eager_worker)](engine::Outcome& out, engine::Execution* current,
                                                         const engine::Context& context) {
        auto started = engine::start_workflow(out, current, request, context);
        if (worker && started.ok() && started->started) {
          *task = engine::start_first_task_eagerly(out, current, *worker, context);
        }
        return started;
      },
      [this, task, reply = std::move(reply)](Result<StartAnswer> answer) {
        if (answer.ok() && *task != nullptr) {
          auto eager = loop_.with_history(answer->reply.execution, *task);
          if (eager.ok()) {  // else the started task times out; the start itself is durable
            answer->eager_task = *std::move(eager);
          }
        }
        reply(std::move(answer));
      });
}

void Service::signal_with_start_workflow(const engine::wire::StartWorkflowExecutionRequest& start,
                                         const engine::wire::SignalWorkflowExecutionRequest& signal,
                                         Reply<StartAnswer> reply) {
  loop_.start_on_current(
      {NamespaceName(start.namespace_()), WorkflowId(start.workflow_id())},
      [&start, &signal](engine::Outcome& out, engine::Execution* current, const engine::Context& context) {
        return engine::signal_with_start_workflow(out, current, start, signal, context);
      },
      std::move(reply));
}

void Service::complete_workflow_task(
    const RunTarget& target, const engine::WorkflowTaskRef& task,
    std::shared_ptr<engine::wire::RespondWorkflowTaskCompletedRequest> request, engine::PollerInfo worker,
    Reply<WorkflowTaskAnswer> reply) {
  struct Done {
    std::optional<Result<engine::WorkflowTaskCompletion>> completion;
    WorkflowTaskAnswer answer;
  };
  auto done = std::make_shared<Done>();
  auto body = [done, task, request, worker = std::move(worker)](engine::Outcome& out, engine::Execution& run,
                                                                const engine::Context& context) {
    done->answer.execution = engine::execution_id(run);
    done->answer.run_id = engine::run_id(run);
    done->completion.emplace(engine::complete_workflow_task(out, run, task, *request, worker, context));
  };
  execute(target, std::move(body), [this, done, request, reply = std::move(reply)](const Status& outcome) {
    if (!outcome.ok() || !done->completion->ok()) {
      reply(outcome.ok() ? done->completion->status() : outcome);
      return;
    }
    engine::WorkflowTaskCompletion& completion = **done->completion;
    loop_.answer_buffered_queries(done->answer.execution, *request);
    done->answer.eager = std::move(completion.eager);
    done->answer.reset_history_event_id = completion.reset_history_event_id;
    if (completion.next) {
      loop_.attach_queries(done->answer.execution, &completion.next->response);
      auto next = loop_.with_history(
          done->answer.execution, std::make_shared<engine::WorkflowTaskStart>(std::move(*completion.next)));
      if (next.ok()) {  // else the started task times out; the completion itself is durable
        done->answer.next = std::move(next).value();
      }
    }
    reply(std::move(done->answer));
  });
}

void Service::reset_workflow(const RunTarget& target,
                             const engine::wire::ResetWorkflowExecutionRequest& request,
                             Reply<engine::wire::ResetWorkflowExecutionResponse> reply) {
  loop_.reset_workflow(target, request, std::move(reply));
}

void Service::poll_workflow_task(Poll poll, Reply<std::optional<WorkflowTaskHandOut>> reply) {
  loop_.poll_workflow_task(std::move(poll), std::move(reply));
}

void Service::poll_activity_task(Poll poll, Reply<std::optional<ActivityTaskHandOut>> reply) {
  loop_.poll_activity_task(std::move(poll), std::move(reply));
}

void Service::read_history(HistoryQuery query, Reply<HistoryAnswer> reply) {
  loop_.read_history(std::move(query), std::move(reply));
}

void Service::read_history_reverse(const ReverseHistoryQuery& query, Reply<HistoryAnswer> reply) {
  loop_.read_history_reverse(query, std::move(reply));
}

void Service::query_workflow(QueryCall call, Reply<engine::wire::QueryWorkflowResponse> reply) {
  loop_.query_workflow(std::move(call), std::move(reply));
}

Status Service::answer_query_task(const QueryTaskRef& task,
                                  const engine::wire::RespondQueryTaskCompletedRequest& request) {
  return loop_.answer_query_task(task, request);
}

void Service::update_workflow(UpdateCall call, Reply<UpdateAnswer> reply) {
  loop_.update_workflow(std::move(call), std::move(reply));
}

void Service::start_and_update(std::shared_ptr<const engine::wire::StartWorkflowExecutionRequest> request,
                               UpdateCall call, std::function<void(StartAndUpdateAnswer)> reply) {
  loop_.start_and_update(std::move(request), std::move(call), std::move(reply), false);
}

Status Service::put_record(const std::string& key, const std::string& value) {
  return loop_.put_record(key, value);
}

void Service::cancel(std::uint64_t id) { loop_.cancel(id); }

void Service::release_polls(const std::string& sticky_queue, const std::string& worker_instance_key) {
  loop_.release_polls(sticky_queue, worker_instance_key);
}

}  // namespace perdure::runtime
