#include <utility>

#include "api/payload_conversion.h"
#include "client.h"
#include "code.h"
#include "perdure/payload.h"
#include "perdure/serialize.h"
#include "programs/program.h"
#include "reads.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::sim {

namespace enums = temporal::api::enums::v1;

ProgramJob interpreted_job(const World& world, int index) {
  Random random(world.plan.seed * 17 + 0x70726f67ULL + static_cast<std::uint64_t>(index));
  const Program program = make_program(random, world.plan.eager_activities);
  ProgramJob job;
  job.workflow_id = fmt::format("program{}", index);
  job.workflow_type = "program";
  job.input.set_data(encode(program));
  job.workflow_task_timeout_ms = program.workflow_task_timeout_ms;
  job.wants_signals = waits_for_signals(program);
  job.predicted_result = predicted_result(program);
  job.description = encode(program);
  return job;
}

ProgramJob code_job(const World& world, int index) {
  const programs::ProgramInput input{.seed = world.plan.seed * 8 + static_cast<std::uint64_t>(index),
                                     .steady = (world.plan.seed + static_cast<std::uint64_t>(index)) % 2 == 0,
                                     .cancellation = true,
                                     .unit_us = 20'000};
  ProgramJob job;
  job.workflow_id = fmt::format("code{}", index);
  job.workflow_type = kCodeType;
  api::set_payload(&job.input, to_payload(input));
  job.workflow_task_timeout_ms = world.plan.seed % 2 == 0 ? 2'000 : 0;
  if (input.steady) {
    const std::string result = programs::predicted_result(input);
    job.predicted_result = result.starts_with("failed: ") ? "" : '"' + result + '"';
  }
  job.description = programs::describe(programs::make_program(input).root);
  return job;
}

ProgramClient::ProgramClient(World& world, ProgramJob job, int index)
    : world_(world),
      job_(std::move(job)),
      random_(world.plan.seed * 19 + 0x70726f67ULL + static_cast<std::uint64_t>(index)) {}

void ProgramClient::start() {
  world_.schedule.after(milliseconds_below(random_, 4'000), [this] { call_start(); });
  if (job_.wants_signals) {
    signal();
  }
}

void ProgramClient::call_start() {
  Operation& operation = world_.begin(Operation::Kind::kStart);
  operation.workflow_id = job_.workflow_id;
  operation.request_id = job_.workflow_id + "-start";
  operation.reuse_policy = enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE;
  operation.conflict_policy = enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL;
  wire::StartWorkflowExecutionRequest request;
  request.set_namespace_(kNamespace);
  request.set_workflow_id(job_.workflow_id);
  request.mutable_workflow_type()->set_name(job_.workflow_type);
  request.mutable_task_queue()->set_name(kQueue);
  *request.mutable_input()->add_payloads() = job_.input;
  request.set_identity(fmt::format("op{}", operation.id));
  request.set_request_id(operation.request_id);
  request.set_workflow_id_reuse_policy(enums::WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE);
  request.set_workflow_id_conflict_policy(enums::WORKFLOW_ID_CONFLICT_POLICY_FAIL);
  if (job_.workflow_task_timeout_ms > 0) {
    request.mutable_workflow_task_timeout()->set_seconds(job_.workflow_task_timeout_ms / 1'000);
  }
  world_.network.call<wire::StartWorkflowExecutionRequest, wire::StartWorkflowExecutionResponse>(
      link_, "StartWorkflowExecution", request, false,
      [this, &operation](const Status& status, wire::StartWorkflowExecutionResponse& response) {
        operation.reply_run_id = response.run_id();
        operation.reply_started = response.started();
        world_.end(operation, status);
        if (status.ok()) {
          run_id_ = response.run_id();
          wait_for_end();
        } else if (status.code() == Code::kAlreadyExists) {
          // The first attempt started it and the chain has gone on to a run with another request id.
          world_.report.mark("program: start repeated after continue-as-new");
          wait_for_end();
        } else {
          world_.schedule.after(std::chrono::milliseconds(50 + random_.below(500)), [this] { call_start(); });
        }
      });
}

void ProgramClient::wait_for_end() {
  wire::GetWorkflowExecutionHistoryRequest request;
  request.set_namespace_(kNamespace);
  request.mutable_execution()->set_workflow_id(job_.workflow_id);
  request.mutable_execution()->set_run_id(run_id_);
  request.set_wait_new_event(true);
  request.set_history_event_filter_type(enums::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  world_.network.call<wire::GetWorkflowExecutionHistoryRequest, wire::GetWorkflowExecutionHistoryResponse>(
      link_, "GetWorkflowExecutionHistory", request, false,
      [this](const Status& status, wire::GetWorkflowExecutionHistoryResponse& response) {
        if (status.ok() && response.history().events_size() > 0) {
          ended(response.history().events(response.history().events_size() - 1));
          return;
        }
        world_.report.expect(
            status.ok() || status.code() == Code::kUnavailable || status.code() == Code::kDeadlineExceeded,
            "D1", "waiting for the end of {}/{}: {}", job_.workflow_id, run_id_, status.to_string());
        world_.schedule.after(std::chrono::milliseconds(status.ok() ? 1 : 50 + random_.below(300)),
                              [this] { wait_for_end(); });
      });
}

void ProgramClient::ended(const temporal::api::history::v1::HistoryEvent& event) {
  const std::string predicted = job_.predicted_result.value_or("");
  const bool known = job_.predicted_result.has_value();
  if (!run_id_.empty()) {
    check_shown_event(world_, run_id_, event, "who waits for the end");
  }
  switch (event.event_type()) {
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
      run_id_ = event.workflow_execution_continued_as_new_event_attributes().new_execution_run_id();
      wait_for_end();
      return;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED: {
      const auto& result = event.workflow_execution_completed_event_attributes().result();
      const std::string got = result.payloads_size() > 0 ? result.payloads(0).data() : "";
      world_.report.expect(!known || got == predicted, "V", "{} returns '{}', predicted was '{}'",
                           job_.workflow_id, got, predicted);
      break;
    }
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
      world_.report.expect(!known || predicted.empty(), "V", "{} fails, predicted was '{}'", job_.workflow_id,
                           predicted);
      break;
    default:
      world_.report.violate(
          "V", fmt::format("{} ends with {}", job_.workflow_id, enums::EventType_Name(event.event_type())));
  }
  world_.log("{} ended as predicted", job_.workflow_id);
  done_ = true;
}

// Programs need a handful of signals. One that sleeps until a clock set back by an hour has caught up does
// not need 1,800, each with a workflow task and a longer history to check.
Duration ProgramClient::pace_of_signals() const {
  if (!world_.healing) {
    return std::chrono::milliseconds(1'200);
  }
  return next_signal_ < 100 ? std::chrono::seconds(2) : std::chrono::seconds(30);
}

void ProgramClient::signal() {
  world_.schedule.after(around(random_, pace_of_signals()), [this] {
    if (done_) {
      return;
    }
    send_signal(fmt::format("{}-s{}", job_.workflow_id, next_signal_), 5);
    ++next_signal_;
    signal();
  });
}

void ProgramClient::send_signal(const std::string& request_id, int tries) {
  Operation& operation = world_.begin(Operation::Kind::kSignal);
  operation.workflow_id = job_.workflow_id;
  operation.request_id = request_id;
  operation.input = request_id;
  wire::SignalWorkflowExecutionRequest request;
  request.set_namespace_(kNamespace);
  request.mutable_workflow_execution()->set_workflow_id(job_.workflow_id);
  request.set_signal_name("go");
  request.mutable_input()->add_payloads()->set_data(request_id);
  request.set_identity(fmt::format("op{}", operation.id));
  request.set_request_id(request_id);
  world_.network.call<wire::SignalWorkflowExecutionRequest, wire::SignalWorkflowExecutionResponse>(
      link_, "SignalWorkflowExecution", request, false,
      [this, request_id, tries, &operation](const Status& status, wire::SignalWorkflowExecutionResponse&) {
        world_.end(operation, status);
        if (operation.unknown() && tries > 1) {
          world_.schedule.after(std::chrono::milliseconds(50 + random_.below(300)),
                                [this, request_id, tries] { send_signal(request_id, tries - 1); });
        }
      });
}

}  // namespace perdure::sim
