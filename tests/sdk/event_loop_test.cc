// Perdure on an event loop of the program's own: what runs where, and how it ends.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "perdure/process_activities.h"
#include "tests/sdk/event_loop_fixture.h"

namespace sdk_test::event_loop {

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

}  // namespace sdk_test::event_loop
