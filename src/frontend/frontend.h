#pragma once
// The service as its callers see it: one entry per RPC of temporal.api.workflowservice.v1, requests and
// responses are the API's own messages, completion is a callback. It validates, fills defaults, checks
// limits, opens and seals task and page tokens, and posts to the runtime. Every transport (in-process, gRPC,
// HTTP) is a one-to-one adapter.
//
// Thread-safety: call() from any thread. `done` is called exactly once, on the caller's thread (refusals) or
// on the stepping thread (never from inside a transition), and must not block.
#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "base/time.h"
#include "runtime/instance.h"

namespace perdure::frontend {

struct CallOptions {
  // How long the caller waits; long polls answer (empty) a second before. None: the poll's own limit.
  std::optional<Duration> timeout;
  // The caller lives in this process: tasks that it takes are held by this incarnation (Item::holder).
  bool in_process = false;
};

using RequestReader = std::function<Status(google::protobuf::Message* request)>;

class Frontend {
 public:
  // `instance` outlives the frontend.
  explicit Frontend(runtime::Instance& instance);
  ~Frontend();

  // `method`: the RPC's name without its service, e.g. "StartWorkflowExecution". `request` must be of the
  // method's request type and is read during the call only; `response` of its response type, alive until
  // `done`. A method that is not implemented gets kUnimplemented with its name; an unknown one kUnimplemented
  // "unknown method NAME". Returns a ticket for cancel().
  std::uint64_t call(std::string_view method, const google::protobuf::Message& request,
                     google::protobuf::Message* response, const CallOptions& options,
                     std::function<void(Status)> done);
  // The same for a transport that has the request as bytes: `read` parses them right into the message that
  // the call works on, once, during the call. If it is not OK, that is the call's answer.
  std::uint64_t call(std::string_view method, const RequestReader& read, google::protobuf::Message* response,
                     const CallOptions& options, std::function<void(Status)> done);
  // Ends a waiting long poll with kCancelled; no effect on a call that is finished or cannot wait.
  void cancel(std::uint64_t ticket);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace perdure::frontend
