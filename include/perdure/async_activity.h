#pragma once
// Activities that are completed from elsewhere: the function hands the work to someone (a person, another
// system), says activity::complete_async(), and whoever finishes it answers through a client.
//
//   auto handle = client.get_async_activity_handle(task_token);        // activity::info().task_token
//   auto handle = client.get_async_activity_handle("order-7", "", "approval");  // by workflow, run, activity
//   id handle.heartbeat("half way"); handle.complete(Approval{.by = "me"});
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "perdure/error.h"
#include "perdure/payload.h"

namespace perdure {
namespace client {
class Connection;
}

namespace detail {

struct AsyncActivityReference {
  std::shared_ptr<client::Connection> connection;
  std::string task_token;  // empty: by ids
  std::string workflow_id;
  std::string run_id;  // empty: the current run
  std::string activity_id;
};

void heartbeat_async_activity(const AsyncActivityReference& activity, Payloads details);
void complete_async_activity(const AsyncActivityReference& activity, Payload result);
void fail_async_activity(const AsyncActivityReference& activity, const std::exception_ptr& failure,
                         Payloads last_heartbeat_details);
void cancel_async_activity(const AsyncActivityReference& activity, Payloads details);

}  // namespace detail

// Calls block until the service has answered. They throw RpcError, kNotFound when nobody waits for the
// activity any more. Copies mean the same activity. Thread-safe.
class AsyncActivityHandle {
 public:
  explicit AsyncActivityHandle(detail::AsyncActivityReference activity) : activity_(std::move(activity)) {}

  // Throws CancelledError when the workflow asked the activity to cancel; the details are kept nevertheless.
  template <class... A>
  void heartbeat(const A&... details) const {
    detail::heartbeat_async_activity(activity_, to_payloads(details...));
  }
  void complete() const { detail::complete_async_activity(activity_, null_payload()); }
  template <class T>
  void complete(const T& result) const {
    detail::complete_async_activity(activity_, to_payload(result));
  }
  // The attempt has failed; it is tried again as the RetryPolicy says.
  template <class E, class... A>
  void fail(const E& failure, const A&... last_heartbeat_details) const {
    static_assert(std::is_base_of_v<std::exception, E>,
                  "perdure: fail() takes an exception: ApplicationError, …");
    detail::fail_async_activity(activity_, std::make_exception_ptr(failure),
                                to_payloads(last_heartbeat_details...));
  }
  // The activity has ended because it was asked to cancel.
  template <class... A>
  void report_cancellation(const A&... details) const {
    detail::cancel_async_activity(activity_, to_payloads(details...));
  }

 private:
  detail::AsyncActivityReference activity_;
};

}  // namespace perdure
