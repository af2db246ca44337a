#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "perdure/workflow.h"
#include "tests/workflow/patterns.h"
#include "tests/workflow/test_activities.h"
#include "tests/workflow/tracked.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

static ActivityOptions ten_seconds() { return {.start_to_close_timeout = 10s}; }

struct HelperCoroutine {
  Task<int> sum(int a, Tracked tracked) {
    co_return co_await execute_activity<add>(a, static_cast<int>(tracked.text().size()) * 0, ten_seconds());
  }
  Task<int> run() { co_return co_await sum(1, Tracked()) + co_await sum(2, Tracked()); }
};

struct TaskStoredThenAwaited {
  Task<int> one(Tracked) { co_return co_await execute_activity<add>(1, 0, ten_seconds()); }
  Task<int> run() {
    auto task = one(Tracked());
    co_await sleep(1s);
    co_return co_await std::move(task);
  }
};

struct TaskNeverAwaited {
  Task<int> one(Tracked) { co_return co_await execute_activity<add>(1, 0, ten_seconds()); }
  Task<int> run() {
    auto unused = one(Tracked());
    co_await sleep(1s);
    co_return 7;
  }
};

struct Recursion {
  Task<int> depth(int n) {
    const Tracked tracked;
    if (n == 0) {
      co_return co_await execute_activity<add>(0, 0, ten_seconds());
    }
    co_return 1 + co_await depth(n - 1);
  }
  Task<int> run() { co_return co_await depth(20); }
};

struct ManySynchronousChildren {
  Task<int> one() { co_return 1; }
  Task<int> run() {
    int sum = 0;
    for (int i = 0; i < 100'000; ++i) {
      sum += co_await one();
    }
    co_return sum;
  }
};

struct ExceptionThroughHelpers {
  Task<int> inner(Tracked) {
    co_await sleep(1s);
    throw ApplicationError("from inside", {.type = "Inner"});
  }
  Task<int> outer(Tracked tracked) { co_return co_await inner(tracked); }
  Task<std::string> run() {
    try {
      co_return std::to_string(co_await outer(Tracked()));
    } catch (const ApplicationError& error) {
      co_return error.type();
    }
  }
};

struct SwitchStatement {
  Task<std::string> run() {
    switch (co_await execute_activity<add>(1, 1, ten_seconds())) {
      case 2: {
        const Tracked tracked;
        co_return co_await execute_activity<echo>("two", ten_seconds());
      }
      default:
        co_return "other";
    }
  }
};

struct ShortCircuit {
  Task<bool> yes() { co_return co_await execute_activity<add>(0, 1, ten_seconds()) == 1; }
  Task<bool> no() { co_return co_await execute_activity<add>(0, 1, ten_seconds()) == 2; }
  Task<bool> run() { co_return (co_await yes() && !(co_await no())) || co_await no(); }
};

struct IfWithInitialiser {
  Task<std::string> run() {
    if (const auto text = co_await execute_activity<echo>("x", ten_seconds()); text == "x") {
      co_await sleep(1s);
      co_return text + "!";
    }
    co_return "";
  }
};

struct OptionalResult {
  Task<std::optional<int>> maybe(bool give) {
    co_await sleep(1s);
    if (!give) {
      co_return std::nullopt;
    }
    co_return 3;
  }
  Task<int> run() { co_return (co_await maybe(true)).value() + (co_await maybe(false)).value_or(1); }
};

struct MoveOnlyResult {
  Task<std::unique_ptr<Tracked>> make() {
    co_await sleep(1s);
    co_return std::make_unique<Tracked>("moved");
  }
  Task<std::string> run() {
    const auto made = co_await make();
    co_await sleep(1s);
    co_return made->text();
  }
};

struct CoroutineLambdaWithArguments {
  Task<int> run() {
    // A coroutine lambda must outlive its task, and so is named.
    auto twice = [](int n, Tracked) -> Task<int> {
      co_return co_await execute_activity<add>(n, n, ten_seconds());
    };
    co_return co_await twice(2, Tracked()) + co_await twice(3, Tracked());
  }
};

struct LambdaThatReturnsHandle {
  Task<int> run() {
    const Tracked tracked;
    co_return co_await [&] {
      return execute_activity<add>(4, static_cast<int>(tracked.text().size()) * 0, ten_seconds());
    }();
  }
};

struct MemberFunctionActivities {
  Task<std::string> run() {
    const int price = co_await execute_activity<&Shop::price>("tea", {.start_to_close_timeout = 10s});
    co_return co_await execute_activity<&Shop::deliver>("tea for " + std::to_string(price),
                                                        {.start_to_close_timeout = 10s});
  }
};

struct ByName {
  Task<std::string> run() {
    const int sum = co_await execute_activity_by_name<int>("add", {.start_to_close_timeout = 10s}, 1, 2);
    co_await execute_activity_by_name<void>("note", ten_seconds(), "a note");
    co_return co_await execute_activity_by_name<std::string>("echo", ten_seconds(), std::to_string(sum));
  }
};

