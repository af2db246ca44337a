// Random programs with a real engine and worker: whatever the worker remembers and however it is reached, a
// program gives the same result and asks for the same things, and its histories replay.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <map>
#include <string>
#include <vector>

#include "api/convert.h"
#include "perdure/perdure.h"
#include "perdure/testing/replayer.h"
#include "sim/programs/program.h"
#include "sim/programs/program_workflow.h"
#include "sim/programs/replay_check.h"
#include "temporal/api/enums/v1/event_type.pb.h"
#include "tests/programs/seeds.h"
#include "tests/programs/service.h"
#include "workflow/nondeterminism.h"

namespace perdure::programs {

// The activities, by the names that programs know.
static std::string program_activity(const ActivityPlan& plan, int, std::uint64_t) {
  if (plan.behaviour == ActivityPlan::kNonRetryable) {
    throw ApplicationError(kFailureMessage, {.non_retryable = true});
  }
  if (plan.behaviour == ActivityPlan::kFailFirst && activity::info().attempt <= plan.count) {
    throw ApplicationError(kFailureMessage, {.next_retry_delay = std::chrono::milliseconds(1)});
  }
  return "done";
}

static std::string program_poke(int number) {
  const activity::Info& info = activity::info();
  activity::client()
      .get_workflow_handle<RandomProgram>(info.workflow_id, info.workflow_run_id)
      .signal<&RandomProgram::poke>(number);
  return "poked";
}

static std::string program_cancel_me(int) {
  const activity::Info& info = activity::info();
  activity::client().get_workflow_handle<RandomProgram>(info.workflow_id, info.workflow_run_id).cancel();
  return "cancelled";
}

namespace {

using workflow_core::HistoryEvents;
namespace enums = temporal::api::enums::v1;

constexpr const char* kQueue = "programs";

ProgramInput input_of(std::uint64_t seed) { return {.seed = seed, .cancellation = true, .unit_us = 200}; }

std::string workflow_id_of(std::uint64_t seed) { return "program-" + std::to_string(seed); }

// What one run asked for. Which of several activities ends first differs from run to run, and with it the
// order of what follows: so without order, ids and what depends on them.
std::vector<std::string> requests_of(const HistoryEvents& events) {
  std::vector<std::string> requests;
  for (const auto& event : events) {
    if (!workflow_core::is_command_event(event)) {
      continue;
    }
    std::string text = enums::EventType_Name(event.event_type()) + " ";
    switch (event.event_type()) {
      case enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: {
        const auto& attributes = event.activity_task_scheduled_event_attributes();
        text += attributes.activity_type().name() + " on " + attributes.task_queue().name();
        text += attributes.activity_type().name() == kActivity ? attributes.input().payloads(0).data() : "";
        break;
      }
      case enums::EVENT_TYPE_TIMER_STARTED:
        text += std::to_string(
            api::from_proto(event.timer_started_event_attributes().start_to_fire_timeout()).count());
        break;
      case enums::EVENT_TYPE_MARKER_RECORDED:
        text += event.marker_recorded_event_attributes().marker_name();
        break;
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
        text += event.workflow_execution_completed_event_attributes().result().payloads(0).data();
        break;
      case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
        text += event.workflow_execution_failed_event_attributes().failure().message();
        break;
      default:
        break;
    }
    requests.push_back(text);
  }
  std::sort(requests.begin(), requests.end());
  return requests;
}

std::string result_of(const WorkflowHandle<std::string>& handle) {
  try {
    return handle.result();
  } catch (const WorkflowFailureError& error) {
    return "failed: " + std::string(error.cause()->what());
  }
}

// Everything that the runs of one workflow asked for, one list for each run. Checks that they replay.
std::vector<std::vector<std::string>> checked_requests(const Service& service, const std::string& workflow_id,
                                                       std::string run_id) {
  const testing::Replayer replayer(workflows<RandomProgram>());
  std::vector<std::vector<std::string>> requests;
  while (!run_id.empty()) {
    const HistoryEvents events = service.history(workflow_id, run_id);
    requests.push_back(requests_of(events));
    EXPECT_EQ(
        check_replays(events, {NamespaceName("default"), WorkflowId(workflow_id), RunId(run_id), kQueue}), "")
        << workflow_id;
    const auto replayed = replayer.replay(
        service.client().get_workflow_handle<RandomProgram>(workflow_id, run_id).fetch_history());
    EXPECT_EQ(replayed.failure.value_or(""), "") << workflow_id;
    const auto& last = events[events.size() - 1];
    run_id = last.workflow_execution_continued_as_new_event_attributes().new_execution_run_id();
  }
  return requests;
}

using Requests = std::map<std::uint64_t, std::vector<std::vector<std::string>>>;

// Runs all programs at the same time.
Requests run_programs(const Configuration& configuration, const Seeds& range) {
  const Service service(configuration);
  std::map<std::uint64_t, std::string> first_run;
  {
    Worker worker(service.worker_client(),
                  {.task_queue = kQueue,
                   .workflows = workflows<RandomProgram>(),
                   .activities = activities<program_activity, program_poke, program_cancel_me>(),
                   .max_cached_workflows = configuration.cached});
    worker.start();
    std::vector<WorkflowHandle<std::string>> handles;
    for (std::uint64_t seed = range.first; seed <= range.last; ++seed) {
      handles.push_back(service.client().start_workflow<RandomProgram>(
          input_of(seed), {.id = workflow_id_of(seed), .task_queue = kQueue}));
      first_run[seed] = handles.back().run_id();
    }
    for (std::uint64_t seed = range.first; seed <= range.last; ++seed) {
      EXPECT_EQ(result_of(handles[seed - range.first]), predicted_result(input_of(seed)))
          << "program " << seed << "\n"
          << describe(make_program(input_of(seed)).root);
    }
  }
  Requests requests;
  for (const auto& [seed, run_id] : first_run) {
    requests[seed] = checked_requests(service, workflow_id_of(seed), run_id);
  }
  return requests;
}

std::vector<Configuration> configurations() {
  std::vector<Configuration> all;
  for (const bool served : {false, true}) {
    for (const int cached : {0, 1, 1000}) {
      for (const bool sticky : {true, false}) {
        for (const int page_events : {1, 256}) {
          if (sticky || cached > 0) {
            all.push_back({served, cached, sticky, page_events});
          }
        }
      }
    }
  }
  return all;
}

TEST(RandomPrograms, AskForTheSameInEveryConfiguration) {
  const Seeds range = seeds(16);
  const Requests expected =
      run_programs({.served = false, .cached = 1000, .sticky = true, .page_events = 256}, range);
  const std::vector<Configuration> all = configurations();
  // Runs mostly wait: for timers, and the second that lies between two runs of a chain.
  constexpr std::size_t kLanes = 5;
  std::vector<std::future<void>> lanes;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    lanes.push_back(std::async(std::launch::async, [&all, &expected, &range, lane] {
      for (std::size_t i = lane; i < all.size() && !HasFailure(); i += kLanes) {
        SCOPED_TRACE(describe(all[i]));
        const Requests requests = run_programs(all[i], range);
        for (const auto& [seed, asked] : expected) {
          EXPECT_EQ(requests.at(seed), asked) << "program " << seed;
        }
      }
    }));
  }
  lanes.clear();  // waits
  EXPECT_EQ(Held::live(), 0) << "objects of frames are left";
}

}  // namespace
}  // namespace perdure::programs
