#pragma once
// Ways in which users write coroutines. Each is run, replayed and destroyed at every suspension point.
#include <ostream>
#include <string>
#include <vector>

#include "perdure/detail/workflow_definition.h"

namespace perdure::testing {

struct Pattern {
  std::string name;
  detail::WorkflowDefinition definition;
  std::string result;  // as result_text() gives it
};

template <class W>
Pattern pattern(std::string result) {
  return {std::string(workflow_name<W>), detail::workflow_definition<W>(), std::move(result)};
}

inline void PrintTo(const Pattern& pattern, std::ostream* out) { *out << pattern.name; }  // for GoogleTest

// The patterns of patterns_more.cc.
std::vector<Pattern> more_patterns();
// The patterns of patterns_waits.cc.
std::vector<Pattern> wait_patterns();

}  // namespace perdure::testing
