#include "client/retry.h"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace perdure::client {
namespace {

using namespace std::chrono_literals;

struct Backoff {
  Duration initial;
  double factor;
  Duration longest;
};
constexpr Backoff kCallBackoff{100ms, 1.7, 5s};
constexpr Backoff kPollBackoff{200ms, 2.0, 10s};
// A service that is overloaded gets longer pauses.
constexpr Backoff kThrottleBackoff{1s, 2.0, 10s};  // its first pause stands in the header
constexpr double kSpread = 0.2;                    // of a pause, to either side
// A long poll that lasted longer than this, pause included, had reached the service: another outage begins.
constexpr Duration kReached = 10s;

struct Budget {
  int attempts;                     // 0: any number
  std::optional<Duration> elapsed;  // since the first failure; none: for ever
};

const Backoff& backoff_of(CallKind kind) { return kind == CallKind::kTaskPoll ? kPollBackoff : kCallBackoff; }

Budget budget_of(CallKind kind) {
  switch (kind) {
    case CallKind::kCall:
    case CallKind::kLongPoll:
      return {10, 10s};
    case CallKind::kConnect:
      return {5, 10s};
    case CallKind::kAnswer:
      return {0, 60s};
    case CallKind::kTaskPoll:
      return {0, std::nullopt};
    case CallKind::kOnce:
      break;
  }
  return {1, 0s};
}

Duration longer(Duration pause, const Backoff& backoff) {
  return std::min(std::chrono::duration_cast<Duration>(pause * backoff.factor), backoff.longest);
}

}  // namespace

Duration attempt_timeout(CallKind kind) {
  return kind == CallKind::kTaskPoll || kind == CallKind::kLongPoll ? 70s : 10s;
}

bool is_message_too_large(const Status& status) {
  if (status.code() != Code::kResourceExhausted) {
    return false;
  }
  for (const std::string_view beginning :
       {"grpc: received message larger than max", "Received message larger than max",
        "grpc: message after decompression larger than max",
        "grpc: received message after decompression larger than max"}) {
    if (status.message().starts_with(beginning)) {
      return true;
    }
  }
  return false;
}

Retry::Retry(CallKind kind, bool in_process)
    : kind_(kind), in_process_(in_process), pause_(backoff_of(kind).initial) {}

std::optional<Duration> Retry::after(const Status& status, Timestamp now, double fraction) {
  if (kind_ == CallKind::kLongPoll &&
      (status.code() == Code::kDeadlineExceeded || (last_failure_ && now - *last_failure_ > kReached))) {
    *this = Retry(kind_, in_process_);
  }
  last_failure_ = now;
  if (!first_failure_) {
    first_failure_ = now;
  }
  ++attempts_;
  const Budget budget = budget_of(kind_);
  if (!may_pass(status) || (budget.attempts > 0 && attempts_ >= budget.attempts)) {
    return std::nullopt;
  }
  const auto pause =
      std::chrono::duration_cast<Duration>(next_pause(status) * (1.0 + kSpread * (2.0 * fraction - 1.0)));
  if (budget.elapsed && (now - *first_failure_) + pause > *budget.elapsed) {
    return std::nullopt;
  }
  return pause;
}

bool Retry::may_pass(const Status& status) const {
  if (status.ok() || kind_ == CallKind::kOnce) {
    return false;
  }
  if (kind_ == CallKind::kTaskPoll) {
    return true;  // also what looks final: proxies answer oddly while the service behind them starts
  }
  if (is_message_too_large(status)) {
    return false;
  }
  switch (status.code()) {
    case Code::kResourceExhausted:
    case Code::kAborted:
      return true;
    case Code::kDeadlineExceeded:
      return !in_process_ && kind_ == CallKind::kLongPoll;
    case Code::kDataLoss:
    case Code::kInternal:
    case Code::kUnknown:
    case Code::kOutOfRange:
    case Code::kUnavailable:
      return !in_process_;
    default:
      return false;
  }
}

Duration Retry::next_pause(const Status& status) {
  const Backoff& backoff = backoff_of(kind_);
  Duration pause = pause_;
  pause_ = longer(pause_, backoff);
  if (!in_process_ && status.code() == Code::kResourceExhausted) {
    pause = std::max(pause, throttle_pause_);
    throttle_pause_ = longer(throttle_pause_, kThrottleBackoff);
  }
  return pause;
}

}  // namespace perdure::client
