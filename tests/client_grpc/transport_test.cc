// One call over gRPC: what the server sees, what the caller gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>

#include "client/connection.h"
#include "client/remote.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "tests/client_grpc/served_engine.h"
#include "tests/client_grpc/tcp_proxy.h"
#include "tests/client_grpc/test_server.h"

namespace client_grpc_test {
namespace {

using namespace std::chrono_literals;
namespace client = perdure::client;
namespace service = temporal::api::workflowservice::v1;
using perdure::Code;
using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

// Answers with the given statuses, one after the other, then with OK, and remembers what it saw.
class Scripted {
 public:
  explicit Scripted(std::vector<Status> statuses) : statuses_(statuses.begin(), statuses.end()) {}

  Handler handler() {
    return [this](const std::shared_ptr<ServedCall>& call) {
      Status status;
      {
        const std::lock_guard lock(mutex_);
        calls_.push_back(call);
        if (!statuses_.empty()) {
          status = statuses_.front();
          statuses_.pop_front();
        }
      }
      service::StartWorkflowExecutionResponse response;
      response.set_run_id("the run");
      call->answer(to_wire(status), response.SerializeAsString());
    };
  }
  std::vector<std::shared_ptr<ServedCall>> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  mutable std::mutex mutex_;
  std::deque<Status> statuses_;
  std::vector<std::shared_ptr<ServedCall>> calls_;
};

class TransportTest : public testing::Test {
 protected:
  client::Connection& connect(const std::string& address, client::RemoteOptions options = {}) {
    options.address = address;
    auto pacer = std::make_unique<InstantPacer>();
    pacer_ = pacer.get();
    connection_ = std::make_unique<client::Connection>(client::make_grpc_transport(options), "shop", "me",
                                                       false, std::move(pacer));
    return *connection_;
  }
  Status start(client::CallKind kind = client::CallKind::kCall) {
    service::StartWorkflowExecutionRequest request;
    request.set_namespace_("shop");
    request.set_request_id("the request");
    return client::call_with_retry(*connection_, "StartWorkflowExecution", request, &response_, kind);
  }

