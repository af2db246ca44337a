#include "worker/activity_interception.h"

#include <utility>

#include "worker/activity_attempt.h"

namespace perdure::worker {

class ActivityInterception::Outbound final : public ActivityOutboundInterceptor {
 public:
  explicit Outbound(ActivityAttempt& activity) : activity_(activity) {}
  const activity::Info& info() const override { return activity_.own_info(); }
  void heartbeat(Payloads details) override { activity_.record_heartbeat(std::move(details)); }

 private:
  ActivityAttempt& activity_;
};

class ActivityInterception::Inbound final : public ActivityInboundInterceptor {
 public:
  explicit Inbound(ActivityInterception& interception) : interception_(interception) {}
  void init(std::unique_ptr<ActivityOutboundInterceptor> outbound) override {
    interception_.outbound_ = std::move(outbound);
  }
  Task<Payload> execute_activity(ExecuteActivityInput input) override {
    return interception_.execute_(input.args);
  }

 private:
  ActivityInterception& interception_;
};

ActivityInterception::ActivityInterception(const std::vector<std::shared_ptr<Interceptor>>& interceptors,
                                           ActivityAttempt& activity,
                                           std::function<Task<Payload>(const Payloads&)> execute)
    : execute_(std::move(execute)) {
  inbound_ = std::make_unique<Inbound>(*this);
  for (auto interceptor = interceptors.rbegin(); interceptor != interceptors.rend(); ++interceptor) {
    inbound_ = (*interceptor)->intercept_activity(std::move(inbound_));
  }
  inbound_->init(std::make_unique<Outbound>(activity));
}

}  // namespace perdure::worker
