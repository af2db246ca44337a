// The parts of include/perdure/workflow.h that are not templates.
#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "perdure/workflow.h"
#include "workflow/current_context.h"

namespace perdure {
namespace {

thread_local detail::WorkflowContext* t_current = nullptr;

using Timeout = std::optional<std::chrono::nanoseconds>;

bool given(const Timeout& timeout) { return timeout && timeout->count() != 0; }

void check_not_negative(const char* what, const char* name, const Timeout& timeout) {
  if (timeout && timeout->count() < 0) {
    throw OptionsError(fmt::format("{}: {} cannot be negative, it is {} ns", what, name, timeout->count()));
  }
}

}  // namespace

void validate(const ActivityOptions& options) {
  check_not_negative("Activity", "schedule_to_close_timeout", options.schedule_to_close_timeout);
  check_not_negative("Activity", "schedule_to_start_timeout", options.schedule_to_start_timeout);
  check_not_negative("Activity", "start_to_close_timeout", options.start_to_close_timeout);
  check_not_negative("Activity", "heartbeat_timeout", options.heartbeat_timeout);
  if (!given(options.start_to_close_timeout) && !given(options.schedule_to_close_timeout)) {
    throw OptionsError("Activity must have start_to_close_timeout or schedule_to_close_timeout");
  }
  if (options.retry_policy) {
    validate(*options.retry_policy);
  }
}

void validate(const LocalActivityOptions& options) {
  check_not_negative("Local activity", "schedule_to_close_timeout", options.schedule_to_close_timeout);
  check_not_negative("Local activity", "schedule_to_start_timeout", options.schedule_to_start_timeout);
  check_not_negative("Local activity", "start_to_close_timeout", options.start_to_close_timeout);
  check_not_negative("Local activity", "local_retry_threshold", options.local_retry_threshold);
  if (!given(options.start_to_close_timeout) && !given(options.schedule_to_close_timeout)) {
    throw OptionsError("Local activity must have start_to_close_timeout or schedule_to_close_timeout");
  }
  if (options.retry_policy) {
    validate(*options.retry_policy);
  }
}

void validate(const ContinueAsNewOptions& options) {
  check_not_negative("Continue as new", "run_timeout", options.run_timeout);
  check_not_negative("Continue as new", "task_timeout", options.task_timeout);
  check_not_negative("Continue as new", "backoff_start_interval", options.backoff_start_interval);
  if (options.retry_policy) {
    validate(*options.retry_policy);
  }
}

void validate(const ChildWorkflowOptions& options) {
  check_not_negative("Child workflow", "execution_timeout", options.execution_timeout);
  check_not_negative("Child workflow", "run_timeout", options.run_timeout);
  check_not_negative("Child workflow", "task_timeout", options.task_timeout);
  if (options.retry_policy) {
    validate(*options.retry_policy);
  }
}

namespace detail {

WorkflowContext& current_context(const char* function) {
  if (t_current == nullptr) {
    throw PerdureError(
        fmt::format("{} was called outside of a workflow: it works in a workflow's run() and its "
                    "handlers only, not in activities or other threads",
                    function));
  }
  return *t_current;
}

WorkflowContext* current_context_or_null() noexcept { return t_current; }

void Wait::suspend(std::coroutine_handle<> handle) {
  context_ = &current_context("co_await");
  fiber_ = context_->running_fiber();
  handle_ = handle;
  coroutine_ = PromiseBase::last_to_wait();
  fiber_->waiting = this;
  if (std::exchange(fiber_->cancel_pending, false)) {
    cancel();
  }
}

void Wait::wake() {
  if (fiber_ != nullptr) {
    context_->make_ready(fiber_, handle_);
    leave();
  }
}

void Wait::leave() noexcept {
  if (fiber_ != nullptr && fiber_->waiting == this) {
    fiber_->waiting = nullptr;
  }
  fiber_ = nullptr;
}

}  // namespace detail

namespace workflow_core {

CurrentContext::CurrentContext(detail::WorkflowContext* context, std::int64_t* frame_bytes)
    : previous_(std::exchange(t_current, context)),
      previous_frame_bytes_(std::exchange(detail::frame_bytes, frame_bytes)) {}
CurrentContext::~CurrentContext() {
  t_current = previous_;
  detail::frame_bytes = previous_frame_bytes_;
}

}  // namespace workflow_core

namespace workflow {

void ContinueAsNew::await_suspend(std::coroutine_handle<>) {
  perdure::detail::current_context("workflow::continue_as_new").continue_as_new(std::move(*this));
}

TimerHandle sleep(std::chrono::nanoseconds duration, SleepOptions options, std::source_location where) {
  if (duration.count() < 0) {
    throw OptionsError(
        fmt::format("workflow::sleep: the duration cannot be negative, it is {} ns", duration.count()));
  }
  return TimerHandle(perdure::detail::current_context("workflow::sleep")
                         .start_timer(duration, std::move(options.summary), where));
}

std::chrono::system_clock::time_point now() {
  return perdure::detail::current_context("workflow::now").now();
}
const Info& info() { return perdure::detail::current_context("workflow::info").info(); }
Random& random() { return perdure::detail::current_context("workflow::random").random(); }
bool is_replaying() { return perdure::detail::current_context("workflow::is_replaying").is_replaying(); }
bool cancellation_requested() {
  return perdure::detail::current_context("workflow::cancellation_requested").cancellation_requested();
}
bool in_workflow() noexcept { return perdure::detail::current_context_or_null() != nullptr; }

bool all_handlers_finished() {
  return perdure::detail::current_context("workflow::all_handlers_finished").all_handlers_finished();
}
std::optional<UpdateInfo> current_update_info() {
  const perdure::detail::Fiber* fiber =
      perdure::detail::current_context("workflow::current_update_info").running_fiber();
  return fiber == nullptr || fiber->update == nullptr ? std::nullopt : std::optional(*fiber->update);
}
void set_current_details(std::string details) {
  perdure::detail::current_context("workflow::set_current_details").set_current_details(std::move(details));
}

bool patched(std::string_view id, std::source_location where) {
  return perdure::detail::current_context("workflow::patched").patched(std::string(id), false, where);
}
void deprecate_patch(std::string_view id, std::source_location where) {
  perdure::detail::current_context("workflow::deprecate_patch").patched(std::string(id), true, where);
}
void upsert_search_attributes(const SearchAttributes& attributes, std::source_location where) {
  perdure::detail::current_context("workflow::upsert_search_attributes")
      .upsert_search_attributes(attributes, where);
}
void upsert_memo(const std::map<std::string, Payload>& memo, std::source_location where) {
  perdure::detail::current_context("workflow::upsert_memo").upsert_memo(memo, where);
}

Logger logger() {
  perdure::detail::WorkflowContext& context = perdure::detail::current_context("workflow::logger");
  return Logger(context.is_replaying(), [&info = context.info()] {
    return LogFields{
        {"workflow_id", info.workflow_id}, {"run_id", info.run_id}, {"workflow_type", info.workflow_type}};
  });
}

std::string uuid4() {
  Random& source = perdure::detail::current_context("workflow::uuid4").random();
  const std::uint64_t high = (source() & ~0xf000ULL) | 0x4000ULL;
  const std::uint64_t low = (source() & ~(0xc0ULL << 56)) | (0x80ULL << 56);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff, high & 0xffff,
                     low >> 48, low & 0xffffffffffffULL);
}

}  // namespace workflow
}  // namespace perdure
