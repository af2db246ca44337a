// Perdure on an event loop of the program's own: what runs where, what waits for what, and how it ends.
#include <poll.h>

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "perdure/process_activities.h"
#include "tests/sdk/fixture.h"
#include "tests/support/kept_log.h"

namespace sdk_test::event_loop {

using perdure::Answer;
using perdure::AsyncClient;
using perdure::FunctionActivities;
using testing::ElementsAre;
using testing::HasSubstr;

std::size_t threads_of_this_process() {
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
Threads g_threads;

perdure::Task<std::string> greet_later(std::string name) {
  g_threads.note();
  co_await activity::sleep(1ms);
  g_threads.note();
  co_return "Hello, " + name;
}
std::string greet_now(std::string name) {
  g_threads.note();
  return "Hello, " + name;
}
bool g_waits = false;
perdure::Task<> wait_to_be_cancelled() {
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

perdure::WorkerOptions coroutines() {
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

// ---- where it runs

TEST_F(EventLoopTest, EverythingRunsOnTheLoopAndNoThreadIsMade) {
  disconnect();
  const std::size_t threads = threads_of_this_process();
  client_ = connect();
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const AsyncClient async(*client_);
  const auto handle =
      answer(async.start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue})).value();
  EXPECT_TRUE(answer(handle.signal<&GreetLater::approve>("me")));
  EXPECT_EQ(answer(handle.result()).value(), "Hello, you and Hello, locally from me");
  EXPECT_EQ(answer(handle.describe()).value().status, perdure::WorkflowExecutionStatus::kCompleted);
  EXPECT_EQ(threads_of_this_process(), threads);
  EXPECT_THAT(g_threads.take(), ElementsAre(std::this_thread::get_id()));
}

TEST_F(EventLoopTest, TheEngineHasAThreadWhenItIsAskedFor) {
  disconnect();
  const std::size_t threads = threads_of_this_process();
  client_ = connect(/*engine_thread=*/true);
  EXPECT_EQ(threads_of_this_process(), threads + 1);
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const AsyncClient async(*client_);
  const auto handle =
      answer(async.start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue})).value();
  EXPECT_TRUE(answer(handle.signal("approve", "me")));
  EXPECT_EQ(answer(handle.result()).value(), "Hello, you and Hello, locally from me");
  EXPECT_EQ(threads_of_this_process(), threads + 1);
  EXPECT_THAT(g_threads.take(), ElementsAre(std::this_thread::get_id()));
}

TEST_F(EventLoopTest, FunctionsRunWhereTheProgramSays) {
  perdure::WorkerOptions options{.task_queue = kQueue,
                                 .workflows = perdure::workflows<GreetNow>(),
                                 .activities = perdure::activities<greet_now>()};
  const auto refused = error_of<perdure::OptionsError>([&] { perdure::Worker(*client_, options); });
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->what(), HasSubstr("greet_now is a function"));
  const AsyncClient async(*client_);
  for (const auto where : {FunctionActivities::kOnExecutor, FunctionActivities::kOnThreads}) {
    const bool on_loop = where == FunctionActivities::kOnExecutor;
    options.function_activities = where;
    perdure::Worker worker(*client_, options);
    worker.start();
    EXPECT_EQ(answer(async.execute_workflow<GreetNow>(
                         "you", {.id = on_loop ? "loop" : "threads", .task_queue = kQueue}))
                  .value(),
              "Hello, you");
    const std::set<std::thread::id> threads = g_threads.take();
    ASSERT_EQ(threads.size(), 1U);
    EXPECT_EQ(*threads.begin() == std::this_thread::get_id(), on_loop);
  }
}

TEST_F(EventLoopTest, ProcessActivitiesNeedThreads) {
  perdure::WorkerOptions options{.task_queue = kQueue,
                                 .activities = perdure::process_activities<greet_now>(),
                                 .function_activities = FunctionActivities::kOnExecutor};
  const auto refused = error_of<perdure::OptionsError>([&] { perdure::Worker(*client_, options); });
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->what(), HasSubstr("process activity"));
}

