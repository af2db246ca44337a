#include <gtest/gtest.h>

#include <chrono>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing::children {

using namespace std::chrono_literals;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name
using namespace workflow;                  // NOLINT: as user code would write

struct Report {
  Task<std::string> run(std::string month);
  void hurry(int percent);
  static constexpr auto signals = perdure::signals<&Report::hurry>();
};

struct Parent {
  Task<std::string> run() {
    std::string what;
    try {
      what = co_await execute_child_workflow<Report>("May", {.id = "report"});
    } catch (const ChildWorkflowError& error) {
      what = std::string("failed: ") + error.cause()->what();
    } catch (const WorkflowAlreadyStartedError& error) {
      what = std::string("taken: ") + error.workflow_id();
    } catch (const CancelledError&) {
      what = "cancelled";
    }
    co_await sleep(1s);
    co_return what;
  }
};

using Step = std::function<void(FakeService&)>;

// Steps before the second task and those after it; the first one starts the child.
struct Told {
  std::string result;
  std::string failure;
  FakeService service;
};
template <class W>
Told tell(const std::vector<Step>& steps) {
  Told told{"", "", FakeService("Parent")};
  WorkflowRun run(detail::workflow_definition<W>(), identity());
  const Driven driven = drive(run, told.service, test_activities(), [&](int task, FakeService& service) {
    if (task >= 2 && static_cast<std::size_t>(task) < steps.size() + 2) {
      steps[static_cast<std::size_t>(task) - 2](service);
    }
  });
  told.result = result_text(driven.last);
  told.failure = driven.failure;
  if (driven.failure.empty()) {
    EXPECT_EQ(replay_failure(detail::workflow_definition<W>(), told.service), "");
  }
  return told;
}

TEST(Children, GiveTheirResult) {
  const Told told =
      tell<Parent>({[](FakeService& service) { service.start_child("report"); },
                    [](FakeService& service) { service.complete_child("report", to_payload("fine")); }});
  EXPECT_EQ(told.result, R"("fine")");
}

TEST(Children, CanStartAndEndBetweenTwoTasks) {
  const Told told = tell<Parent>({[](FakeService& service) {
    service.start_child("report");
    service.complete_child("report", to_payload("fine"));
  }});
  EXPECT_EQ(told.result, R"("fine")");
}

TEST(Children, ThatFailSayWhy) {
  EXPECT_EQ(tell<Parent>({[](FakeService& service) {
              service.start_child("report");
              service.fail_child("report", "no paper");
            }}).result,
            R"("failed: no paper")");
  EXPECT_EQ(tell<Parent>({[](FakeService& service) {
              service.start_child("report");
              service.end_child("report", EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TIMED_OUT);
            }}).result,
            R"("failed: Timed out")");
  EXPECT_EQ(tell<Parent>({[](FakeService& service) {
              service.start_child("report");
              service.end_child("report", EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_TERMINATED);
            }}).result,
            R"("failed: Terminated")");
  EXPECT_EQ(tell<Parent>({[](FakeService& service) {
              service.start_child("report");
              service.end_child("report", EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED);
            }}).result,
            R"("cancelled")");
}

TEST(Children, ThatCannotStartSayWhy) {
  EXPECT_EQ(tell<Parent>({[](FakeService& service) {
              service.fail_to_start_child(
                  "report", START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS);
            }}).result,
            R"("taken: report")");
  EXPECT_EQ(tell<Parent>({[](FakeService& service) {
              service.fail_to_start_child("report",
                                          START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_NAMESPACE_NOT_FOUND);
            }}).result,
            R"("failed: there is no namespace \"default\"")");
}

// Starts a child and waits for its start, signals it, waits for its end.
struct Attentive {
  Task<std::string> run() {
    auto child = co_await start_child_workflow<Report>("May", {.id = "report"});
    std::string what = child.id() + " " + child.first_execution_run_id();
    try {
      co_await child.signal<&Report::hurry>(50);
      co_await get_external_workflow_handle("other").signal("tell", "it");
    } catch (const ApplicationError& error) {
      what += std::string(", ") + error.what();
    }
    co_return what + ", " + co_await child;
  }
};

