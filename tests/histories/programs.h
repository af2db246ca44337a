#pragma once
// The workflows whose histories are kept. A history that was recorded once must replay for ever, so these
// programs do not change; a new behaviour gets a new program.
#include <perdure/perdure.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace histories {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

struct Input {
  std::string text;
  std::int64_t number = 0;
};

inline std::string echo(Input input) { return input.text + " " + std::to_string(input.number); }

// Fails until its third attempt.
inline std::int64_t stubborn(Input input) {
  const int attempt = perdure::activity::info().attempt;
  if (attempt < 3) {
    throw perdure::ApplicationError("attempt " + std::to_string(attempt), {.type = "Stubborn"});
  }
  return input.number + attempt;
}

inline std::int64_t refusing(Input input) {
  throw perdure::ApplicationError("no " + input.text, {.type = "Refused", .non_retryable = true});
}

class OneActivity {
 public:
  perdure::Task<std::string> run(Input input) {
    co_return co_await workflow::execute_activity<echo>(input, {.start_to_close_timeout = 10s});
  }
};

class ParallelActivities {
 public:
  perdure::Task<std::vector<std::string>> run(Input input) {
    std::vector<workflow::ActivityHandle<std::string>> handles;
    for (std::int64_t i = 0; i < input.number; ++i) {
      handles.push_back(
          workflow::start_activity<echo>({.text = input.text, .number = i}, {.start_to_close_timeout = 10s}));
    }
    std::vector<std::string> results;
    for (auto& handle : handles) {
      results.push_back(co_await handle);
    }
    co_return results;
  }
};

class Retried {
 public:
  perdure::Task<std::int64_t> run(Input input) {
    co_return co_await workflow::execute_activity<stubborn>(
        input, {.start_to_close_timeout = 10s,
                .retry_policy = perdure::RetryPolicy{.initial_interval = 10ms, .backoff_coefficient = 1.0}});
  }
};

class CaughtFailure {
 public:
  perdure::Task<std::string> run(Input input) {
    std::string what;
    try {
      co_await workflow::execute_activity<refusing>(input, {.start_to_close_timeout = 10s});
    } catch (const perdure::ActivityError& error) {
      what = error.cause()->what();
    }
    co_await workflow::sleep(10ms);
    co_return what;
  }
};

class Signalled {
 public:
  perdure::Task<std::string> run(Input input) {
    co_await workflow::wait_condition([this] { return words_.size() == 2; });
    co_return input.text + words_[0] + words_[1];
  }
  void say(std::string word) { words_.push_back(word); }
  static constexpr auto signals = perdure::signals<&Signalled::say>();

 private:
  std::vector<std::string> words_;
};

class Cancelled {
 public:
  perdure::Task<std::string> run(Input input) {
    bool cancelled = false;
    try {
      co_await workflow::sleep(24h);
    } catch (const perdure::CancelledError&) {
      cancelled = true;  // C++ has no co_await inside a handler
    }
    if (cancelled) {
      co_await workflow::execute_activity<echo>(input, {.start_to_close_timeout = 10s});
      throw perdure::CancelledError();
    }
    co_return "";
  }
};

class Continuing {
 public:
  perdure::Task<std::int64_t> run(Input input) {
    if (input.number > 0) {
      co_return workflow::continue_as_new<Continuing>({.text = input.text, .number = input.number - 1});
    }
    co_return input.number;
  }
};

class Failing {
 public:
  perdure::Task<std::int64_t> run(Input input) {
    co_await workflow::sleep(1ms);
    throw perdure::ApplicationError("cannot " + input.text, {.type = "Failing"});
  }
};

