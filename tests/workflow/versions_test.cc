// Patches, side effects, memo and search attributes: decided once, found again.
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "perdure/workflow.h"
#include "tests/workflow/fake_service.h"
#include "tests/workflow/test_activities.h"

namespace perdure::testing {

using namespace std::chrono_literals;
using namespace workflow;  // NOLINT: as user code would write

namespace {

const ActivityOptions kOptions{.start_to_close_timeout = 10s};

// Four versions of one workflow, as its code would change over months.
struct Unpatched {
  static constexpr std::string_view workflow_name = "Order";
  Task<std::string> run() {
    const std::string first = co_await execute_activity<echo>("old", kOptions);
    co_await sleep(1s);
    co_return first;
  }
};
// [patched]
struct Patched {
  static constexpr std::string_view workflow_name = "Order";
  Task<std::string> run() {
    const bool is_new = patched("new-way");
    const std::string first = co_await execute_activity<echo>(is_new ? "new" : "old", kOptions);
    co_await sleep(1s);
    co_return first + (patched("new-way") ? " new" : " old");
  }
};
// [patched]
struct Deprecated {
  static constexpr std::string_view workflow_name = "Order";
  Task<std::string> run() {
    deprecate_patch("new-way");
    const std::string first = co_await execute_activity<echo>("new", kOptions);
    co_await sleep(1s);
    co_return first + " new";
  }
};
struct Removed {
  static constexpr std::string_view workflow_name = "Order";
  Task<std::string> run() {
    const std::string first = co_await execute_activity<echo>("new", kOptions);
    co_await sleep(1s);
    co_return first + " new";
  }
};

template <class W>
Driven run_once(FakeService& service) {
  WorkflowRun run(detail::workflow_definition<W>(), identity());
  return drive(run, service, test_activities());
}
// What a worker with the code W says to a history that is finished.
template <class W>
std::string replay(const FakeService& service) {
  WorkflowRun run(detail::workflow_definition<W>(), identity());
  return run.activate(service.events(), {service.last_event_id()}).failure.message();
}
std::vector<EventType> types_of(const FakeService& service) {
  std::vector<EventType> types;
  for (const HistoryEvent& event : service.events()) {
    types.push_back(event.event_type());
  }
  return types;
}
template <class W>
FakeService history_of() {
  FakeService service("Order");
  EXPECT_EQ(run_once<W>(service).failure, "");
  return service;
}

}  // namespace

TEST(Patches, NewRunsTakeTheNewWayAndRecordIt) {
  FakeService service("Order");
  EXPECT_EQ(result_text(run_once<Patched>(service).last), R"("new new")");
  const auto types = types_of(service);
  ASSERT_GT(types.size(), 6U);
  EXPECT_EQ(types[4], temporal::api::enums::v1::EVENT_TYPE_MARKER_RECORDED);
  EXPECT_EQ(types[5], temporal::api::enums::v1::EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES);
  const auto& marker = service.events()[4].marker_recorded_event_attributes();
  EXPECT_EQ(marker.marker_name(), "core_patch");
  EXPECT_EQ(marker.details().at("patch-data").payloads(0).data(), R"({"deprecated":false,"id":"new-way"})");
  const auto& listed = service.events()[5]
                           .upsert_workflow_search_attributes_event_attributes()
                           .search_attributes()
                           .indexed_fields()
                           .at("TemporalChangeVersion");
  EXPECT_EQ(listed.data(), R"(["new-way"])");
  EXPECT_EQ(listed.metadata().at("type"), "KeywordList");
}

TEST(Patches, EachVersionReplaysWhatItMay) {
  const FakeService unpatched = history_of<Unpatched>();
  const FakeService patched_history = history_of<Patched>();
  const FakeService deprecated = history_of<Deprecated>();
  const FakeService removed = history_of<Removed>();

  EXPECT_EQ(replay<Patched>(unpatched), "");
  EXPECT_EQ(replay<Patched>(patched_history), "");
  EXPECT_EQ(replay<Deprecated>(patched_history), "");
  EXPECT_EQ(replay<Patched>(deprecated), "");
  EXPECT_EQ(replay<Deprecated>(deprecated), "");
  EXPECT_EQ(replay<Removed>(deprecated), "");
  EXPECT_EQ(replay<Deprecated>(removed), "");
}

TEST(Patches, AMarkerThatTheCodeNoLongerWritesIsAnErrorUnlessDeprecated) {
  const std::string error = replay<Removed>(history_of<Patched>());
  EXPECT_NE(error.find("MarkerRecorded (patch \"new-way\")"), std::string::npos) << error;
  EXPECT_NE(error.find("[TMPRL1100]"), std::string::npos) << error;
}

// The open task is not a replay, but what was answered before it stays answered.
TEST(Patches, ARunThatBeganWithoutThePatchGoesOnWithoutIt) {
  FakeService service("Order");
  WorkflowRun before(detail::workflow_definition<Unpatched>(), identity());
  service.start_task();
  service.complete_task(before.activate(service.events(), {0}).commands);
  service.complete_activity("1", to_payload("done"));
  service.start_task();
  WorkflowRun after(detail::workflow_definition<Patched>(), identity());
  const Completion completion = after.activate(service.events(), {service.previous_started_event_id()});
  ASSERT_EQ(completion.failure.message(), "");
  ASSERT_EQ(completion.commands.size(), 1U);
  EXPECT_TRUE(completion.commands[0].has_start_timer_command_attributes());
}

namespace {

int g_calls = 0;  // of the side effect below, in this process

// [side_effect]
struct WithSideEffects {
  static constexpr std::string_view workflow_name = "WithSideEffects";
  Task<std::vector<int>> run() {
    std::vector<int> seen;
    seen.push_back(side_effect([] { return ++g_calls; }));
    co_await sleep(1s);
    seen.push_back(side_effect([] { return ++g_calls; }));
    seen.push_back(side_effect([] { return ++g_calls; }));
    co_return seen;
  }
};
// [side_effect]

struct WithoutSideEffects {
  static constexpr std::string_view workflow_name = "WithSideEffects";
  Task<std::vector<int>> run() {
    co_await sleep(1s);
    co_return std::vector<int>{};
  }
};

}  // namespace

TEST(SideEffects, AreTakenFromHistoryInAReplay) {
  g_calls = 0;
  FakeService service("WithSideEffects");
  WorkflowRun run(detail::workflow_definition<WithSideEffects>(), identity());
  EXPECT_EQ(result_text(drive(run, service, test_activities()).last), "[1,2,3]");
  EXPECT_EQ(replay<WithSideEffects>(service), "");
  EXPECT_EQ(g_calls, 3);
  EXPECT_NE(replay<WithoutSideEffects>(service).find("MarkerRecorded (side effect 1)"), std::string::npos);
}

TEST(SideEffects, OfWhichHistoryKnowsNothingAreNondeterminism) {
  FakeService service("WithSideEffects");
  WorkflowRun run(detail::workflow_definition<WithoutSideEffects>(), identity());
  drive(run, service, test_activities());
  EXPECT_NE(replay<WithSideEffects>(service).find("asked for side effect 1"), std::string::npos);
}

namespace {

constexpr auto kCustomer = SearchAttributeKey<std::string>::keyword("Customer");
constexpr SearchAttributeKey<std::int64_t> kItems("Items");

// [described]
struct Described {
  static constexpr std::string_view workflow_name = "Described";
  Task<std::vector<std::string>> run() {
    upsert_search_attributes({{kCustomer, "c-7"}, {kItems, 3}});
    upsert_memo({{"stage", to_payload("paid")}});
    std::vector<std::string> seen{info().search_attributes.get(kCustomer).value_or("none"),
                                  memo_value<std::string>("stage").value_or("none")};
    co_await sleep(1s);
    upsert_search_attributes({{kCustomer, std::nullopt}});
    upsert_memo({{"stage", null_payload()}});
    seen.push_back(info().search_attributes.get(kCustomer).value_or("none"));
    seen.push_back(std::to_string(info().search_attributes.get(kItems).value_or(0)));
    seen.push_back(memo_value<std::string>("stage").value_or("none"));
    co_return seen;
  }
};
// [described]

}  // namespace

TEST(SearchAttributesAndMemo, AreSetSeenAndRemoved) {
  FakeService service("Described");
  WorkflowRun run(detail::workflow_definition<Described>(), identity());
  EXPECT_EQ(result_text(drive(run, service, test_activities()).last), R"(["c-7","paid","none","3","none"])");
  EXPECT_EQ(replay<Described>(service), "");
  const auto& fields = service.events()[4]
                           .upsert_workflow_search_attributes_event_attributes()
                           .search_attributes()
                           .indexed_fields();
  EXPECT_EQ(fields.at("Customer").data(), R"("c-7")");
  EXPECT_EQ(fields.at("Customer").metadata().at("type"), "Keyword");
  EXPECT_EQ(fields.at("Items").metadata().at("type"), "Int");
}

}  // namespace perdure::testing
