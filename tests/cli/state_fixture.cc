#include "tests/cli/state_fixture.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>
#include <iterator>

#include "api/convert.h"
#include "perdure/state/v1/state.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"
#include "temporal/api/history/v1/message.pb.h"

namespace perdure::cli::testing {
namespace {

namespace enums = temporal::api::enums::v1;
using storage::testing::Model;

// One run from its start on; `number` is its execution id.
Transition start_of(std::int64_t sequence, std::int64_t number, bool open) {
  RunWrite write{.execution = ExecutionId{number}, .create = true, .make_current = true};
  // Two runs share a workflow id, the older one closed.
  write.key = {NamespaceName("default"), WorkflowId(fmt::format("order-{}", (number - 1) / 2))};
  write.run_id = RunId(fmt::format("run-{:04}", number));
  write.state = state_bytes(true);
  write.append.push_back({1, 2, history_bytes(1, 2, false)});
  write.upsert.push_back({.key = {ItemKind::kWorkflowTask, 0},
                          .queue = "w/default/q0",
                          .ready_order = sequence,
                          .state = "waiting"});
  if (open) {
    write.upsert.push_back(
        {.key = {ItemKind::kTimer, 2}, .due_at = Timestamp{number * 1000}, .state = "timer"});
  }
  return {.sequence = sequence, .now = Timestamp{sequence}, .writes = {write}};
}

Transition end_of(std::int64_t sequence, const RunWrite& start) {
  RunWrite write = start;
  write.create = write.make_current = false;
  write.state = state_bytes(false);
  write.append = {{3, 3, history_bytes(3, 3, true)}};
  write.erase = {{ItemKind::kWorkflowTask, 0}};
  write.upsert = {{.key = {ItemKind::kSignalRequestIds, 1}, .state = "ids"}};
  return {.sequence = sequence, .now = Timestamp{sequence}, .writes = {write}};
}

}  // namespace

std::string history_bytes(std::int64_t first_event_id, int count, bool closing) {
  temporal::api::history::v1::History history;
  for (int i = 0; i < count; ++i) {
    auto* event = history.add_events();
    event->set_event_id(first_event_id + i);
    const bool last = i + 1 == count;
    event->set_event_type(first_event_id + i == 1 ? enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED
                          : closing && last       ? enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED
                                                  : enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED);
    event->mutable_user_metadata()->mutable_summary()->set_data(std::string(150, 'x'));
  }
  return api::serialize(history);
}

std::string state_bytes(bool open) {
  perdure::state::v1::ExecutionState state;
  state.set_format(1);
  state.set_status(open ? enums::WORKFLOW_EXECUTION_STATUS_RUNNING
                        : enums::WORKFLOW_EXECUTION_STATUS_COMPLETED);
  state.set_workflow_type("Order");
  state.set_task_queue(std::string(120, 'q'));
  return api::serialize(state);
}

std::string fill_directory(const std::string& directory, int runs) {
  auto store = storage::open_sqlite({.directory = directory, .program_version = "test"});
  EXPECT_TRUE(store.ok()) << store.status().to_string();
  Model model;
  const auto keep = [&](const Transition& transition) {
    model.apply(transition);
    EXPECT_TRUE(storage::testing::commit(**store, {transition}).ok());
  };
  for (std::int64_t number = 1; number <= runs; ++number) {
    const bool open = number % 2 == 0;
    const Transition start = start_of(model.last_sequence + 1, number, open);
    keep(start);
    if (!open) {
      keep(end_of(model.last_sequence + 1, start.writes[0]));
    }
  }
  EXPECT_TRUE((*store)->close().ok());
  return describe(model);
}

std::string read_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

void tamper(const std::string& directory, const std::string& sql) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open((directory + "/perdure.sqlite").c_str(), &db), SQLITE_OK);
  char* message = nullptr;
  EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << message;
  sqlite3_close(db);
}

}  // namespace perdure::cli::testing
