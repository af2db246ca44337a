#pragma once
// Interceptors see and may change what passes between client, workflows and activities: arguments, results,
// options, and headers, which travel beside arguments and are seen by nobody else. Tracing, authentication
// tokens and audit logs are made of them.
//
//   auto client = perdure::Client::connect("file:./state", {.interceptors = {std::make_shared<Tracing>()}});
//
// Those of a client are also those of its workers; WorkerOptions::interceptors come after them. The first of
// a list is the outermost: it sees a call first and its result last.
#include <memory>
#include <utility>

#include "perdure/activity_interceptor.h"
#include "perdure/client_interceptor.h"
#include "perdure/workflow_interceptor.h"

namespace perdure {

// Makes the links of the chains. Override what is of interest and return a link of your own around `next`:
//   return std::make_unique<MyActivityInbound>(std::move(next));
// Called on several threads at once; intercept_workflow() in workflow code.
class Interceptor {
 public:
  Interceptor() = default;
  Interceptor(const Interceptor&) = delete;
  Interceptor& operator=(const Interceptor&) = delete;
  virtual ~Interceptor() = default;

  // Once for a client.
  virtual std::unique_ptr<ClientOutboundInterceptor> intercept_client(
      std::unique_ptr<ClientOutboundInterceptor> next) {
    return next;
  }
  // Once for a run in a worker's memory.
  virtual std::unique_ptr<WorkflowInboundInterceptor> intercept_workflow(
      std::unique_ptr<WorkflowInboundInterceptor> next) {
    return next;
  }
  // Once for an attempt.
  virtual std::unique_ptr<ActivityInboundInterceptor> intercept_activity(
      std::unique_ptr<ActivityInboundInterceptor> next) {
    return next;
  }
};

}  // namespace perdure
