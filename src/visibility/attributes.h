#pragma once
// Search attributes: names, types, values.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/time.h"

namespace perdure::visibility {

// As temporal.api.enums.v1.IndexedValueType, with its numbers.
enum class ValueType {
  kText = 1,
  kKeyword = 2,
  kInt = 3,
  kDouble = 4,
  kBool = 5,
  kDatetime = 6,
  kKeywordList = 7,
};
// "Keyword", as messages have it.
std::string_view value_type_text(ValueType type);

// Text and Keyword, Int (and ExecutionStatus, ExecutionDuration), Double, Bool, Datetime, KeywordList.
using Value = std::variant<std::string, std::int64_t, double, bool, Timestamp, std::vector<std::string>>;

// The attributes that every namespace has, by Temporal's names; none: `name` is not one of them.
std::optional<ValueType> system_attribute(std::string_view name);

// The attributes that a filter may name: those of a namespace, or of another kind of list.
class AttributeTypes {
 public:
  virtual ~AttributeTypes() = default;
  virtual std::optional<ValueType> type_of(std::string_view name) const = 0;
};

}  // namespace perdure::visibility