TEST_F(EventLoopTest, WhatNeedsAnExecutorSaysSo) {
  disconnect();
  const auto plain = perdure::Client::connect("file:" + directory_.string());
  EXPECT_THROW(AsyncClient{plain}, perdure::OptionsError);
  perdure::WorkerOptions options = coroutines();
  options.function_activities = FunctionActivities::kOnExecutor;
  EXPECT_THROW(perdure::Worker(plain, options), perdure::OptionsError);
  options.function_activities = std::nullopt;
  perdure::Worker worker(plain, options);
  EXPECT_THROW((void)worker.async_stop(), perdure::PerdureError);
  EXPECT_THROW(perdure::Client::connect("127.0.0.1:1", {.executor = pump_, .engine_thread = true}),
               perdure::OptionsError);
}

// A loop as a program may have one: posts from any thread, timers of its own thread.
class HandWrittenLoop final : public perdure::Executor {
 public:
  void post(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    posted_.push_back(std::move(work));
    changed_.notify_all();
  }
  std::shared_ptr<void> run_after(std::chrono::nanoseconds delay, std::function<void()> work) override {
    EXPECT_EQ(thread_, std::this_thread::get_id());
    EXPECT_TRUE(timer_.expired()) << "there is one timer at a time";
    const auto timer = std::make_shared<std::function<void()>>(std::move(work));
    timer_ = timer;
    due_ = std::chrono::steady_clock::now() + delay;
    return timer;
  }
  void run() {
    thread_ = std::this_thread::get_id();
    while (!ended_) {
      std::function<void()> work;
      {
        std::unique_lock lock(mutex_);
        const auto ready = [&] { return !posted_.empty(); };
        if (timer_.expired()) {
          changed_.wait(lock, ready);
        } else {
          changed_.wait_until(lock, due_, ready);
        }
        if (ready()) {
          work = std::move(posted_.front());
          posted_.pop_front();
        }
      }
      if (work) {
        work();
      } else if (const auto timer = timer_.lock(); timer && due_ <= std::chrono::steady_clock::now()) {
        timer_.reset();
        (*timer)();
      }
    }
  }
  void end() {
    post([this] { ended_ = true; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> posted_;  // guarded by mutex_
  std::thread::id thread_;
  std::weak_ptr<std::function<void()>> timer_;
  std::chrono::steady_clock::time_point due_;
  bool ended_ = false;
};

TEST_F(EventLoopTest, ALoopOfTheProgramsOwnDrivesIt) {
  disconnect();
  const auto loop = std::make_shared<HandWrittenLoop>();
  std::optional<perdure::Worker> worker;
  std::string greeting;
  std::thread::id loops_thread;
  std::thread running([&] {
    loops_thread = std::this_thread::get_id();
    client_ = perdure::Client::connect("file:" + directory_.string(), {.executor = loop});
    worker.emplace(*client_, coroutines());
    worker->start();
    const AsyncClient async(*client_);
    async.start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue}).then([&](const auto& started) {
      started.value().template signal<&GreetLater::approve>("me").then([](const auto&) {});
      started.value().result().then([&](const Answer<std::string>& result) {
        greeting = result.value();
        g_threads.note();
        worker->async_stop().then([&](const auto&) {
          worker.reset();
          loop->end();
        });
      });
    });
    loop->run();
    client_.reset();
  });
  running.join();
  EXPECT_EQ(greeting, "Hello, you and Hello, locally from me");
  EXPECT_THAT(g_threads.take(), ElementsAre(loops_thread));
}

// ---- calls

TEST_F(EventLoopTest, ShortCallsMayBlockAndWaitingForAWorkflowMayNot) {
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  // Before the loop has ever run, too.
  const auto handle = client_->start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue});
  EXPECT_EQ(handle.describe().status, perdure::WorkflowExecutionStatus::kRunning);
  handle.signal<&GreetLater::approve>("me");
  pump_->wait_and_run(1s);
  const auto refused = error_of<perdure::PerdureError>([&] { handle.result(); });
  ASSERT_TRUE(refused);
  EXPECT_THAT(refused->what(), HasSubstr("AsyncClient"));
  // On another thread it may.
  std::atomic<bool> done = false;
  std::string result;
  std::thread caller([&] {
    result = handle.result();
    done = true;
  });
  run_until([&] { return done.load(); });
  caller.join();
  EXPECT_EQ(result, "Hello, you and Hello, locally from me");
}

