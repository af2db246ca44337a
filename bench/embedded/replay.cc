#include "replay.h"

#include <fmt/core.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
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

constexpr std::int64_t kActivities = 1'666;
constexpr int kEventsOfLastTask = 7;  // the last activity's, the workflow task's, the workflow's end
constexpr int kReplaysOfRound = 5;

// An activity's id is that of its scheduled event, as the Go SDK numbers them: one history for both.
std::string id_of_activity(std::int64_t number) { return std::to_string(5 + 6 * number); }

// Activities one after the other.
class ManyActivities {
 public:
  perdure::Task<std::int64_t> run(BenchInput input) {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < input.number; ++i) {
      sum += co_await workflow::execute_activity<bench_activity>(
          {.number = i},
          {.start_to_close_timeout = std::chrono::seconds(60), .activity_id = id_of_activity(i)});
    }
    co_return sum;
  }

  static constexpr std::string_view workflow_name = "ManyActivities";
};

// The history that the service would have written: six events for each activity, 10,001 in all.
class HistoryWriter {
 public:
  workflow_core::HistoryEvents write() {
    auto* started = add(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED)
                        ->mutable_workflow_execution_started_event_attributes();
    started->mutable_workflow_type()->set_name("ManyActivities");
    started->mutable_task_queue()->set_name("bench");
    started->set_original_execution_run_id("run");
    started->set_first_execution_run_id("run");
    api::set_payload(started->mutable_input()->add_payloads(), to_payload(BenchInput{.number = kActivities}));
    std::int64_t sum = 0;
    for (std::int64_t number = 0; number < kActivities; ++number) {
      activity(workflow_task(), number);
      sum += number;
    }
    const std::int64_t task_completed = workflow_task();
    auto* completed = add(temporal::api::enums::v1::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED)
                          ->mutable_workflow_execution_completed_event_attributes();
    completed->set_workflow_task_completed_event_id(task_completed);
    api::set_payload(completed->mutable_result()->add_payloads(), to_payload(sum));
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
    scheduled->set_activity_id(id_of_activity(number));
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

// Of each round, one replay: processor time and the time that passed.
struct Times {
  std::vector<std::chrono::nanoseconds> cpu;
  std::vector<std::chrono::nanoseconds> wall;
};

// Rebuilds the workflow; what that takes in a worker's cache.
std::int64_t replay(const workflow_core::HistoryEvents& events) {
  workflow_core::WorkflowRun run(detail::workflow_definition<ManyActivities>(),
                                 {NamespaceName("default"), WorkflowId("w"), RunId("run"), "bench"});
  const auto completion = run.activate(events, {.previous_started_event_id = events.size()});
  if (completion.outcome != workflow_core::Completion::Outcome::kCommands) {
    throw std::runtime_error("the benchmark's history does not replay: " + completion.failure.message());
  }
  return run.bytes();
}

// Of one that waits for its last activity.
std::int64_t cached_bytes(workflow_core::HistoryEvents events) {
  events.DeleteSubrange(events.size() - kEventsOfLastTask, kEventsOfLastTask);
  return replay(events);
}

// One replay warms up.
void replay_here(const workflow_core::HistoryEvents& events, int replays, Times& times) {
  replay(events);
  const Usage before = usage_now();
  for (int i = 0; i < replays; ++i) {
    replay(events);
  }
  const Usage after = usage_now();
  times.cpu.push_back((after.cpu - before.cpu) / replays);
  times.wall.push_back((after.wall - before.wall) / replays);
}

// The same by `program` (tests/polyglot/go/replay), which prints both times in nanoseconds.
void replay_there(const std::string& program, const std::filesystem::path& history, int replays,
                  Times& times) {
  const std::string command = fmt::format("'{}' '{}' {}", program, history.string(), replays);
  const std::unique_ptr<FILE, int (*)(FILE*)> out(popen(command.c_str(), "r"), &pclose);
  long long cpu = 0;
  long long wall = 0;
  if (!out || std::fscanf(out.get(), "%lld %lld", &cpu, &wall) != 2) {
    throw std::runtime_error(command + " failed");
  }
  times.cpu.emplace_back(cpu);
  times.wall.emplace_back(wall);
}

void write_json(const workflow_core::HistoryEvents& events, const std::filesystem::path& file) {
  temporal::api::history::v1::History history;
  *history.mutable_events() = events;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(history, &json).ok()) {
    throw std::runtime_error("the benchmark's history cannot be written as JSON");
  }
  std::filesystem::create_directories(file.parent_path());
  if (!(std::ofstream(file) << json).flush()) {
    throw std::runtime_error("cannot write " + file.string());
  }
}

struct Medians {
  double cpu_ms;
  double wall_ms;
  double per_second;  // of processor time
};

Medians medians_of(Times& times, int events) {
  const auto milliseconds = [](std::chrono::nanoseconds time) {
    return static_cast<double>(time.count()) / 1e6;
  };
  const double cpu_ms = milliseconds(percentile(times.cpu, 0.5));
  return {cpu_ms, milliseconds(percentile(times.wall, 0.5)), events / cpu_ms * 1e3};
}

void print(std::string_view name, const Medians& medians) {
  fmt::print("{:<10} {:>9.2f} ms of CPU {:>9.2f} ms passed {:>12.0f} events/s of CPU\n", name, medians.cpu_ms,
             medians.wall_ms, medians.per_second);
}

}  // namespace

void bench_replay(const ReplayOptions& options, Results& results) {
  const workflow_core::HistoryEvents events = HistoryWriter().write();
  const std::int64_t bytes = cached_bytes(events);
  const std::filesystem::path file = options.folder / "replay-history.json";
  if (!options.go_replayer.empty()) {
    write_json(events, file);
  }
  Times ours;
  Times theirs;
  for (int round = 0; round < options.rounds; ++round) {
    replay_here(events, kReplaysOfRound, ours);
    if (!options.go_replayer.empty()) {
      replay_there(options.go_replayer, file, kReplaysOfRound, theirs);
    }
  }
  fmt::print(
      "\nreplay of {} events, medians of {} rounds of {} replays{}; the run takes {} bytes in a cache\n",
      events.size(), options.rounds, kReplaysOfRound, theirs.cpu.empty() ? "" : ", in turns", bytes);
  const Medians medians = medians_of(ours, events.size());
  print("perdure", medians);
  results.add("replay", {{"events", static_cast<double>(events.size())},
                         {"cpu_ms", medians.cpu_ms},
                         {"events_per_second", medians.per_second},
                         {"cached_bytes", static_cast<double>(bytes)}});
  if (!theirs.cpu.empty()) {
    const Medians go = medians_of(theirs, events.size());
    print("go-sdk", go);
    fmt::print("{:<10} {:>9.1f}x {:>25.1f}x\n", "ratio", go.cpu_ms / medians.cpu_ms,
               go.wall_ms / medians.wall_ms);
    results.add("replay_go_sdk", {{"events", static_cast<double>(events.size())},
                                  {"cpu_ms", go.cpu_ms},
                                  {"events_per_second", go.per_second}});
  }
}

}  // namespace perdure::bench
