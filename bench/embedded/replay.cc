#include "replay.h"

#include <fmt/core.h>

#include <chrono>
#include <stdexcept>
#include <vector>

#include "api/payload_conversion.h"
#include "engine_fixture.h"
#include "process.h"
#include "temporal/api/history/v1/message.pb.h"
#include "workflow/run.h"

namespace perdure::bench {
namespace {

using temporal::api::history::v1::HistoryEvent;

constexpr std::int64_t kEvents = 10'000;

// Activities one after the other, until the history is as long as asked.
class ManyActivities {
 public:
  perdure::Task<std::int64_t> run(BenchInput input) {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < input.number; ++i) {
      sum += co_await workflow::execute_activity<bench_activity>(
          {.number = i}, {.start_to_close_timeout = std::chrono::seconds(60)});
    }
    co_return sum;
  }

  static constexpr std::string_view workflow_name = "ManyActivities";
};

// The history that the service would have written: six events for each activity.
class HistoryWriter {
 public:
  workflow_core::HistoryEvents write() {
    auto* started = add(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
                        ->mutable_workflow_execution_started_event_attributes();
    started->mutable_workflow_type()->set_name("ManyActivities");
    started->mutable_task_queue()->set_name("bench");
    started->set_original_execution_run_id("run");
    started->set_first_execution_run_id("run");
    api::set_payload(started->mutable_input()->add_payloads(), to_payload(BenchInput{.number = kEvents}));
    for (std::int64_t number = 0; events_.size() < kEvents - 6; ++number) {
      const std::int64_t completed = workflow_task();
      activity(completed, number);
    }
    workflow_task();
    return events_;
  }

 private:
  HistoryEvent* add(temporal::api::enums::v1::EventType type) {
    HistoryEvent* event = events_.Add();
    event->set_event_id(events_.size());
    event->set_event_type(type);
    event->mutable_event_time()->set_seconds(1'700'000'000 + events_.size());
    return event;
  }
  std::int64_t workflow_task() {
    add(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED)
        ->mutable_workflow_task_scheduled_event_attributes();
    add(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_TASK_STARTED)
        ->mutable_workflow_task_started_event_attributes()
        ->set_scheduled_event_id(events_.size() - 1);
    auto* completed = add(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
                          ->mutable_workflow_task_completed_event_attributes();
    completed->set_scheduled_event_id(events_.size() - 2);
    completed->set_started_event_id(events_.size() - 1);
    return events_.size();
  }
  void activity(std::int64_t task_completed, std::int64_t number) {
    auto* scheduled = add(temporal::api::enums::v1::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)
                          ->mutable_activity_task_scheduled_event_attributes();
    scheduled->set_activity_id(std::to_string(number + 1));
    scheduled->mutable_activity_type()->set_name("bench_activity");
    scheduled->set_workflow_task_completed_event_id(task_completed);
    const std::int64_t scheduled_id = events_.size();
    add(temporal::api::enums::v1::EVENT_TYPE_ACTIVITY_TASK_STARTED)
        ->mutable_activity_task_started_event_attributes()
        ->set_scheduled_event_id(scheduled_id);
    auto* completed = add(temporal::api::enums::v1::EVENT_TYPE_ACTIVITY_TASK_COMPLETED)
                          ->mutable_activity_task_completed_event_attributes();
    completed->set_scheduled_event_id(scheduled_id);
    completed->set_started_event_id(scheduled_id + 1);
    api::set_payload(completed->mutable_result()->add_payloads(), to_payload(number));
  }

  workflow_core::HistoryEvents events_;
};

}  // namespace

void bench_replay(Results& results) {
  const workflow_core::HistoryEvents events = HistoryWriter().write();
  std::vector<std::chrono::nanoseconds> times;
  std::int64_t bytes = 0;
  for (int round = 0; round < 25; ++round) {
    workflow_core::WorkflowRun run(detail::workflow_definition<ManyActivities>(),
                                   {NamespaceName("default"), WorkflowId("w"), RunId("run"), "bench"});
    const Usage before = usage_now();
    const auto completion = run.activate(events, {.previous_started_event_id = events.size()});
    times.push_back(usage_now().cpu - before.cpu);
    if (completion.outcome != workflow_core::Completion::Outcome::kCommands) {
      throw std::runtime_error("the benchmark's history does not replay: " + completion.failure.message());
    }
    bytes = run.bytes();
  }
  const auto median = percentile(times, 0.5);
  const double milliseconds = static_cast<double>(median.count()) / 1e6;
  const double per_second = static_cast<double>(events.size()) / milliseconds * 1e3;
  fmt::print("\nreplay of {} events: {:.2f} ms of CPU, {:.0f} events/s; the run takes {} bytes in a cache\n",
             events.size(), milliseconds, per_second, bytes);
  results.add("replay", {{"events", static_cast<double>(events.size())},
                         {"cpu_ms", milliseconds},
                         {"events_per_second", per_second},
                         {"cached_bytes", static_cast<double>(bytes)}});
}

}  // namespace perdure::bench
