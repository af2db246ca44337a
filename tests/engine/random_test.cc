// Random programs, clients, workers, clocks and crashes against the engine. World checks its invariants after
// every command; here the acknowledged signals are counted, too.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness.h"

namespace perdure::engine::testing {
namespace {

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : world_(seed), random_(seed ^ 0x5eed) {}

  void play(int steps) {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      step();
    }
    settle();
    check_signals();
  }

 private:
  std::string pick_id() { return fmt::format("w{}", random_.below(3)); }
  bool chance(double p) { return random_.chance(p); }

  void step() {
    switch (random_.below(14)) {
      case 0:
      case 1:
        start();
        break;
      case 2:
      case 3:
        send_signal();
        break;
      case 4:
        end_from_outside();
        break;
      case 5:
      case 6:
        take_workflow_task();
        break;
      case 7:
      case 8:
      case 9:
        answer_workflow_task();
        break;
      case 10:
        take_activity();
        break;
      case 11:
        answer_activity();
        break;
      case 12:
        world_.advance(std::chrono::milliseconds(random_.below(4000)));
        break;
      default:
        if (chance(0.3)) {
          world_.crash();
        }
    }
  }

  void start() {
    auto request = start_request(pick_id());
    request.set_request_id(fmt::format("start-{}", random_.below(1000)));
    request.set_workflow_id_conflict_policy(
        static_cast<enums::WorkflowIdConflictPolicy>(1 + random_.below(3)));
    if (chance(0.3)) {
      *request.mutable_workflow_run_timeout() = seconds(1 + static_cast<double>(random_.below(60)));
    }
    if (chance(0.2)) {
      *request.mutable_workflow_execution_timeout() = seconds(1 + static_cast<double>(random_.below(90)));
    }
    if (chance(0.3)) {
      request.mutable_retry_policy()->set_maximum_attempts(3);
    }
    (void)world_.start(request);
  }

  void send_signal() {
    const std::string id = pick_id();
    if (!world_.knows(id)) {
      return;
    }
    const std::string request_id =
        fmt::format("signal-{}", chance(0.2) ? random_.below(signals_ + 1) : ++signals_);
    const std::string run = world_.kept(id).run_id.value;
    if (signal(world_, id, request_id).ok()) {
      acknowledged_[run].insert(request_id);
    }
  }

  void end_from_outside() {
    const std::string id = pick_id();
    if (!world_.knows(id)) {
      return;
    }
    world_.run([&](Outcome& out) {
      if (chance(0.2)) {
        (void)terminate_workflow(out, world_.execution(id), {}, world_.context());
      } else {
        (void)request_cancel_workflow(out, world_.execution(id), {}, world_.context());
      }
    });
  }

  Worker worker() {
    Worker worker;
    worker.in_process = chance(0.5);
    if (chance(0.3)) {
      worker.queue = "sticky";
      worker.sticky = true;
    }
    return worker;
  }

  void take_workflow_task() {
    std::string id;
    const auto task = world_.poll_workflow(worker(), &id);
    if (task && task->ok()) {
      workflow_tasks_.emplace_back(id, (*task)->ref);
      run_of_task_.push_back(world_.kept(id).run_id.value);
    }
  }

  command::Command random_command(const Execution& run) {
    std::vector<std::int64_t> activities;
    run.for_each([&](ItemKey key, const Pending&) {
      if (key.kind == ItemKind::kActivity) {
        activities.push_back(key.id);
      }
    });
    command::Command command;
    switch (random_.below(6)) {
      case 0:
      case 1: {
        command = schedule_activity(fmt::format("a{}", ++names_));
        auto* attributes = command.mutable_schedule_activity_task_command_attributes();
        attributes->mutable_retry_policy()->set_maximum_attempts(static_cast<int>(random_.below(4)));
        *attributes->mutable_heartbeat_timeout() = seconds(static_cast<double>(random_.below(3)));
        *attributes->mutable_schedule_to_close_timeout() = seconds(static_cast<double>(random_.below(30)));
        attributes->set_request_eager_execution(chance(0.3));
        return command;
      }
      case 2:
        return start_timer(fmt::format("t{}", ++names_ % 5), static_cast<double>(random_.below(5)));
      case 3:
        command.set_command_type(enums::COMMAND_TYPE_CANCEL_TIMER);
        command.mutable_cancel_timer_command_attributes()->set_timer_id(fmt::format("t{}", random_.below(5)));
        return command;
      case 4:
        command.set_command_type(enums::COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK);
        command.mutable_request_cancel_activity_task_command_attributes()->set_scheduled_event_id(
            activities.empty() ? 1 : activities[random_.below(activities.size())]);
        return command;
      default:
        command.set_command_type(enums::COMMAND_TYPE_RECORD_MARKER);
        command.mutable_record_marker_command_attributes()->set_marker_name("m");
        return command;
    }
  }

