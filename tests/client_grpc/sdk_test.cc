// Workflows, activities and their worker over gRPC, on a wire that tears.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>

#include "client/remote.h"
#include "perdure/perdure.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"
#include "tests/client_grpc/served_engine.h"
#include "tests/client_grpc/tcp_proxy.h"
#include "tests/client_grpc/test_server.h"
#include "tests/sdk/fixture.h"

namespace client_grpc_test {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace service = temporal::api::workflowservice::v1;
using sdk_test::cause_at;
using sdk_test::error_of;

constexpr const char* kQueue = "test-queue";

std::atomic<int> greetings = 0;

std::string greet(std::string name) {
  ++greetings;
  return "Hello, " + name;
}
std::string large(int bytes) { return std::string(static_cast<std::size_t>(bytes), 'x'); }
void refuse(std::string why) { throw perdure::ApplicationError(why, {.type = "No", .non_retryable = true}); }

class Greeting {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await workflow::execute_activity<greet>(name, {.start_to_close_timeout = 10s});
  }
};

class Approval {
 public:
  perdure::Task<std::string> run(std::string name) {
    const std::string greeting =
        co_await workflow::execute_activity<greet>(name, {.start_to_close_timeout = 10s});
    co_await workflow::wait_condition([this] { return !by_.empty(); });
    co_return greeting + " approved by " + by_;
  }
  void approve(std::string by) { by_ = by; }
  static constexpr auto signals = perdure::signals<&Approval::approve>();

 private:
  std::string by_;
};

class Refusing {
 public:
  perdure::Task<> run() {
    co_await workflow::execute_activity<refuse>("no", {.start_to_close_timeout = 10s});
  }
};

class Large {
 public:
  perdure::Task<std::string> run(int bytes) {
    co_return co_await workflow::execute_activity<large>(bytes, {.start_to_close_timeout = 10s});
  }
};

class LargeResult {
 public:
  perdure::Task<std::string> run(int bytes) { co_return large(bytes); }
};

// A call that the engine acts on and whose caller hears nothing of it.
class Unanswered final : public ServedCall {
 public:
  Unanswered(std::shared_ptr<ServedCall> call, std::function<void()> acted)
      : call_(std::move(call)), acted_(std::move(acted)) {}
  const std::string& method() const override { return call_->method(); }
  const std::string& request() const override { return call_->request(); }
  const std::map<std::string, std::string>& metadata() const override { return call_->metadata(); }
  std::optional<Duration> timeout() const override { return call_->timeout(); }
  void answer(const grpc::Status&, const std::string&) override { acted_(); }
  void on_cancel(std::function<void()>) override {}

 private:
  const std::shared_ptr<ServedCall> call_;
  const std::function<void()> acted_;
};

// The engine behind a gRPC server behind a wire that can be cut.
class SdkOverGrpc : public testing::Test {
 protected:
  SdkOverGrpc()
      : server_([this](const std::shared_ptr<ServedCall>& call) { serve(call); }), wire_(server_.port()) {}

  // Called before the engine sees a call; true: it answered, or will.
  using Interceptor = std::function<bool(const std::shared_ptr<ServedCall>&)>;
  void intercept(Interceptor interceptor) {
    const std::lock_guard lock(mutex_);
    interceptor_ = std::move(interceptor);
  }
  int seen(const std::string& method) const {
    const std::lock_guard lock(mutex_);
    const auto found = seen_.find(method);
    return found == seen_.end() ? 0 : found->second;
  }

  const perdure::Client& client() {
    if (!client_) {
      client_ = perdure::Client::connect(wire_.address());
    }
    return *client_;
  }
  std::unique_ptr<perdure::Worker> worker() {
    auto worker = std::make_unique<perdure::Worker>(
        client(), perdure::WorkerOptions{
                      .task_queue = kQueue,
                      .workflows = perdure::workflows<Greeting, Approval, Refusing, Large, LargeResult>(),
                      .activities = perdure::activities<greet, large, refuse>()});
    worker->start();
    return worker;
  }
  static bool eventually(const std::function<bool()>& holds) {
    const auto give_up_at = std::chrono::steady_clock::now() + 30s;
    while (!holds() && std::chrono::steady_clock::now() < give_up_at) {
      std::this_thread::yield();
    }
    return holds();
  }

