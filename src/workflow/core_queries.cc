// Queries: handlers of the workflow's, and those that every workflow has.
#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "api/failure_conversion.h"
#include "perdure/task.h"
#include "perdure/version.h"
#include "temporal/api/sdk/v1/enhanced_stack_trace.pb.h"
#include "temporal/api/sdk/v1/workflow_metadata.pb.h"
#include "workflow/core.h"
#include "workflow/current_context.h"
#include "workflow/fibers.h"
#include "workflow/looking.h"

namespace perdure::workflow_core {
namespace {

namespace sdk = temporal::api::sdk::v1;

constexpr std::string_view kStackTrace = "__stack_trace";
constexpr std::string_view kEnhancedStackTrace = "__enhanced_stack_trace";
constexpr std::string_view kMetadata = "__temporal_workflow_metadata";

// Perdure's own coroutines are of no interest to whoever looks for where a workflow waits.
bool is_ours(const std::source_location& where) {
  const std::string_view file = where.file_name();
  return where.line() == 0 || file.find("include/perdure/") != std::string_view::npos ||
         file.find("src/workflow/") != std::string_view::npos;
}

// Where the coroutines of a chain wait: the outermost first.
std::vector<std::source_location> places_of(const detail::Fiber& fiber) {
  std::vector<std::source_location> places;
  const detail::PromiseBase* coroutine =
      fiber.waiting == nullptr ? nullptr : fiber.waiting->waiting_coroutine();
  for (; coroutine != nullptr; coroutine = coroutine->awaited_by()) {
    if (!is_ours(coroutine->awaiting_at())) {
      places.push_back(coroutine->awaiting_at());
    }
  }
  std::reverse(places.begin(), places.end());
  return places;
}

template <class Definitions, class Set, class Out>
void write_definitions(const Definitions& definitions, const Set& set, Out* out) {
  std::set<std::string> names;
  for (const auto& definition : definitions) {
    names.insert(definition.name);
  }
  for (const auto& [name, handler] : set) {
    if (handler) {
      names.insert(name);
    } else {
      names.erase(name);
    }
  }
  for (const std::string& name : names) {
    out->Add()->set_name(name);
  }
}

}  // namespace

QueryAnswer WorkflowRun::Core::query(const QueryRequest& request) {
  const CurrentContext current(this, &frame_bytes_);
  QueryAnswer answer;
  try {
    if (instance_ == nullptr) {
      instance_ = definition_.create();
      make_interception();
    }
    const Looking looking(*outbox_, "query handler");
    HandleQueryInput input{.query = request.type, .args = request.arguments, .headers = request.headers};
    answer.result =
        interception_ ? interception_->inbound().handle_query(std::move(input)) : answer_query(input);
  } catch (...) {
    answer.failure = api::exception_to_failure(std::current_exception());
  }
  return answer;
}

Payload WorkflowRun::Core::answer_query(const HandleQueryInput& input) const {
  if (input.query == kStackTrace) {
    return to_payload(stack_trace());
  }
  if (input.query == kEnhancedStackTrace) {
    return enhanced_stack_trace();
  }
  if (input.query == kMetadata) {
    return metadata();
  }
  const std::optional<detail::QueryHandler> handler = find_query_handler(input.query);
  if (!handler) {
    throw ApplicationError(fmt::format("Query handler for '{}' expected but not found, known queries: {}",
                                       input.query, known_handlers(false)),
                           {.type = "NotFoundError"});
  }
  return handler->answer(input.query, input.args);
}

std::vector<std::pair<std::string, const detail::Fiber*>> WorkflowRun::Core::fibers() const {
  std::vector<std::pair<std::string, const detail::Fiber*>> all;
  if (main_ != nullptr && !main_->done()) {
    all.emplace_back("run()", main_.get());
  }
  for (const std::unique_ptr<SideFiber>& fiber : side_fibers_) {
    std::string name = "task";
    if (fiber->at_work) {
      name = fmt::format("signal \"{}\"", (*fiber->at_work)->name);
    } else if (fiber->update != nullptr) {
      name = fmt::format("update \"{}\" (id \"{}\")", fiber->update->name, fiber->update->id);
    }
    all.emplace_back(std::move(name), fiber.get());
  }
  return all;
}

std::string WorkflowRun::Core::stack_trace() const {
  std::string text;
  for (const auto& [name, fiber] : fibers()) {
    text += fmt::format("{}Stack for {} (most recent call last):\n", text.empty() ? "" : "\n", name);
    for (const std::source_location& place : places_of(*fiber)) {
      text += fmt::format("  {}:{}, in {}\n", place.file_name(), place.line(), place.function_name());
    }
  }
  return text;
}

// Without the text of the sources: workflow code reads no files.
Payload WorkflowRun::Core::enhanced_stack_trace() const {
  sdk::EnhancedStackTrace trace;
  trace.mutable_sdk()->set_name("perdure");
  trace.mutable_sdk()->set_version(kVersion);
  for (const auto& [name, fiber] : fibers()) {
    sdk::StackTrace* stack = trace.add_stacks();
    for (const std::source_location& place : places_of(*fiber)) {
      sdk::StackTraceFileLocation* location = stack->add_locations();
      location->set_file_path(place.file_name());
      location->set_line(static_cast<std::int32_t>(place.line()));
      location->set_column(static_cast<std::int32_t>(place.column()));
      location->set_function_name(place.function_name());
    }
  }
  return to_payload(trace);
}

Payload WorkflowRun::Core::metadata() const {
  sdk::WorkflowMetadata metadata;
  auto* definition = metadata.mutable_definition();
  definition->set_type(info_.workflow_type);
  write_definitions(definition_.queries, set_query_handlers_, definition->mutable_query_definitions());
  write_definitions(definition_.signals, set_signal_handlers_, definition->mutable_signal_definitions());
  write_definitions(definition_.updates, set_update_handlers_, definition->mutable_update_definitions());
  metadata.set_current_details(current_details_);
  return to_payload(metadata);
}

void WorkflowRun::Core::set_current_details(std::string details) {
  outbox_->check_writable("set its details");
  current_details_ = std::move(details);
}

void WorkflowRun::Core::undo_last_task(std::int64_t started_event_id) {
  last_event_id_ = before_task_;
  last_run_task_ = started_event_id;
}

}  // namespace perdure::workflow_core