TEST_F(EventLoopTest, ErrorsArePartOfTheAnswer) {
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const AsyncClient async(*client_);
  const auto failed = answer(async.execute_workflow<Fails>({.id = "fails", .task_queue = kQueue}));
  EXPECT_FALSE(failed);
  EXPECT_THROW(failed.value(), perdure::WorkflowFailureError);
  const perdure::WorkflowOptions once{.id = "once", .task_queue = kQueue};
  EXPECT_TRUE(answer(async.start_workflow<WaitsForEver>(once)));
  EXPECT_THROW(answer(async.start_workflow<WaitsForEver>(once)).value(),
               perdure::WorkflowAlreadyStartedError);
  const auto once_handle = async.get_workflow_handle<WaitsForEver>("once");
  EXPECT_TRUE(answer(once_handle.terminate("enough")));
  EXPECT_THROW(answer(once_handle.result()).value(), perdure::WorkflowFailureError);
  EXPECT_THROW(answer(async.get_workflow_handle<Fails>("nobody").cancel()).value(),
               perdure::WorkflowNotFoundError);
  EXPECT_THROW((void)async.start_workflow<WaitsForEver>({.task_queue = kQueue}), perdure::OptionsError);
}

TEST_F(EventLoopTest, WhatACallbackThrowsComesOutOfTheLoop) {
  const AsyncClient async(*client_);
  for (const std::string id : {"a", "b", "c"}) {
    async.start_workflow<WaitsForEver>({.id = id, .task_queue = kQueue}).then([](const auto&) {
      throw std::runtime_error("a callback");
    });
  }
  for (int thrown = 0; thrown < 3;) {
    try {
      pump_->wait_and_run(1s);
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_TRUE(answer(async.get_workflow_handle<WaitsForEver>("c").describe()));
}

TEST_F(EventLoopTest, ALoopThatIsNotRunMakesNoProgressAndLosesNothing) {
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const auto handle = client_->start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue});
  handle.signal<&GreetLater::approve>("me");
  EXPECT_TRUE(g_threads.take().empty());
  EXPECT_EQ(answer(AsyncClient(*client_).get_workflow_handle<GreetLater>("w").result()).value(),
            "Hello, you and Hello, locally from me");
}

TEST_F(EventLoopTest, AClientThatIsGoneAnswersNobodyAndLetsGoOfItsState) {
  bool called = false;
  {
    const AsyncClient async(*client_);
    const auto handle = answer(async.start_workflow<WaitsForEver>({.id = "w", .task_queue = kQueue})).value();
    handle.result().then([&](const auto&) { called = true; });
  }
  disconnect();
  client_ = connect();  // the directory belongs to one client at a time
  EXPECT_EQ(client_->get_workflow_handle<WaitsForEver>("w").describe().status,
            perdure::WorkflowExecutionStatus::kRunning);
  while (pump_->run_ready() > 0) {
  }
  EXPECT_FALSE(called);
}

// ---- coroutines

