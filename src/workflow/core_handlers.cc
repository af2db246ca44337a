// Signals and updates: which handler, in which order, and what an update tells the service.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "api/failure_conversion.h"
#include "api/payload_conversion.h"
#include "perdure/data_conversion_error.h"
#include "temporal/api/update/v1/message.pb.h"
#include "workflow/core.h"
#include "workflow/fibers.h"
#include "workflow/looking.h"
#include "workflow/machines/update_message.h"
#include "workflow/nondeterminism.h"

namespace perdure::workflow_core {
namespace {

using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name
namespace update = temporal::api::update::v1;

// What was set while the workflow runs, then the class, then the same for what has no handler.
template <class Handler, class Set, class Definitions, class Make>
std::optional<Handler> find_handler(const Set& set, const Definitions& definitions, const std::string& name,
                                    const Make& make) {
  for (const std::string& wanted : {name, std::string()}) {
    if (const auto found = set.find(wanted); found != set.end()) {
      if (found->second) {
        return found->second;
      }
      continue;
    }
    for (const auto& definition : definitions) {
      if (definition.name == wanted) {
        return make(definition);
      }
    }
  }
  return std::nullopt;
}

std::string as_json_list(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ", "));
}

}  // namespace

struct WorkflowRun::Core::UpdateRequest {
  std::string message_id;
  std::string protocol_instance_id;
  std::int64_t sequencing_event_id = 0;
  update::Request request;
  bool validate = false;

  const std::string& id() const { return request.meta().update_id(); }
  const std::string& name() const { return request.input().name(); }
  HandleUpdateInput input() const {
    return {.id = id(),
            .update = name(),
            .args = api::payloads_from_proto(request.input().args()),
            .headers = api::headers_from_proto(request.input().header())};
  }
};

std::optional<detail::SignalHandler> WorkflowRun::Core::find_signal_handler(const std::string& name) const {
  return find_handler<detail::SignalHandler>(
      set_signal_handlers_, definition_.signals, name, [&](const detail::SignalDefinition& definition) {
        return detail::SignalHandler{[object = instance_->object(), start = definition.start](
                                         const std::string& signal, const Payloads& arguments) {
                                       return start(object, signal, arguments);
                                     },
                                     definition.abandon_unfinished};
      });
}

std::optional<detail::UpdateHandler> WorkflowRun::Core::find_update_handler(const std::string& name) const {
  return find_handler<detail::UpdateHandler>(
      set_update_handlers_, definition_.updates, name, [&](const detail::UpdateDefinition& definition) {
        detail::UpdateHandler handler;
        void* object = instance_->object();
        if (definition.validate != nullptr) {
          handler.validate = [object, validate = definition.validate](const std::string& called,
                                                                      const Payloads& arguments) {
            validate(object, called, arguments);
          };
        }
        handler.start = [object, start = definition.start](const std::string& called,
                                                           const Payloads& arguments) {
          return start(object, called, arguments);
        };
        handler.abandon_unfinished = definition.abandon_unfinished;
        return handler;
      });
}

std::optional<detail::QueryHandler> WorkflowRun::Core::find_query_handler(const std::string& name) const {
  return find_handler<detail::QueryHandler>(
      set_query_handlers_, definition_.queries, name, [&](const detail::QueryDefinition& definition) {
        return detail::QueryHandler{[object = instance_->object(), answer = definition.answer](
                                        const std::string& query, const Payloads& arguments) {
          return answer(object, query, arguments);
        }};
      });
}

void WorkflowRun::Core::set_signal_handler(const std::string& name,
                                           std::optional<detail::SignalHandler> handler) {
  outbox_->check_writable("set a signal handler");
  if (outbox_->closed) {
    return;
  }
  const bool given = handler.has_value();
  set_signal_handlers_.insert_or_assign(name, std::move(handler));
  if (!given) {
    return;
  }
  // Those that came before, in the order in which they came.
  std::vector<std::pair<std::string, WaitingSignal>> waiting;
  for (auto it = waiting_signals_.begin(); it != waiting_signals_.end();) {
    if (name.empty() || it->first == name) {
      for (WaitingSignal& signal : it->second) {
        waiting.emplace_back(it->first, std::move(signal));
      }
      it = waiting_signals_.erase(it);
    } else {
      ++it;
    }
  }
  std::sort(waiting.begin(), waiting.end(),
            [](const auto& a, const auto& b) { return a.second.event_id < b.second.event_id; });
  for (auto& [signal_name, signal] : waiting) {
    deliver_signal(signal_name, std::move(signal));
  }
}

