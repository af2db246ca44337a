// Workflows over gRPC on an event loop of the program's own: gRPC's threads carry bytes and run no user's
// code.
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "perdure/perdure.h"
#include "tests/client_grpc/served_engine.h"
#include "tests/client_grpc/test_server.h"

namespace client_grpc_test::event_loop {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;
namespace activity = perdure::activity;

constexpr const char* kQueue = "loop-queue";

std::mutex g_mutex;
std::set<std::thread::id> g_threads;  // guarded by g_mutex

void note_thread() {
  const std::lock_guard lock(g_mutex);
  g_threads.insert(std::this_thread::get_id());
}

perdure::Task<std::string> greet_on_the_loop(std::string name) {
  note_thread();
  co_await activity::sleep(1ms);
  note_thread();
  activity::heartbeat(name);
  co_return "Hello, " + name;
}

class GreetingOnTheLoop {
 public:
  perdure::Task<std::string> run(std::string name) {
    note_thread();
    co_await workflow::sleep(1ms);
    const std::string greeting =
        co_await workflow::execute_activity<greet_on_the_loop>(name, {.start_to_close_timeout = 10s});
    co_await workflow::wait_condition([this] { return !by_.empty(); });
    note_thread();
    co_return greeting + " from " + by_;
  }
  void approve(std::string by) { by_ = std::move(by); }
  static constexpr auto signals = perdure::signals<&GreetingOnTheLoop::approve>();

 private:
  std::string by_;
};

// Refuses the first call of each method that is not a poll.
class OnceUnavailable {
 public:
  explicit OnceUnavailable(ServedEngine& engine) : engine_(engine) {}
  void serve(const std::shared_ptr<ServedCall>& call) {
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      first = seen_.insert(call->method()).second;
    }
    if (first && !call->method().starts_with("Poll")) {
      call->answer(grpc::Status(grpc::StatusCode::UNAVAILABLE, "not yet"), "");
    } else {
      engine_.serve(call);
    }
  }

 private:
  ServedEngine& engine_;
  std::mutex mutex_;
  std::set<std::string> seen_;  // guarded by mutex_
};

class EventLoopOverGrpc : public testing::Test {
 protected:
  template <class T>
  perdure::Answer<T> answer(perdure::Async<T> call) {
    std::optional<perdure::Answer<T>> answer;
    std::move(call).then([&](const perdure::Answer<T>& given) {
      note_thread();
      answer = given;
    });
    const auto give_up_at = std::chrono::steady_clock::now() + 30s;
    while (!answer && std::chrono::steady_clock::now() < give_up_at) {
      pump_->wait_and_run(100ms);
    }
    return answer.value();
  }

  const std::shared_ptr<perdure::Pump> pump_ = std::make_shared<perdure::Pump>();
  ServedEngine engine_;
  OnceUnavailable unavailable_{engine_};
  TestServer server_{[this](const std::shared_ptr<ServedCall>& call) { unavailable_.serve(call); }};
};

TEST_F(EventLoopOverGrpc, UsersCodeRunsOnTheLoopThroughTroubleToo) {
  const auto client =
      perdure::Client::connect("127.0.0.1:" + std::to_string(server_.port()), {.executor = pump_});
  std::optional<perdure::Worker> worker;
  worker.emplace(client, perdure::WorkerOptions{.task_queue = kQueue,
                                                .workflows = perdure::workflows<GreetingOnTheLoop>(),
                                                .activities = perdure::activities<greet_on_the_loop>()});
  worker->start();
  const perdure::AsyncClient async(client);
  const auto handle =
      answer(async.start_workflow<GreetingOnTheLoop>("you", {.id = "w", .task_queue = kQueue})).value();
  EXPECT_TRUE(answer(handle.signal<&GreetingOnTheLoop::approve>("me")));
  EXPECT_EQ(answer(handle.result()).value(), "Hello, you from me");
  EXPECT_THROW(answer(async.start_workflow<GreetingOnTheLoop>(
                          "you", {.id = "w",
                                  .task_queue = kQueue,
                                  .id_reuse_policy = perdure::WorkflowIdReusePolicy::kRejectDuplicate}))
                   .value(),
               perdure::WorkflowAlreadyStartedError);
  EXPECT_TRUE(answer(worker->async_stop()));
  worker.reset();
  const std::lock_guard lock(g_mutex);
  EXPECT_EQ(g_threads, std::set{std::this_thread::get_id()});
}

TEST_F(EventLoopOverGrpc, AWorkerIsDestroyedWhenItsLoopDoesNotRunAnyMore) {
  const auto client =
      perdure::Client::connect("127.0.0.1:" + std::to_string(server_.port()), {.executor = pump_});
  perdure::Worker worker(client, {.task_queue = kQueue,
                                  .workflows = perdure::workflows<GreetingOnTheLoop>(),
                                  .activities = perdure::activities<greet_on_the_loop>()});
  worker.start();
  pump_->wait_and_run(10ms);
}

}  // namespace client_grpc_test::event_loop