perdure::Task<std::string> greet_by_workflow(std::string name) {
  const AsyncClient async(activity::client());
  const std::string id = activity::info().workflow_id + "/greeting";
  const auto handle = co_await async.start_workflow<GreetLater>(name, {.id = id, .task_queue = kQueue});
  co_await handle.signal<&GreetLater::approve>("an activity");
  const std::string greeting = co_await handle.result();
  g_threads.note();
  co_return activity::info().activity_type + ": " + greeting;
}
class GreetByWorkflow {
 public:
  perdure::Task<std::string> run(std::string name) {
    co_return co_await workflow::execute_activity<greet_by_workflow>(name, {.start_to_close_timeout = 10s});
  }
};
const AsyncClient* g_async = nullptr;
class AwaitsAClient {
 public:
  perdure::Task<std::string> run() {
    co_return co_await g_async->get_workflow_handle<GreetLater>("w").result();
  }
};

TEST_F(EventLoopTest, CoroutineActivitiesAwaitCallsAndGoOnAsTheActivityTheyAre) {
  perdure::WorkerOptions options = coroutines();
  options.workflows += perdure::workflows<GreetByWorkflow>();
  options.activities += perdure::activities<greet_by_workflow>();
  perdure::Worker worker(*client_, options);
  worker.start();
  EXPECT_EQ(answer(AsyncClient(*client_).execute_workflow<GreetByWorkflow>("you",
                                                                           {.id = "w", .task_queue = kQueue}))
                .value(),
            "greet_by_workflow: Hello, you and Hello, locally from an activity");
  EXPECT_THAT(g_threads.take(), ElementsAre(std::this_thread::get_id()));
}

TEST_F(EventLoopTest, WorkflowCodeCannotAwaitAClient) {
  const AsyncClient async(*client_);
  g_async = &async;
  perdure::WorkerOptions options = coroutines();
  options.workflows += perdure::workflows<AwaitsAClient>();
  perdure::Worker worker(*client_, options);
  worker.start();
  const auto handle =
      answer(async.start_workflow<AwaitsAClient>({.id = "awaits", .task_queue = kQueue})).value();
  // The task fails, and the workflow waits for better code.
  run_until(
      [&] { return handle.blocking().fetch_history().find("is not in its history") != std::string::npos; });
  worker.stop();
}

// ---- the end

TEST_F(EventLoopTest, AWorkerStopsWithoutHoldingTheLoop) {
  auto worker = std::make_unique<perdure::Worker>(*client_, coroutines());
  worker->start();
  const auto handle = client_->start_workflow<WaitsForItsActivity>({.id = "w", .task_queue = kQueue});
  run_until([] { return std::exchange(g_waits, false); });
  bool stopped = false;
  worker->async_stop().then([&](const Answer<void>& answer) {
    EXPECT_TRUE(answer);
    worker.reset();
    stopped = true;
  });
  EXPECT_FALSE(stopped);
  run_until([&] { return stopped; });
  // The activity was told to stop, its attempt failed, and there is nobody to try again.
  EXPECT_EQ(handle.describe().status, perdure::WorkflowExecutionStatus::kRunning);
}

TEST_F(EventLoopTest, StopAndTheDestructorRunWhatIsLeft) {
  for (const bool by_destructor : {false, true}) {
    std::optional<perdure::Worker> worker;
    worker.emplace(*client_, coroutines());
    worker->start();
    const auto handle = client_->start_workflow<WaitsForItsActivity>(
        {.id = by_destructor ? "destructor" : "stop", .task_queue = kQueue});
    run_until([] { return std::exchange(g_waits, false); });
    if (!by_destructor) {
      worker->stop();
      worker->stop();
      EXPECT_TRUE(answer(worker->async_stop()));
    }
    worker.reset();  // nobody runs the loop
    handle.terminate();
  }
}

TEST_F(EventLoopTest, AWorkerThatWasNeverStartedEnds) {
  const perdure::Worker worker(*client_, coroutines());
}

TEST_F(EventLoopTest, ABlockingRunIsRefused) {
  perdure::Worker worker(*client_, coroutines());
  EXPECT_THROW(worker.run(), perdure::PerdureError);
}

