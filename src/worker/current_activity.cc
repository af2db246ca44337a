#include "worker/current_activity.h"

#include <string>

#include "perdure/activity.h"
#include "perdure/async.h"
#include "perdure/client.h"
#include "perdure/workflow.h"
#include "worker/loop_work.h"

namespace perdure::worker {
namespace {

thread_local activity::detail::ActivityContext* t_current = nullptr;

LogFields fields_of(const activity::Info& info) {
  return {{"workflow_id", info.workflow_id},     {"run_id", info.workflow_run_id},
          {"workflow_type", info.workflow_type}, {"activity_id", info.activity_id},
          {"activity_type", info.activity_type}, {"attempt", std::to_string(info.attempt)}};
}

}  // namespace

ActivityScope::ActivityScope(activity::detail::ActivityContext* context) : outer_(t_current) {
  t_current = context;
  if (LoopWork* work = context != nullptr ? LoopWork::here() : nullptr) {
    work->describe(fields_of(context->info()));
  }
}
ActivityScope::~ActivityScope() { t_current = outer_; }

}  // namespace perdure::worker

namespace perdure::detail {

std::function<void()> suspend_here(std::coroutine_handle<> waiting) {
  if (workflow::in_workflow()) {
    throw PerdureError(
        "workflow code cannot wait for a call of a client, which is not in its history: make the call in an "
        "activity");
  }
  return worker::t_current != nullptr ? worker::t_current->suspend(waiting) : [waiting] { waiting.resume(); };
}

void throw_stopped() {
  throw CancelledError(activity::detail::current_activity("co_await of a call").cancel_reason());
}

}  // namespace perdure::detail

namespace perdure::activity {

detail::ActivityContext& detail::current_activity(const char* function) {
  if (worker::t_current == nullptr) {
    throw PerdureError(std::string(function) +
                       " was called outside of an activity; it belongs to the thread that a "
                       "worker runs the activity on");
  }
  return *worker::t_current;
}

bool in_activity() noexcept { return worker::t_current != nullptr; }
const Info& info() { return detail::current_activity("activity::info").info(); }
bool is_cancelled() { return detail::current_activity("activity::is_cancelled").is_cancelled(); }

Logger logger() {
  const Info& info = detail::current_activity("activity::logger").info();
  return Logger(false, [&info] { return worker::fields_of(info); });
}

Client client() { return Client(detail::current_activity("activity::client").connection()); }

void complete_async() {
  detail::current_activity("activity::complete_async");
  throw CompleteAsyncError();
}

void throw_if_cancelled() {
  const detail::ActivityContext& context = detail::current_activity("activity::throw_if_cancelled");
  if (context.is_cancelled()) {
    throw CancelledError(context.cancel_reason());
  }
}

bool wait_for_cancelled(std::chrono::nanoseconds at_most) {
  return detail::current_activity("activity::wait_for_cancelled").wait_for_cancelled(at_most);
}

}  // namespace perdure::activity
