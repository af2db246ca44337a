#include "plan.h"

#include <fmt/format.h>

namespace perdure::sim {
namespace {

std::int64_t between(Random& random, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high - low + 1)));
}

}  // namespace

Plan make_plan(std::uint64_t seed) {
  Random random(seed * 0x9e3779b97f4a7c15ULL + 1);
  Plan plan;
  plan.seed = seed;
  plan.process_crashes = random.chance(0.6);
  plan.power_cuts = random.chance(0.6);
  plan.drop_after_commit = random.chance(0.5);
  plan.sync_errors = random.chance(0.4);
  plan.disk_full = random.chance(0.4);
  plan.process_pauses = random.chance(0.4);
  plan.worker_pauses = random.chance(0.4);
  plan.clock_steps = random.chance(0.5);
  plan.large_clock_steps = plan.clock_steps && random.chance(0.3);
  plan.lost_replies = random.chance(0.4);
  if (!plan.process_crashes && !plan.power_cuts && !plan.drop_after_commit) {
    plan.power_cuts = true;  // a seed without a crash counts for nothing
  }
  plan.drift_ppm = between(random, -500, 500);
  plan.fault_interval = std::chrono::milliseconds(between(random, 1'500, 6'000));
  plan.object_ids = static_cast<int>(between(random, 1, 3));
  plan.clients_per_id = static_cast<int>(between(random, 2, 6));
  plan.programs = static_cast<int>(between(random, 1, 4));
  plan.think_time = std::chrono::milliseconds(between(random, 50, 600));
  plan.acknowledged_goal = static_cast<std::uint64_t>(between(random, 200, 240));
  plan.in_process_worker = random.chance(0.5);
  plan.sticky = random.chance(0.7);
  plan.eager_activities = random.chance(0.5);
  plan.return_new_task = random.chance(0.3);
  plan.worker_chaos = random.chance(0.7) ? 0.02 + 0.01 * static_cast<double>(random.below(20)) : 0.0;
  // A small cache makes runs be loaded from the store in the middle of everything.
  plan.cache_bytes = random.chance(0.5) ? 16 * 1024 * 1024 : 4 * 1024;
  plan.network = random.chance(0.5);
  plan.message_loss = plan.network && random.chance(0.6) ? 0.005 : 0.0;
  plan.code_programs = static_cast<int>(between(random, 0, 2));
  plan.history_page_events = random.chance(0.3) ? static_cast<int>(between(random, 1, 20)) : 256;
  return plan;
}

std::string describe(const Plan& plan) {
  std::string faults;
  const auto add = [&faults](bool on, const char* name) {
    if (on) {
      faults.append(faults.empty() ? "" : ",").append(name);
    }
  };
  add(plan.process_crashes, "crash");
  add(plan.power_cuts, "power-cut");
  add(plan.drop_after_commit, "drop-after-commit");
  add(plan.sync_errors, "sync-error");
  add(plan.disk_full, "disk-full");
  add(plan.process_pauses, "pause");
  add(plan.worker_pauses, "worker-pause");
  add(plan.large_clock_steps, "large-clock-step");
  add(plan.clock_steps, "clock-step");
  add(plan.lost_replies, "lost-reply");
  add(plan.network, "network");
  add(plan.message_loss > 0, "message-loss");
  return fmt::format("ids={} clients={} programs={}+{} worker={}{}{} pages={} chaos={:.2f} faults={}",
                     plan.object_ids, plan.clients_per_id, plan.programs, plan.code_programs,
                     plan.in_process_worker ? "in-process" : "remote", plan.sticky ? "+sticky" : "",
                     plan.eager_activities ? "+eager" : "", plan.history_page_events, plan.worker_chaos,
                     faults);
}

}  // namespace perdure::sim
