#include "faults.h"

namespace perdure::sim {
namespace {

enum class Fault {
  kKill,
  kPowerCut,
  kPowerCutInside,
  kDropAfterCommit,
  kSyncError,
  kDiskFull,
  kPause,
  kWorkerPause,
  kClock,
  kConnection
};

std::vector<Fault> enabled(const Plan& plan) {
  std::vector<Fault> faults;
  const auto add = [&faults](bool on, Fault fault) {
    if (on) {
      faults.push_back(fault);
    }
  };
  add(plan.process_crashes, Fault::kKill);
  add(plan.power_cuts, Fault::kPowerCut);
  add(plan.power_cuts, Fault::kPowerCutInside);
  add(plan.drop_after_commit, Fault::kDropAfterCommit);
  add(plan.sync_errors, Fault::kSyncError);
  add(plan.disk_full, Fault::kDiskFull);
  add(plan.process_pauses, Fault::kPause);
  add(plan.worker_pauses, Fault::kWorkerPause);
  add(plan.clock_steps, Fault::kClock);
  add(plan.network, Fault::kConnection);
  return faults;
}

}  // namespace

Faults::Faults(World& world, std::vector<std::unique_ptr<Worker>>& workers)
    : world_(world), workers_(workers), random_(world.plan.seed * 7 + 0x66ULL) {}

void Faults::next() {
  // The longer it takes to do something, the less goes wrong: a system that is always down proves nothing.
  const auto half_minutes = (world_.schedule.now() - kEpoch) / std::chrono::seconds(30);
  world_.schedule.after(around(random_, world_.plan.fault_interval * (1 + half_minutes)), [this] {
    if (!world_.healing) {
      inject();
      next();
    }
  });
}

void Faults::inject() {
  const std::vector<Fault> faults = enabled(world_.plan);
  Node& node = world_.node;
  if (node.crashes() == 0 && world_.ledger.acknowledged >= world_.plan.acknowledged_goal) {
    node.power_cut();  // the seed lacks nothing but this
    return;
  }
  switch (faults[random_.below(faults.size())]) {
    case Fault::kKill:
      node.kill();
      break;
    case Fault::kPowerCut:
      node.power_cut();
      break;
    case Fault::kPowerCutInside:
      node.cut_power_in(1 + random_.below(12));
      break;
    case Fault::kDropAfterCommit:
      node.die_after_next_commit();
      break;
    case Fault::kSyncError:
      node.fail_next_sync();
      break;
    case Fault::kDiskFull:
      world_.report.mark("disk full");
      node.set_disk_full(true);
      world_.schedule.after(std::chrono::milliseconds(20 + random_.below(1'500)),
                            [this] { world_.node.set_disk_full(false); });
      break;
    case Fault::kPause:
      world_.report.mark("process paused");
      node.pause(std::chrono::milliseconds(100 + random_.below(12'000)));
      break;
    case Fault::kWorkerPause:
      world_.report.mark("worker paused");
      workers_[random_.below(workers_.size())]->pause(std::chrono::milliseconds(100 + random_.below(15'000)));
      break;
    case Fault::kClock:
      step_clock();
      break;
    case Fault::kConnection:
      world_.network.reset_connection();
      break;
  }
}

void Faults::step_clock() {
  const bool large = world_.plan.large_clock_steps && random_.chance(0.2);
  const std::uint64_t bound = large ? 3'600'000 : 5'000;
  Duration by = std::chrono::milliseconds(random_.below(bound));
  if (random_.chance(0.5)) {
    by = -by;
  }
  world_.log("clock steps by {} ms", std::chrono::duration_cast<std::chrono::milliseconds>(by).count());
  world_.report.mark(by.count() < 0 ? "clock stepped backwards" : "clock stepped forwards");
  world_.clock.step(by);
  world_.node.clock_stepped();
}

}  // namespace perdure::sim
