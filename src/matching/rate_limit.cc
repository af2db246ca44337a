#include "matching/rate_limit.h"

#include <algorithm>
#include <chrono>

namespace perdure::matching {
namespace {

// Once in a century; less often counts as never, and more often than this as without a limit.
constexpr double kLeast = 1.0 / (100.0 * 366 * 24 * 3600);
constexpr double kMost = 1e9;

}  // namespace

void RateLimit::set(std::optional<double> per_second, Timestamp now) {
  if (!per_second || *per_second >= kMost) {
    interval_.reset();
    ready_ = {};
    return;
  }
  if (!(*per_second >= kLeast)) {  // also what is no number
    interval_ = kNever;
    return;
  }
  interval_ = std::max(Duration(1), Duration(static_cast<std::int64_t>(1e9 / *per_second)));
  // After a slower rate the next one need not wait by that.
  ready_ = std::min(ready_, now + *interval_);
}

std::optional<Timestamp> RateLimit::ready_at() const {
  return interval_ == kNever ? std::nullopt : std::optional(ready_);
}

void RateLimit::take(Timestamp now) {
  if (interval_ && *interval_ != kNever) {
    ready_ = std::max(ready_, now - kBurst) + *interval_;
  }
}

void RateLimit::give_back() {
  if (interval_ && *interval_ != kNever) {
    ready_ = ready_ - *interval_;
  }
}

}  // namespace perdure::matching