perdure::Worker* g_worker = nullptr;
perdure::Task<std::string> stop_the_worker() {
  try {
    g_worker->stop();
  } catch (const perdure::PerdureError& error) {
    co_return error.what();
  }
  co_return "it stopped";
}
class StopsItsWorker {
 public:
  perdure::Task<std::string> run() {
    co_return co_await workflow::execute_activity<stop_the_worker>({.start_to_close_timeout = 10s});
  }
};

TEST_F(EventLoopTest, AnActivityCannotWaitForTheEndOfItsWorker) {
  perdure::Worker worker(*client_, {.task_queue = kQueue,
                                    .workflows = perdure::workflows<StopsItsWorker>(),
                                    .activities = perdure::activities<stop_the_worker>()});
  g_worker = &worker;
  worker.start();
  const auto said =
      answer(AsyncClient(*client_).execute_workflow<StopsItsWorker>({.id = "w", .task_queue = kQueue}));
  EXPECT_THAT(said.value(), HasSubstr("async_stop"));
}

TEST_F(EventLoopTest, WorkflowsGoOnInTheNextProgram) {
  {
    perdure::Worker worker(*client_, coroutines());
    worker.start();
    const auto handle = client_->start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue});
    run_until([&] { return handle.describe().history_length >= 14; });
  }
  disconnect();
  client_ = connect();
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const auto handle = AsyncClient(*client_).get_workflow_handle<GreetLater>("w");
  EXPECT_TRUE(answer(handle.signal<&GreetLater::approve>("the next program")));
  EXPECT_EQ(answer(handle.result()).value(), "Hello, you and Hello, locally from the next program");
}

// ---- extensions

class Reversed final : public perdure::PayloadCodec {
 public:
  perdure::Payloads encode(perdure::Payloads payloads) override { return reverse(std::move(payloads)); }
  perdure::Payloads decode(perdure::Payloads payloads) override { return reverse(std::move(payloads)); }

 private:
  static perdure::Payloads reverse(perdure::Payloads payloads) {
    g_threads.note();
    for (perdure::Payload& payload : payloads) {
      payload.data = std::string(payload.data.rbegin(), payload.data.rend());
    }
    return payloads;
  }
};

TEST_F(EventLoopTest, CodecsRunOnTheLoop) {
  disconnect();
  client_ = perdure::Client::connect(
      "file:" + directory_.string(),
      {.data_converter = {.payload_codec = std::make_shared<Reversed>()}, .executor = pump_});
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  const AsyncClient async(*client_);
  const auto handle =
      answer(async.start_workflow<GreetLater>("you", {.id = "w", .task_queue = kQueue})).value();
  EXPECT_TRUE(answer(handle.signal<&GreetLater::approve>("me")));
  EXPECT_EQ(answer(handle.result()).value(), "Hello, you and Hello, locally from me");
  EXPECT_THAT(handle.blocking().fetch_history(), HasSubstr("WORKFLOW_EXECUTION_COMPLETED"));
  EXPECT_THAT(g_threads.take(), ElementsAre(std::this_thread::get_id()));
}

// Interceptors of a client block, so their calls cannot be made on the loop.
class CountingClient final : public perdure::ClientOutboundInterceptor {
 public:
  CountingClient(std::unique_ptr<perdure::ClientOutboundInterceptor> next, std::atomic<int>& calls)
      : ClientOutboundInterceptor(std::move(next)), calls_(calls) {}
  perdure::StartWorkflowOutput start_workflow(perdure::StartWorkflowInput input) override {
    ++calls_;
    return next().start_workflow(std::move(input));
  }
  perdure::Payload workflow_result(perdure::WorkflowResultInput input) override {
    ++calls_;
    return next().workflow_result(std::move(input));
  }

 private:
  std::atomic<int>& calls_;
};
class Counting final : public perdure::Interceptor {
 public:
  std::unique_ptr<perdure::ClientOutboundInterceptor> intercept_client(
      std::unique_ptr<perdure::ClientOutboundInterceptor> next) override {
    return std::make_unique<CountingClient>(std::move(next), calls);
  }
  std::atomic<int> calls = 0;
};

