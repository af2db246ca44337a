#pragma once
// A filter whose names are attributes and whose values have their types: what is carried out.
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "visibility/attributes.h"
#include "visibility/filter.h"

namespace perdure::visibility {

struct Attribute {
  std::string name;  // as it is stored
  ValueType type = ValueType::kKeyword;
};

// ExecutionStatus has integers (temporal.api.enums.v1.WorkflowExecutionStatus), ExecutionDuration
// nanoseconds.
struct BoundCondition {
  Attribute attribute;
  Operator op = Operator::kEqual;  // never one of those that are refused
  std::vector<Value> values;
};

struct BoundNode {
  Node::Kind kind = Node::Kind::kCondition;
  BoundCondition condition;
  std::vector<BoundNode> children;
};

struct BoundOrder {
  Attribute attribute;
  bool descending = false;
};

struct BoundFilter {
  std::optional<BoundNode> where;
  std::vector<Attribute> group_by;
  std::vector<BoundOrder> order_by;
};

// kInvalidArgument with Temporal's text: a name that is no attribute, an operator that its type has not, a
// value of another type. A name is looked for as it is, then with the prefix "Temporal" or without it.
Result<BoundFilter> bind_filter(const Filter& filter, const AttributeTypes& attributes);

}  // namespace perdure::visibility