struct VoidWorkflow {
  Task<void> run() {
    const Tracked tracked;
    co_await execute_activity<note>("text", ten_seconds());
    co_await sleep(1s);
  }
};

// A signal that nobody handles arrives while it sleeps, and starts one more workflow task.
struct SleepsInARow {
  Task<int> run() {
    const auto before = now();
    co_await sleep(10s);
    co_await sleep(0s);
    co_await sleep(10s);
    co_return static_cast<int>((now() - before) / 1s);
  }
};

struct TimerRacesActivity {
  Task<std::string> run() {
    auto timer = sleep(1h);
    auto work = start_activity<echo>("done", ten_seconds());
    co_await wait_condition([&] { return timer.is_done() || work.is_done(); });
    timer.cancel();
    co_return work.is_done() ? co_await work : "late";
  }
};

struct ScopeGuardCancels {
  struct Guard {
    ActivityHandle<int> handle;
    ~Guard() { handle.cancel(); }
  };
  Task<int> run() {
    const Guard guard{start_activity<add>(1, 1, ten_seconds())};
    co_await sleep(1s);
    co_return 5;
  }
};

struct DestructorStartsThings {
  struct Cleanup {
    // Runs at eviction too, where it must have no effect and must not throw.
    ~Cleanup() {
      auto timer = sleep(1s);
      auto activity = start_activity<note>("bye", ten_seconds());
      timer.cancel();
      activity.cancel();
      (void)now();
    }
  };
  Task<int> run() {
    const Cleanup cleanup;
    co_await sleep(1s);
    co_return 1;
  }
};

struct TasksBesideEachOther {
  Task<int> work(int n, Tracked) {
    const int sum = co_await execute_activity<add>(n, 0, ten_seconds());
    co_await sleep(1s);
    co_return sum + co_await execute_activity<add>(n, 1, ten_seconds());
  }
  Task<int> run() {
    std::vector<TaskHandle<int>> tasks;
    for (int n = 0; n < 3; ++n) {
      tasks.push_back(create_task(work(n, Tracked())));
    }
    int sum = 0;
    for (auto& task : tasks) {
      sum += co_await task;
    }
    co_return sum;
  }
};

struct CreatedTaskIsCancelled {
  std::string log;
  Task<> worker(Tracked) {
    try {
      co_await sleep(1h);
    } catch (const CancelledError&) {
      log += "stopped";
      throw;
    }
  }
  Task<std::string> run() {
    auto task = create_task(worker(Tracked()));
    co_await sleep(1s);
    task.cancel();
    try {
      co_await task;
    } catch (const CancelledError&) {
      log += " and seen";
    }
    co_return log;
  }
};

struct CreatedTaskIsLeftBehind {
  Task<> worker(Tracked) {
    co_await wait_condition([] { return false; });
  }
  Task<int> run() {
    create_task(worker(Tracked()));
    co_await sleep(1s);
    co_return 1;
  }
};

struct CreatedTaskWithMoveOnlyResult {
  Task<std::unique_ptr<Tracked>> make() {
    co_await sleep(1s);
    co_return std::make_unique<Tracked>("moved");
  }
  Task<std::string> run() {
    auto task = create_task(make());
    co_await wait_condition([&] { return task.is_done(); });
    co_return (co_await task)->text();
  }
};

struct RandomNumbers {
  Task<std::string> run() {
    const std::string first = uuid4();
    const auto number = random().below(1000);
    co_await sleep(1s);
    co_return co_await execute_activity<echo>(first.substr(14, 1) + (number < 1000 ? "ok" : ""),
                                              ten_seconds());
  }
};

std::vector<Pattern> more_patterns() {
  return {
      pattern<HelperCoroutine>("3"),
      pattern<TaskStoredThenAwaited>("1"),
      pattern<TaskNeverAwaited>("7"),
      pattern<Recursion>("20"),
      pattern<ManySynchronousChildren>("100000"),
      pattern<ExceptionThroughHelpers>("\"Inner\""),
      pattern<SwitchStatement>("\"two\""),
      pattern<ShortCircuit>("true"),
      pattern<IfWithInitialiser>("\"x!\""),
      pattern<OptionalResult>("4"),
      pattern<MoveOnlyResult>("\"moved\""),
      pattern<CoroutineLambdaWithArguments>("10"),
      pattern<LambdaThatReturnsHandle>("4"),
      pattern<MemberFunctionActivities>("\"sent tea for 7\""),
      pattern<ByName>("\"3\""),
      pattern<VoidWorkflow>("null"),
      pattern<SleepsInARow>("30"),
      pattern<TimerRacesActivity>("\"done\""),
      pattern<ScopeGuardCancels>("5"),
      pattern<DestructorStartsThings>("1"),
      pattern<TasksBesideEachOther>("9"),
      pattern<CreatedTaskIsCancelled>("\"stopped and seen\""),
      pattern<CreatedTaskIsLeftBehind>("1"),
      pattern<CreatedTaskWithMoveOnlyResult>("\"moved\""),
      pattern<RandomNumbers>("\"4ok\""),
  };
}

}  // namespace perdure::testing
