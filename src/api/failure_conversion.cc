#include "api/failure_conversion.h"

#include <cxxabi.h>

#include <cstdlib>
#include <typeinfo>
#include <utility>

#include "api/convert.h"
#include "api/encoded_attributes.h"
#include "api/payload_conversion.h"

namespace perdure::api {
namespace {

using temporal::api::failure::v1::Failure;

// An error both as an object to keep and as an exception to throw.
struct Decoded {
  std::shared_ptr<const FailureError> error;
  std::exception_ptr exception;
};

template <class E, class... Arguments>
Decoded make_error(Arguments&&... arguments) {
  auto error = std::make_shared<const E>(std::forward<Arguments>(arguments)...);
  return {error, std::make_exception_ptr(E(*error))};
}

std::string message_or(const Failure& failure, const char* otherwise) {
  return failure.message().empty() ? std::string(otherwise) : failure.message();
}

Decoded decode_application(const Failure& failure, FailureError::Data data) {
  const auto& info = failure.application_failure_info();
  ApplicationErrorOptions options{.type = info.type(),
                                  .non_retryable = info.non_retryable(),
                                  .details = payloads_from_proto(info.details()),
                                  .cause = data.cause,
                                  .category = static_cast<ApplicationErrorCategory>(info.category())};
  if (info.has_next_retry_delay()) {
    options.next_retry_delay = from_proto(info.next_retry_delay());
  }
  return make_error<ApplicationError>(message_or(failure, "Application error"), std::move(options),
                                      std::move(data));
}

Decoded decode_activity(const Failure& failure, FailureError::Data data) {
  const auto& info = failure.activity_failure_info();
  // One catch clause serves every wait that is cancelled (see CancelledError); the wire form is kept beside
  // it.
  if (failure.cause().has_canceled_failure_info()) {
    return make_error<CancelledError>(message_or(failure, "Activity cancelled"),
                                      payloads_from_proto(failure.cause().canceled_failure_info().details()),
                                      std::move(data));
  }
  ActivityErrorInfo copied{.activity_type = info.activity_type().name(),
                           .activity_id = info.activity_id(),
                           .identity = info.identity(),
                           .scheduled_event_id = info.scheduled_event_id(),
                           .started_event_id = info.started_event_id(),
                           .retry_state = static_cast<RetryState>(info.retry_state())};
  return make_error<ActivityError>(message_or(failure, "Activity error"), std::move(copied), std::move(data));
}

Decoded decode_child_workflow(const Failure& failure, FailureError::Data data) {
  const auto& info = failure.child_workflow_execution_failure_info();
  if (failure.cause().has_canceled_failure_info()) {
    return make_error<CancelledError>(message_or(failure, "Child workflow cancelled"),
                                      payloads_from_proto(failure.cause().canceled_failure_info().details()),
                                      std::move(data));
  }
  ChildWorkflowErrorInfo copied{.namespace_name = info.namespace_(),
                                .workflow_id = info.workflow_execution().workflow_id(),
                                .run_id = info.workflow_execution().run_id(),
                                .workflow_type = info.workflow_type().name(),
                                .initiated_event_id = info.initiated_event_id(),
                                .started_event_id = info.started_event_id(),
                                .retry_state = static_cast<RetryState>(info.retry_state())};
  return make_error<ChildWorkflowError>(message_or(failure, "Child workflow error"), std::move(copied),
                                        std::move(data));
}

Decoded decode(const Failure& failure) {
  FailureError::Data data{.stack_trace = failure.stack_trace(), .wire = serialize(failure)};
  if (failure.has_cause()) {
    data.cause = decode(failure.cause()).error;
  }
  switch (failure.failure_info_case()) {
    case Failure::kApplicationFailureInfo:
      return decode_application(failure, std::move(data));
    case Failure::kActivityFailureInfo:
      return decode_activity(failure, std::move(data));
    case Failure::kChildWorkflowExecutionFailureInfo:
      return decode_child_workflow(failure, std::move(data));
    case Failure::kTimeoutFailureInfo: {
      const auto& info = failure.timeout_failure_info();
      return make_error<TimeoutError>(message_or(failure, "Timeout"),
                                      static_cast<TimeoutType>(info.timeout_type()),
                                      payloads_from_proto(info.last_heartbeat_details()), std::move(data));
    }
    case Failure::kCanceledFailureInfo:
      return make_error<CancelledError>(message_or(failure, "Cancelled"),
                                        payloads_from_proto(failure.canceled_failure_info().details()),
                                        std::move(data));
    case Failure::kTerminatedFailureInfo:
      return make_error<TerminatedError>(message_or(failure, "Terminated"), std::move(data));
    case Failure::kServerFailureInfo:
      return make_error<ServerError>(message_or(failure, "Server error"),
                                     failure.server_failure_info().non_retryable(), std::move(data));
    default:
      return make_error<FailureError>(message_or(failure, "Failure error"), std::move(data));
  }
}

Decoded decode_shown(const Failure& failure) {
  if (!has_hidden_attributes(failure)) {
    return decode(failure);
  }
  Failure shown = failure;
  show_common_attributes(&shown);
  return decode(shown);
}

void write_details(const FailureError& error, Failure* out) {
  if (const auto* application = dynamic_cast<const ApplicationError*>(&error)) {
    auto* info = out->mutable_application_failure_info();
    info->set_type(application->type());
    info->set_non_retryable(application->non_retryable());
    info->set_category(
        static_cast<temporal::api::enums::v1::ApplicationErrorCategory>(application->category()));
    if (!application->details().empty()) {
      set_payloads(info->mutable_details(), application->details());
    }
    if (application->next_retry_delay()) {
      set_duration(info->mutable_next_retry_delay(), *application->next_retry_delay());
    }
  } else if (const auto* cancelled = dynamic_cast<const CancelledError*>(&error)) {
    auto* info = out->mutable_canceled_failure_info();
    if (const Payloads details = cancelled->details(); !details.empty()) {
      set_payloads(info->mutable_details(), details);
    }
  } else if (const auto* timeout = dynamic_cast<const TimeoutError*>(&error)) {
    auto* info = out->mutable_timeout_failure_info();
    info->set_timeout_type(static_cast<temporal::api::enums::v1::TimeoutType>(timeout->type()));
    if (const Payloads details = timeout->last_heartbeat_details(); !details.empty()) {
      set_payloads(info->mutable_last_heartbeat_details(), details);
    }
  } else if (dynamic_cast<const TerminatedError*>(&error) != nullptr) {
    out->mutable_terminated_failure_info();
  } else if (const auto* server = dynamic_cast<const ServerError*>(&error)) {
    out->mutable_server_failure_info()->set_non_retryable(server->non_retryable());
  } else if (const auto* activity = dynamic_cast<const ActivityError*>(&error)) {
    auto* info = out->mutable_activity_failure_info();
    info->set_scheduled_event_id(activity->scheduled_event_id());
    info->set_started_event_id(activity->started_event_id());
    info->set_identity(activity->identity());
    info->mutable_activity_type()->set_name(activity->activity_type());
    info->set_activity_id(activity->activity_id());
    info->set_retry_state(static_cast<temporal::api::enums::v1::RetryState>(activity->retry_state()));
  } else if (const auto* child = dynamic_cast<const ChildWorkflowError*>(&error)) {
    auto* info = out->mutable_child_workflow_execution_failure_info();
    info->set_namespace_(child->namespace_name());
    info->mutable_workflow_execution()->set_workflow_id(child->workflow_id());
    info->mutable_workflow_execution()->set_run_id(child->run_id());
    info->mutable_workflow_type()->set_name(child->workflow_type());
    info->set_initiated_event_id(child->initiated_event_id());
    info->set_started_event_id(child->started_event_id());
    info->set_retry_state(static_cast<temporal::api::enums::v1::RetryState>(child->retry_state()));
  } else if (dynamic_cast<const WorkflowAlreadyStartedError*>(&error) != nullptr) {
    out->mutable_application_failure_info()->set_type("WorkflowAlreadyStartedError");
  } else {
    out->mutable_application_failure_info();
  }
}

void write_error(const FailureError& error, Failure* out) {
  if (!error.wire().empty() && out->ParseFromString(error.wire())) {
    return;
  }
  out->set_message(error.message());
  out->set_stack_trace(error.stack_trace());
  if (error.cause() != nullptr) {
    write_error(*error.cause(), out->mutable_cause());
  }
  write_details(error, out);
}

std::string unqualified(const std::string& name) {
  std::size_t end = name.find('<');
  end = end == std::string::npos ? name.size() : end;
  const std::size_t colon = name.rfind("::", end);
  return colon == std::string::npos ? name : name.substr(colon + 2);
}

std::string type_of(const std::exception& error) {
  const char* mangled = typeid(error).name();
  int status = 0;
  std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, &status),
                                                   &std::free);
  std::string demangled = status == 0 && name != nullptr ? name.get() : mangled;
  // std::throw_with_nested throws an object of a type of its own, derived from what was given to it.
  const std::string wrapper = "std::_Nested_exception<";
  if (demangled.starts_with(wrapper)) {
    demangled = demangled.substr(wrapper.size(), demangled.rfind('>') - wrapper.size());
  }
  return unqualified(demangled);
}

