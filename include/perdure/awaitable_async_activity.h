#pragma once
// AsyncActivityHandle (async_activity.h), awaitable: for programs whose threads must not wait.
//
//   auto handle = async.get_async_activity_handle(task_token);  // async: an AsyncClient
//   co_await handle.complete(Approval{.by = "me"});
#include <exception>
#include <type_traits>
#include <utility>

#include "perdure/async.h"
#include "perdure/async_activity.h"
#include "perdure/detail/async_calls.h"
#include "perdure/payload.h"

namespace perdure {

// Each call is sent at once; its answer has what AsyncActivityHandle's call throws. Copies mean the same
// activity. Thread-safe.
class AwaitableAsyncActivityHandle {
 public:
  explicit AwaitableAsyncActivityHandle(detail::AsyncActivityReference activity)
      : activity_(std::move(activity)) {}

  // The answer's error is a CancelledError when the workflow asked the activity to cancel; the details are
  // kept nevertheless.
  template <class... A>
  Async<void> heartbeat(const A&... details) const {
    return make_void([&](auto done) {
      detail::async_heartbeat_activity(activity_, to_payloads(details...), std::move(done));
    });
  }
  Async<void> complete() const { return complete_with(null_payload()); }
  template <class T>
  Async<void> complete(const T& result) const {
    return complete_with(to_payload(result));
  }
  // The attempt has failed; it is tried again as the RetryPolicy says.
  template <class E, class... A>
  Async<void> fail(const E& failure, const A&... last_heartbeat_details) const {
    static_assert(std::is_base_of_v<std::exception, E>,
                  "perdure: fail() takes an exception: ApplicationError, …");
    return make_void([&](auto done) {
      detail::async_fail_activity(activity_, std::make_exception_ptr(failure),
                                  to_payloads(last_heartbeat_details...), std::move(done));
    });
  }
  // The activity has ended because it was asked to cancel.
  template <class... A>
  Async<void> report_cancellation(const A&... details) const {
    return make_void([&](auto done) {
      detail::async_report_cancellation(activity_, to_payloads(details...), std::move(done));
    });
  }

 private:
  template <class Call>
  Async<void> make_void(const Call& call) const {
    return detail::make_async<void, void>(activity_.connection, call, [] {});
  }
  Async<void> complete_with(Payload result) const {
    return make_void(
        [&](auto done) { detail::async_complete_activity(activity_, std::move(result), std::move(done)); });
  }

  detail::AsyncActivityReference activity_;
};

}  // namespace perdure
