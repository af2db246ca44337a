#pragma once
// What one seed does: which fault classes are on (each with about one half: a swarm explores combinations
// that a uniform mix of everything hides), how often, and how the workload is shaped.
#include <cstdint>
#include <string>

#include "base/random.h"
#include "base/time.h"

namespace perdure::sim {

struct Plan {
  std::uint64_t seed = 0;

  // Faults.
  bool process_crashes = false;    // kill -9 between two events; the disk keeps what it was given
  bool power_cuts = false;         // inside a disk operation; unsynced writes are lost, torn or reordered
  bool drop_after_commit = false;  // the process dies after a commit, before its replies
  bool sync_errors = false;
  bool disk_full = false;
  bool process_pauses = false;
  bool worker_pauses = false;
  bool clock_steps = false;
  bool large_clock_steps = false;  // up to an hour, also backwards
  bool lost_replies = false;
  bool network = false;     // messages of remote callers are late, lost, doubled, out of order
  double message_loss = 0;  // probability, of each request and each answer
  std::int64_t drift_ppm = 0;
  Duration fault_interval{};  // mean time between two faults

  // Workload.
  int object_ids = 1;  // workflow ids that clients fight over
  int clients_per_id = 2;
  int programs = 2;
  int code_programs = 0;  // that run as coroutines, see programs/
  Duration think_time{};  // mean time between two operations of one client
  std::uint64_t acknowledged_goal = 200;

  // Worker.
  bool in_process_worker = false;  // dies with the engine's process; its attempts are orphans
  bool sticky = true;
  bool eager_activities = false;
  bool return_new_task = false;
  double worker_chaos = 0;  // probability of a fault in the answer to one task
  std::size_t cache_bytes = 0;
  int history_page_events = 256;
};

Plan make_plan(std::uint64_t seed);
std::string describe(const Plan& plan);

}  // namespace perdure::sim
