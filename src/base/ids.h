#pragma once
// Ids are types, never bare strings: a workflow id cannot be passed where a run id is meant.
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace perdure {

template <class Tag>
struct StringId {
  std::string value;

  StringId() = default;
  explicit StringId(std::string v) : value(std::move(v)) {}
  bool empty() const { return value.empty(); }
  friend auto operator<=>(const StringId&, const StringId&) = default;
};

using NamespaceName = StringId<struct NamespaceNameTag>;
using WorkflowId = StringId<struct WorkflowIdTag>;
using RunId = StringId<struct RunIdTag>;

// The store's own number of one run: dense, never reused, meaningless outside a state directory.
struct ExecutionId {
  std::int64_t value = 0;  // 0: none
  friend auto operator<=>(ExecutionId, ExecutionId) = default;
};

// What a workflow id names: at most one open run at a time (invariant W1).
struct WorkflowKey {
  NamespaceName namespace_name;
  WorkflowId workflow_id;
  friend auto operator<=>(const WorkflowKey&, const WorkflowKey&) = default;
};

}  // namespace perdure