void write_cause(const std::exception& error, Failure* out) {
  const auto* nested = dynamic_cast<const std::nested_exception*>(&error);
  if (nested != nullptr && nested->nested_ptr() != nullptr && !out->has_cause()) {
    *out->mutable_cause() = exception_to_failure(nested->nested_ptr());
  }
}

}  // namespace

std::exception_ptr failure_to_exception(const Failure& failure) { return decode_shown(failure).exception; }

std::shared_ptr<const FailureError> failure_to_error(const Failure& failure) {
  return decode_shown(failure).error;
}

Failure exception_to_failure(const std::exception_ptr& exception) {
  Failure out;
  try {
    std::rethrow_exception(exception);
  } catch (const FailureError& error) {
    write_error(error, &out);
    write_cause(error, &out);
  } catch (const std::exception& error) {
    out.set_message(error.what());
    out.mutable_application_failure_info()->set_type(type_of(error));
    write_cause(error, &out);
  } catch (...) {
    out.set_message("an exception that is not a std::exception");
    out.mutable_application_failure_info()->set_type("unknown");
  }
  return out;
}

std::string exception_type(const std::exception_ptr& exception) {
  try {
    std::rethrow_exception(exception);
  } catch (const std::exception& error) {
    return type_of(error);
  } catch (...) {
    return "unknown";
  }
}

void set_retry_policy(temporal::api::common::v1::RetryPolicy* out, const RetryPolicy& policy) {
  set_duration(out->mutable_initial_interval(), policy.initial_interval);
  out->set_backoff_coefficient(policy.backoff_coefficient);
  if (policy.maximum_interval) {
    set_duration(out->mutable_maximum_interval(), *policy.maximum_interval);
  }
  out->set_maximum_attempts(policy.maximum_attempts);
  for (const std::string& type : policy.non_retryable_error_types) {
    out->add_non_retryable_error_types(type);
  }
}

RetryPolicy retry_policy_from_proto(const temporal::api::common::v1::RetryPolicy& policy) {
  RetryPolicy out{.initial_interval = from_proto(policy.initial_interval()),
                  .backoff_coefficient = policy.backoff_coefficient(),
                  .maximum_attempts = policy.maximum_attempts()};
  if (policy.has_maximum_interval()) {
    out.maximum_interval = from_proto(policy.maximum_interval());
  }
  out.non_retryable_error_types.assign(policy.non_retryable_error_types().begin(),
                                       policy.non_retryable_error_types().end());
  return out;
}

}  // namespace perdure::api
