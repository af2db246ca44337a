#pragma once
// The interceptors of one attempt of an activity, around the attempt.
#include <functional>
#include <memory>
#include <vector>

#include "perdure/interceptor.h"

namespace perdure::worker {

class ActivityAttempt;

// The attempt outlives it.
class ActivityInterception {
 public:
  // `execute` is the activity's code; what it needs outlives the tasks that it gives.
  ActivityInterception(const std::vector<std::shared_ptr<Interceptor>>& interceptors,
                       ActivityAttempt& activity, std::function<Task<Payload>(const Payloads&)> execute);

  ActivityInboundInterceptor& inbound() { return *inbound_; }
  ActivityOutboundInterceptor& outbound() { return *outbound_; }

 private:
  class Inbound;
  class Outbound;

  const std::function<Task<Payload>(const Payloads&)> execute_;
  std::unique_ptr<ActivityOutboundInterceptor> outbound_;
  std::unique_ptr<ActivityInboundInterceptor> inbound_;
};

}  // namespace perdure::worker