void WorkflowRun::Core::set_query_handler(const std::string& name,
                                          std::optional<detail::QueryHandler> handler) {
  outbox_->check_writable("set a query handler");
  if (!outbox_->closed) {
    set_query_handlers_.insert_or_assign(name, std::move(handler));
  }
}

void WorkflowRun::Core::set_update_handler(const std::string& name,
                                           std::optional<detail::UpdateHandler> handler) {
  outbox_->check_writable("set an update handler");
  if (!outbox_->closed) {
    set_update_handlers_.insert_or_assign(name, std::move(handler));
  }
}

// ---- what arrives
// -----------------------------------------------------------------------------------------------

void WorkflowRun::Core::start_arrivals() {
  // An update is handled after the signals up to the event that it follows. Equal keys keep their order.
  std::multimap<std::pair<std::int64_t, bool>, Arrival> in_order;
  for (Arrival& arrival : std::exchange(arrivals_, {})) {
    in_order.emplace(std::pair(arrival.after_event, arrival.update != nullptr), std::move(arrival));
  }
  for (auto& [place, arrival] : in_order) {
    if (arrival.signal == nullptr) {
      start_fiber(run_update(std::move(arrival.update)));
      continue;
    }
    const auto& attributes = arrival.signal->workflow_execution_signaled_event_attributes();
    deliver_signal(attributes.signal_name(),
                   {api::payloads_from_proto(attributes.input()),
                    api::headers_from_proto(attributes.header()), arrival.signal->event_id()});
  }
}

void WorkflowRun::Core::deliver_signal(const std::string& name, WaitingSignal signal) {
  const std::optional<detail::SignalHandler> handler = find_signal_handler(name);
  if (!handler) {
    if (!replaying_) {
      warnings_.push_back(fmt::format(
          "workflow type {} has no handler for signal \"{}\" (event {}); it waits until one is set",
          info_.workflow_type, name, signal.event_id));
    }
    waiting_signals_[name].push_back(std::move(signal));
    return;
  }
  detail::Fiber* fiber = nullptr;
  try {
    fiber = start_fiber(
        interception_
            ? interception_->inbound().handle_signal(
                  {.signal = name, .args = std::move(signal.arguments), .headers = std::move(signal.headers)})
            : handler->start(name, signal.arguments));
  } catch (const DataConversionError& error) {
    // As in Temporal's SDKs: who sends a signal that cannot be read must not be able to stop the workflow.
    warnings_.push_back(
        fmt::format("signal \"{}\" (event {}) is dropped: {}", name, signal.event_id, error.what()));
  }
  if (fiber != nullptr) {
    fiber->update = nullptr;
    static_cast<SideFiber*>(fiber)->at_work = handlers_at_work_.insert(
        handlers_at_work_.end(), {.is_update = false, .name = name, .abandon = handler->abandon_unfinished});
  }
}

// ---- updates
// ----------------------------------------------------------------------------------------------------

// Of a request that the service wrote into history, as it had no workflow task to send it with: after a
// reset.
void WorkflowRun::Core::admit_update(const HistoryEvent& event) {
  auto request = std::make_shared<UpdateRequest>();
  request->request = event.workflow_execution_update_admitted_event_attributes().request();
  request->protocol_instance_id = request->id();
  request->message_id = request->id() + "/request";
  request->sequencing_event_id = event.event_id();
  request->validate = true;
  arrivals_.push_back({.after_event = event.event_id(), .update = std::move(request), .admitted = true});
}

