#pragma once
// Tokens that go out to workers and clients and come back: which attempt of which task, and where a page of
// history goes on. Each is authenticated under the store's secret key and carries its
// namespace, run and attempt, so a token that was altered, made up, or made for something else is refused.
// Thread-safe.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "engine/engine.h"
#include "runtime/queries.h"

namespace perdure::frontend {

struct WorkflowTaskToken {
  NamespaceName namespace_name;
  ExecutionId execution;
  RunId run_id;
  engine::WorkflowTaskRef task;
};

struct ActivityTaskToken {
  NamespaceName namespace_name;
  ExecutionId execution;
  RunId run_id;
  engine::ActivityTaskRef task;
};

struct HistoryToken {
  NamespaceName namespace_name;
  ExecutionId execution;
  RunId run_id;
  std::int64_t next = 0;  // the next event
  std::int64_t end = 0;   // the event after the last one of this reading
  bool paging = false;    // there are events before `end`; else the reader waits for events from `end` on
  bool running = false;   // the run was open when the reading began
  bool reverse = false;   // newest first: `next` is the event after the next one
  std::string suffix;     // serialised History that follows the last page (of a workflow task)
};

struct QueryTaskToken {
  NamespaceName namespace_name;
  runtime::QueryTaskRef task;
};

// Where a page of a list goes on.
struct ListToken {
  NamespaceName namespace_name;
  std::string list;      // which one, and how it is filtered: a token is good for that alone
  std::string position;  // the last one that was given
};

class Tokens {
 public:
  // `key`: 32 secret bytes (StoreInfo::token_key).
  explicit Tokens(const std::string& key);
  ~Tokens();

  std::string seal(const WorkflowTaskToken& token) const;
  std::string seal(const ActivityTaskToken& token) const;
  std::string seal(const HistoryToken& token) const;
  std::string seal(const QueryTaskToken& token) const;
  std::string seal(const ListToken& token) const;

  // kInvalidArgument with Temporal's text if the bytes are not a token of that kind sealed with this key.
  Result<WorkflowTaskToken> open_workflow_task(std::string_view sealed) const;
  Result<ActivityTaskToken> open_activity_task(std::string_view sealed) const;
  Result<HistoryToken> open_history(std::string_view sealed) const;
  Result<QueryTaskToken> open_query_task(std::string_view sealed) const;
  Result<ListToken> open_list(std::string_view sealed) const;

 private:
  class Authenticator;
  class Writer;
  class Reader;
  const std::unique_ptr<const Authenticator> authenticator_;
};

}  // namespace perdure::frontend
