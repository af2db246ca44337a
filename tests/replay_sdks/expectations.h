#pragma once
// What is known of single files of the SDKs' test data. A file that is not named here must replay.
#include <map>
#include <string>
#include <string_view>

namespace replay_sdks {

struct Expectation {
  bool nondeterministic = false;  // a history that its SDK's own tests want refused
  int first_events = 0;           // only these, as the SDK's own tests take them; 0: all
  std::string_view not_run{};     // why no one workflow of C++ can follow
};

inline constexpr std::string_view kEndsInTheSameTask =
    "what ends in the workflow task that cancels it has ended in C++, and was cancelled in Go";

inline const std::map<std::string_view, Expectation>& expectations() {
  static const std::map<std::string_view, Expectation> kTable{
      {"bad-continue-as-new.json", {.nondeterministic = true}},
      {"bad-continue-as-new-2.json", {.nondeterministic = true}},
      {"bad-local-activity.json", {.nondeterministic = true}},
      {"bad-search-attribute.json", {.nondeterministic = true}},
      {"bad-search-attribute-2.json", {.nondeterministic = true}},
      {"bad-upsert-memo-workflow.json", {.nondeterministic = true}},
      {"bad-upsert-memo-workflow-2.json", {.nondeterministic = true}},
      {"test_replayer_nondeterministic_history.json", {.nondeterministic = true}},
      {"test_replayer_swallowed_activity_cancellation.json", {.nondeterministic = true}},
      {"evict_while_la_running_no_interference-85_history.bin", {.first_events = 20}},
      {"evict_while_la_running_no_interference-23_history.bin", {.first_events = 24}},
      {"selector-blocking-default.json",
       {.not_run = "the Go SDK takes another way where a flag of its is missing"}},
      {"lang_flags_replay_correctly_1_9_3.json",
       {.not_run = "the TypeScript SDK takes another way where a flag of its is missing"}},
      {"otel_1_11_3.json",
       {.not_run = "the TypeScript SDK takes another way where a flag of its is missing"}},
      {"cancel-timer-after-activity.json",
       {.not_run = "a timer that is cancelled in the task that starts it is not sent in C++"}},
      {"cancel-activity-completion-before-workflow-task-started.json", {.not_run = kEndsInTheSameTask}},
      {"replay-tests-cancel-order-timer-resolved.json", {.not_run = kEndsInTheSameTask}},
  };
  return kTable;
}

// Types that end in something random.
inline std::string type_of_twin(const std::string& type) {
  for (const std::string_view name : {"fail_wf_task", "timer_workflow"}) {
    if (type.starts_with(std::string(name) + "_")) {
      return std::string(name);
    }
  }
  return type;
}

}  // namespace replay_sdks