  InstantPacer* pacer_ = nullptr;
  std::unique_ptr<client::Connection> connection_;
  service::StartWorkflowExecutionResponse response_;
};

TEST_F(TransportTest, ACallBringsItsMetadataAndItsDeadline) {
  Scripted script({});
  const TestServer server(script.handler());
  connect(server.address(), {.metadata = {{"client-name", "perdure-cpp"}, {"x-tenant", "7"}}});
  ASSERT_TRUE(start().ok());
  EXPECT_EQ(response_.run_id(), "the run");
  const auto call = script.calls().at(0);
  EXPECT_EQ(call->method(), "StartWorkflowExecution");
  EXPECT_THAT(call->metadata(), Contains(Pair("client-name", "perdure-cpp")));
  EXPECT_THAT(call->metadata(), Contains(Pair("x-tenant", "7")));
  EXPECT_THAT(call->metadata(), Contains(Pair("user-agent", HasSubstr("perdure-cpp/"))));
  ASSERT_TRUE(call->timeout());
  EXPECT_LE(*call->timeout(), 10s);
  EXPECT_GT(*call->timeout(), 5s);
  ASSERT_TRUE(start(client::CallKind::kLongPoll).ok());
  EXPECT_GT(script.calls().at(1)->timeout(), Duration(60s));
}

TEST_F(TransportTest, RequestsMayBeCompressed) {
  Scripted script({});
  const TestServer server(script.handler());
  connect(server.address(), {.gzip = true});
  ASSERT_TRUE(start().ok());
  service::StartWorkflowExecutionRequest request;
  ASSERT_TRUE(request.ParseFromString(script.calls().at(0)->request()));
  EXPECT_EQ(request.request_id(), "the request");
}

TEST_F(TransportTest, AnErrorKeepsItsDetail) {
  temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure detail;
  detail.set_run_id("the other run");
  Scripted script({Status(Code::kAlreadyExists, "Workflow execution is already running.",
                          "temporal.api.errordetails.v1.WorkflowExecutionAlreadyStartedFailure",
                          detail.SerializeAsString())});
  const TestServer server(script.handler());
  connect(server.address());
  const Status status = start();
  EXPECT_EQ(status.code(), Code::kAlreadyExists);
  EXPECT_EQ(status.message(), "Workflow execution is already running.");
  EXPECT_EQ(status.detail_type(), "temporal.api.errordetails.v1.WorkflowExecutionAlreadyStartedFailure");
  temporal::api::errordetails::v1::WorkflowExecutionAlreadyStartedFailure received;
  ASSERT_TRUE(received.ParseFromString(status.detail()));
  EXPECT_EQ(received.run_id(), "the other run");
}

TEST_F(TransportTest, LongErrorsArriveWhole) {
  const std::string message(12'000, 'x');
  Scripted script({Status(Code::kInvalidArgument, message)});
  const TestServer server(script.handler());
  connect(server.address());
  EXPECT_EQ(start().message(), message);
}

TEST_F(TransportTest, AServerThatIsUnavailableForAWhileIsAskedAgainWithTheSameRequest) {
  Scripted script({3, Status(Code::kUnavailable, "not yet")});
  const TestServer server(script.handler());
  connect(server.address());
  EXPECT_TRUE(start().ok());
  const auto calls = script.calls();
  ASSERT_EQ(calls.size(), 4U);
  for (const auto& call : calls) {
    EXPECT_EQ(call->request(), calls[0]->request());
  }
  EXPECT_EQ(pacer_->pauses().size(), 3U);
}

TEST_F(TransportTest, AServerThatIsOverloadedIsGivenSeconds) {
  Scripted script({2, Status(Code::kResourceExhausted, "namespace rate limit exceeded")});
  const TestServer server(script.handler());
  connect(server.address());
  EXPECT_TRUE(start().ok());
  ASSERT_EQ(pacer_->pauses().size(), 2U);
  EXPECT_GE(pacer_->pauses()[0], 800ms);
  EXPECT_GE(pacer_->pauses()[1], 1600ms);
}

TEST_F(TransportTest, ARefusalIsFinal) {
  Scripted script({Status(Code::kInvalidArgument, "WorkflowId is not set on request.")});
  const TestServer server(script.handler());
  connect(server.address());
  EXPECT_EQ(start().code(), Code::kInvalidArgument);
  EXPECT_EQ(script.calls().size(), 1U);
}

TEST_F(TransportTest, AServerThatIsNotThereIsUnavailable) {
  auto server = std::make_unique<TestServer>(Scripted({}).handler());
  const std::string address = server->address();
  server.reset();
  connect(address);
  const Status status = start();
  EXPECT_EQ(status.code(), Code::kUnavailable);
  EXPECT_THAT(status.message(), HasSubstr(address));
  EXPECT_GE(pacer_->pauses().size(), 6U);
}

// No server is in this process meanwhile: gRPC's callback threads end with the last user of them, and the
// last user's end is one of their callbacks.
TEST_F(TransportTest, ATransportMayEndInTheAnswerToItsOwnCall) {
  std::string nowhere;
  {
    const TestServer gone([](const auto&) {});
    nowhere = gone.address();
  }
  for (int i = 0; i < 20; ++i) {
    client::RemoteOptions options;
    options.address = nowhere;
    auto transport = client::make_grpc_transport(options);
    service::GetSystemInfoRequest request;
    service::GetSystemInfoResponse response;
    std::promise<Code> ended;
    client::Transport& used = *transport;
    used.call(
        "GetSystemInfo", request, &response, {},
        [&ended, owned = std::make_shared<decltype(transport)>(std::move(transport))](const Status& status) {
          owned->reset();
          ended.set_value(status.code());
        });
    EXPECT_EQ(ended.get_future().get(), Code::kUnavailable);
  }
}

TEST_F(TransportTest, ACallThatLostItsConnectionAfterTheServerActedIsSentAgain) {
  TcpProxy* wire = nullptr;
  std::mutex mutex;
  std::vector<std::string> requests;
  const TestServer server([&](const std::shared_ptr<ServedCall>& call) {
    const std::lock_guard lock(mutex);
    requests.push_back(call->request());
    if (requests.size() == 1) {
      wire->cut();  // in place of an answer
    } else {
      call->answer(grpc::Status::OK, "");
    }
  });
  TcpProxy proxy(server.port());
  wire = &proxy;
  connect(proxy.address());
  EXPECT_TRUE(start().ok());
  const std::lock_guard lock(mutex);
  ASSERT_GE(requests.size(), 2U);
  EXPECT_EQ(requests[0], requests[1]);
}

TEST_F(TransportTest, ACancelledCallEndsAtOnceOnBothSides) {
  std::promise<std::shared_ptr<ServedCall>> arrived;
  std::promise<void> cancelled;
  const TestServer server([&](const std::shared_ptr<ServedCall>& call) {
    call->on_cancel([&] { cancelled.set_value(); });
    arrived.set_value(call);
  });
  connect(server.address());
  std::promise<Status> ended;
  const std::uint64_t ticket = connection_->transport().call(
      "PollWorkflowTaskQueue", service::PollWorkflowTaskQueueRequest(), &response_, std::nullopt,
      [&](Status status) { ended.set_value(std::move(status)); });
  const auto call = arrived.get_future().get();
  EXPECT_FALSE(call->timeout());
  connection_->transport().cancel(ticket);
  EXPECT_EQ(ended.get_future().get().code(), Code::kCancelled);
  cancelled.get_future().wait();
  connection_->transport().cancel(ticket);  // of a call that is over: nothing
}

TEST_F(TransportTest, ASlowServerRunsIntoTheDeadline) {
  const TestServer server([](const std::shared_ptr<ServedCall>&) {});
  connect(server.address());
  EXPECT_EQ(client::call_and_wait(connection_->transport(), "GetSystemInfo", service::GetSystemInfoRequest(),
                                  &response_, Duration(20ms))
                .code(),
            Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace client_grpc_test
