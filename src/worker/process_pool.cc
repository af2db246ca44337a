#include "worker/process_pool.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "api/failure_conversion.h"
#include "perdure/logger.h"
#include "worker/process_messages.h"

namespace perdure::worker {
namespace {

using Clock = std::chrono::steady_clock;

// Until when an attempt may run; the service counts from a little earlier.
std::optional<Clock::time_point> end_of(const activity::Info& info) {
  std::optional<std::chrono::nanoseconds> limit = info.start_to_close_timeout;
  if (info.schedule_to_close_timeout && (!limit || *info.schedule_to_close_timeout < *limit)) {
    limit = info.schedule_to_close_timeout;
  }
  // Years are not measured: the sum would not fit.
  constexpr std::chrono::nanoseconds kLongest = std::chrono::hours(24 * 365);
  return limit && *limit < kLongest ? std::optional(Clock::now() + *limit) : std::nullopt;
}

int milliseconds_until(const std::optional<Clock::time_point>& end) {
  if (!end) {
    return -1;
  }
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*end - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000));
}

// Which of two descriptors can be read; none of them: the time is over.
struct Ready {
  bool first = false;
  bool second = false;
};
Ready wait_for(int first, int second, const std::optional<Clock::time_point>& end) {
  pollfd polled[] = {{.fd = first, .events = POLLIN, .revents = 0},
                     {.fd = second, .events = POLLIN, .revents = 0}};
  while (poll(polled, 2, milliseconds_until(end)) < 0 && errno == EINTR) {
  }
  return {polled[0].revents != 0, polled[1].revents != 0};
}

// One activity while a process runs it.
class Conversation {
 public:
  Conversation(ActivityProcess& process, ActivityAttempt& activity, const EventCounter& stopped)
      : process_(process), activity_(activity), stopped_(stopped), end_(end_of(activity.info())) {}

  // The message that ends the activity; none: its process ended.
  std::optional<ProcessMessage> run_to_end() {
    while (true) {
      const Ready ready = wait_for(process_.channel().descriptor(), stopped_.descriptor(), end_);
      if (ready.second && stopped_.take()) {
        process_.channel().send(MessageKind::kCancel, activity_.cancel_reason());
      } else if (ready.first) {
        std::optional<ProcessMessage> message = process_.channel().receive();
        if (!message || !handle(*message)) {
          return message;
        }
      } else if (end_ && Clock::now() >= *end_) {
        process_.kill();
        end_.reset();
        killed_ = true;
      }
    }
  }
  // The attempt's time was over.
  bool killed() const { return killed_; }

 private:
  // False: the activity is at its end.
  bool handle(const ProcessMessage& message) {
    switch (message.kind) {
      case MessageKind::kHeartbeat:
        try {
          activity_.heartbeat(decode_payloads(message.body));
        } catch (const CancelledError&) {  // NOLINT(bugprone-empty-catch): `stopped_` says so, too
        }
        return true;
      case MessageKind::kLog:
        write_log(decode_log_record(message.body));
        return true;
      default:
        return false;
    }
  }

  ActivityProcess& process_;
  ActivityAttempt& activity_;
  const EventCounter& stopped_;
  std::optional<Clock::time_point> end_;
  bool killed_ = false;
};

Payload take_result(const ProcessMessage& message) {
  if (message.kind == MessageKind::kResult) {
    return decode_payload(message.body);
  }
  if (message.kind == MessageKind::kCompleteAsync) {
    throw CompleteAsyncError();
  }
  temporal::api::failure::v1::Failure failure;
  failure.ParseFromString(message.body);
  std::rethrow_exception(api::failure_to_exception(failure));
}

}  // namespace

EventCounter::EventCounter(unsigned initial, bool semaphore)
    : descriptor_(eventfd(initial, EFD_CLOEXEC | EFD_NONBLOCK | (semaphore ? EFD_SEMAPHORE : 0))) {
  if (descriptor_ < 0) {
    throw std::system_error(errno, std::generic_category(), "a process activity needs an event descriptor");
  }
}
EventCounter::~EventCounter() { close(descriptor_); }
void EventCounter::add() const { eventfd_write(descriptor_, 1); }
bool EventCounter::take() const {
  eventfd_t taken = 0;
  return eventfd_read(descriptor_, &taken) == 0;
}

ProcessPool::ProcessPool(std::size_t max_processes, std::string task_queue)
    : task_queue_(std::move(task_queue)),
      free_(max_processes > 0 ? static_cast<unsigned>(max_processes)
                              : std::max(1U, std::thread::hardware_concurrency()),
            true) {}

Payload ProcessPool::run(const detail::ActivityDefinition& definition, ActivityAttempt& activity,
                         const Payloads& arguments) {
  // Shared: who cancels may still be at it when the activity ends.
  const auto stopped = std::make_shared<const EventCounter>(0, false);
  activity.on_stop([stopped] { stopped->add(); });
  wait_for_turn(activity, *stopped);
  // Given back at the end, whatever that is.
  const std::shared_ptr<const void> turn(nullptr, [this](const void*) { free_.add(); });

  std::unique_ptr<ActivityProcess> process = start(
      encode(RunRequest{.process = definition.process, .info = activity.info(), .arguments = arguments}));
  Conversation conversation(*process, activity, *stopped);
  const std::optional<ProcessMessage> message = conversation.run_to_end();
  if (!message) {
    const std::string end = process->wait_for_end();
    throw ApplicationError(
        fmt::format("the process {} of activity {} {}{}", process->id(), activity.info().activity_type, end,
                    conversation.killed() ? ": the time of the attempt was over" : ""),
        {.type = "ActivityProcessDied"});
  }
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(process));
  }
  return take_result(*message);
}

void ProcessPool::wait_for_turn(const ActivityAttempt& activity, const EventCounter& stopped) {
  while (!free_.take()) {
    wait_for(free_.descriptor(), stopped.descriptor(), std::nullopt);
    if (activity.is_cancelled()) {
      throw CancelledError(activity.cancel_reason());
    }
  }
}

// The one that was used last, whose memory is warm. Null: there is none.
std::unique_ptr<ActivityProcess> ProcessPool::take_idle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) {
    return nullptr;
  }
  std::unique_ptr<ActivityProcess> process = std::move(idle_.back());
  idle_.pop_back();
  return process;
}

// A process that was told to run. One that ended while it was idle is replaced: it did not begin.
std::unique_ptr<ActivityProcess> ProcessPool::start(const std::string& run_request) {
  while (std::unique_ptr<ActivityProcess> process = take_idle()) {
    if (process->alive() && process->channel().send(MessageKind::kRun, run_request)) {
      return process;
    }
  }
  auto process = std::make_unique<ActivityProcess>(task_queue_);
  process->channel().send(MessageKind::kRun, run_request);  // if it is gone already, its end says why
  return process;
}

}  // namespace perdure::worker