// The updates of the workflow task that `events[started_index]` starts: in a replay those that were accepted
// in it, which says the history of its commands; else those that came with it.
void WorkflowRun::Core::gather_updates(const HistoryEvents& events, int started_index,
                                       const ProtocolMessages* messages) {
  if (started_index + 1 < events.size()) {
    std::map<std::string, std::shared_ptr<const UpdateRequest>> admitted;
    std::erase_if(arrivals_, [&](const Arrival& arrival) {
      if (arrival.admitted) {
        admitted.emplace(arrival.update->id(), arrival.update);
      }
      return arrival.admitted;
    });
    for (int i = started_index + 2; i < events.size() && is_command_event(events[i]); ++i) {
      if (events[i].event_type() != EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED) {
        continue;
      }
      const auto& accepted = events[i].workflow_execution_update_accepted_event_attributes();
      auto request = std::make_shared<UpdateRequest>();
      if (const auto found = admitted.find(accepted.protocol_instance_id()); found != admitted.end()) {
        *request = *found->second;
        request->validate = false;
      } else {
        *request = {.message_id = accepted.accepted_request_message_id(),
                    .protocol_instance_id = accepted.protocol_instance_id(),
                    .sequencing_event_id = accepted.accepted_request_sequencing_event_id(),
                    .request = accepted.accepted_request(),
                    .validate = false};
      }
      const std::int64_t after = request->sequencing_event_id;
      arrivals_.push_back({.after_event = after, .update = std::move(request)});
    }
    return;
  }
  for (int i = 0; messages != nullptr && i < messages->size(); ++i) {
    const ProtocolMessage& message = messages->Get(i);
    auto request =
        std::make_shared<UpdateRequest>(UpdateRequest{.message_id = message.id(),
                                                      .protocol_instance_id = message.protocol_instance_id(),
                                                      .sequencing_event_id = message.event_id(),
                                                      .request = {},
                                                      .validate = true});
    if (!message.body().UnpackTo(&request->request)) {
      throw std::runtime_error(fmt::format("the workflow task came with a message that is no update: {}",
                                           message.body().type_url()));
    }
    arrivals_.push_back({.after_event = message.event_id(), .update = std::move(request)});
  }
}

std::string WorkflowRun::Core::known_handlers(bool updates) const {
  std::set<std::string> names;
  if (updates) {
    for (const auto& definition : definition_.updates) {
      names.insert(definition.name);
    }
    for (const auto& [name, handler] : set_update_handlers_) {
      names.insert(name);
    }
  } else {
    names = {"__enhanced_stack_trace", "__stack_trace", "__temporal_workflow_metadata"};
    for (const auto& definition : definition_.queries) {
      names.insert(definition.name);
    }
    for (const auto& [name, handler] : set_query_handlers_) {
      names.insert(name);
    }
  }
  names.erase("");
  return fmt::format("[{}]", fmt::join(names, " "));
}

// Throws what refuses the update.
Task<Payload> WorkflowRun::Core::begin_update(const UpdateRequest& request, AtWork* at_work) {
  const std::optional<detail::UpdateHandler> handler = find_update_handler(request.name());
  if (!handler) {
    throw ApplicationError(
        fmt::format("Update handler for '{}' expected but not found, and there is no dynamic handler. known "
                    "updates: {}",
                    request.name(), known_handlers(true)),
        {.type = "NotFoundError"});
  }
  HandleUpdateInput input = request.input();
  Task<Payload> task = handler->start(input.update, input.args);  // decodes; it does not run yet
  if (request.validate) {
    const Looking looking(*outbox_, "validator of an update");
    if (interception_) {
      interception_->inbound().handle_update_validator(input);
    } else if (handler->validate) {
      handler->validate(input.update, input.args);
    }
  }
  *at_work = handlers_at_work_.insert(handlers_at_work_.end(), {.is_update = true,
                                                                .name = request.name(),
                                                                .update_id = request.id(),
                                                                .abandon = handler->abandon_unfinished});
  return interception_ ? interception_->inbound().handle_update_handler(std::move(input)) : std::move(task);
}

Task<void> WorkflowRun::Core::run_update(std::shared_ptr<const UpdateRequest> request) {
  scheduler_.running()->update =
      std::make_shared<workflow::UpdateInfo>(workflow::UpdateInfo{request->id(), request->name()});
  std::optional<Task<Payload>> handler;
  AtWork at_work;
  std::exception_ptr refusal;
  try {
    handler.emplace(begin_update(*request, &at_work));
  } catch (const ReadOnlyContextError&) {
    throw;  // a bug of the validator's: fails the workflow task
  } catch (...) {
    refusal = std::current_exception();
  }
  if (refusal != nullptr) {
    refuse_update(*request, refusal);
    co_return;
  }
  accept_update(*request);
  Payload result;
  std::exception_ptr failure;
  try {
    result = co_await *handler;
  } catch (const FailureError&) {
    failure = std::current_exception();
  }
  handlers_at_work_.erase(at_work);
  complete_update(*request, result, failure);
}

