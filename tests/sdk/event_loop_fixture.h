#pragma once
// A client on a loop that the test runs, and workflows that note the threads they run on.
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "tests/sdk/fixture.h"

namespace sdk_test::event_loop {

using perdure::Answer;
using perdure::AsyncClient;
using perdure::FunctionActivities;
using testing::ElementsAre;
using testing::HasSubstr;

inline std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

// The threads that code of users ran on.
class Threads {
 public:
  void note() {
    const std::lock_guard lock(mutex_);
    seen_.insert(std::this_thread::get_id());
  }
  std::set<std::thread::id> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(seen_, {});
  }

 private:
  std::mutex mutex_;
  std::set<std::thread::id> seen_;
};
inline Threads g_threads;

inline perdure::Task<std::string> greet_later(std::string name) {
  g_threads.note();
  co_await activity::sleep(1ms);
  g_threads.note();
  co_return "Hello, " + name;
}
inline std::string greet_now(std::string name) {
  g_threads.note();
  return "Hello, " + name;
}
inline bool g_waits = false;
inline perdure::Task<> wait_to_be_cancelled() {
  g_waits = true;
  while (true) {
    co_await activity::sleep(1h);
  }
}

class GreetLater {
 public:
  perdure::Task<std::string> run(std::string name) {
    g_threads.note();
    co_await workflow::sleep(1ms);
    const std::string greeting =
        co_await workflow::execute_activity<greet_later>(name, {.start_to_close_timeout = 10s});
    const std::string local =
        co_await workflow::execute_local_activity<greet_later>("locally", {.start_to_close_timeout = 10s});
    co_await workflow::wait_condition([this] { return !by_.empty(); });
    g_threads.note();
    co_return greeting + " and " + local + " from " + by_;
  }
  void approve(std::string by) { by_ = std::move(by); }
  static constexpr auto signals = perdure::signals<&GreetLater::approve>();

 private:
  std::string by_;
};
class GreetNow {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await workflow::execute_activity<greet_now>(name, {.start_to_close_timeout = 10s});
  }
};
class WaitsForItsActivity {
 public:
  perdure::Task<> run() {
    co_await workflow::execute_activity<wait_to_be_cancelled>({.start_to_close_timeout = 1h});
  }
};
class Fails {
 public:
  perdure::Task<int> run() {
    throw perdure::ApplicationError("as it should", {.type = "Planned"});
    co_return 1;
  }
};
class WaitsForEver {
 public:
  perdure::Task<> run() { co_await workflow::sleep(24h); }
};

inline perdure::WorkerOptions coroutines() {
  return {.task_queue = kQueue,
          .workflows = perdure::workflows<GreetLater, WaitsForItsActivity, Fails, WaitsForEver>(),
          .activities = perdure::activities<greet_later, wait_to_be_cancelled>()};
}

class EventLoopTest : public SdkTest {
 protected:
  EventLoopTest() {
    g_threads.take();
    client_ = connect();
  }
  perdure::Client connect(bool engine_thread = false) {
    return perdure::Client::connect("file:" + directory_.string(),
                                    {.executor = pump_, .engine_thread = engine_thread});
  }
  // Runs the loop until `done`; 30 s are too long.
  void run_until(const std::function<bool()>& done) {
    const auto give_up_at = std::chrono::steady_clock::now() + 30s;
    while (!done()) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up_at) << "it does not come";
      pump_->wait_and_run(100ms);
    }
  }
  // Runs the loop until there is an answer.
  template <class T>
  Answer<T> answer(perdure::Async<T> call) {
    std::optional<Answer<T>> answer;
    std::move(call).then([&](Answer<T> given) { answer = std::move(given); });
    EXPECT_FALSE(answer) << "within then()";
    run_until([&] { return answer.has_value(); });
    return *answer;
  }

  const std::shared_ptr<perdure::Pump> pump_ = std::make_shared<perdure::Pump>();
};

}  // namespace sdk_test::event_loop
