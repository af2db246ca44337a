#include "simulation.h"

#include <fmt/format.h>

#include <memory>
#include <vector>

#include "checks.h"
#include "client.h"
#include "faults.h"
#include "worker.h"
#include "world.h"

namespace perdure::sim {
namespace {

constexpr std::uint64_t kMaximumEvents = 400'000;  // of one seed: more means that something spins
constexpr Duration kLongestFaults = std::chrono::minutes(10);
// After the faults: an hour for a clock that was set back, the rest for back-offs.
constexpr Duration kLongestHealing = std::chrono::hours(3);

class Simulation {
 public:
  Simulation(const Plan& plan, bool verbose) : world_(plan, verbose), faults_(world_, workers_) {}

  Outcome run() {
    world_.log("plan: {}", describe(world_.plan));
    world_.node.boot();
    populate();
    faults_.start();
    run_until([this] { return world_.ledger.acknowledged >= world_.plan.acknowledged_goal && counts(); },
              kLongestFaults);
    heal();
    const bool settled = run_until([this] { return quiet(); }, kLongestHealing);
    if (!failed()) {
      world_.report.expect(settled, "V", "not settled after the faults: {}", what_is_pending());
    }
    finish();
    return outcome();
  }

 private:
  void populate() {
    const Plan& plan = world_.plan;
    const int workers = plan.in_process_worker ? 1 : 2;
    for (int i = 0; i < workers; ++i) {
      workers_.push_back(std::make_unique<Worker>(world_, records_, i));
      workers_.back()->start();
    }
    if (plan.in_process_worker) {
      world_.node.on_death([this] { workers_.front()->forget(); });
    }
    for (int id = 0; id < plan.object_ids; ++id) {
      for (int client = 0; client < plan.clients_per_id; ++client) {
        clients_.push_back(
            std::make_unique<ContestingClient>(world_, fmt::format("contested{}", id), client));
        clients_.back()->start();
      }
    }
    for (int i = 0; i < plan.programs; ++i) {
      programs_.push_back(std::make_unique<ProgramClient>(world_, interpreted_job(world_, i), i));
      programs_.back()->start();
    }
    for (int i = 0; i < plan.code_programs; ++i) {
      programs_.push_back(std::make_unique<ProgramClient>(world_, code_job(world_, i), 100 + i));
      programs_.back()->start();
    }
    compare_now_and_then();
  }

  void compare_now_and_then() {
    world_.schedule.after(std::chrono::seconds(3), [this] {
      if (!world_.healing) {
        world_.node.compare_store("while running");
        compare_now_and_then();
      }
    });
  }

  // What is needed for the seed to prove something; until then it goes on.
  bool counts() const {
    return world_.node.crashes() > 0 && world_.ledger.acknowledged * 2 > world_.ledger.answered + 20;
  }

  bool failed() const { return world_.report.violation().has_value(); }

  // Runs until `done`, a violation, or `longest` later. True: done.
  template <class Done>
  bool run_until(Done done, Duration longest) {
    const Timestamp end = world_.schedule.now() + longest;
    while (!failed() && !world_.schedule.empty() && world_.schedule.next_time() <= end) {
      if (done()) {
        return true;
      }
      world_.schedule.run_one();
      if (world_.schedule.executed() > kMaximumEvents) {
        world_.report.violate("V", "the simulation does not come to rest");
      }
    }
    return !failed() && done();
  }

  void heal() {
    world_.log("heal");
    world_.healing = true;
    world_.node.heal();
    world_.network.heal();
    if (world_.clock.offset().count() < 0 && world_.plan.seed % 2 == 0) {
      world_.clock.step(-world_.clock.offset());
      world_.node.clock_stepped();
    }
  }

  // Every program ended, and nothing is outstanding that a worker could do.
  bool quiet() {
    for (const auto& program : programs_) {
      if (!program->done()) {
        return false;
      }
    }
    if (!world_.node.up()) {
      return false;
    }
    for (const auto& [id, run] : world_.node.mirror().runs()) {
      if (!run->check.closed() && (run->items.contains(ItemKey{ItemKind::kWorkflowTask, 0}) ||
                                   !run->check.activities().empty() || run->check.workflow_task())) {
        return false;
      }
    }
    return true;
  }

  std::string what_is_pending() {
    std::string text;
    for (const auto& program : programs_) {
      if (!program->done()) {
        text += fmt::format("{} ({}); ", program->job().workflow_id, program->job().description);
      }
    }
    for (const auto& [id, run] : world_.node.mirror().runs()) {
      for (const auto& [key, item] : run->items) {
        if (!run->check.closed()) {
          text += fmt::format(
              "{}/{} item kind {} id {} due in {} ms, queue '{}'; ", run->key.workflow_id.value,
              run->run_id.value, static_cast<int>(key.kind), key.id,
              item.due_at ? (item.due_at->nanos - world_.node.mirror().last_time().nanos) / 1'000'000 : -1,
              item.queue);
        }
      }
    }
    return text.empty() ? "the process is down" : text;
  }

  // By how much the engine is behind its own due index.
  Duration overdue() {
    const auto due = world_.node.next_due();
    const Timestamp now = std::max(world_.clock.now(), world_.node.mirror().last_time());
    return due ? now - *due : Duration::min();
  }

  void finish() {
    if (failed()) {
      return;
    }
    // Whatever is due has been done, or is done soon: after a full disk the loop pauses for up to half a
    // minute.
    run_until([this] { return overdue() < std::chrono::milliseconds(500); }, std::chrono::minutes(2));
    if (!failed()) {
      world_.report.expect(overdue() < std::chrono::milliseconds(500), "T2",
                           "something is overdue by {} ms: {}", overdue().count() / 1'000'000,
                           what_is_pending());
      world_.node.compare_store("at the end");
      check_workflow_ids(world_);
      check_signals(world_);
      check_answers(world_);
      check_histories(world_, records_);
    }
    if (!failed()) {
      world_.node.stop();
      world_.node.check_bit_flips(3);
    }
  }

  Outcome outcome() {
    Outcome outcome;
    outcome.seed = world_.plan.seed;
    outcome.violation = world_.report.violation();
    outcome.acknowledged = world_.ledger.acknowledged;
    outcome.answered = world_.ledger.answered;
    outcome.crashes = world_.node.crashes();
    if (outcome.acknowledged < 200) {
      outcome.invalid = fmt::format("only {} operations were acknowledged", outcome.acknowledged);
    } else if (outcome.crashes == 0) {
      outcome.invalid = "no crash happened";
    } else if (outcome.acknowledged * 2 <= outcome.answered) {
      outcome.invalid =
          fmt::format("only {} of {} operations succeeded", outcome.acknowledged, outcome.answered);
    }
    outcome.digest = world_.report.digest();
    outcome.virtual_seconds = static_cast<double>((world_.schedule.now() - kEpoch).count()) * 1e-9;
    outcome.marks = world_.report.marks();
    return outcome;
  }

  World world_;
  WorkerRecords records_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<ContestingClient>> clients_;
  std::vector<std::unique_ptr<ProgramClient>> programs_;
  Faults faults_;
};

}  // namespace

Outcome simulate(std::uint64_t seed, bool verbose) { return Simulation(make_plan(seed), verbose).run(); }

}  // namespace perdure::sim
