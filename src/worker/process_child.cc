#include "worker/process_child.h"

#include <fmt/format.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "api/convert.h"
#include "api/failure_conversion.h"
#include "perdure/logger.h"
#include "perdure/process_activities.h"
#include "worker/current_activity.h"
#include "worker/process_channel.h"
#include "worker/process_messages.h"
#include "worker/process_pool.h"

namespace perdure::worker {
namespace {

bool prepared = false;  // set once, at the top of main()

using Registry = std::map<std::string, detail::ActivityDefinition>;

// Filled before main(), by initialisers of the program's files.
Registry& registry() {
  static Registry& the_registry = *new Registry;
  return the_registry;
}

// One attempt, as its code sees it.
class ChildActivity final : public activity::detail::ActivityContext {
 public:
  ChildActivity(ProcessChannel& channel, activity::Info info) : channel_(channel), info_(std::move(info)) {}

  const activity::Info& info() const override { return info_; }
  void heartbeat(Payloads details) override {
    channel_.send(MessageKind::kHeartbeat, encode(details));
    if (is_cancelled()) {
      throw CancelledError(cancel_reason());
    }
  }
  bool is_cancelled() const override {
    const std::lock_guard lock(mutex_);
    return reason_.has_value();
  }
  std::string cancel_reason() const override {
    const std::lock_guard lock(mutex_);
    return reason_.value_or("not cancelled");
  }
  std::shared_ptr<client::Connection> connection() const override {
    throw PerdureError(
        "activity::client() has no client in a process of its own: make one there, or run the activity in "
        "the "
        "worker's process (activities<…>() instead of process_activities<…>())");
  }
  bool wait_for_cancelled(std::chrono::nanoseconds at_most) override {
    std::unique_lock lock(mutex_);
    return cancelled_.wait_for(lock, at_most, [&] { return reason_.has_value(); });
  }
  void resume_after(std::chrono::nanoseconds, std::coroutine_handle<>) override {
    throw PerdureError("activity::sleep() is for coroutines: a process activity may block");
  }
  std::function<void()> suspend(std::coroutine_handle<>) override {
    throw PerdureError("a process activity is no coroutine: it may block instead of awaiting a call");
  }

  void cancel(std::string reason) {
    const std::lock_guard lock(mutex_);
    reason_ = std::move(reason);
    cancelled_.notify_all();
  }

 private:
  ProcessChannel& channel_;
  const activity::Info info_;
  mutable std::mutex mutex_;
  std::condition_variable cancelled_;
  std::optional<std::string> reason_;
};

// Receives on a thread of its own, so that a busy process hears of cancellations and of the end of its
// worker; runs activities on the main thread.
class Child {
 public:
  explicit Child(int descriptor) : channel_(descriptor) {}

  [[noreturn]] void run() {
    set_log_sink([this](const LogRecord& record) { channel_.send(MessageKind::kLog, encode(record)); });
    std::thread([this] { receive(); }).detach();
    while (true) {
      RunRequest request = next();
      const ProcessMessage end = run_one(std::move(request));
      // What was printed belongs to this activity, and the process may not live to its own end.
      std::fflush(nullptr);
      channel_.send(end.kind, end.body);
    }
  }

 private:
  [[noreturn]] void receive() {
    while (const std::optional<ProcessMessage> message = channel_.receive()) {
      const std::lock_guard lock(mutex_);
      if (message->kind == MessageKind::kRun) {
        request_ = decode_run_request(message->body);
        requested_.notify_all();
      } else if (message->kind == MessageKind::kCancel && current_ != nullptr) {
        current_->cancel(message->body);
      }
    }
    // The worker is gone, and with it whoever would take a result. Its program's destructors are for its own
    // end, not for a thread that is in the middle of something.
    std::_Exit(0);
  }

  RunRequest next() {
    std::unique_lock lock(mutex_);
    requested_.wait(lock, [&] { return request_.has_value(); });
    return *std::exchange(request_, std::nullopt);
  }

  ProcessMessage run_one(RunRequest request) {
    ChildActivity activity(channel_, std::move(request.info));
    set_current(&activity);
    ProcessMessage end;
    try {
      const ActivityScope scope(&activity);
      const auto found = registry().find(request.process);
      if (found == registry().end()) {
        throw ApplicationError(
            fmt::format("this process does not know activity {}", activity.info().activity_type),
            {.type = "NotFoundError"});
      }
      end = {MessageKind::kResult, encode(found->second.call(request.arguments))};
    } catch (const CompleteAsyncError&) {
      end = {MessageKind::kCompleteAsync, ""};
    } catch (...) {
      end = {MessageKind::kFailure, api::serialize(api::exception_to_failure(std::current_exception()))};
    }
    set_current(nullptr);
    return end;
  }

  void set_current(ChildActivity* activity) {
    const std::lock_guard lock(mutex_);
    current_ = activity;
  }

  ProcessChannel channel_;
  std::mutex mutex_;
  std::condition_variable requested_;
  std::optional<RunRequest> request_;  // guarded by mutex_
  ChildActivity* current_ = nullptr;   // guarded by mutex_
};

}  // namespace

bool processes_are_prepared() { return prepared; }

void check_process_activities(const std::vector<detail::ActivityDefinition>& definitions) {
  for (const detail::ActivityDefinition& definition : definitions) {
    if (!definition.process.empty() && !prepared) {
      throw OptionsError(
          fmt::format("activity {} runs in a process of its own, which is this program started again; main() "
                      "has to begin "
                      "with `perdure::run_as_activity_process_if_asked(argc, argv);`",
                      definition.name));
    }
  }
}

}  // namespace perdure::worker

namespace perdure {

bool detail::register_process_activity(ActivityDefinition definition) {
  std::string process = definition.process;
  worker::registry().insert_or_assign(std::move(process), std::move(definition));
  return true;
}

void run_as_activity_process_if_asked(int argc, char** argv) {
  worker::prepared = true;
  if (argc == 3 && std::string_view(argv[1]) == worker::kProcessFlag) {
    // Never destroyed: its threads run until the process ends.
    auto* child = new worker::Child(worker::kChannelDescriptor);
    child->run();
  }
}

}  // namespace perdure
