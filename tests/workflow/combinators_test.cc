#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <tuple>
#include <vector>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

const ActivityOptions kOptions{.start_to_close_timeout = 10s};

// Runs W to its end and once more from its history, as a worker with an empty cache would.
template <class W>
Driven run_and_replay(const std::function<void(int, FakeService&)>& before_task = {}) {
  FakeService service(detail::workflow_definition<W>().name);
  WorkflowRun run(detail::workflow_definition<W>(), identity());
  Driven driven = drive(run, service, test_activities(), before_task);
  WorkflowRun again(detail::workflow_definition<W>(), identity());
  EXPECT_EQ(again.activate(service.events(), {service.last_event_id()}).failure.message(), "");
  return driven;
}

Task<int> half_after(int n, std::chrono::seconds wait) {
  co_await sleep(wait);
  co_return n / 2;
}

// [all]
struct AllKinds {
  Task<std::vector<std::string>> run() {
    auto [text, number, nothing] =
        co_await all(start_activity<echo>("a", kOptions), half_after(8, 1s), sleep(2s));
    static_cast<void>(nothing);
    std::vector<ActivityHandle<std::string>> handles{start_activity<echo>("b", kOptions),
                                                     start_activity<echo>("c", kOptions)};
    std::vector<std::string> lines = co_await all(handles);
    lines.push_back(text + std::to_string(number));
    co_await all(std::vector<TimerHandle>{sleep(1s), sleep(2s)});
    co_return lines;
  }
};
// [all]

TEST(Combinators, AllGivesEveryResultInTheOrderOfTheArguments) {
  EXPECT_EQ(result_text(run_and_replay<AllKinds>().last), R"(["b","c","a4"])");
}

struct AllWithAFailure {
  Task<std::string> run() {
    auto failing = create_task(fail_after(1s));
    auto slow = sleep(100s);
    try {
      co_await all(failing, slow);
    } catch (const ApplicationError& error) {
      co_return std::string(error.message()) + (slow.is_done() ? " late" : " at once");
    }
    co_return "no failure";
  }
  static Task<> fail_after(std::chrono::seconds wait) {
    co_await sleep(wait);
    throw ApplicationError("broken");
  }
};

TEST(Combinators, AllThrowsTheFirstFailureAtOnce) {
  EXPECT_EQ(result_text(run_and_replay<AllWithAFailure>().last), R"("broken at once")");
}

// [race]
struct Racing {
  Task<std::vector<std::size_t>> run() {
    const auto slow = sleep(10s);
    const auto fast = sleep(1s);
    const std::size_t first = co_await race(slow, fast);
    const auto failing = create_task(AllWithAFailure::fail_after(1s));
    const std::size_t succeeded = co_await any(failing, slow);
    const std::size_t done = co_await race(std::vector<TimerHandle>{slow, fast});
    co_return std::vector<std::size_t>{first, succeeded, done};
  }
};
// [race]

TEST(Combinators, RaceAndAnyGiveTheIndexOfTheFirst) {
  EXPECT_EQ(result_text(run_and_replay<Racing>().last), "[1,1,0]");
}

struct AnyOfFailures {
  Task<std::string> run() {
    const auto one = create_task(AllWithAFailure::fail_after(2s));
    const auto two = create_task(AllWithAFailure::fail_after(1s));
    try {
      co_await any(one, two);
    } catch (const ApplicationError& error) {
      co_return std::string(error.message()) + (one.is_done() ? " both" : " early");
    }
    co_return "no failure";
  }
};

TEST(Combinators, AnyThrowsWhenAllFailed) {
  EXPECT_EQ(result_text(run_and_replay<AnyOfFailures>().last), R"("broken both")");
}

struct EmptyRace {
  Task<std::string> run() {
    try {
      co_await race(std::vector<TimerHandle>{});
    } catch (const OptionsError& error) {
      co_return error.what();
    }
    co_return "no error";
  }
};

TEST(Combinators, ARaceOfNobodyIsRefused) {
  EXPECT_EQ(result_text(run_and_replay<EmptyRace>().last),
            R"("workflow::race: there is nothing to wait for, the list of handles is empty")");
}

struct Shielded {
  Task<std::string> run() {
    auto work = create_task(half_after(10, 5s));
    bool cancelled = false;
    try {
      co_await shield(work);
    } catch (const CancelledError&) {
      cancelled = true;
    }
    if (cancelled) {
      co_return "cancelled, and yet " + std::to_string(co_await work);
    }
    co_return "not cancelled";
  }
};

TEST(Scopes, WhatIsShieldedGoesOnWhenTheWaitIsCancelled) {
  const Driven driven = run_and_replay<Shielded>([](int task, FakeService& service) {
    if (task == 2) {
      service.request_cancel();
    }
  });
  EXPECT_EQ(result_text(driven.last), R"("cancelled, and yet 5")");
}

struct RaceCancelled {
  Task<std::string> run() {
    const auto one = sleep(100s);
    const auto three = sleep(200s);
    try {
      co_await race(one, three);
    } catch (const CancelledError&) {
      co_return one.is_done() && three.is_done() ? "all cancelled" : "some go on";
    }
    co_return "not cancelled";
  }
};

TEST(Scopes, ACancelledRaceCancelsWhatItWaitsFor) {
  const Driven driven = run_and_replay<RaceCancelled>([](int task, FakeService& service) {
    if (task == 2) {
      service.request_cancel();
    }
  });
  EXPECT_EQ(result_text(driven.last), R"("all cancelled")");
}

// [timeout]
struct WithTimeout {
  Task<std::vector<std::string>> run() {
    std::vector<std::string> lines;
    lines.push_back(std::to_string(co_await timeout(10s, half_after(6, 1s))));
    try {
      co_await timeout(1s, tidy_up());
    } catch (const TimeoutError&) {
      lines.push_back("timed out");
    }
    lines.push_back(tidied_ ? "tidied" : "not tidied");
    co_return lines;
  }
  Task<> tidy_up() {
    const auto slept = co_await outcome(sleep(100s));
    if (!slept) {
      co_await sleep(3s);
      tidied_ = slept.error<CancelledError>() != nullptr && slept.error<TimeoutError>() == nullptr;
    }
    slept.rethrow();
  }
  bool tidied_ = false;
};
// [timeout]

TEST(Scopes, ATimeoutCancelsAndWaitsForTheEnd) {
  EXPECT_EQ(result_text(run_and_replay<WithTimeout>().last), R"(["3","timed out","tidied"])");
}

// [scope]
struct InAScope {
  Task<std::string> run() {
    CancellationScope scope;
    const auto left = scope.run(half_after(2, 100s));
    const auto right = scope.run(sleep(100s));
    const auto outside = sleep(1s);
    co_await outside;
    scope.cancel();
    co_await sleep(1s);
    const auto late = scope.run(half_after(2, 100s));
    co_await sleep(1s);
    co_return std::string(left.is_done() && right.is_done() && late.is_done() ? "cancelled" : "running");
  }
};
// [scope]

TEST(Scopes, AScopeCancelsItsMembersAndThoseThatComeLater) {
  EXPECT_EQ(result_text(run_and_replay<InAScope>().last), R"("cancelled")");
}

}  // namespace perdure::testing
