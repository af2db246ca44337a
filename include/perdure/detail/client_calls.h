#pragma once
// What Client and WorkflowHandle do once their types are gone. Implemented in src/client. All of it blocks,
// and throws RpcError and what error.h derives from it.
#include <memory>
#include <optional>
#include <string>

#include "perdure/client_options.h"
#include "perdure/payload.h"

namespace perdure {
struct WorkflowUpdateOutcome;
}
namespace perdure::client {
class Connection;
}

namespace perdure::detail {

struct WorkflowReference {
  std::shared_ptr<client::Connection> connection;
  std::string workflow_id;
  std::string run_id;                  // empty: the current run
  std::string first_execution_run_id;  // set by a start: cancel and terminate refuse another chain
};

// Throws WorkflowAlreadyStartedError, OptionsError.
WorkflowReference start_workflow(const std::shared_ptr<client::Connection>& connection,
                                 std::string workflow_type, Payloads arguments,
                                 const WorkflowOptions& options);
// Waits for the last run of the chain. Throws WorkflowFailureError.
Payload wait_for_result(const WorkflowReference& workflow);
void signal_workflow(const WorkflowReference& workflow, const std::string& name, Payloads arguments);
// Throws WorkflowQueryFailedError, WorkflowQueryRejectedError.
Payload query_workflow(const WorkflowReference& workflow, const std::string& query, Payloads arguments,
                       const QueryOptions& options);

struct UpdateReference {
  std::shared_ptr<client::Connection> connection;
  std::string id;
  std::string workflow_id;
  std::string workflow_run_id;
  std::shared_ptr<const WorkflowUpdateOutcome> outcome;  // null: not known yet
};
UpdateReference start_update(const WorkflowReference& workflow, const std::string& update, Payloads arguments,
                             const StartUpdateOptions& options);
// Waits for it. Throws WorkflowUpdateFailedError.
Payload update_result(const UpdateReference& update);

// A start that has not been sent, or what came of it.
struct WithStart {
  std::string workflow_type;
  Payloads arguments;
  WorkflowOptions options;
  std::optional<WorkflowReference> started;
};
// Throws OptionsError when it was used before.
UpdateReference start_update_with_start(const std::shared_ptr<client::Connection>& connection,
                                        WithStart& start, const std::string& update, Payloads arguments,
                                        const StartUpdateOptions& options);

void cancel_workflow(const WorkflowReference& workflow, const std::string& reason);
void terminate_workflow(const WorkflowReference& workflow, const std::string& reason);
WorkflowExecutionDescription describe_workflow(const WorkflowReference& workflow);
std::string fetch_history_json(const WorkflowReference& workflow);

}  // namespace perdure::detail