  command::Command closing_command() {
    command::Command command;
    switch (random_.below(4)) {
      case 0:
        return complete_workflow();
      case 1:
        command.set_command_type(enums::COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION);
        command.mutable_fail_workflow_execution_command_attributes()->mutable_failure()->set_message("no");
        return command;
      case 2:
        command.set_command_type(enums::COMMAND_TYPE_CANCEL_WORKFLOW_EXECUTION);
        command.mutable_cancel_workflow_execution_command_attributes();
        return command;
      default:
        command.set_command_type(enums::COMMAND_TYPE_CONTINUE_AS_NEW_WORKFLOW_EXECUTION);
        command.mutable_continue_as_new_workflow_execution_command_attributes();
        return command;
    }
  }

  void answer_workflow_task() {
    if (workflow_tasks_.empty()) {
      return;
    }
    const std::size_t index = random_.below(workflow_tasks_.size());
    const auto [id, ref] = workflow_tasks_[index];
    if (chance(0.9)) {  // else it answers twice
      workflow_tasks_.erase(workflow_tasks_.begin() + static_cast<std::ptrdiff_t>(index));
    }
    Execution& run = world_.execution(id);
    wire::RespondWorkflowTaskCompletedRequest request;
    for (std::uint64_t i = random_.below(4); i > 0; --i) {
      *request.add_commands() = random_command(run);
    }
    if (chance(0.15)) {
      *request.add_commands() = closing_command();
    }
    if (chance(0.5)) {
      request.mutable_sticky_attributes()->mutable_worker_task_queue()->set_name("sticky");
      *request.mutable_sticky_attributes()->mutable_schedule_to_start_timeout() = seconds(3);
    }
    request.set_force_create_new_workflow_task(chance(0.1));
    request.set_return_new_workflow_task(chance(0.3));
    world_.run([&, task = ref](Outcome& out) {
      if (chance(0.1)) {
        (void)fail_workflow_task(out, run, task, {}, world_.context());
        return;
      }
      const auto reply = complete_workflow_task(out, run, task, request, {}, world_.context());
      if (reply.ok() && reply->next) {
        workflow_tasks_.emplace_back(workflow_key(run).workflow_id.value, reply->next->ref);
      }
      for (const ActivityTaskStart& eager : reply.ok() ? reply->eager : std::vector<ActivityTaskStart>{}) {
        activities_.emplace_back(workflow_key(run).workflow_id.value, eager.ref);
      }
    });
  }

  void take_activity() {
    std::string id;
    Worker taker;
    taker.in_process = chance(0.5);
    const auto task = world_.poll_activity(taker, &id);
    if (task && task->ok()) {
      activities_.emplace_back(id, (*task)->ref);
    }
  }

  void answer_activity() {
    if (activities_.empty()) {
      return;
    }
    const auto& [id, ref] = activities_[random_.below(activities_.size())];
    Execution& run = world_.execution(id);
    world_.run([&, task = ref](Outcome& out) {
      switch (random_.below(4)) {
        case 0:
          (void)complete_activity(out, run, task, {}, world_.context());
          break;
        case 1:
          (void)fail_activity(out, run, task, {}, world_.context());
          break;
        case 2:
          (void)cancel_activity(out, run, task, {}, world_.context());
          break;
        default:
          (void)heartbeat_activity(out, run, task, {}, world_.context());
      }
    });
  }

  // Whatever is still buffered gets its events: a crash drops started tasks, then every run is touched.
  void settle() {
    world_.crash();
    for (const char* queue : {"q", "sticky"}) {
      for (int i = 0; i < 100; ++i) {
        Worker worker;
        worker.queue = queue;
        worker.sticky = worker.queue == "sticky";
        if (!world_.poll_workflow(worker)) {
          break;
        }
      }
    }
    world_.advance(std::chrono::hours(1));
  }

  // Every acknowledged signal is in the run that acknowledged it, exactly once (G1, G2).
  void check_signals() {
    for (const auto& [id, run] : world_.runs()) {
      std::map<std::string, int> seen;
      for (const history::HistoryEvent& event : run.events) {
        if (event.event_type() == enums::EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED) {
          ++seen[event.workflow_execution_signaled_event_attributes().request_id()];
        }
      }
      for (const std::string& request_id : acknowledged_[run.run_id.value]) {
        EXPECT_EQ(seen[request_id], 1) << "signal " << request_id << " of run " << run.run_id.value;
      }
    }
  }

  World world_;
  Random random_;
  std::uint64_t signals_ = 0;
  int names_ = 0;
  std::vector<std::pair<std::string, WorkflowTaskRef>> workflow_tasks_;
  std::vector<std::string> run_of_task_;
  std::vector<std::pair<std::string, ActivityTaskRef>> activities_;
  std::map<std::string, std::set<std::string>> acknowledged_;
};

TEST(RandomPrograms, KeepTheInvariants) {
  for (std::uint64_t seed = 1; seed <= 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Chaos(seed).play(150);
  }
}

}  // namespace
}  // namespace perdure::engine::testing