  ServedEngine engine_;
  mutable std::mutex mutex_;
  Interceptor interceptor_;
  std::map<std::string, int> seen_;
  TestServer server_;
  TcpProxy wire_;
  std::optional<perdure::Client> client_;

 private:
  void serve(const std::shared_ptr<ServedCall>& call) {
    Interceptor interceptor;
    {
      const std::lock_guard lock(mutex_);
      ++seen_[call->method()];
      interceptor = interceptor_;
    }
    if (!interceptor || !interceptor(call)) {
      engine_.serve(call);
    }
  }
};

TEST_F(SdkOverGrpc, AWorkflowRunsToItsResult) {
  const auto running = worker();
  EXPECT_EQ(client().execute_workflow<Greeting>("x", {.id = "w", .task_queue = kQueue}), "Hello, x");
  EXPECT_THAT(client().get_workflow_handle<Greeting>("w").fetch_history(), testing::HasSubstr("greet"));
}

// Marks what it encodes; and a link that sends and reads a header.
class Marking final : public perdure::PayloadCodec, public perdure::Interceptor {
 public:
  perdure::Payloads encode(perdure::Payloads payloads) override {
    for (perdure::Payload& payload : payloads) {
      payload = {{{"encoding", "binary/marked"}}, "marked" + perdure::serialize_payload(payload)};
    }
    return payloads;
  }
  perdure::Payloads decode(perdure::Payloads payloads) override {
    for (perdure::Payload& payload : payloads) {
      if (payload.metadata_value("encoding") == "binary/marked") {
        payload = perdure::parse_payload(payload.data.substr(6));
      }
    }
    return payloads;
  }
  std::unique_ptr<perdure::ClientOutboundInterceptor> intercept_client(
      std::unique_ptr<perdure::ClientOutboundInterceptor> next) override {
    class Link final : public perdure::ClientOutboundInterceptor {
     public:
      using ClientOutboundInterceptor::ClientOutboundInterceptor;
      perdure::StartWorkflowOutput start_workflow(perdure::StartWorkflowInput input) override {
        input.headers["suffix"] = perdure::to_payload(" and all");
        return next().start_workflow(std::move(input));
      }
    };
    return std::make_unique<Link>(std::move(next));
  }
  std::unique_ptr<perdure::WorkflowInboundInterceptor> intercept_workflow(
      std::unique_ptr<perdure::WorkflowInboundInterceptor> next) override {
    class Link final : public perdure::WorkflowInboundInterceptor {
     public:
      using WorkflowInboundInterceptor::WorkflowInboundInterceptor;
      perdure::Task<perdure::ExecuteWorkflowOutput> execute_workflow(
          perdure::ExecuteWorkflowInput input) override {
        const auto suffix = perdure::from_payload<std::string>(input.headers.at("suffix"));
        auto output = co_await next().execute_workflow(std::move(input));
        output.result = perdure::to_payload(perdure::from_payload<std::string>(output.result) + suffix);
        co_return output;
      }
    };
    return std::make_unique<Link>(std::move(next));
  }
};

TEST_F(SdkOverGrpc, PayloadsAreCodedAndHeadersTravel) {
  const auto marking = std::make_shared<Marking>();
  client_ = perdure::Client::connect(
      wire_.address(), {.data_converter = {.payload_codec = marking}, .interceptors = {marking}});
  const auto running = worker();
  const auto handle = client().start_workflow<Greeting>("x", {.id = "w", .task_queue = kQueue});
  EXPECT_EQ(handle.result(), "Hello, x and all");
  const std::string history = handle.fetch_history();
  const std::string readable = "anNvbi9wbGFpbg==";  // json/plain, in base64
  const std::size_t first = history.find(readable);
  EXPECT_EQ(history.find(readable, first + 1), std::string::npos) << history;
  // That is the header, which nobody encodes.
  EXPECT_THAT(history, testing::HasSubstr("IiBhbmQgYWxsIg=="));
}

