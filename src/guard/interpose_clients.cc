// Perdure's own clients, which ask before they call (client/in_workflow_code.h).
#include "guard/interpose.h"

namespace perdure::guard {

void link_clients() {}

}  // namespace perdure::guard

extern "C" bool perdure_guard_refuses_client() noexcept;
extern "C" bool perdure_guard_refuses_client() noexcept {
  return perdure::guard::refuse("perdure::Client", perdure::guard::kClient) != nullptr;
}
