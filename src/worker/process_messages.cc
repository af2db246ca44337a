#include "worker/process_messages.h"

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "worker/running_activity.h"

namespace perdure::worker {
namespace {

namespace common = temporal::api::common::v1;

void set_time(google::protobuf::Timestamp* out, std::chrono::system_clock::time_point time) {
  api::set_timestamp(out, Timestamp{std::chrono::nanoseconds(time.time_since_epoch()).count()});
}

// The task that `info` was made of, as far as it shows. The other direction is activity_info().
ActivityTask to_task(const activity::Info& info, const Payloads& arguments) {
  ActivityTask task;
  task.set_activity_id(info.activity_id);
  task.mutable_activity_type()->set_name(info.activity_type);
  task.set_attempt(info.attempt);
  task.set_task_token(info.task_token);
  task.set_workflow_namespace(info.namespace_name);
  task.mutable_workflow_execution()->set_workflow_id(info.workflow_id);
  task.mutable_workflow_execution()->set_run_id(info.workflow_run_id);
  task.mutable_workflow_type()->set_name(info.workflow_type);
  set_time(task.mutable_scheduled_time(), info.scheduled_time);
  set_time(task.mutable_current_attempt_scheduled_time(), info.current_attempt_scheduled_time);
  set_time(task.mutable_started_time(), info.started_time);
  if (info.schedule_to_close_timeout) {
    api::set_duration(task.mutable_schedule_to_close_timeout(), *info.schedule_to_close_timeout);
  }
  if (info.start_to_close_timeout) {
    api::set_duration(task.mutable_start_to_close_timeout(), *info.start_to_close_timeout);
  }
  if (info.heartbeat_timeout) {
    api::set_duration(task.mutable_heartbeat_timeout(), *info.heartbeat_timeout);
  }
  if (info.retry_policy) {
    api::set_retry_policy(task.mutable_retry_policy(), *info.retry_policy);
  }
  api::set_payloads(task.mutable_heartbeat_details(), info.heartbeat_details);
  api::set_payloads(task.mutable_input(), arguments);
  return task;
}

}  // namespace

// The task takes the fields that the API has for it; what it has none for goes into its header.
std::string encode(const RunRequest& request) {
  ActivityTask task = to_task(request.info, request.arguments);
  auto& fields = *task.mutable_header()->mutable_fields();
  fields["process"].set_data(request.process);
  fields["task_queue"].set_data(request.info.task_queue);
  fields["is_local"].set_data(request.info.is_local ? "true" : "");
  return api::serialize(task);
}

std::string encode(const Payloads& payloads) {
  common::Payloads message;
  api::set_payloads(&message, payloads);
  return api::serialize(message);
}

std::string encode(const Payload& payload) {
  common::Payload message;
  api::set_payload(&message, payload);
  return api::serialize(message);
}

std::string encode(const LogRecord& record) { return to_payload(record).data; }

RunRequest decode_run_request(const std::string& bytes) {
  ActivityTask task;
  task.ParseFromString(bytes);
  auto& fields = *task.mutable_header()->mutable_fields();
  RunRequest request{.process = fields["process"].data(),
                     .info = activity_info(task, fields["task_queue"].data()),
                     .arguments = api::payloads_from_proto(task.input())};
  request.info.is_local = !fields["is_local"].data().empty();
  return request;
}

Payloads decode_payloads(const std::string& bytes) {
  common::Payloads message;
  message.ParseFromString(bytes);
  return api::payloads_from_proto(message);
}

Payload decode_payload(const std::string& bytes) {
  common::Payload message;
  message.ParseFromString(bytes);
  return api::payload_from_proto(message);
}

LogRecord decode_log_record(const std::string& bytes) {
  return from_payload<LogRecord>(Payload{{{"encoding", "json/plain"}}, bytes});
}

}  // namespace perdure::worker
