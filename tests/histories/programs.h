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

}  // namespace histories