TEST_F(EventLoopTest, InterceptorsOfTheClientSeeAwaitableCalls) {
  disconnect();
  const auto counting = std::make_shared<Counting>();
  client_ = perdure::Client::connect("file:" + directory_.string(),
                                     {.interceptors = {counting}, .executor = pump_});
  perdure::Worker worker(*client_, coroutines());
  worker.start();
  EXPECT_FALSE(answer(AsyncClient(*client_).execute_workflow<Fails>({.id = "w", .task_queue = kQueue})));
  EXPECT_EQ(counting->calls, 2);
}

int block_for_two_seconds() {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, 2100ms);
  try {
    activity::wait_for_cancelled();
  } catch (const perdure::PerdureError&) {
    return 1;
  }
  return 0;
}
class Blocks {
 public:
  perdure::Task<int> run() {
    co_return co_await workflow::execute_activity<block_for_two_seconds>({.start_to_close_timeout = 10s});
  }
};

TEST_F(EventLoopTest, AnActivityThatBlocksTheLoopIsReportedAndCannotWaitForItsCancellation) {
  const test_support::KeptLog log;
  {
    perdure::Worker worker(*client_, {.task_queue = kQueue,
                                      .workflows = perdure::workflows<Blocks>(),
                                      .activities = perdure::activities<block_for_two_seconds>(),
                                      .function_activities = FunctionActivities::kOnExecutor});
    worker.start();
    EXPECT_EQ(
        answer(AsyncClient(*client_).execute_workflow<Blocks>({.id = "w", .task_queue = kQueue})).value(), 1);
  }
  ASSERT_EQ(log.lines().size(), 1U);
  EXPECT_THAT(log.lines()[0].message, HasSubstr("blocked the event loop of the program"));
  EXPECT_EQ(test_support::field(log.lines()[0], "activity_type"), "block_for_two_seconds");
}

// ---- Pump

TEST(Pump, RunsWhatIsReadyAndNotWhatThatPosts) {
  perdure::Pump pump;
  std::string order;
  pump.post([&] {
    order += 'a';
    pump.post([&] { order += 'c'; });
  });
  pump.post([&] { order += 'b'; });
  EXPECT_EQ(pump.run_ready(), 2U);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(pump.run_ready(), 1U);
  EXPECT_EQ(pump.run_ready(), 0U);
  EXPECT_EQ(order, "abc");
}

TEST(Pump, TimersFireInTheirOrderUnlessTheyAreLetGo) {
  perdure::Pump pump;
  std::string order;
  const auto second = pump.run_after(2ms, [&] { order += '2'; });
  const auto first = pump.run_after(1ms, [&] { order += '1'; });
  auto never = pump.run_after(0ms, [&] { order += '0'; });
  never.reset();
  while (order.size() < 2) {
    pump.wait_and_run(1s);
  }
  EXPECT_EQ(order, "12");
}

TEST(Pump, ItsDescriptorIsReadableWhenThereIsSomethingToDo) {
  perdure::Pump pump;
  pollfd ready{pump.descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 0), 0);
  pump.post([] {});
  pump.post([] { throw std::runtime_error("planned"); });
  pump.post([] {});
  EXPECT_EQ(poll(&ready, 1, 0), 1);
  EXPECT_THROW(pump.run_ready(), std::runtime_error);
  EXPECT_EQ(poll(&ready, 1, 0), 1) << "one is left";
  EXPECT_EQ(pump.run_ready(), 1U);
  EXPECT_EQ(poll(&ready, 1, 0), 0);
  const auto timer = pump.run_after(1ms, [] {});
  EXPECT_EQ(poll(&ready, 1, 10'000), 1);
  EXPECT_EQ(pump.run_ready(), 1U);
  EXPECT_EQ(poll(&ready, 1, 0), 0);
}

}  // namespace sdk_test::event_loop
