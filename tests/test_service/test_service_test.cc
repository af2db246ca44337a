// Temporal's TestService on an engine in memory.
#include "test_service/test_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "api/convert.h"
#include "host/engine.h"
#include "storage/memory/memory_storage.h"
#include "temporal/api/testservice/v1/request_response.pb.h"

namespace perdure::test_service {
namespace {

namespace wire = temporal::api::testservice::v1;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr Timestamp kStart{1'700'000'000'000'000'000};

class TestServiceTest : public ::testing::Test {
 protected:
  TestServiceTest() {
    auto owned = std::make_unique<runtime::VirtualClock>(kStart);
    clock_ = owned.get();
    engine_ = std::make_unique<host::Engine>(storage::open_memory_storage(), std::move(owned));
    clock_->set_waker([this] { engine_->wake(); });
    service_ = std::make_unique<TestService>(*clock_);
  }
  ~TestServiceTest() override {
    EXPECT_TRUE(engine_->stop().ok());
    clock_->end();
  }

  struct Call {
    std::uint64_t ticket = 0;
    std::future<Status> answer;
  };
  template <class Response = wire::SleepResponse, class Request>
  Call begin(const std::string& method, const Request& request, Response* response) {
    auto answer = std::make_shared<std::promise<Status>>();
    Call call{0, answer->get_future()};
    const frontend::RequestReader read = [&request](google::protobuf::Message* to) {
      EXPECT_TRUE(to->ParseFromString(api::serialize(request)));
      return Status();
    };
    call.ticket =
        service_->call(method, read, response, [answer](Status status) { answer->set_value(status); });
    return call;
  }
  template <class Request>
  Call begin(const std::string& method, const Request& request) {
    return begin(method, request, &ignored_);
  }
  static wire::SleepRequest sleep_of(Duration duration) {
    wire::SleepRequest request;
    api::set_duration(request.mutable_duration(), duration);
    return request;
  }
  Timestamp current_time() {
    wire::GetCurrentTimeResponse response;
    EXPECT_TRUE(begin("GetCurrentTime", wire::LockTimeSkippingRequest(), &response).answer.get().ok());
    return api::from_proto(response.time());
  }

  runtime::VirtualClock* clock_;  // the engine's
  std::unique_ptr<host::Engine> engine_;
  std::unique_ptr<TestService> service_;
  wire::SleepResponse ignored_;
};

TEST_F(TestServiceTest, AnUnlockingSleepSkipsAndLocksAgain) {
  EXPECT_TRUE(begin("UnlockTimeSkippingWithSleep", sleep_of(24h)).answer.get().ok());
  EXPECT_GE(current_time(), kStart + 24h);
  EXPECT_LT(current_time(), kStart + 25h);
  EXPECT_EQ(clock_->locks(), 1);
}

TEST_F(TestServiceTest, ASleepWaitsForTheClockToBeUnlocked) {
  const Call sleep = begin("Sleep", sleep_of(24h));
  wire::SleepUntilRequest until;
  api::set_timestamp(until.mutable_timestamp(), kStart + 12h);
  const Call sleep_until = begin("SleepUntil", until);
  EXPECT_EQ(sleep.answer.wait_for(10ms), std::future_status::timeout);
  EXPECT_TRUE(begin("UnlockTimeSkipping", wire::UnlockTimeSkippingRequest()).answer.get().ok());
  sleep_until.answer.wait();
  sleep.answer.wait();
  EXPECT_GE(current_time(), kStart + 24h);
}

TEST_F(TestServiceTest, ASleepUntilThePastReturns) {
  EXPECT_TRUE(begin("SleepUntil", wire::SleepUntilRequest()).answer.get().ok());
}

TEST_F(TestServiceTest, ThereMustBeALockToTakeAway) {
  EXPECT_TRUE(begin("UnlockTimeSkipping", wire::UnlockTimeSkippingRequest()).answer.get().ok());
  for (const char* method : {"UnlockTimeSkipping", "UnlockTimeSkippingWithSleep"}) {
    const Status refused = begin(method, sleep_of(1s)).answer.get();
    EXPECT_EQ(refused.code(), Code::kFailedPrecondition);
    EXPECT_THAT(refused.message(), HasSubstr("no lock to take away"));
  }
  EXPECT_TRUE(begin("LockTimeSkipping", wire::LockTimeSkippingRequest()).answer.get().ok());
  EXPECT_EQ(clock_->locks(), 1);
}

TEST_F(TestServiceTest, ACancelledSleepIsAnsweredOnce) {
  Call sleep = begin("Sleep", sleep_of(24h));
  service_->cancel(sleep.ticket);
  EXPECT_EQ(sleep.answer.get().code(), Code::kCancelled);
  EXPECT_TRUE(begin("UnlockTimeSkippingWithSleep", sleep_of(25h)).answer.get().ok());  // past its end
  service_->cancel(sleep.ticket);
}

TEST_F(TestServiceTest, DurationsAreChecked) {
  EXPECT_EQ(begin("Sleep", sleep_of(-1s)).answer.get().code(), Code::kInvalidArgument);
  Call for_ever = begin("Sleep", sleep_of(Duration::max()));
  EXPECT_EQ(for_ever.answer.wait_for(1ms), std::future_status::timeout);
  service_->cancel(for_ever.ticket);
  for_ever.answer.wait();
}

}  // namespace
}  // namespace perdure::test_service
