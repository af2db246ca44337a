#pragma once
// What a workflow may know about its own run, and its source of randomness.
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>

#include "perdure/payload.h"
#include "perdure/retry_policy.h"
#include "perdure/search_attributes.h"

namespace perdure::workflow {

// The workflow that started this one as its child.
struct ParentInfo {
  std::string namespace_name{};
  std::string workflow_id{};
  std::string run_id{};
};

// Facts about the current run, as Python's workflow.info(). The current_ fields are as of the current
// workflow task.
struct Info {
  std::string namespace_name{};
  std::string workflow_id{};
  std::string run_id{};
  std::string workflow_type{};
  std::string task_queue{};
  std::int32_t attempt = 1;
  std::string first_execution_run_id{};  // the same for all runs of a chain of retries and continue-as-new
  std::string continued_run_id{};        // the run that this one continues; empty: none
  std::chrono::system_clock::time_point start_time{};
  std::optional<std::chrono::nanoseconds> execution_timeout{};
  std::optional<std::chrono::nanoseconds> run_timeout{};
  std::chrono::nanoseconds task_timeout{};
  std::optional<RetryPolicy> retry_policy{};
  std::string cron_schedule{};
  std::map<std::string, Payload> memo{};  // with what upsert_memo() changed; see memo_value<T>()
  SearchAttributes search_attributes{};   // with what upsert_search_attributes() changed

  std::optional<ParentInfo> parent{};  // none: the workflow was not started by another one

  std::int64_t current_history_length = 0;    // events
  std::int64_t current_history_size = 0;      // bytes
  bool is_continue_as_new_suggested = false;  // the history grows long
};

// The update whose handler runs, see current_update_info().
struct UpdateInfo {
  std::string id{};
  std::string name{};
};

// Pseudo-random numbers that a replay repeats. A standard uniform random bit generator; the distributions of
// <random> may differ between standard libraries, below() and real() do not.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed) : state_(seed) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() {  // SplitMix64
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  // In [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound) { return (*this)() % bound; }
  // In [0, 1).
  double real() { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace perdure::workflow