class LocalActivities {
 public:
  perdure::Task<std::vector<std::string>> run(Input input) {
    const perdure::LocalActivityOptions options{.start_to_close_timeout = 10s};
    std::vector<std::string> results;
    results.push_back(co_await workflow::execute_local_activity<echo>(input, options));
    try {
      co_await workflow::execute_local_activity<refusing>(input, options);
    } catch (const perdure::ActivityError& error) {
      results.push_back(error.cause()->what());
    }
    const perdure::RetryPolicy often{.initial_interval = 10ms, .backoff_coefficient = 1.0};
    const auto here = co_await workflow::execute_local_activity<stubborn>(
        input, {.start_to_close_timeout = 10s, .retry_policy = often});
    const auto durably = co_await workflow::execute_local_activity<stubborn>(
        input, {.start_to_close_timeout = 10s, .retry_policy = often, .local_retry_threshold = 1ms});
    results.push_back(std::to_string(here + durably));
    auto cancelled = workflow::start_local_activity<echo>(input, options);
    cancelled.cancel();
    auto first = workflow::start_local_activity<echo>({.text = "first", .number = 1}, options);
    auto second = workflow::start_local_activity<echo>({.text = "second", .number = 2}, options);
    results.push_back(co_await second + co_await first);
    co_await workflow::sleep(1ms);
    results.push_back(co_await workflow::execute_activity<echo>(input, {.start_to_close_timeout = 10s}));
    co_return results;
  }
};

// ---- of other SDKs: what the Python programs of that name did

inline perdure::LocalActivityOptions for_ten_seconds() { return {.start_to_close_timeout = 10s}; }

inline auto slow(int tenths, perdure::LocalActivityOptions options = for_ten_seconds()) {
  return workflow::start_local_activity_by_name<std::string>("slow", std::move(options), tenths);
}

inline perdure::Task<std::string> text_of(workflow::ActivityHandle<std::string> handle) {
  std::string text;
  try {
    text = co_await handle;
  } catch (const perdure::FailureError& error) {
    text = error.what();
  }
  co_return text;
}

class LA {
 public:
  perdure::Task<std::vector<std::string>> run() {
    using workflow::start_local_activity_by_name;
    const perdure::RetryPolicy once{.maximum_attempts = 1};
    std::vector<std::string> out;
    out.push_back(co_await start_local_activity_by_name<std::string>(
        "good", {.start_to_close_timeout = 10s, .summary = "sum"}, 1));
    out.push_back(co_await text_of(start_local_activity_by_name<std::string>(
        "bad", {.start_to_close_timeout = 10s, .retry_policy = once}, 9)));
    out.push_back(co_await text_of(slow(30, {.start_to_close_timeout = 1s, .retry_policy = once})));
    auto handle = slow(30);
    co_await workflow::sleep(10ms);
    handle.cancel();
    out.push_back(co_await text_of(handle));
    out.push_back(co_await start_local_activity_by_name<std::string>(
        "bad",
        {.start_to_close_timeout = 10s,
         .retry_policy = perdure::RetryPolicy{.initial_interval = 2s},
         .local_retry_threshold = 1s},
        2));
    auto longest = slow(50);
    auto shortest = slow(1);
    auto middle = slow(20);
    out.push_back(co_await longest + co_await shortest + co_await middle);
    co_return out;
  }
};

class LB {
 public:
  perdure::Task<std::vector<std::string>> run() {
    using perdure::ActivityCancellationType;
    std::vector<std::string> out;
    for (const auto type :
         {ActivityCancellationType::kTryCancel, ActivityCancellationType::kWaitCancellationCompleted,
          ActivityCancellationType::kAbandon}) {
      auto handle = slow(5, {.start_to_close_timeout = 10s, .cancellation_type = type});
      co_await slow(1);
      handle.cancel();
      out.push_back(co_await text_of(handle));
    }
    auto never = slow(5);
    co_await workflow::sleep(0s);
    never.cancel();
    out.push_back(co_await text_of(never));
    auto a = slow(2);
    auto b = slow(2);
    auto c = slow(2);
    out.push_back(co_await a + co_await b + co_await c);
    co_return out;
  }
};

}  // namespace histories
