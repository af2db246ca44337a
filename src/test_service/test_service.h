#pragma once
// temporal.api.testservice.v1.TestService: lets a test of any SDK's move the time of the service it runs on.
// The clock and its locks are those of perdure::testing (runtime/virtual_clock.h).
#include <google/protobuf/message.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/status.h"
#include "runtime/virtual_clock.h"
#include "server/extra_service.h"

namespace perdure::test_service {

// Thread-safe. Calls answer kFailedPrecondition when a lock is to be taken away and there is none, as Sleep
// calls and unlocks that do not balance, and kInvalidArgument for a negative duration.
class TestService final : public server::ExtraService {
 public:
  // `clock` outlives it and is ended (VirtualClock::end) before it goes.
  explicit TestService(runtime::VirtualClock& clock);

  std::string name() const override { return "temporal.api.testservice.v1.TestService"; }
  std::uint64_t call(std::string_view method, const frontend::RequestReader& read,
                     google::protobuf::Message* response, std::function<void(Status)> done) override;
  // The sleep is not answered any more; a lock that it took away comes back when it would have ended.
  void cancel(std::uint64_t ticket) override;

 private:
  using Sleep = runtime::VirtualClock::Sleep;

  Status answer_now(std::string_view method, const frontend::RequestReader& read,
                    google::protobuf::Message* response);
  // When the caller wants to be woken.
  Result<Timestamp> read_end(std::string_view method, const frontend::RequestReader& read);
  void sleep(std::uint64_t ticket, Timestamp until, Sleep kind, std::function<void(Status)> done);
  void finish(std::uint64_t ticket, const Status& status);

  runtime::VirtualClock& clock_;
  std::atomic<std::uint64_t> next_ticket_{1};
  std::mutex mutex_;
  std::map<std::uint64_t, std::function<void(Status)>> sleepers_;  // guarded by mutex_
};

}  // namespace perdure::test_service
