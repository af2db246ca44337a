#include "perdure/workflow_unsafe.h"

namespace perdure::detail {
namespace {

thread_local int t_depth = 0;

}  // namespace

UnguardedScope::UnguardedScope() noexcept { ++t_depth; }
UnguardedScope::~UnguardedScope() { --t_depth; }

bool is_unguarded() noexcept { return t_depth > 0; }

}  // namespace perdure::detail
