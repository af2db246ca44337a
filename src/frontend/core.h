#pragma once
// What the methods of the frontend share: one call under way, and how it gets to the engine's thread.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/ids.h"
#include "base/status.h"
#include "frontend/frontend.h"
#include "frontend/message_check.h"
#include "frontend/namespaces.h"
#include "frontend/tokens.h"
#include "runtime/instance.h"
#include "runtime/service.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::frontend {

namespace wire = temporal::api::workflowservice::v1;

// One call. It lives until it is answered, which happens once: finish() or refuse().
template <class RequestType, class ResponseType>
struct Call {
  using Request = RequestType;
  using Response = ResponseType;

  Request request;
  Response* response = nullptr;
  CallOptions options;
  std::uint64_t ticket = 0;
  std::function<void(Status)> done;

  void finish() const { done(Status()); }
  void answer(const Status& status) const { done(status); }
};

template <class Request, class Response>
using CallPointer = std::shared_ptr<Call<Request, Response>>;

struct Core {
  explicit Core(runtime::Instance& engine) : instance(engine), tokens(engine.token_key()) {}

  runtime::Instance& instance;
  const Tokens tokens;

  // Runs `command` on the engine's thread, or answers the call with the reason why not.
  template <class CallType>
  void post(const std::shared_ptr<CallType>& call, std::function<void(runtime::Service&)> command,
            runtime::Admission admission = runtime::Admission::kNormal) {
    if (!instance.post(std::move(command), admission)) {
      call->answer(not_accepted());
    }
  }

  Status not_accepted() const;
};

// Which namespace a method's request must name.
enum class NamespaceRule {
  kNone,       // it has none, or looks at it itself
  kRequired,   // must exist
  kFromToken,  // may be left out; the task token has it
};

struct Method {
  NamespaceRule rule;
  // Gets requests of the method's own type.
  std::function<void(Core&, const google::protobuf::Message& request, google::protobuf::Message* response,
                     const CallOptions& options, std::uint64_t ticket, std::function<void(Status)> done)>
      invoke;
};

using Methods = std::map<std::string, Method, std::less<>>;

// Adds a handler `void handler(Core&, std::shared_ptr<Call<Request, Response>>)` under its RPC's name.
template <class Request, class Response>
void add_method(Methods& methods, std::string_view name, NamespaceRule rule,
                void (*handler)(Core&, CallPointer<Request, Response>)) {
  methods[std::string(name)] = {
      rule,
      [handler](Core& core, const google::protobuf::Message& request, google::protobuf::Message* response,
                const CallOptions& options, std::uint64_t ticket, std::function<void(Status)> done) {
        check(request.GetDescriptor() == Request::descriptor() &&
                  response->GetDescriptor() == Response::descriptor(),
              "a method is called with its own message types");
        auto call = std::make_shared<Call<Request, Response>>();
        if (Status status = copy_checked(request, &call->request); !status.ok()) {
          done(status);
          return;
        }
        call->response = static_cast<Response*>(response);
        call->options = options;
        call->ticket = ticket;
        call->done = std::move(done);
        handler(core, std::move(call));
      }};
}

void add_workflow_methods(Methods& methods);
void add_history_methods(Methods& methods);
void add_poll_methods(Methods& methods);
void add_workflow_task_methods(Methods& methods);
void add_activity_methods(Methods& methods);
void add_system_methods(Methods& methods);

// A reply that copies an engine answer into the call's response.
template <class Request, class Response>
runtime::Reply<Response> respond(CallPointer<Request, Response> call) {
  return [call = std::move(call)](Result<Response> result) {
    if (!result.ok()) {
      call->answer(result.status());
      return;
    }
    *call->response = std::move(*result);
    call->finish();
  };
}

runtime::RunTarget target_of(const std::string& namespace_name,
                             const temporal::api::common::v1::WorkflowExecution& run);

// kInvalidArgument if a token is used with the name of another namespace than its own.
Status check_token_namespace(const std::string& on_request, const NamespaceName& in_token);

// Moves the response of a started task to `out` and adds its tokens.
void write_workflow_task(const Tokens& tokens, const NamespaceName& namespace_name,
                         const runtime::WorkflowTaskHandOut& task, wire::PollWorkflowTaskQueueResponse* out);
void write_activity_task(const Tokens& tokens, const NamespaceName& namespace_name, ExecutionId execution,
                         const RunId& run_id, engine::ActivityTaskStart& start,
                         wire::PollActivityTaskQueueResponse* out);

// How long a long poll may wait so that its answer arrives before the caller gives up.
Duration longest_wait(const CallOptions& options, Duration limit);

}  // namespace perdure::frontend