TEST_F(SdkOverGrpc, AFailureArrivesWithItsCauses) {
  const auto running = worker();
  const auto error = error_of<perdure::WorkflowFailureError>(
      [&] { client().execute_workflow<Refusing>({.id = "w", .task_queue = kQueue}); });
  ASSERT_TRUE(error);
  const auto* cause = cause_at<perdure::ApplicationError>(*error, 1);
  ASSERT_NE(cause, nullptr);
  EXPECT_EQ(cause->type(), "No");
}

TEST_F(SdkOverGrpc, ATakenIdNamesTheRunThatHasIt) {
  const auto handle = client().start_workflow<Greeting>("x", {.id = "w", .task_queue = kQueue});
  const auto error = error_of<perdure::WorkflowAlreadyStartedError>(
      [&] { client().start_workflow<Greeting>("x", {.id = "w", .task_queue = kQueue}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->run_id(), handle.run_id());
}

TEST_F(SdkOverGrpc, AnUnknownWorkflowIsNotFound) {
  EXPECT_THROW(client().get_workflow_handle<Greeting>("w").result(), perdure::WorkflowNotFoundError);
}

TEST_F(SdkOverGrpc, AStartWhoseAnswerWasLostAttachesToItsRun) {
  std::atomic<int> starts = 0;
  client();
  intercept([&](const std::shared_ptr<ServedCall>& call) {
    if (call->method() == "StartWorkflowExecution" && starts++ == 0) {
      engine_.serve(std::make_shared<Unanswered>(call, [this] { wire_.cut(); }));
      return true;
    }
    return false;
  });
  const auto handle = client().start_workflow<Greeting>("x", {.id = "w", .task_queue = kQueue});
  EXPECT_EQ(starts, 2);
  EXPECT_EQ(handle.run_id(), handle.describe().run_id);
  const auto running = worker();
  EXPECT_EQ(handle.result(), "Hello, x");
}

TEST_F(SdkOverGrpc, ASignalWhoseAnswerWasLostIsReceivedOnce) {
  std::atomic<int> signals = 0;
  const auto handle = client().start_workflow<Approval>("x", {.id = "w", .task_queue = kQueue});
  intercept([&](const std::shared_ptr<ServedCall>& call) {
    if (call->method() == "SignalWorkflowExecution" && signals++ == 0) {
      engine_.serve(std::make_shared<Unanswered>(call, [this] { wire_.cut(); }));
      return true;
    }
    return false;
  });
  handle.signal<&Approval::approve>("me");
  EXPECT_EQ(signals, 2);
  EXPECT_EQ(handle.describe().history_length, 3);  // started, task scheduled, signaled
}

TEST_F(SdkOverGrpc, AWorkerOutlivesAServerThatGoesAwayAndComesBack) {
  const auto running = worker();
  const auto handle = client().start_workflow<Approval>("x", {.id = "w", .task_queue = kQueue});
  ASSERT_TRUE(eventually([&] { return handle.describe().history_length >= 10; }));
  const int polls = seen("PollWorkflowTaskQueue");
  wire_.break_down();
  const int connections = wire_.connections();
  wire_.restore();
  // Signals and results are asked for again until the connection is back.
  handle.signal<&Approval::approve>("me");
  EXPECT_EQ(handle.result(), "Hello, x approved by me");
  EXPECT_GT(wire_.connections(), connections);
  EXPECT_GT(seen("PollWorkflowTaskQueue"), polls);
}

TEST_F(SdkOverGrpc, TheAnswerOfAnActivityIsSentAgainAndNotTheActivityRun) {
  std::atomic<int> answers = 0;
  const auto running = worker();
  intercept([&](const std::shared_ptr<ServedCall>& call) {
    if (call->method() == "RespondActivityTaskCompleted" && answers++ < 2) {
      call->answer(grpc::Status(grpc::UNAVAILABLE, "not now"), "");
      return true;
    }
    return false;
  });
  greetings = 0;
  EXPECT_EQ(client().execute_workflow<Greeting>("x", {.id = "w", .task_queue = kQueue}), "Hello, x");
  EXPECT_EQ(greetings, 1);
  EXPECT_EQ(answers, 3);
}

TEST_F(SdkOverGrpc, PollsThatAreRefusedAreTriedAgain) {
  std::atomic<int> refusals = 0;
  intercept([&](const std::shared_ptr<ServedCall>& call) {
    if (call->method().starts_with("Poll") && refusals++ < 5) {
      refusals.notify_all();
      call->answer(grpc::Status(grpc::PERMISSION_DENIED, "a proxy that is not ready"), "");
      return true;
    }
    return false;
  });
  const auto running = worker();
  refusals.wait(0);  // until the first poll has come
  // Pauses of polls that look final are the longest ones, so the worker's other polls do the work.
  EXPECT_GE(refusals, 1);
}

TEST_F(SdkOverGrpc, AWorkerStopsAtOnceAndSaysSo) {
  const auto running = worker();
  ASSERT_TRUE(eventually([&] { return seen("PollWorkflowTaskQueue") > 1; }));
  const auto begin = std::chrono::steady_clock::now();
  running->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
  EXPECT_GE(seen("ShutdownWorker"), 1);
}

// Counts the cancellations of a call.
class Watched final : public ServedCall {
 public:
  Watched(std::shared_ptr<ServedCall> call, std::shared_ptr<std::atomic<int>> cancelled)
      : call_(std::move(call)), cancelled_(std::move(cancelled)) {}
  const std::string& method() const override { return call_->method(); }
  const std::string& request() const override { return call_->request(); }
  const std::map<std::string, std::string>& metadata() const override { return call_->metadata(); }
  std::optional<Duration> timeout() const override { return call_->timeout(); }
  void answer(const grpc::Status& status, const std::string& response) override {
    answered_ = true;
    call_->answer(status, response);
  }
  bool answered() const { return answered_; }
  void on_cancel(std::function<void()> cancelled) override {
    call_->on_cancel([counter = cancelled_, cancelled] {
      ++*counter;
      cancelled();
    });
  }

 private:
  const std::shared_ptr<ServedCall> call_;
  const std::shared_ptr<std::atomic<int>> cancelled_;
  std::atomic<bool> answered_ = false;
};

TEST_F(SdkOverGrpc, NoPollIsCancelledWhenTheServerEndsThoseOfAWorkerThatStops) {
  for (const bool server_ends_polls : {true, false}) {
    const auto cancelled = std::make_shared<std::atomic<int>>(0);
    std::vector<std::shared_ptr<Watched>> watched;
    intercept([&](const std::shared_ptr<ServedCall>& call) {
      if (call->method() == "DescribeNamespace") {
        service::DescribeNamespaceResponse response;
        response.mutable_namespace_info()->mutable_capabilities()->set_worker_poll_complete_on_shutdown(
            server_ends_polls);
        call->answer(grpc::Status::OK, response.SerializeAsString());
        return true;
      }
      if (call->method().starts_with("Poll")) {
        const std::lock_guard lock(mutex_);
        watched.push_back(std::make_shared<Watched>(call, cancelled));
        engine_.serve(watched.back());
        return true;
      }
      return false;
    });
    const auto running = worker();
    // All of them wait in the engine, which does not remember the workers that have said that they stop.
    ASSERT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex_);
      return watched.size() == 32;
    }));
    running->stop();
    if (server_ends_polls) {
      EXPECT_EQ(*cancelled, 0);
    } else {
      EXPECT_TRUE(eventually([&] { return *cancelled > 0; }));
    }
    // No call refers to this round's variables any more.
    client_.reset();
    intercept(nullptr);
    EXPECT_TRUE(eventually([&] {
      return std::all_of(watched.begin(), watched.end(), [](const auto& call) { return call->answered(); });
    }));
  }
}

