#include "transcript_line.h"

#include <stdexcept>
#include <utility>

#include "api/convert.h"
#include "harness.h"

namespace perdure::engine::testing {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts{""};
  int depth = 0;
  for (char c : text) {
    depth += c == '[' ? 1 : 0;
    depth -= c == ']' ? 1 : 0;
    if (c == separator && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

google::protobuf::Duration duration(const std::string& text) {
  google::protobuf::Duration result;
  api::set_duration(&result, Duration(parse_duration(text)));
  return result;
}

common::RetryPolicy retry_policy(const std::string& text) {
  common::RetryPolicy policy;
  for (const std::string& part : split(text, ',')) {
    const std::string key = part.substr(0, part.find(':'));
    const std::string value = part.substr(part.find(':') + 1);
    if (key == "initial") {
      *policy.mutable_initial_interval() = duration(value);
    } else if (key == "maximum") {
      *policy.mutable_maximum_interval() = duration(value);
    } else if (key == "coefficient") {
      policy.set_backoff_coefficient(std::stod(value));
    } else if (key == "attempts") {
      policy.set_maximum_attempts(std::stoi(value));
    } else if (key == "never") {
      policy.add_non_retryable_error_types(value);
    } else {
      throw std::invalid_argument("no such part of a retry policy: " + part);
    }
  }
  return policy;
}

failure::Failure failure_of(const Line& line) {
  failure::Failure result;
  result.set_message(line.get("message", "it failed"));
  auto* info = result.mutable_application_failure_info();
  info->set_type(line.get("type"));
  info->set_non_retryable(line.has("non-retryable"));
  if (line.has("next")) {
    *info->mutable_next_retry_delay() = duration(line.get("next"));
  }
  return result;
}

std::string Line::get(const std::string& key, const std::string& fallback) const {
  auto found = values.find(key);
  return found == values.end() ? fallback : found->second;
}

Line parse_line(const std::string& text) {
  Line line;
  for (std::string word : split(text, ' ')) {
    if (word.empty()) {
      continue;
    }
    if (line.name.empty()) {
      line.name = word;
      continue;
    }
    const std::size_t equals = word.find('=');
    std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
    if (value.starts_with("[") && value.ends_with("]")) {
      value = value.substr(1, value.size() - 2);
    }
    line.values[word.substr(0, equals)] = value;
  }
  return line;
}

std::int64_t parse_duration(const std::string& text) {
  std::size_t end = 0;
  const double value = std::stod(text, &end);
  const std::string unit = text.substr(end);
  const std::map<std::string, double> nanos{{"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  return static_cast<std::int64_t>(value * nanos.at(unit));
}

namespace {

command::Command scheduled_activity(const Line& line) {
  command::Command result = schedule_activity(line.get("id"));
  auto* attributes = result.mutable_schedule_activity_task_command_attributes();
  attributes->mutable_task_queue()->set_name(line.get("queue", "q"));
  attributes->clear_start_to_close_timeout();
  const std::map<std::string,
                 google::protobuf::Duration* (command::ScheduleActivityTaskCommandAttributes::*)()>
      timeouts{
          {"start-to-close", &command::ScheduleActivityTaskCommandAttributes::mutable_start_to_close_timeout},
          {"schedule-to-close",
           &command::ScheduleActivityTaskCommandAttributes::mutable_schedule_to_close_timeout},
          {"schedule-to-start",
           &command::ScheduleActivityTaskCommandAttributes::mutable_schedule_to_start_timeout},
          {"heartbeat", &command::ScheduleActivityTaskCommandAttributes::mutable_heartbeat_timeout},
      };
  for (const auto& [name, field] : timeouts) {
    if (line.has(name)) {
      *(attributes->*field)() = duration(line.get(name));
    }
  }
  if (line.has("retry")) {
    *attributes->mutable_retry_policy() = retry_policy(line.get("retry"));
  }
  if (line.has("input")) {
    *attributes->mutable_input() = text(line.get("input"));
  }
  attributes->set_request_eager_execution(line.has("eager"));
  return result;
}

command::Command started_child(const Line& line) {
  command::Command result;
  result.set_command_type(enums::COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION);
  auto* attributes = result.mutable_start_child_workflow_execution_command_attributes();
  attributes->set_namespace_(line.get("namespace"));
  attributes->set_workflow_id(line.get("id"));
  attributes->mutable_workflow_type()->set_name(line.get("type", "Child"));
  if (line.has("queue")) {
    attributes->mutable_task_queue()->set_name(line.get("queue"));
  }
  if (line.has("close")) {
    attributes->set_parent_close_policy(by_name<enums::ParentClosePolicy>(line.get("close")));
  }
  if (line.has("reuse")) {
    attributes->set_workflow_id_reuse_policy(by_name<enums::WorkflowIdReusePolicy>(line.get("reuse")));
  }
  if (line.has("retry")) {
    *attributes->mutable_retry_policy() = retry_policy(line.get("retry"));
  }
  if (line.has("execution-timeout")) {
    *attributes->mutable_workflow_execution_timeout() = duration(line.get("execution-timeout"));
  }
  if (line.has("run-timeout")) {
    *attributes->mutable_workflow_run_timeout() = duration(line.get("run-timeout"));
  }
  attributes->set_cron_schedule(line.get("cron"));
  if (line.has("input")) {
    *attributes->mutable_input() = text(line.get("input"));
  }
  return result;
}

}  // namespace

command::Command workflow_command(const Line& line) {
  command::Command result;
  if (line.name == "ScheduleActivity") {
    result = scheduled_activity(line);
  } else if (line.name == "RequestCancelActivity") {
    result.set_command_type(enums::COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK);
    result.mutable_request_cancel_activity_task_command_attributes()->set_scheduled_event_id(
        std::stoll(line.get("scheduled")));
  } else if (line.name == "StartTimer") {
    result = start_timer(line.get("id"), static_cast<double>(parse_duration(line.get("after"))) / 1e9);
  } else if (line.name == "CancelTimer") {
    result.set_command_type(enums::COMMAND_TYPE_CANCEL_TIMER);
    result.mutable_cancel_timer_command_attributes()->set_timer_id(line.get("id"));
  } else if (line.name == "CompleteWorkflow") {
    result = complete_workflow(line.get("result", "done"));
  } else if (line.name == "FailWorkflow") {
    result.set_command_type(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
    *result.mutable_fail_workflow_execution_command_attributes()->mutable_failure() = failure_of(line);
  } else if (line.name == "CancelWorkflow") {
    result.set_command_type(enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION);
    *result.mutable_cancel_workflow_execution_command_attributes()->mutable_details() = text("bye");
  } else if (line.name == "ContinueAsNew") {
    result.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
    auto* attributes = result.mutable_continue_as_new_workflow_execution_command_attributes();
    *attributes->mutable_input() = text(line.get("input", "next"));
    if (line.has("type")) {
      attributes->mutable_workflow_type()->set_name(line.get("type"));
    }
  } else if (line.name == "RecordMarker") {
    result.set_command_type(enums::COMMAND_TYPE_RECORD_MARKER);
    result.mutable_record_marker_command_attributes()->set_marker_name(line.get("name"));
  } else if (line.name == "StartChild") {
    result = started_child(line);
  } else if (line.name == "SignalExternal") {
    result.set_command_type(enums::COMMAND_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION);
    auto* attributes = result.mutable_signal_external_workflow_execution_command_attributes();
    attributes->mutable_execution()->set_workflow_id(line.get("id"));
    attributes->mutable_execution()->set_run_id(line.get("run"));
    attributes->set_namespace_(line.get("namespace"));
    attributes->set_signal_name(line.get("name", "s"));
    *attributes->mutable_input() = text(line.get("input", "hello"));
    attributes->set_child_workflow_only(line.has("child-only"));
  } else if (line.name == "CancelExternal") {
    result.set_command_type(enums::COMMAND_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION);
    auto* attributes = result.mutable_request_cancel_external_workflow_execution_command_attributes();
    attributes->set_workflow_id(line.get("id"));
    attributes->set_run_id(line.get("run"));
    attributes->set_namespace_(line.get("namespace"));
    attributes->set_reason(line.get("reason"));
    attributes->set_child_workflow_only(line.has("child-only"));
  } else {
    throw std::invalid_argument("no such workflow command: " + line.name);
  }
  if (line.has("summary")) {
    *result.mutable_user_metadata()->mutable_summary() = text(line.get("summary")).payloads(0);
  }
  return result;
}

}  // namespace perdure::engine::testing