void WorkflowRun::Core::accept_update(const UpdateRequest& request) {
  update::Acceptance acceptance;
  acceptance.set_accepted_request_message_id(request.message_id);
  acceptance.set_accepted_request_sequencing_event_id(request.sequencing_event_id);
  *acceptance.mutable_accepted_request() = request.request;
  ProtocolMessage message;
  message.set_id(request.message_id + "/accept");
  message.set_protocol_instance_id(request.protocol_instance_id);
  message.mutable_body()->PackFrom(acceptance);
  outbox_->commands.push_back(
      {COMMAND_TYPE_PROTOCOL_MESSAGE,
       std::make_shared<UpdateMessageMachine>(std::move(message), request.id(), request.name(),
                                              EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED),
       {}});
}

// Nothing of it is in history: no command.
void WorkflowRun::Core::refuse_update(const UpdateRequest& request, const std::exception_ptr& why) {
  update::Rejection rejection;
  rejection.set_rejected_request_message_id(request.message_id);
  rejection.set_rejected_request_sequencing_event_id(request.sequencing_event_id);
  *rejection.mutable_rejected_request() = request.request;
  *rejection.mutable_failure() = api::exception_to_failure(why);
  ProtocolMessage message;
  message.set_id(request.message_id + "/reject");
  message.set_protocol_instance_id(request.protocol_instance_id);
  message.mutable_body()->PackFrom(rejection);
  refusals_.push_back(std::move(message));
}

void WorkflowRun::Core::complete_update(const UpdateRequest& request, const Payload& result,
                                        const std::exception_ptr& failure) {
  update::Response response;
  *response.mutable_meta() = request.request.meta();
  if (failure != nullptr) {
    *response.mutable_outcome()->mutable_failure() = api::exception_to_failure(failure);
  } else {
    api::set_payload(response.mutable_outcome()->mutable_success()->add_payloads(), result);
  }
  ProtocolMessage message;
  message.set_id(request.message_id + "/complete");
  message.set_protocol_instance_id(request.protocol_instance_id);
  message.mutable_body()->PackFrom(response);
  outbox_->commands.push_back(
      {COMMAND_TYPE_PROTOCOL_MESSAGE,
       std::make_shared<UpdateMessageMachine>(std::move(message), request.id(), request.name(),
                                              EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED),
       {}});
}

// ---- handlers that are left behind
// ------------------------------------------------------------------------------

void WorkflowRun::Core::warn_of_unfinished_handlers() {
  if (replaying_) {
    return;
  }
  std::vector<std::string> updates;
  std::map<std::string, int> signals;
  for (const HandlerAtWork& handler : handlers_at_work_) {
    if (handler.abandon) {
      continue;
    }
    if (handler.is_update) {
      updates.push_back(fmt::format(R"({{"name": "{}", "id": "{}"}})", handler.name, handler.update_id));
    } else {
      ++signals[handler.name];
    }
  }
  constexpr const char* kAdvice =
      "Wait for all handlers before the workflow ends: co_await workflow::wait_condition([] { return "
      "workflow::all_handlers_finished(); }), or say in the list of handlers that this one may be left "
      "behind: "
      "perdure::abandon_unfinished<&Workflow::handler>";
  if (!updates.empty()) {
    warnings_.push_back(fmt::format(
        "[TMPRL1102] Workflow finished while update handlers are still running: what they were doing is "
        "interrupted, and clients that wait for them get an error. {}. Unfinished: {}",
        kAdvice, as_json_list(updates)));
  }
  if (!signals.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, count] : signals) {
      names.push_back(fmt::format(R"({{"name": "{}", "count": {}}})", name, count));
    }
    warnings_.push_back(fmt::format(
        "[TMPRL1102] Workflow finished while signal handlers are still running: what they were doing "
        "is interrupted. {}. Unfinished: {}",
        kAdvice, as_json_list(names)));
  }
}

}  // namespace perdure::workflow_core
