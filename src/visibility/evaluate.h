#pragma once
// A filter on one row in memory: the rules without a database. Lists that are small are filtered with it; the
// index in the database is compared with it.
#include <functional>
#include <optional>
#include <string_view>

#include "visibility/bound_filter.h"

namespace perdure::visibility {

// The value of an attribute by its stored name; none: the row has none (NULL).
using RowValues = std::function<std::optional<Value>(std::string_view name)>;

// As SQL: a comparison with nothing is neither true nor false, and a row is listed only for what is true.
bool matches(const BoundNode& node, const RowValues& row);

}  // namespace perdure::visibility
