#include "checks.h"

#include <algorithm>
#include <map>

#include "api/convert.h"
#include "temporal/api/enums/v1/common.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::sim {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::history::v1::HistoryEvent;

struct SignalEvent {
  const MirrorRun* run = nullptr;
  const StoredEvent* stored = nullptr;
  std::size_t index = 0;
  const Operation* by = nullptr;  // whose identity the event has
};

std::vector<SignalEvent> signal_events(const World& world, const MirrorRun& run) {
  std::vector<SignalEvent> found;
  for (std::size_t i = 0; i < run.events.size(); ++i) {
    const HistoryEvent& event = run.events[i].event;
    if (event.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED) {
      found.push_back(
          SignalEvent{&run, &run.events[i], i,
                      world.ledger.find(event.workflow_execution_signaled_event_attributes().identity())});
    }
  }
  return found;
}

// Two signals in one run: if the second was only sent after the answer to the first, it must come after it.
void check_signal_order(World& world, const MirrorRun& run, const std::vector<SignalEvent>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    for (std::size_t j = i + 1; j < events.size(); ++j) {
      const Operation* first = events[i].by;
      const Operation* second = events[j].by;
      world.report.expect(
          first == nullptr || second == nullptr || !second->ok() ||
              second->returned_order > first->invoked_order,
          "G3", "run {}: signal op{} comes before op{}, which was acknowledged before it was sent",
          run.run_id.value, first == nullptr ? 0 : first->id, second == nullptr ? 0 : second->id);
    }
  }
}

// The identities of a kind of event, with how often each occurs.
using Counts = std::map<std::string, int>;

Counts count_identities(const World& world) {
  Counts counts;
  for (const auto& [id, run] : world.node.mirror().runs()) {
    for (const StoredEvent& stored : run->events) {
      const HistoryEvent& event = stored.event;
      switch (event.event_type()) {
        case enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED:
          ++counts["w" + event.workflow_task_completed_event_attributes().identity()];
          break;
        case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
          ++counts["a" + event.activity_task_completed_event_attributes().identity()];
          break;
        case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED:
          ++counts["a" + event.activity_task_failed_event_attributes().identity()];
          break;
        case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED:
          ++counts["a" + event.activity_task_canceled_event_attributes().identity()];
          break;
        default:
          break;
      }
    }
  }
  return counts;
}

// An activity's timeout against what its worker knows of the last attempt.
void check_activity_timeout(World& world, const WorkerRecords& records, const MirrorRun& run,
                            const HistoryEvent& event) {
  const auto& attributes = event.activity_task_timed_out_event_attributes();
  const auto type = attributes.failure().timeout_failure_info().timeout_type();
  const HistoryEvent& scheduled =
      run.events[static_cast<std::size_t>(attributes.scheduled_event_id() - 1)].event;
  const auto& options =
      scheduled.activity_task_scheduled_event_attributes();  // the service shortens timeouts
  const std::string& activity = options.activity_id();
  const auto found = records.activities.find({run.run_id.value, activity});
  if (found == records.activities.end() || found->second.attempts.empty()) {
    return;
  }
  const Attempt& last = found->second.attempts.back();
  const Timestamp time = api::from_proto(event.event_time());
  if (type == enums::TIMEOUT_TYPE_START_TO_CLOSE) {
    world.report.mark("start-to-close timeout");
    world.report.expect(time >= last.started_at + api::from_proto(options.start_to_close_timeout()), "X1",
                        "run {}: activity {}: start-to-close timeout {} ns after the start of attempt {}",
                        run.run_id.value, activity, (time - last.started_at).count(), last.number);
  } else if (type == enums::TIMEOUT_TYPE_HEARTBEAT) {
    world.report.mark("heartbeat timeout");
    const Timestamp since = last.accepted_heartbeats == 0 ? last.started_at : last.last_accepted_after;
    world.report.expect(
        time >= since + api::from_proto(options.heartbeat_timeout()), "A6",
        "run {}: activity {} timed out for want of a heartbeat, one was accepted {} ns before",
        run.run_id.value, activity, (time - since).count());
  }
}

}  // namespace

void check_signals(World& world) {
  std::map<std::string, std::vector<SignalEvent>> by_input;
  for (const auto& [id, run] : world.node.mirror().runs()) {
    const std::vector<SignalEvent> events = signal_events(world, *run);
    std::map<std::string, int> in_this_run;
    for (const SignalEvent& event : events) {
      const auto& attributes = event.stored->event.workflow_execution_signaled_event_attributes();
      const std::string input =
          attributes.input().payloads_size() > 0 ? attributes.input().payloads(0).data() : "";
      by_input[input].push_back(event);
      world.report.expect(event.by != nullptr && event.by->kind == Operation::Kind::kSignal &&
                              event.by->input == input && event.stored->sequence > event.by->invoked,
                          "G1", "run {}: a signal '{}' from '{}', which did not send it", run->run_id.value,
                          input, attributes.identity());
      world.report.expect(++in_this_run[input] == 1, "G2",
                          "run {}: signal '{}' of one request id occurs twice", run->run_id.value, input);
    }
    check_signal_order(world, *run, events);
  }
  for (const Operation& operation : world.ledger.operations()) {
    if (operation.kind != Operation::Kind::kSignal || !operation.ok()) {
      continue;
    }
    bool found = false;
    for (const SignalEvent& event : by_input[operation.input]) {
      // In a run that the call could have meant.
      found = found || (event.run->key.workflow_id.value == operation.workflow_id &&
                        event.run->created <= operation.returned &&
                        (operation.run_id.empty() || operation.run_id == event.run->run_id.value));
    }
    world.report.expect(found, "G1", "op{}: the acknowledged signal '{}' of {}/{} is in no history",
                        operation.id, operation.input, operation.workflow_id, operation.run_id);
  }
}

void check_answers(World& world) {
  Counts counts = count_identities(world);
  for (const Operation& operation : world.ledger.operations()) {
    const bool completion = operation.kind == Operation::Kind::kWorkflowTask ||
                            operation.kind == Operation::Kind::kActivityComplete ||
                            operation.kind == Operation::Kind::kActivityCancel;
    const bool failure = operation.kind == Operation::Kind::kActivityFail;
    if (!completion && !failure) {
      continue;
    }
    const bool of_activity = operation.kind != Operation::Kind::kWorkflowTask;
    const int events = counts[fmt::format("{}op{}", of_activity ? "a" : "w", operation.id)];
    if (operation.ok()) {
      // A failure that is retried leaves no event.
      world.report.expect(completion ? events == 1 : events <= 1, "D1",
                          "op{} {} of run {} was accepted and left {} events", operation.id,
                          name_of(operation.kind), operation.run_id, events);
    } else {
      world.report.expect(operation.unknown() ? events <= 1 : events == 0, "A1",
                          "op{} {} of run {} was refused ({}) and left {} events", operation.id,
                          name_of(operation.kind), operation.run_id, code_name(operation.code), events);
    }
  }
}

void check_histories(World& world, const WorkerRecords& records) {
  for (const auto& [id, run] : world.node.mirror().runs()) {
    std::vector<HistoryEvent> events;
    for (const StoredEvent& stored : run->events) {
      events.push_back(stored.event);
      if (stored.event.event_type() == enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT) {
        check_activity_timeout(world, records, *run, stored.event);
      }
    }
    if (run->check.start().workflow_type().name() == kCodeType) {
      check_code({events.begin(), events.end()}, run->key.workflow_id.value, run->run_id.value, records.code,
                 world.report);
    } else {
      decide(events, run->run_id.value, world.report);
    }
  }
}

}  // namespace perdure::sim
