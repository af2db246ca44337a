#include "visibility/bound_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "visibility/time_text.h"

namespace perdure::visibility {
namespace {

constexpr std::string_view kPrefix = "Temporal";
constexpr std::string_view kStatus = "ExecutionStatus";
constexpr std::string_view kDuration = "ExecutionDuration";

// By number, as temporal.api.enums.v1.WorkflowExecutionStatus; with the names of its JSON.
constexpr std::pair<std::string_view, std::string_view> kStatuses[] = {
    {"Unspecified", "WORKFLOW_EXECUTION_STATUS_UNSPECIFIED"},
    {"Running", "WORKFLOW_EXECUTION_STATUS_RUNNING"},
    {"Completed", "WORKFLOW_EXECUTION_STATUS_COMPLETED"},
    {"Failed", "WORKFLOW_EXECUTION_STATUS_FAILED"},
    {"Canceled", "WORKFLOW_EXECUTION_STATUS_CANCELED"},
    {"Terminated", "WORKFLOW_EXECUTION_STATUS_TERMINATED"},
    {"ContinuedAsNew", "WORKFLOW_EXECUTION_STATUS_CONTINUED_AS_NEW"},
    {"TimedOut", "WORKFLOW_EXECUTION_STATUS_TIMED_OUT"},
    {"Paused", "WORKFLOW_EXECUTION_STATUS_PAUSED"},
};

// Unwinds the binding; never leaves bind_filter().
struct Refused {
  Status why;
};

template <class... A>
[[noreturn]] void refuse(fmt::format_string<A...> text, A&&... arguments) {
  throw Refused{invalid_query(fmt::format(text, std::forward<A>(arguments)...))};
}

bool has_operator(ValueType type, Operator op) {
  using enum Operator;
  const bool equal = op == kEqual || op == kNotEqual;
  const bool in = op == kIn || op == kNotIn;
  const bool order = op == kLess || op == kLessOrEqual || op == kGreater || op == kGreaterOrEqual;
  const bool prefix = op == kStartsWith || op == kNotStartsWith;
  switch (type) {
    case ValueType::kText:
      return equal;
    case ValueType::kKeywordList:
      return equal || in;
    case ValueType::kKeyword:
      return equal || in || order || prefix;
    default:
      return equal || in || order;
  }
}

bool has_ranges(ValueType type) {
  return type == ValueType::kDatetime || type == ValueType::kDouble || type == ValueType::kInt ||
         type == ValueType::kKeyword;
}

// As the messages of Temporal's server, in Go's notation.
std::string go_value(const Literal& value) {
  switch (value.kind) {
    case Literal::Kind::kString:
      return fmt::format("{:?} (type: string)", value.text);
    case Literal::Kind::kInteger:
      return fmt::format("{} (type: int64)", value.integer);
    case Literal::Kind::kReal:
      return fmt::format("{} (type: float64)", value.real);
    default:
      return fmt::format("{} (type: bool)", value.boolean);
  }
}
std::string_view go_type(const Literal& value) {
  switch (value.kind) {
    case Literal::Kind::kString:
      return "string";
    case Literal::Kind::kInteger:
      return "int64";
    case Literal::Kind::kReal:
      return "float64";
    default:
      return "bool";
  }
}

class Binder {
 public:
  explicit Binder(const AttributeTypes& attributes) : attributes_(attributes) {}

  BoundNode bind(const Node& node) const {
    BoundNode bound;
    bound.kind = node.kind;
    if (node.kind == Node::Kind::kCondition) {
      bound.condition = bind(node.condition);
    }
    bound.children.reserve(node.children.size());
    for (const Node& child : node.children) {
      bound.children.push_back(bind(child));
    }
    return bound;
  }

  Attribute resolve(const std::string& name) const {
    if (const auto type = attributes_.type_of(name)) {
      return {name, *type};
    }
    const bool prefixed = name.starts_with(kPrefix);
    std::string other = prefixed ? name.substr(kPrefix.size()) : std::string(kPrefix) + name;
    if (name == "ScheduleId" || other == "ScheduleId") {
      other = "WorkflowId";
    }
    if (const auto type = attributes_.type_of(other)) {
      return {other, *type};
    }
    refuse("invalid search attribute: {}", name);
  }

 private:
  BoundCondition bind(const Condition& condition) const {
    BoundCondition bound{resolve(condition.name), condition.op, {}};
    check_operator(condition, bound.attribute);
    for (const Literal& value : condition.values) {
      bound.values.push_back(convert(value, condition.name, bound.attribute));
    }
    return bound;
  }

