// Patterns of waiting for several things, bounded cancellation and recorded decisions.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "perdure/workflow.h"
#include "tests/workflow/patterns.h"
#include "tests/workflow/test_activities.h"
#include "tests/workflow/tracked.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

namespace {

Task<std::string> slow_text(Tracked tracked, std::chrono::seconds wait) {
  co_await sleep(wait);
  co_return tracked.text();
}

}  // namespace

struct AllOfDifferentKinds {
  Task<std::string> run() {
    const Tracked here("here");
    auto [text, number, nothing] = co_await all(
        slow_text(Tracked("a"), 2s), start_activity<add>(1, 2, {.start_to_close_timeout = 10s}), sleep(3s));
    static_cast<void>(nothing);
    co_return text + std::to_string(number) + here.text();
  }
};

struct RaceThenCancelTheOther {
  Task<std::string> run() {
    const auto text = create_task(slow_text(Tracked("slow"), 100s));
    const auto timer = sleep(1s);
    const std::size_t first = co_await race(text, timer);
    text.cancel();
    const auto ended = co_await outcome(text);
    co_return std::to_string(first) + (ended ? "" : " cancelled");
  }
};

struct TimeoutOfATask {
  Task<std::string> run() {
    const auto ended = co_await outcome(timeout(1s, slow_text(Tracked("never"), 100s)));
    const std::string in_time = co_await timeout(100s, slow_text(Tracked("in time"), 1s));
    co_return (ended.error<TimeoutError>() != nullptr ? "timeout, " : "no timeout, ") + in_time;
  }
};

struct ShieldedTask {
  Task<std::string> run() { co_return co_await shield(slow_text(Tracked("shielded"), 2s)); }
};

struct ScopeOfTasks {
  Task<int> run() {
    CancellationScope scope;
    std::vector<TaskHandle<std::string>> tasks;
    for (int i = 0; i < 3; ++i) {
      tasks.push_back(scope.run(slow_text(Tracked(), std::chrono::seconds(100 + i))));
    }
    co_await sleep(1s);
    scope.cancel();
    int cancelled = 0;
    for (const auto& task : tasks) {
      cancelled += (co_await outcome(task)) ? 0 : 1;
    }
    co_return cancelled;
  }
};

struct Decisions {
  Task<std::string> run() {
    const bool way = patched("way");
    const int number = side_effect([] { return 7; });
    co_await sleep(1s);
    upsert_memo({{"number", to_payload(number)}});
    co_return std::string(way ? "new " : "old ") + std::to_string(memo_value<int>("number").value_or(0));
  }
};

std::vector<Pattern> wait_patterns() {
  return {
      pattern<AllOfDifferentKinds>("\"a3here\""),
      pattern<RaceThenCancelTheOther>("\"1 cancelled\""),
      pattern<TimeoutOfATask>("\"timeout, in time\""),
      pattern<ShieldedTask>("\"shielded\""),
      pattern<ScopeOfTasks>("3"),
      pattern<Decisions>("\"new 7\""),
  };
}

}  // namespace perdure::testing