TEST(Children, AreWaitedForAndSignalled) {
  const Told told =
      tell<Attentive>({[](FakeService& service) { service.start_child("report"); },
                       [](FakeService& service) { service.deliver_signal(true); },
                       [](FakeService& service) { service.deliver_signal(false); },
                       [](FakeService& service) { service.complete_child("report", to_payload("fine")); }});
  EXPECT_EQ(told.result,
            R"("report run of report, Unable to signal external workflow because it was not found, fine")");
  const auto& first =
      told.service.events().Get(4).start_child_workflow_execution_initiated_event_attributes();
  EXPECT_EQ(first.workflow_type().name(), "Report");
}

template <ChildWorkflowCancellationType type>
struct Cancelling {
  static constexpr std::string_view workflow_name = "Parent";
  Task<std::string> run() {
    std::string what;
    try {
      what = co_await execute_child_workflow<Report>("May", {.id = "report", .cancellation_type = type});
    } catch (const CancelledError&) {
      what = "cancelled";
    }
    co_await shield(sleep(1s));
    co_return what;
  }
};

int count(const FakeService& service, EventType type) {
  int found = 0;
  for (const HistoryEvent& event : service.events()) {
    found += event.event_type() == type ? 1 : 0;
  }
  return found;
}

const Step kStart = [](FakeService& service) { service.start_child("report"); };
const Step kCancel = [](FakeService& service) { service.request_cancel(); };
const Step kDeliver = [](FakeService& service) { service.deliver_cancel(true); };
const Step kCannotDeliver = [](FakeService& service) { service.deliver_cancel(false); };
const Step kEnd = [](FakeService& service) {
  service.end_child("report", EVENT_TYPE_CHILD_WORKFLOW_EXECUTION_CANCELED);
};
const Step kComplete = [](FakeService& service) { service.complete_child("report", to_payload("fine")); };

TEST(Children, AreCancelledAsTheirTypeSays) {
  using enum ChildWorkflowCancellationType;
  const Told waits = tell<Cancelling<kWaitCancellationCompleted>>({kStart, kCancel, kDeliver, kEnd});
  EXPECT_EQ(waits.result, R"("cancelled")");
  EXPECT_EQ(count(waits.service, EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED), 1);
  EXPECT_EQ(tell<Cancelling<kWaitCancellationCompleted>>({kStart, kCancel, kDeliver, kComplete}).result,
            R"("fine")");
  EXPECT_EQ(tell<Cancelling<kWaitCancellationRequested>>({kStart, kCancel, kDeliver}).result,
            R"("cancelled")");
  EXPECT_EQ(tell<Cancelling<kWaitCancellationRequested>>({kStart, kCancel, kCannotDeliver, kComplete}).result,
            R"("fine")");
  const Told tries = tell<Cancelling<kTryCancel>>({kStart, kCancel});
  EXPECT_EQ(tries.result, R"("cancelled")");
  EXPECT_EQ(count(tries.service, EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED), 1);
  const Told abandons = tell<Cancelling<kAbandon>>({kStart, kCancel, kComplete});
  EXPECT_EQ(abandons.result, R"("cancelled")");
  EXPECT_EQ(count(abandons.service, EVENT_TYPE_REQUEST_CANCEL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED), 0);
}

