#pragma once
// What the tests of this folder run.
#include <perdure/perdure.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace testing_test {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

inline constexpr const char* kQueue = "test";

inline std::string greet(const std::string& name) { return "hello " + name; }

inline perdure::Task<std::int64_t> add(std::int64_t a, std::int64_t b) { co_return a + b; }

inline void note(std::string text, std::int64_t number) {
  throw perdure::ApplicationError(text + std::to_string(number));
}

inline std::string decline(const std::string& card) {
  throw perdure::ApplicationError("no money on " + card, {.type = "CardError", .non_retryable = true});
}

class Sleeper {
 public:
  perdure::Task<std::int64_t> run(std::int64_t days) {
    const auto before = workflow::now();
    for (std::int64_t day = 0; day < days; ++day) {
      co_await workflow::sleep(24h);
    }
    co_return std::chrono::duration_cast<std::chrono::hours>(workflow::now() - before).count();
  }
};

class Greeting {
 public:
  perdure::Task<std::string> run(std::string name) {
    std::string text = co_await workflow::execute_activity<greet>(name, {.start_to_close_timeout = 10s});
    co_await workflow::sleep(24h);
    co_return text;
  }
};

class Paying {
 public:
  perdure::Task<std::string> run(std::string card) {
    co_return co_await workflow::execute_activity<decline>(card, {.start_to_close_timeout = 10s});
  }
};

// Waits for a signal for a day.
class Approval {
 public:
  perdure::Task<std::string> run() {
    try {
      co_await workflow::wait_condition([this] { return !by_.empty(); }, 24h);
    } catch (const perdure::TimeoutError&) {
      co_return "expired";
    }
    co_return "approved by " + by_;
  }
  void approve(std::string by) { by_ = std::move(by); }
  static constexpr auto signals = perdure::signals<&Approval::approve>();

 private:
  std::string by_;
};

}  // namespace testing_test
