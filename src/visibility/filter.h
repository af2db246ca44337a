#pragma once
// The list filter language, as text and as a tree: what ListWorkflowExecutions and its relatives take as
// `query`.
//
//   WorkflowType = 'Order' AND (StartTime > '2026-01-01T00:00:00Z' OR Paid = false) ORDER BY StartTime DESC
//
// The grammar is what Temporal's server accepts of SQL's WHERE clause. A tree still has the names and values
// as they were written; bound_filter.h gives them meaning. Errors have Temporal's code and text.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace perdure::visibility {

enum class Operator {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kNullSafeEqual,  // from here to kNotRegexp: understood, and refused for every type
  kLike,
  kNotLike,
  kRegexp,
  kNotRegexp,
  kIn,
  kNotIn,
  kStartsWith,
  kNotStartsWith,
  kBetween,
  kNotBetween,
  kIsNull,
  kIsNotNull,
  kIsSomethingElse,  // IS TRUE, IS NOT FALSE, …: refused
};
// As messages have it: "=", "STARTS_WITH", "NOT IN".
std::string_view operator_text(Operator op);

struct Literal {
  enum class Kind { kString, kInteger, kReal, kBool, kNull, kArgument, kName, kCall, kArithmetic };
  Kind kind = Kind::kString;
  std::string text;  // a string's contents; others as they were written
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
};

// NAME OP VALUES: one value, two for BETWEEN, any number for IN, none for IS.
struct Condition {
  std::string name;
  Operator op = Operator::kEqual;
  std::vector<Literal> values;
};

struct Node {
  enum class Kind { kAnd, kOr, kNot, kCondition };
  Kind kind = Kind::kCondition;
  Condition condition;
  std::vector<Node> children;  // of kAnd and kOr two or more, of kNot one
};

struct OrderBy {
  std::string name;
  bool descending = false;
};

struct Filter {
  std::optional<Node> where;
  std::vector<std::string> group_by;
  std::vector<OrderBy> order_by;
};

// What a caller may ask of the parser and of everything that walks the tree.
struct FilterLimits {
  std::size_t bytes = 64 * 1024;
  int depth = 100;    // of parentheses and NOTs
  int nodes = 5'000;  // conditions and values
};

// kInvalidArgument: "invalid query: malformed SQL query: syntax error at position 40 near 'and'" and the
// like; positions count from 1 in the statement that Temporal makes of the text. Empty text gives an empty
// filter.
Result<Filter> parse_filter(std::string_view text, const FilterLimits& limits = {});

// kInvalidArgument with "invalid query: " before `why`.
Status invalid_query(const std::string& why);

}  // namespace perdure::visibility