TEST(Children, AreCancelledBeforeTheyHaveStarted) {
  using enum ChildWorkflowCancellationType;
  EXPECT_EQ(tell<Cancelling<kWaitCancellationCompleted>>({kCancel,
                                                          [](FakeService& service) {
                                                            service.start_child("report");
                                                            service.deliver_cancel(true);
                                                          },
                                                          kEnd})
                .result,
            R"("cancelled")");
  EXPECT_EQ(tell<Cancelling<kTryCancel>>({kCancel, kStart, kEnd}).result, R"("cancelled")");
  EXPECT_EQ(tell<Cancelling<kWaitCancellationCompleted>>(
                {kCancel,
                 [](FakeService& service) {
                   service.fail_to_start_child(
                       "report", START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_WORKFLOW_ALREADY_EXISTS);
                 }})
                .result,
            "failed: Workflow execution already started: workflow id \"report\"");
}

struct ChangesItsMind {
  Task<std::string> run() {
    auto child = execute_child_workflow<Report>("May", {.id = "report"});
    child.cancel();
    auto signal = get_external_workflow_handle("other").signal("tell");
    signal.cancel();
    auto asked = get_external_workflow_handle("other").cancel("no more");
    const auto ended = co_await outcome(child);
    co_await asked;
    co_return std::to_string(signal.is_done()) + std::to_string(ended.error<CancelledError>() != nullptr);
  }
};

TEST(Children, CancelledBeforeTheyAreSentMakeNoCommand) {
  const Told told = tell<ChangesItsMind>({kDeliver});
  EXPECT_EQ(told.result, R"("11")");
  EXPECT_EQ(count(told.service, EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED), 0);
  EXPECT_EQ(count(told.service, EVENT_TYPE_SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED), 0);
}

struct Signals {
  Task<std::string> run() {
    auto signal = get_external_workflow_handle("other", "run").signal("tell", 1);
    co_await sleep(1s);
    signal.cancel();  // too late
    co_await signal;
    co_return "told";
  }
};

TEST(Children, SignalsThatAreSentCannotBeTakenBack) {
  EXPECT_EQ(tell<Signals>({[](FakeService& service) { service.fire_next_timer(); },
                           [](FakeService& service) { service.deliver_signal(true); }})
                .result,
            R"("told")");
}

struct OtherChild {
  Task<std::string> run() { co_return co_await execute_child_workflow<Report>("May", {.id = "another"}); }
};
struct OtherSignal {
  Task<std::string> run() {
    co_await get_external_workflow_handle("third").signal("tell", 1);
    co_return "";
  }
};

TEST(Children, ThatAReplayDoesNotFindAreNamed) {
  const Told told = tell<Parent>({kStart, kComplete});
  const std::string child = replay_failure(detail::workflow_definition<OtherChild>(), told.service);
  EXPECT_NE(child.find("StartChildWorkflowExecutionInitiated (workflow id \"report\", type \"Report\")"),
            std::string::npos)
      << child;
  EXPECT_NE(child.find("workflow id \"another\" instead of \"report\""), std::string::npos) << child;
  const Told signals = tell<Signals>({[](FakeService& service) { service.fire_next_timer(); }});
  const std::string signal = replay_failure(detail::workflow_definition<OtherSignal>(), signals.service);
  EXPECT_NE(signal.find("workflow id \"third\" instead of \"other\""), std::string::npos) << signal;
}

struct FanOut {
  Task<int> run() {
    std::vector<ChildWorkflowHandle<std::string>> children;
    for (int i = 0; i < 3; ++i) {
      children.push_back(execute_child_workflow<Report>("May", {.id = std::to_string(i)}));
    }
    const auto results = co_await all(children);
    co_return static_cast<int>(results.size());
  }
};

TEST(Children, CanBeManyAtOnce) {
  EXPECT_EQ(tell<FanOut>({[](FakeService& service) {
              for (const char* id : {"2", "0", "1"}) {
                service.start_child(id);
                service.complete_child(id, to_payload("x"));
              }
            }}).result,
            "3");
}

TEST(Children, HaveOptionsThatAreLookedAt) {
  EXPECT_THROW(validate(ChildWorkflowOptions{.run_timeout = -1s}), OptionsError);
}

}  // namespace perdure::testing::children
