#include <gtest/gtest.h>

#include <chrono>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace temporal::api::enums::v1;  // NOLINT: the wire's enumerators have their type in their name

struct Counter {
  Task<int> run(int count) {
    co_await workflow::sleep(1s);
    if (count < 3) {
      co_return workflow::continue_as_new<Counter>(count + 1, {.run_timeout = 1h});
    }
    co_return count;
  }
};
struct Poller {
  Task<void> run(std::string cursor) {
    co_await workflow::sleep(1s);
    co_await workflow::continue_as_new<Poller>(cursor + "+");
    ADD_FAILURE() << "went on after continuing as new";
  }
};
struct FromHelper {
  Task<int> helper() { co_return workflow::continue_as_new<Counter>(1); }
  Task<int> run() { co_return co_await helper(); }
};

template <class W, class... A>
Driven run_of(const A&... arguments) {
  FakeService service(std::string(workflow_name<W>), to_payloads(arguments...));
  WorkflowRun run(detail::workflow_definition<W>(), identity());
  Driven driven = drive(run, service, {});
  WorkflowRun again(detail::workflow_definition<W>(), identity());
  if (driven.failure.empty()) {
    EXPECT_EQ(again.activate(service.events(), {service.last_event_id()}).failure.message(), "");
  }
  return driven;
}

TEST(ContinueAsNew, IsReturnedInsteadOfAResult) {
  const Driven driven = run_of<Counter>(1);
  EXPECT_TRUE(driven.last.closes_run);
  EXPECT_EQ(result_text(driven.last), "continues as Counter 2");
  const auto& attributes = driven.last.commands[0].continue_as_new_workflow_execution_command_attributes();
  EXPECT_EQ(attributes.task_queue().name(), "queue");
  EXPECT_EQ(attributes.workflow_run_timeout().seconds(), 3600);
  EXPECT_EQ(attributes.initiator(), CONTINUE_AS_NEW_INITIATOR_WORKFLOW);
}

TEST(ContinueAsNew, LeavesAResultAResult) { EXPECT_EQ(result_text(run_of<Counter>(3).last), "3"); }

TEST(ContinueAsNew, IsAwaitedByARunWithoutResult) {
  EXPECT_EQ(result_text(run_of<Poller>("a").last), "continues as Poller \"a+\"");
}

TEST(ContinueAsNew, FromAHelperIsAMistakeThatIsNamed) {
  EXPECT_NE(run_of<FromHelper>().failure.find("return it from the workflow's run()"), std::string::npos);
}

}  // namespace perdure::testing
