#pragma once
// What AsyncClient and its handles do once their types are gone. Implemented in src/client. `done` is called
// once, on the loop of the connection's executor, unless the connection ends before.
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "perdure/async.h"
#include "perdure/async_activity.h"
#include "perdure/client_options.h"
#include "perdure/detail/client_calls.h"
#include "perdure/payload.h"

namespace perdure::detail {

// Throws OptionsError when the client was connected without an executor.
void check_has_executor(client::Connection& connection);
// Runs work on the executor's loop, as long as the connection lives.
std::function<void(std::function<void()>)> poster(const std::shared_ptr<client::Connection>& connection);

// Throw OptionsError at once.
void async_start_workflow(const std::shared_ptr<client::Connection>& connection, std::string workflow_type,
                          Payloads arguments, const WorkflowOptions& options,
                          std::function<void(Answer<WorkflowReference>)> done);
void async_execute_workflow(const std::shared_ptr<client::Connection>& connection, std::string workflow_type,
                            Payloads arguments, const WorkflowOptions& options,
                            std::function<void(Answer<Payload>)> done);
void async_result(const WorkflowReference& workflow, std::function<void(Answer<Payload>)> done);
void async_signal(const WorkflowReference& workflow, const std::string& name, Payloads arguments,
                  std::function<void(Answer<void>)> done);
void async_query(const WorkflowReference& workflow, const std::string& query, Payloads arguments,
                 const QueryOptions& options, std::function<void(Answer<Payload>)> done);
void async_start_update(const WorkflowReference& workflow, const std::string& update, Payloads arguments,
                        const StartUpdateOptions& options, std::function<void(Answer<UpdateReference>)> done);
void async_update_result(const UpdateReference& update, std::function<void(Answer<Payload>)> done);
void async_execute_update(const WorkflowReference& workflow, const std::string& update, Payloads arguments,
                          const StartUpdateOptions& options, std::function<void(Answer<Payload>)> done);
void async_cancel(const WorkflowReference& workflow, const std::string& reason,
                  std::function<void(Answer<void>)> done);
void async_terminate(const WorkflowReference& workflow, const std::string& reason,
                     std::function<void(Answer<void>)> done);
void async_describe(const WorkflowReference& workflow,
                    std::function<void(Answer<WorkflowExecutionDescription>)> done);
void async_heartbeat_activity(const AsyncActivityReference& activity, Payloads details,
                              std::function<void(Answer<void>)> done);
void async_complete_activity(const AsyncActivityReference& activity, Payload result,
                             std::function<void(Answer<void>)> done);
void async_fail_activity(const AsyncActivityReference& activity, const std::exception_ptr& failure,
                         Payloads last_heartbeat_details, std::function<void(Answer<void>)> done);
void async_report_cancellation(const AsyncActivityReference& activity, Payloads details,
                               std::function<void(Answer<void>)> done);

// Has `call` make a call, and turns what it gives, a Raw, into a T.
template <class T, class Raw, class Call, class Convert>
Async<T> make_async(const std::shared_ptr<client::Connection>& connection, const Call& call,
                    Convert convert) {
  const auto state = std::make_shared<AsyncState<T>>(poster(connection));
  call([state, convert = std::move(convert)](const Answer<Raw>& raw) {
    std::optional<Answer<T>> answer;
    try {
      if constexpr (std::is_void_v<T>) {
        static_cast<void>(convert);
        static_cast<void>(raw.value());
        answer.emplace(std::monostate());
      } else {
        answer.emplace(convert(raw.value()));
      }
    } catch (...) {
      answer.emplace(std::current_exception());
    }
    state->complete(*std::move(answer));
  });
  return Async<T>(state, connection);
}

template <class R>
struct DecodeResult {
  auto operator()(const Payload& result) const { return from_payload<R>(result); }
};
template <>
struct DecodeResult<void> {
  void operator()(const Payload&) const {}
};

}  // namespace perdure::detail
