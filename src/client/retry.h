#pragma once
// Which failed calls are tried again, and after which pause: the rules of Temporal's SDKs. Values in, values
// out; whoever makes the call holds the clock.
#include <chrono>
#include <optional>

#include "base/status.h"
#include "base/time.h"

namespace perdure::client {

// How long a caller waits, and how long it keeps trying.
enum class CallKind {
  kCall,      // answered at once: ten tries within ten seconds
  kConnect,   // the first call of a connection, which has a user waiting for it: about a second
  kLongPoll,  // waits for what a user waits for; ran out of time: asked again
  kAnswer,    // the outcome of a task, which would have to run again: a minute, to outlast a restart
  kTaskPoll,  // of a worker: for ever
  kOnce,      // not worth a second try
};

// How long one attempt may take when the service is reached over a network. Long polls are answered within a
// minute, by an empty answer if nothing happened.
Duration attempt_timeout(CallKind kind);

// The receiver's limit refused the message: the same message will never pass. Their texts are those of
// grpc-go and of gRPC's core, which is what a message of more than Perdure receives at all meets.
bool is_message_too_large(const Status& status);

// The tries of one call.
class Retry {
 public:
  // `in_process`: the service runs in this process. It is never unavailable for a while (once it has ended,
  // it has ended), and its internal errors do not pass.
  Retry(CallKind kind, bool in_process);

  // The attempt that ended at `now` (of a clock that only goes forward) had this outcome. Returns the pause
  // before the next attempt; nothing: the outcome is final. `fraction` in [0, 1), random, spreads callers
  // that failed together.
  std::optional<Duration> after(const Status& status, Timestamp now, double fraction);

  // From now on it has no more time than an ordinary call has.
  void hurry() { kind_ = kind_ == CallKind::kAnswer ? CallKind::kCall : kind_; }

  // That failed.
  int attempts() const { return attempts_; }

 private:
  bool may_pass(const Status& status) const;
  Duration next_pause(const Status& status);

  CallKind kind_;
  bool in_process_;
  int attempts_ = 0;
  std::optional<Timestamp> first_failure_;
  std::optional<Timestamp> last_failure_;
  Duration pause_;
  Duration throttle_pause_ = std::chrono::seconds(1);
};

}  // namespace perdure::client
