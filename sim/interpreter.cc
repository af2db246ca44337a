// The interpreter of programs: replays a history, workflow task by workflow task, and decides the next
// commands.
#include <deque>
#include <map>
#include <set>

#include "api/convert.h"
#include "program.h"
#include "temporal/api/enums/v1/command_type.pb.h"
#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::sim {
namespace {

namespace enums = temporal::api::enums::v1;
using temporal::api::command::v1::Command;
using temporal::api::history::v1::HistoryEvent;

void set_milliseconds(google::protobuf::Duration* out, int milliseconds) {
  api::set_duration(out, std::chrono::milliseconds(milliseconds));
}

// One run of one program: jobs of a workflow task go in with apply(), run() emits its commands.
class Machine {
 public:
  explicit Machine(const HistoryEvent& start) : start_(start.workflow_execution_started_event_attributes()) {
    program_ = decode(start_.input().payloads(0).data());
  }

  void apply(const HistoryEvent& event);
  // Runs until everything waits.
  std::vector<Command> run();

 private:
  bool run_step(const Step& step);  // false: it waits
  bool run_activities(const Step& step, int count);
  bool run_cancelled_timer(const Step& step);
  bool run_cancelled_activity(const Step& step);
  void schedule(const std::string& id, const ActivityStep& step);
  void start_timer(const std::string& id, int milliseconds);
  void close(const Step& step);
  std::string id(const char* what, int index = 0) const {
    return fmt::format("{}{}.{}", what, position_, index);
  }
  void record(const ActivityStep& step, const std::string& activity);

