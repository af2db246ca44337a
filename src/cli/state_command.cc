#include "cli/state_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "cli/listing.h"
#include "perdure/state/v1/state.pb.h"
#include "temporal/api/enums/v1/workflow.pb.h"

namespace perdure::cli {
namespace {

using Row = std::array<std::string, 7>;

Row row_of(const storage::RunSummary& run) {
  perdure::state::v1::ExecutionState state;
  const bool readable = state.ParseFromString(run.state);
  return {run.key.namespace_name.value,
          run.key.workflow_id.value,
          run.run_id.value,
          readable ? status_text(state.status()) : "?",
          readable ? state.workflow_type() : "?",
          std::to_string(run.history_events),
          std::to_string(run.pending_items)};
}

std::string layout(const std::vector<Row>& rows) {
  std::array<std::size_t, 7> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
    }
  }
  std::string out;
  for (const Row& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      out += fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    out += row.back() + "\n";
  }
  return out;
}

}  // namespace

std::string status_text(temporal::api::enums::v1::WorkflowExecutionStatus status) {
  constexpr std::string_view prefix = "WORKFLOW_EXECUTION_STATUS_";
  std::string_view name = temporal::api::enums::v1::WorkflowExecutionStatus_Name(status);
  if (name.starts_with(prefix)) {
    name.remove_prefix(prefix.size());
  }
  std::string text;
  bool upper = true;
  for (const char letter : name) {
    if (letter != '_') {
      text.push_back(upper ? letter : static_cast<char>(letter - 'A' + 'a'));
    }
    upper = letter == '_';
  }
  return text;
}

Result<std::string> list_state(const std::string& directory) {
  auto store = open_for_listing(directory);
  if (!store.ok()) {
    return store.status();
  }
  std::vector<Row> rows = {{"NAMESPACE", "WORKFLOW ID", "RUN ID", "STATUS", "TYPE", "EVENTS", "PENDING"}};
  Status listed = for_each_run(**store, [&rows](const storage::RunSummary& run) {
    rows.push_back(row_of(run));
    return Status();
  });
  if (!listed.ok()) {
    return listed;
  }
  const std::string summary = fmt::format("{} runs, {} commits, opened {} times\n", rows.size() - 1,
                                          (*store)->info().last_sequence, (*store)->info().incarnation);
  const Status closed = (*store)->close();
  return closed.ok() ? Result<std::string>(layout(rows) + summary) : Result<std::string>(closed);
}

}  // namespace perdure::cli
