#pragma once
// What activities of any kind do with heartbeats: the same code runs on a thread and in a process.
#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "perdure/activity.h"

namespace test_support {

// Says how far it is, fails, and goes on from there.
inline std::vector<int> fail_half_way_and_go_on() {
  namespace activity = perdure::activity;
  const auto at = activity::heartbeat_details<int>();
  const auto word = activity::heartbeat_details<std::string>(1);
  if (!at) {
    activity::heartbeat(1, "sent at once");
    activity::heartbeat(2, "kept until the attempt ends");
    throw std::runtime_error("half way");
  }
  return {*at, word == "kept until the attempt ends" ? 1 : 0, activity::info().attempt};
}

// Never returns: throws CancelledError once a heartbeat was answered with a cancellation.
[[noreturn]] inline void heartbeat_until_cancelled() {
  while (true) {
    perdure::activity::heartbeat("still here");
    perdure::activity::wait_for_cancelled(std::chrono::milliseconds(20));
  }
}

}  // namespace test_support