  temporal::api::history::v1::WorkflowExecutionStartedEventAttributes start_;
  Program program_;
  std::size_t position_ = 0;
  bool begun_ = false;         // the current step has emitted its first commands
  bool second_phase_ = false;  // the current step has emitted its second ones
  bool closed_ = false;
  int signals_ = 0;
  bool cancel_requested_ = false;
  std::map<std::string, std::int64_t> scheduled_;    // activity id → scheduled event id
  std::map<std::int64_t, std::string> activity_of_;  // and back
  std::map<std::string, bool> resolved_;             // activity id → completed?
  std::set<std::string> fired_;
  std::vector<Command> commands_;
};

void Machine::apply(const HistoryEvent& event) {
  const auto resolve = [this](std::int64_t scheduled, bool completed) {
    resolved_[activity_of_[scheduled]] = completed;
  };
  switch (event.event_type()) {
    case enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: {
      const std::string& activity = event.activity_task_scheduled_event_attributes().activity_id();
      scheduled_[activity] = event.event_id();
      activity_of_[event.event_id()] = activity;
      break;
    }
    case enums::EVENT_TYPE_ACTIVITY_TASK_COMPLETED:
      resolve(event.activity_task_completed_event_attributes().scheduled_event_id(), true);
      break;
    case enums::EVENT_TYPE_ACTIVITY_TASK_FAILED:
      resolve(event.activity_task_failed_event_attributes().scheduled_event_id(), false);
      break;
    case enums::EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT:
      resolve(event.activity_task_timed_out_event_attributes().scheduled_event_id(), false);
      break;
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCELED:
      resolve(event.activity_task_canceled_event_attributes().scheduled_event_id(), false);
      break;
    case enums::EVENT_TYPE_TIMER_FIRED:
      fired_.insert(event.timer_fired_event_attributes().timer_id());
      break;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
      ++signals_;
      break;
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED:
      cancel_requested_ = true;
      break;
    default:
      break;
  }
}

std::vector<Command> Machine::run() {
  commands_.clear();
  while (!closed_ && position_ < program_.steps.size() && run_step(program_.steps[position_])) {
    ++position_;
    begun_ = false;
    second_phase_ = false;
  }
  return std::move(commands_);
}

bool Machine::run_step(const Step& step) {
  switch (step.kind) {
    case Step::Kind::kActivity:
      return run_activities(step, 1);
    case Step::Kind::kParallel:
      return run_activities(step, step.count);
    case Step::Kind::kTimer:
      if (!begun_) {
        begun_ = true;
        start_timer(id("t"), step.milliseconds);
      }
      if (!fired_.contains(id("t"))) {
        return false;
      }
      break;
    case Step::Kind::kCancelledTimer:
      return run_cancelled_timer(step);
    case Step::Kind::kCancelledActivity:
      return run_cancelled_activity(step);
    case Step::Kind::kSignals:
      if (signals_ < step.count) {
        return false;
      }
      break;
    case Step::Kind::kCancelRequest:
      if (!cancel_requested_) {
        return false;
      }
      commands_.emplace_back().set_command_type(enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION);
      commands_.back().mutable_cancel_workflow_execution_command_attributes();
      closed_ = true;
      return false;
    case Step::Kind::kContinueAsNew:
    case Step::Kind::kComplete:
    case Step::Kind::kFail:
      close(step);
      return false;
  }
  program_.result += static_cast<char>(step.kind);
  return true;
}

void Machine::record(const ActivityStep& step, const std::string& activity) {
  const char outcome = resolved_.at(activity) ? 'o' : 'x';
  program_.result += step.expected == '?' || step.expected == outcome ? step.expected : '!';
}

bool Machine::run_activities(const Step& step, int count) {
  bool all = true;
  for (int i = 0; i < count; ++i) {
    if (!begun_) {
      schedule(id("a", i), step.activity);
    }
    all = all && resolved_.contains(id("a", i));
  }
  begun_ = true;
  for (int i = 0; all && i < count; ++i) {
    record(step.activity, id("a", i));
  }
  return all;
}

bool Machine::run_cancelled_timer(const Step& step) {
  if (!begun_) {
    begun_ = true;
    start_timer(id("long"), 3'600'000);
    start_timer(id("t"), step.milliseconds);
  }
  if (!fired_.contains(id("t"))) {
    return false;
  }
  if (!fired_.contains(id("long"))) {  // else a clock stepped over its hour, and there is nothing to cancel
    commands_.emplace_back().set_command_type(enums::COMMAND_TYPE_CANCEL_TIMER);
    commands_.back().mutable_cancel_timer_command_attributes()->set_timer_id(id("long"));
  }
  program_.result += static_cast<char>(step.kind);
  return true;
}

bool Machine::run_cancelled_activity(const Step& step) {
  if (!begun_) {
    begun_ = true;
    schedule(id("a"), step.activity);
    start_timer(id("t"), step.milliseconds);
  }
  const bool resolved = resolved_.contains(id("a"));
  if (!second_phase_ && !resolved && fired_.contains(id("t"))) {
    second_phase_ = true;
    commands_.emplace_back().set_command_type(enums::COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK);
    commands_.back().mutable_request_cancel_activity_task_command_attributes()->set_scheduled_event_id(
        scheduled_.at(id("a")));
  }
  if (!resolved) {
    return false;
  }
  if (!fired_.contains(id("t")) && !second_phase_) {
    second_phase_ = true;
    commands_.emplace_back().set_command_type(enums::COMMAND_TYPE_CANCEL_TIMER);
    commands_.back().mutable_cancel_timer_command_attributes()->set_timer_id(id("t"));
  }
  record(step.activity, id("a"));
  return true;
}

void Machine::schedule(const std::string& activity, const ActivityStep& step) {
  Command& command = commands_.emplace_back();
  command.set_command_type(enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK);
  auto& attributes = *command.mutable_schedule_activity_task_command_attributes();
  attributes.set_activity_id(activity);
  attributes.mutable_activity_type()->set_name("activity");
  attributes.mutable_task_queue()->set_name(step.behaviour == Behaviour::kNobody ? kDeserted : kQueue);
  attributes.mutable_input()->add_payloads()->set_data(encode(step));
  set_milliseconds(attributes.mutable_start_to_close_timeout(), step.start_to_close_ms);
  if (step.schedule_to_close_ms > 0) {
    set_milliseconds(attributes.mutable_schedule_to_close_timeout(), step.schedule_to_close_ms);
  }
  if (step.schedule_to_start_ms > 0) {
    set_milliseconds(attributes.mutable_schedule_to_start_timeout(), step.schedule_to_start_ms);
  }
  if (step.heartbeat_ms > 0) {
    set_milliseconds(attributes.mutable_heartbeat_timeout(), step.heartbeat_ms);
  }
  auto& retry = *attributes.mutable_retry_policy();
  set_milliseconds(retry.mutable_initial_interval(), step.initial_interval_ms);
  set_milliseconds(retry.mutable_maximum_interval(), step.maximum_interval_ms);
  retry.set_backoff_coefficient(step.coefficient_tenths / 10.0);
  retry.set_maximum_attempts(step.maximum_attempts);
  attributes.set_request_eager_execution(program_.eager && step.behaviour != Behaviour::kNobody);
}

void Machine::start_timer(const std::string& timer, int milliseconds) {
  Command& command = commands_.emplace_back();
  command.set_command_type(enums::COMMAND_TYPE_START_TIMER);
  command.mutable_start_timer_command_attributes()->set_timer_id(timer);
  set_milliseconds(command.mutable_start_timer_command_attributes()->mutable_start_to_fire_timeout(),
                   milliseconds);
}

void Machine::close(const Step& step) {
  closed_ = true;
  Command& command = commands_.emplace_back();
  program_.result += static_cast<char>(step.kind);
  if (step.kind == Step::Kind::kComplete) {
    command.set_command_type(enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION);
    command.mutable_complete_workflow_execution_command_attributes()
        ->mutable_result()
        ->add_payloads()
        ->set_data(program_.result);
  } else if (step.kind == Step::Kind::kFail) {
    command.set_command_type(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
    auto& failure = *command.mutable_fail_workflow_execution_command_attributes()->mutable_failure();
    failure.set_message(program_.result);
    failure.mutable_application_failure_info()->set_type("Program");
  } else {
    command.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
    auto& attributes = *command.mutable_continue_as_new_workflow_execution_command_attributes();
    attributes.mutable_workflow_type()->set_name(start_.workflow_type().name());
    attributes.mutable_task_queue()->set_name(kQueue);
    Program rest = program_;
    rest.steps.erase(rest.steps.begin(), rest.steps.begin() + static_cast<std::ptrdiff_t>(position_) + 1);
    attributes.mutable_input()->add_payloads()->set_data(encode(rest));
    *attributes.mutable_workflow_run_timeout() = start_.workflow_run_timeout();
    *attributes.mutable_workflow_task_timeout() = start_.workflow_task_timeout();
  }
}

// The event that a command leaves, with what identifies it; empty for events that are not a command's.
struct Trace {
  int type = 0;
  std::string identity;
  friend bool operator==(const Trace&, const Trace&) = default;
};

Trace trace_of(const Command& command) {
  switch (command.command_type()) {
    case enums::COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK:
      return {enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
              command.schedule_activity_task_command_attributes().activity_id()};
    case enums::COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK:
      return {enums::EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED,
              std::to_string(command.request_cancel_activity_task_command_attributes().scheduled_event_id())};
    case enums::COMMAND_TYPE_START_TIMER:
      return {enums::EVENT_TYPE_TIMER_STARTED, command.start_timer_command_attributes().timer_id()};
    case enums::COMMAND_TYPE_CANCEL_TIMER:
      return {enums::EVENT_TYPE_TIMER_CANCELED, command.cancel_timer_command_attributes().timer_id()};
    case enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
      return {enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED, ""};
    case enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
      return {enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED, ""};
    case enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
      return {enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED, ""};
    case enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
      return {enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW, ""};
    default:
      return {};
  }
}

// The commands' events that name the completed event `completed`.
Trace trace_of(const HistoryEvent& event, std::int64_t completed) {
  const auto of = [&](const auto& attributes, std::string identity) {
    return attributes.workflow_task_completed_event_id() == completed
               ? Trace{event.event_type(), std::move(identity)}
               : Trace{};
  };
  switch (event.event_type()) {
    case enums::EVENT_TYPE_ACTIVITY_TASK_SCHEDULED:
      return of(event.activity_task_scheduled_event_attributes(),
                event.activity_task_scheduled_event_attributes().activity_id());
    case enums::EVENT_TYPE_ACTIVITY_TASK_CANCEL_REQUESTED:
      return of(event.activity_task_cancel_requested_event_attributes(),
                std::to_string(event.activity_task_cancel_requested_event_attributes().scheduled_event_id()));
    case enums::EVENT_TYPE_TIMER_STARTED:
      return of(event.timer_started_event_attributes(), event.timer_started_event_attributes().timer_id());
    case enums::EVENT_TYPE_TIMER_CANCELED:
      return of(event.timer_canceled_event_attributes(), event.timer_canceled_event_attributes().timer_id());
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
      return of(event.workflow_execution_completed_event_attributes(), "");
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_FAILED:
      return of(event.workflow_execution_failed_event_attributes(), "");
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CANCELED:
      return of(event.workflow_execution_canceled_event_attributes(), "");
    case enums::EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW:
      return of(event.workflow_execution_continued_as_new_event_attributes(), "");
    default:
      return {};
  }
}

void expect_commands(const std::vector<HistoryEvent>& events, std::size_t completed,
                     const std::vector<Command>& commands, const std::string& run_name, Report& report) {
  std::vector<Trace> found;
  for (std::size_t i = completed + 1; i < events.size(); ++i) {
    Trace trace = trace_of(events[i], events[completed].event_id());
    if (trace.type != 0) {
      found.push_back(std::move(trace));
    }
  }
  bool equal = found.size() == commands.size();
  for (std::size_t i = 0; equal && i < found.size(); ++i) {
    equal = found[i] == trace_of(commands[i]);
  }
  report.expect(equal, "H9",
                "{}: workflow task completed with event {} decided {} commands, history has {} of them",
                run_name, events[completed].event_id(), commands.size(), found.size());
}

}  // namespace

Decision decide(const std::vector<HistoryEvent>& events, const std::string& run_name, Report& report) {
  Decision decision;
  if (events.empty() || events[0].event_type() != enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED) {
    report.violate("H2", run_name + ": a worker is given a history without its start");
    return decision;
  }
  Machine machine(events[0]);
  for (std::size_t i = 0, applied = 0; i < events.size(); ++i) {
    if (events[i].event_type() != enums::EVENT_TYPE_WORKFLOW_TASK_STARTED) {
      continue;
    }
    const bool last = i + 1 == events.size();
    if (!last && events[i + 1].event_type() != enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED) {
      continue;  // failed or timed out: it decided nothing, its jobs go to the next one
    }
    for (; applied < i; ++applied) {
      machine.apply(events[applied]);
    }
    std::vector<Command> commands = machine.run();
    if (last) {
      decision.commands = std::move(commands);
    } else {
      expect_commands(events, i + 1, commands, run_name, report);
    }
  }
  if (!decision.commands.empty()) {
    switch (decision.commands.back().command_type()) {
      case enums::COMMAND_TYPE_COMPLETE_WORKFLOW_EXECUTION:
      case enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION:
      case enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION:
      case enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION:
        decision.completes = true;
        break;
      default:
        break;
    }
  }
  return decision;
}

}  // namespace perdure::sim