TEST_F(SdkOverGrpc, AWorkerStopsWhileTheServerIsGone) {
  const auto running = worker();
  ASSERT_TRUE(eventually([&] { return seen("PollWorkflowTaskQueue") > 1; }));
  wire_.break_down();
  const auto begin = std::chrono::steady_clock::now();
  running->stop();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(SdkOverGrpc, EachWorkerHasAStickyQueueOfItsOwn) {
  std::set<std::string> queues;
  intercept([&](const std::shared_ptr<ServedCall>& call) {
    service::PollWorkflowTaskQueueRequest request;
    if (call->method() == "PollWorkflowTaskQueue" && request.ParseFromString(call->request()) &&
        request.task_queue().kind() == temporal::api::enums::v1::TASK_QUEUE_KIND_STICKY) {
      EXPECT_EQ(request.task_queue().normal_name(), kQueue);
      EXPECT_FALSE(request.worker_instance_key().empty());
      const std::lock_guard lock(mutex_);
      queues.insert(request.task_queue().name());
    }
    return false;
  });
  for (const std::size_t workers : {1U, 2U}) {
    const auto running = worker();
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex_);
      return queues.size() == workers;
    }));
  }
}

TEST_F(SdkOverGrpc, AWorkerOfANamespaceThatIsNotThereDoesNotStart) {
  const perdure::Client elsewhere = perdure::Client::connect(wire_.address(), {.namespace_name = "nowhere"});
  perdure::Worker worker(elsewhere, {.task_queue = kQueue, .activities = perdure::activities<greet>()});
  const auto error = error_of<perdure::RpcError>([&] { worker.start(); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), testing::HasSubstr("nowhere"));
}

