#pragma once
// One command at work on one run: what every machine gets passed.
#include "engine/engine.h"
#include "engine/execution.h"

namespace perdure::engine {

struct Step {
  Outcome& out;
  Execution& run;
  const Context& context;

  Timestamp now() const { return context.now; }
};

}  // namespace perdure::engine
