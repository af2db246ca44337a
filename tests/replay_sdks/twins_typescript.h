#pragma once
// Of sdk-typescript: packages/test/history_files and contrib/interceptors-opentelemetry.
#include <perdure/perdure.h>

#include <chrono>
#include <string>
#include <string_view>

namespace twins {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

class CancelFakeProgress {
 public:
  static constexpr std::string_view workflow_name = "cancelFakeProgress";
  perdure::Task<void> run() {
    auto progress = workflow::start_activity_by_name<void>(
        "fakeProgress", {.start_to_close_timeout = 200s,
                         .cancellation_type = perdure::ActivityCancellationType::kWaitCancellationCompleted});
    co_await workflow::wait_condition([this] { return started_; });
    progress.cancel();
    bool cancelled = false;
    try {
      co_await progress;
    } catch (const perdure::CancelledError&) {
      cancelled = true;
    }
    if (!cancelled) {
      throw perdure::ApplicationError("the activity completed instead of being cancelled");
    }
  }
  void activity_started() { started_ = true; }
  static constexpr auto signals = perdure::signals<&CancelFakeProgress::activity_started>();

 private:
  bool started_ = false;
};

class LangFlagsReplayCorrectly {
 public:
  static constexpr std::string_view workflow_name = "langFlagsReplayCorrectly";
  perdure::Task<void> run() {
    auto timer = workflow::sleep(10s);
    auto activity =
        workflow::start_activity_by_name<void>("noopActivity", {.schedule_to_close_timeout = 10s});
    co_await workflow::race(activity, timer);
    timer.cancel();
  }
};

// A signal that is there before its handler, which has an activity of its own.
class SignalStartOtel {
 public:
  static constexpr std::string_view workflow_name = "signalStartOtel";
  perdure::Task<std::string> run() {
    order_ += co_await activity("a");
    handles_signals_ = true;
    order_ += co_await activity("c");
    co_return order_;
  }
  perdure::Task<void> start_signal() {
    co_await workflow::wait_condition([this] { return handles_signals_; });
    order_ += co_await activity("b");
  }
  static constexpr auto signals = perdure::signals<&SignalStartOtel::start_signal>();

 private:
  static workflow::ActivityHandle<std::string> activity(const std::string& name) {
    return workflow::start_local_activity_by_name<std::string>(name, {.schedule_to_close_timeout = 1min});
  }

  bool handles_signals_ = false;
  std::string order_;
};

}  // namespace twins

template <>
inline constexpr std::string_view perdure::signal_name<&twins::CancelFakeProgress::activity_started> =
    "activityStarted";
template <>
inline constexpr std::string_view perdure::signal_name<&twins::SignalStartOtel::start_signal> = "startSignal";