  static void check_operator(const Condition& condition, const Attribute& attribute) {
    switch (condition.op) {
      case Operator::kIsNull:
      case Operator::kIsNotNull:
        return;
      case Operator::kIsSomethingElse:
        refuse("invalid expression: 'IS' operator can only be used as 'IS NULL' or 'IS NOT NULL'");
      case Operator::kBetween:
      case Operator::kNotBetween:
        if (!has_ranges(attribute.type)) {
          refuse("invalid expression: cannot do range condition on search attribute '{}' of type {}",
                 condition.name, value_type_text(attribute.type));
        }
        return;
      default:
        break;
    }
    if (!has_operator(attribute.type, condition.op)) {
      for (const Literal& value : condition.values) {
        check_is_value(value);  // what is wrong with the value comes first
      }
      refuse("operation is not supported: operator '{}' not supported for {} type search attribute '{}'",
             operator_text(condition.op), value_type_text(attribute.type), condition.name);
    }
  }

  static void check_is_value(const Literal& value) {
    switch (value.kind) {
      case Literal::Kind::kName:
        refuse(
            "operation is not supported: column name on the right side of comparison expression (did you "
            "forget to "
            "quote {:?}?)",
            value.text);
      case Literal::Kind::kCall:
        refuse("operation is not supported: nested func");
      case Literal::Kind::kArithmetic:
        refuse("invalid expression: unexpected value type *sqlparser.BinaryExpr");
      case Literal::Kind::kNull:
        refuse("invalid expression: unexpected value type *sqlparser.NullVal");
      case Literal::Kind::kArgument:
        refuse("invalid expression: unable to parse value {:?}", value.text == "?" ? ":v1" : value.text);
      default:
        return;
    }
  }

  static Value convert(const Literal& value, const std::string& name, const Attribute& attribute) {
    check_is_value(value);
    if (attribute.name == kStatus) {
      return convert_status(value);
    }
    if (attribute.name == kDuration) {
      return convert_duration(value);
    }
    using enum Literal::Kind;
    switch (attribute.type) {
      case ValueType::kInt:
      case ValueType::kDouble:
        if (value.kind == kInteger) {
          return value.integer;
        }
        if (value.kind == kReal) {
          return value.real;
        }
        break;
      case ValueType::kBool:
        if (value.kind == kBool) {
          return value.boolean;
        }
        break;
      case ValueType::kDatetime:
        if (value.kind == kInteger) {
          return Timestamp{value.integer};
        }
        if (value.kind == kString) {
          return convert_time(value.text);
        }
        break;
      default:
        if (value.kind == kString) {
          return value.text;
        }
        break;
    }
    refuse("invalid expression: invalid value type for search attribute {} of type {}: {}", name,
           value_type_text(attribute.type), go_value(value));
  }

  static Value convert_time(const std::string& text) {
    const auto time = parse_rfc3339(text);
    if (!time) {
      refuse("invalid expression: unable to parse datetime '{}'", text);
    }
    return *time;
  }

  static Value convert_status(const Literal& value) {
    if (value.kind == Literal::Kind::kInteger) {
      if (value.integer < 0 || value.integer >= std::ssize(kStatuses)) {
        refuse("invalid expression: invalid {} value {}", kStatus, value.integer);
      }
      return value.integer;
    }
    if (value.kind != Literal::Kind::kString) {
      refuse("invalid expression: unexpected value type {} for search attribute {}", go_type(value), kStatus);
    }
    const auto* const found = std::find_if(
        std::begin(kStatuses), std::end(kStatuses),
        [&value](const auto& one) { return one.first == value.text || one.second == value.text; });
    if (found == std::end(kStatuses)) {
      refuse("invalid expression: invalid {} value '{}'", kStatus, value.text);
    }
    return static_cast<std::int64_t>(found - std::begin(kStatuses));
  }

  static Value convert_duration(const Literal& value) {
    if (value.kind == Literal::Kind::kInteger) {
      return value.integer;
    }
    if (value.kind != Literal::Kind::kString) {
      refuse("invalid expression: unexpected value type {} for search attribute {}", go_type(value),
             kDuration);
    }
    const auto duration = parse_duration(value.text);
    if (!duration) {
      refuse("invalid expression: invalid duration value for search attribute {}: {}", kDuration, value.text);
    }
    return static_cast<std::int64_t>(duration->count());
  }

  const AttributeTypes& attributes_;
};

}  // namespace

Result<BoundFilter> bind_filter(const Filter& filter, const AttributeTypes& attributes) {
  const Binder binder(attributes);
  BoundFilter bound;
  try {
    if (filter.where) {
      bound.where = binder.bind(*filter.where);
    }
    for (const std::string& name : filter.group_by) {
      bound.group_by.push_back(binder.resolve(name));
    }
    for (const OrderBy& order : filter.order_by) {
      bound.order_by.push_back({binder.resolve(order.name), order.descending});
    }
  } catch (const Refused& refused) {
    return refused.why;
  }
  return bound;
}

}  // namespace perdure::visibility
