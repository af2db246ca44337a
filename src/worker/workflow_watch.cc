#include "worker/workflow_watch.h"

#include "perdure/logger.h"

namespace perdure::worker {
namespace {

// As Temporal's SDKs.
constexpr std::chrono::nanoseconds kLimit = std::chrono::seconds(2);
constexpr std::chrono::nanoseconds kInterval = std::chrono::milliseconds(500);

}  // namespace

void WorkflowWatch::start() {
  loop_.run_after(kInterval, [this] {
    look();
    start();
  });
}

void WorkflowWatch::begin(const Step& step) {
  const auto now = EventLoop::Clock::now();
  const std::lock_guard lock(mutex_);
  running_ = true;
  reported_ = false;
  step_ = step;
  since_ = now;
}

void WorkflowWatch::end() {
  if (!loop_.has_thread()) {
    look();  // nobody could while the code ran
  }
  const std::lock_guard lock(mutex_);
  running_ = false;
}

void WorkflowWatch::look() {
  LogRecord record{.level = LogLevel::kWarning};
  {
    const std::lock_guard lock(mutex_);
    if (!running_ || reported_ || EventLoop::Clock::now() - since_ < kLimit) {
      return;
    }
    reported_ = true;
    record.message =
        "[TMPRL1101] potential deadlock: the workflow's code did not yield within 2 s. It blocks, or "
        "computes "
        "for long, and holds up the other workflows of this worker: move the work into an activity";
    record.fields = {{"workflow_id", *step_.workflow_id},
                     {"run_id", *step_.run_id},
                     {"workflow_type", *step_.workflow_type}};
  }
  write_log(record);
}

}  // namespace perdure::worker
