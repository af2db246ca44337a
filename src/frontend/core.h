#pragma once
// What the methods of the frontend share: one call under way, and how it gets to the engine's thread.
#include <google/protobuf/arena.h>
#include <google/protobuf/descriptor.h>

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
#include "frontend/workers.h"
#include "runtime/instance.h"
#include "runtime/service.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::frontend {

namespace wire = temporal::api::workflowservice::v1;

// What Temporal's clients expect beside the text of a status: every kNotFound has a detail.
Status with_usual_detail(Status status);

// One call. It lives until it is answered, which happens once: finish() or refuse().
template <class RequestType, class ResponseType>
struct Call {
  using Request = RequestType;
  using Response = ResponseType;

  Call() : request(*google::protobuf::Arena::CreateMessage<Request>(&arena)) {}

  google::protobuf::Arena arena{arena_options()};  // of the request: one block for its many small parts
  Request& request;
  Response* response = nullptr;
  CallOptions options;
  std::uint64_t ticket = 0;
  std::function<void(Status)> done;

  void finish() const { done(Status()); }
  void answer(const Status& status) const { done(with_usual_detail(status)); }

 private:
  static constexpr std::size_t kBlockBytes = 1'000;

  static google::protobuf::ArenaOptions arena_options() {
    google::protobuf::ArenaOptions options;
    // Polls wait long, so not more than most requests need; and below what the C library counts as large, for
    // which it would first tidy up all that is small.
    options.start_block_size = kBlockBytes;
    options.max_block_size = kBlockBytes;
    return options;
  }
};

template <class Request, class Response>
using CallPointer = std::shared_ptr<Call<Request, Response>>;

struct Core {
  explicit Core(runtime::Instance& engine)
      : instance(engine), namespaces(engine.storage().info().records), tokens(engine.token_key()) {}

  runtime::Instance& instance;
  Namespaces namespaces;
  const Tokens tokens;
  Workers workers;  // engine's thread only

  // Runs `command` on the engine's thread, or answers the call with the reason why not.
  template <class CallType>
  void post(const std::shared_ptr<CallType>& call, std::function<void(runtime::Service&)> command,
            runtime::Admission admission = runtime::Admission::kNormal) {
    if (!instance.post(std::move(command), admission, call->request.ByteSizeLong())) {
      call->answer(not_accepted());
    }
  }

  Status not_accepted() const;
};

// Which namespace a method's request must name.
enum class NamespaceRule {
  kNone,        // it has none, or looks at it itself
  kRequired,    // must exist
  kRegistered,  // must exist and take new work
  kFromToken,   // may be left out; the task token has it
};

struct Method {
  NamespaceRule rule;
  // Reads a request of the method's own type and carries it out.
  std::function<void(Core&, const RequestReader& read, google::protobuf::Message* response,
                     const CallOptions& options, std::uint64_t ticket, std::function<void(Status)> done)>
      invoke;
};

// The request's field `namespace`, unless the rule is not to look at it.
const google::protobuf::FieldDescriptor* namespace_field(const google::protobuf::Descriptor& request,
                                                         NamespaceRule rule);
// kNotFound, or what else is wrong with the namespace that the request names. `field`: null, or
// namespace_field().
Status check_namespace(const Namespaces& namespaces, const google::protobuf::Message& request,
                       const google::protobuf::FieldDescriptor* field, NamespaceRule rule);

using Methods = std::map<std::string, Method, std::less<>>;

// Adds a handler `void handler(Core&, std::shared_ptr<Call<Request, Response>>)` under its RPC's name.
template <class Request, class Response>
void add_method(Methods& methods, std::string_view name, NamespaceRule rule,
                void (*handler)(Core&, CallPointer<Request, Response>)) {
  methods[std::string(name)] = {
      rule, [handler, rule, field = namespace_field(*Request::descriptor(), rule)](
                Core& core, const RequestReader& read, google::protobuf::Message* response,
                const CallOptions& options, std::uint64_t ticket, std::function<void(Status)> done) {
        check(response->GetDescriptor() == Response::descriptor(),
              "a method is called with its own response type");
        auto call = std::make_shared<Call<Request, Response>>();
        Status status = read(&call->request);
        if (status.ok()) {
          status = check_namespace(core.namespaces, call->request, field, rule);
        }
        if (!status.ok()) {
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
void add_signal_with_start_methods(Methods& methods);
void add_reset_methods(Methods& methods);
void add_history_methods(Methods& methods);
void add_poll_methods(Methods& methods);
void add_workflow_task_methods(Methods& methods);
void add_activity_methods(Methods& methods);
void add_query_methods(Methods& methods);
void add_update_methods(Methods& methods);
void add_multi_operation_methods(Methods& methods);
void add_namespace_methods(Methods& methods);
void add_system_methods(Methods& methods);
void add_worker_methods(Methods& methods);

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
