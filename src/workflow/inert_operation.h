#pragma once
#include "perdure/detail/workflow_context.h"

namespace perdure::workflow_core {

// What user code gets that starts something while its frame is destroyed: it is never done.
class InertOperation final : public detail::Operation {
 public:
  void cancel() override {}
};

}  // namespace perdure::workflow_core
