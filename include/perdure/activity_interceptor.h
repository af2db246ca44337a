#pragma once
// Interceptors around activities: inbound, the attempt; outbound, what its code says to the worker. See
// interceptor.h.
#include <memory>
#include <utility>

#include "perdure/activity.h"
#include "perdure/payload.h"
#include "perdure/task.h"

namespace perdure {

struct ExecuteActivityInput {  // of what type, and which attempt: activity::info()
  Payloads args{};
  Headers headers{};
};

// One for an attempt. Named as in temporalio.worker.ActivityOutboundInterceptor.
class ActivityOutboundInterceptor {
 public:
  explicit ActivityOutboundInterceptor(std::unique_ptr<ActivityOutboundInterceptor> next)
      : next_(std::move(next)) {}
  ActivityOutboundInterceptor(const ActivityOutboundInterceptor&) = delete;
  ActivityOutboundInterceptor& operator=(const ActivityOutboundInterceptor&) = delete;
  virtual ~ActivityOutboundInterceptor() = default;

  virtual const activity::Info& info() const { return next_->info(); }
  // Throws CancelledError, as activity::heartbeat().
  virtual void heartbeat(Payloads details) { next_->heartbeat(std::move(details)); }

 protected:
  ActivityOutboundInterceptor() = default;  // of the last in the chain, which overrides everything
  const ActivityOutboundInterceptor& next() const { return *next_; }
  ActivityOutboundInterceptor& next() { return *next_; }

 private:
  std::unique_ptr<ActivityOutboundInterceptor> next_;
};

// One for an attempt. Named as in temporalio.worker.ActivityInboundInterceptor.
class ActivityInboundInterceptor {
 public:
  explicit ActivityInboundInterceptor(std::unique_ptr<ActivityInboundInterceptor> next)
      : next_(std::move(next)) {}
  ActivityInboundInterceptor(const ActivityInboundInterceptor&) = delete;
  ActivityInboundInterceptor& operator=(const ActivityInboundInterceptor&) = delete;
  virtual ~ActivityInboundInterceptor() = default;

  // Called first. To intercept what the code says:
  //   next().init(std::make_unique<MyOutbound>(std::move(outbound)));
  virtual void init(std::unique_ptr<ActivityOutboundInterceptor> outbound) {
    next_->init(std::move(outbound));
  }
  // On the thread of the attempt. An activity that is a function runs to its end in the co_await of
  // next().execute_activity().
  virtual Task<Payload> execute_activity(ExecuteActivityInput input) {
    return next_->execute_activity(std::move(input));
  }

 protected:
  ActivityInboundInterceptor() = default;  // of the last in the chain, which overrides everything
  ActivityInboundInterceptor& next() { return *next_; }

 private:
  std::unique_ptr<ActivityInboundInterceptor> next_;
};

}  // namespace perdure