// A server with Temporal's limit of 4 MiB.
class LimitedSdkOverGrpc : public SdkOverGrpc {
 protected:
  LimitedSdkOverGrpc() {
    intercept([](const std::shared_ptr<ServedCall>& call) {
      if (call->request().size() <= 4'194'304) {
        return false;
      }
      call->answer(grpc::Status(grpc::RESOURCE_EXHAUSTED, "grpc: received message larger than max (" +
                                                              std::to_string(call->request().size()) +
                                                              " vs. 4194304)"),
                   "");
      return true;
    });
  }
};

TEST_F(LimitedSdkOverGrpc, AnActivityWhoseResultIsTooLargeFailsForGood) {
  const auto running = worker();
  const auto error = error_of<perdure::WorkflowFailureError>(
      [&] { client().execute_workflow<Large>(5'000'000, {.id = "w", .task_queue = kQueue}); });
  ASSERT_TRUE(error);
  const auto* cause = cause_at<perdure::ApplicationError>(*error, 1);
  ASSERT_NE(cause, nullptr);
  EXPECT_EQ(cause->type(), "GrpcMessageTooLarge");
  EXPECT_EQ(seen("RespondActivityTaskCompleted"), 1);
}

TEST_F(LimitedSdkOverGrpc, AWorkflowTaskWhoseCommandsAreTooLargeIsReported) {
  const auto running = worker();
  const auto error = error_of<perdure::WorkflowFailureError>(
      [&] { client().execute_workflow<LargeResult>(5'000'000, {.id = "w", .task_queue = kQueue}); });
  ASSERT_TRUE(error);
  EXPECT_NE(cause_at<perdure::TerminatedError>(*error, 0), nullptr);
}

TEST_F(LimitedSdkOverGrpc, AStartThatIsTooLargeIsRefusedAtOnce) {
  const auto error = error_of<perdure::RpcError>(
      [&] { client().start_workflow<Greeting>(large(5'000'000), {.id = "w", .task_queue = kQueue}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code(), perdure::RpcStatusCode::kResourceExhausted);
  EXPECT_EQ(seen("StartWorkflowExecution"), 1);
}

}  // namespace client_grpc_test
