// Which runs stay in a worker's memory, and how much of it they take.
#include "worker/run_cache.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>

#include "perdure/workflow.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "workflow/run.h"

namespace perdure::testing {

// Waits with so many bytes on its frame.
template <std::size_t size>
struct Waiting {
  static constexpr std::string_view workflow_name = "Waiting";
  Task<int> run() {
    std::array<char, size> held{};
    co_await workflow::wait_condition([&] { return held[0] != 0; });
    co_return held[size - 1];
  }
};

namespace {

using temporal::api::history::v1::HistoryEvent;
using worker::RunCache;
using workflow_core::HistoryEvents;
using workflow_core::WorkflowRun;

// After its first workflow task.
template <std::size_t size>
std::unique_ptr<WorkflowRun> waiting() {
  HistoryEvents events;
  for (const auto type : {temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
                          temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
                          temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_TASK_STARTED}) {
    HistoryEvent* event = events.Add();
    event->set_event_id(events.size());
    event->set_event_type(type);
  }
  auto run = std::make_unique<WorkflowRun>(
      detail::workflow_definition<Waiting<size>>(),
      workflow_core::RunIdentity{NamespaceName("default"), WorkflowId("w"), RunId("r"), "queue"});
  EXPECT_EQ(run->activate(events, {}).outcome, workflow_core::Completion::Outcome::kCommands);
  return run;
}

TEST(RunCache, KeepsSoManyRuns) {
  RunCache cache(2, 0);
  for (const char* id : {"a", "b", "c"}) {
    cache.put(id, waiting<1>());
  }
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_EQ(cache.take("a"), nullptr);
  EXPECT_NE(cache.take("b"), nullptr);
  EXPECT_NE(cache.take("c"), nullptr);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(RunCache, KeepsSoManyBytesOfRuns) {
  RunCache cache(100, 250'000);
  for (const char* id : {"a", "b", "c"}) {
    cache.put(id, waiting<100'000>());
  }
  EXPECT_EQ(cache.size(), 2U);
  EXPECT_LE(cache.bytes(), 250'000);
  EXPECT_EQ(cache.take("a"), nullptr);
  EXPECT_NE(cache.take("c"), nullptr);
  cache.put("huge", waiting<300'000>());
  EXPECT_EQ(cache.take("huge"), nullptr);
  EXPECT_EQ(cache.bytes(), 0);
}

TEST(RunCache, CountsTheFramesOfARun) {
  const std::int64_t small = waiting<1>()->bytes();
  EXPECT_NEAR(static_cast<double>(waiting<100'000>()->bytes() - small), 100'000, 100);
  EXPECT_LT(small, 8192);
}

}  // namespace
}  // namespace perdure::testing
