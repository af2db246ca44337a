#pragma once
// Every method of the API's services as one kind of gRPC method over bytes, and the calls under way.
#include <grpcpp/impl/service_type.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "frontend/frontend.h"
#include "server/log.h"
#include "server/method.h"
#include "server/unread_answers.h"

namespace perdure::server {

class UnaryCall;

// What all calls share. Thread-safe.
class Calls {
 public:
  Calls(frontend::Frontend& frontend, std::shared_ptr<const Log> log,
        std::chrono::milliseconds answer_patience)
      : frontend_(frontend), log_(std::move(log)), answers_(answer_patience) {}

  frontend::Frontend& frontend() { return frontend_; }

  // Null: nothing is logged.
  const Log* log() const { return log_.get(); }

  // False: limits::kCalls calls are under way, or their clients leave more than limits::kUnreadAnswers
  // unread.
  bool enter();
  void leave();

  UnreadAnswers& answers() { return answers_; }
  const UnreadAnswers& answers() const { return answers_; }

  using Polls = std::list<UnaryCall*>;
  // A poll may wait, so end_polls() must be able to find it. False: limits::kPolls are open.
  bool add_poll(UnaryCall* call, Polls::iterator* place);
  void remove_poll(Polls::iterator place);

  bool draining() const { return draining_.load(std::memory_order_relaxed); }
  // Ends all polls, those that still come too, for at most `longest`.
  void end_polls(std::chrono::milliseconds longest);

  std::size_t under_way() const { return under_way_.load(std::memory_order_relaxed); }
  std::size_t open_polls() const;

 private:
  frontend::Frontend& frontend_;
  const std::shared_ptr<const Log> log_;
  std::atomic<std::size_t> under_way_{0};
  UnreadAnswers answers_;
  std::atomic<bool> draining_{false};
  mutable std::mutex mutex_;
  std::condition_variable no_polls_;
  Polls polls_;  // guarded by mutex_
};

// One service of the API, e.g. temporal.api.workflowservice.v1.WorkflowService.
class ApiService final : public grpc::Service {
 public:
  // `handler` null: the frontend.
  ApiService(Calls& calls, const std::string& service, ExtraService* handler = nullptr);

  void list_metrics(std::vector<MethodMetrics>* out) const;

 private:
  std::vector<std::unique_ptr<Method>> methods_;  // gRPC keeps pointers to their names
};

}  // namespace perdure::server
