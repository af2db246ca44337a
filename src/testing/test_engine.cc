#include "testing/test_engine.h"

#include <future>
#include <utility>

#include "base/check.h"
#include "storage/memory/memory_storage.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::testing {
namespace {

using temporal::api::workflowservice::v1::GetWorkflowExecutionHistoryRequest;

bool waits_for_workflow(std::string_view method, const google::protobuf::Message& request) {
  return method == "GetWorkflowExecutionHistory" &&
         static_cast<const GetWorkflowExecutionHistoryRequest&>(request).wait_new_event();
}

}  // namespace

TestEngine::TestEngine(Timestamp start) : TestEngine(std::make_unique<runtime::VirtualClock>(start)) {}

TestEngine::TestEngine(std::unique_ptr<runtime::VirtualClock> clock)
    : clock_(*clock),
      engine_(storage::open_memory_storage(), std::move(clock)),
      transport_(engine_.frontend()) {
  clock_.set_waker([this] { engine_.wake(); });
}

TestEngine::~TestEngine() {
  (void)engine_.stop();  // a store in memory has nothing to lose
  clock_.end();
}

std::uint64_t TestEngine::call(std::string_view method, const google::protobuf::Message& request,
                               google::protobuf::Message* response, std::optional<Duration> timeout,
                               std::function<void(Status)> done) {
  if (!skip_while_waiting_ || !waits_for_workflow(method, request)) {
    return transport_.call(method, request, response, timeout, std::move(done));
  }
  begin_wait();
  return transport_.call(method, request, response, timeout,
                         [this, done = std::move(done)](const Status& status) {
                           end_wait();  // before the caller does anything else
                           done(status);
                         });
}

void TestEngine::sleep(Duration duration) {
  std::promise<void> woken;
  // Nothing is skipped before the clock knows how long the sleep is.
  clock_.lock();
  begin_wait();
  const bool asleep = clock_.call_at(clock_.now() + duration, runtime::VirtualClock::Sleep::kWait, [&] {
    end_wait();
    woken.set_value();
  });
  check(asleep && clock_.unlock(), "a sleep that takes no lock away is always possible");
  woken.get_future().wait();
}

void TestEngine::begin_wait() {
  const std::lock_guard lock(mutex_);
  if (waits_++ == 0) {
    check(clock_.unlock(), "the clock of tests is locked while nobody waits");
  }
}

void TestEngine::end_wait() {
  const std::lock_guard lock(mutex_);
  if (--waits_ == 0) {
    clock_.lock();
  }
}

}  // namespace perdure::testing
