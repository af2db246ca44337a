#pragma once
// What an activity may ask while it runs. An activity is an ordinary function; it runs on a thread of the
// worker's pool and may block, read clocks, files and sockets. If it returns perdure::Task<T> it is a
// coroutine and runs on the worker's event loop instead, where it must not block.
//
//   std::string your_activity(const YourParams& input) { return input.greeting + ", " + input.name + "!"; }
//
// An exception fails the attempt, and the service tries again as the RetryPolicy says. All functions here
// throw PerdureError when called outside of an activity; they are meant for the activity's own thread.
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "perdure/detail/activity_context.h"
#include "perdure/detail/awaitable.h"
#include "perdure/error.h"
#include "perdure/logger.h"
#include "perdure/names.h"
#include "perdure/payload.h"

namespace perdure {
class Client;
}

namespace perdure::activity {

// Facts about this attempt, as Python's activity.info().
const Info& info();
// True in the code of an activity.
bool in_activity() noexcept;

// Tells the service that the activity is alive, and keeps `details` for the next attempt should this one
// fail. Cheap: the first call is sent at once, later ones at most once in 80 % of the heartbeat timeout (30 s
// without one), the last details always. Throws CancelledError once the activity should stop: its workflow
// cancelled it, it timed out, or the worker shuts down.
template <class... A>
void heartbeat(const A&... details) {
  detail::ActivityContext& context = detail::current_activity("activity::heartbeat");
  context.heartbeat(to_payloads(details...));
}

// What the previous attempt said last: the `index`-th argument of its heartbeat(); none if there is none.
// Throws DataConversionError when it is not a T.
template <class T>
std::optional<T> heartbeat_details(std::size_t index = 0) {
  const Payloads& details = info().heartbeat_details;
  return index < details.size() ? std::optional<T>(from_payload<T>(details[index])) : std::nullopt;
}

// Log lines of this attempt; valid as long as its code runs.
Logger logger();
// The client that the worker was made with (include client.h).
Client client();

// Ends the function but not the attempt: somebody else completes it, through
// Client::get_async_activity_handle(). All timeouts go on. Throws CompleteAsyncError.
[[noreturn]] void complete_async();

// Whether the activity should stop. An activity that is cancelled hears of it in answer to a heartbeat only.
bool is_cancelled();
// Throws CancelledError if it should.
void throw_if_cancelled();
// Blocks until the activity should stop, or `at_most` has passed; says whether it should. Not for coroutines.
bool wait_for_cancelled(std::chrono::nanoseconds at_most = std::chrono::hours(24 * 365));

// What sleep() gives.
class [[nodiscard("co_await it")]] SleepAwaiter : public perdure::detail::AwaitableTag {
 public:
  SleepAwaiter(detail::ActivityContext& context, std::chrono::nanoseconds duration)
      : context_(context), duration_(duration) {}
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting) { context_.resume_after(duration_, waiting); }
  void await_resume() const { throw_if_cancelled(); }

 private:
  detail::ActivityContext& context_;
  std::chrono::nanoseconds duration_;
};

// For activities that are coroutines: co_await activity::sleep(1s). Throws CancelledError, at once, when the
// activity should stop.
inline SleepAwaiter sleep(std::chrono::nanoseconds duration) {
  return SleepAwaiter(detail::current_activity("activity::sleep"), duration);
}

}  // namespace perdure::activity
