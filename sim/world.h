#pragma once
// What the parts of one simulated run share.
#include "base/random.h"
#include "ledger.h"
#include "network.h"
#include "node.h"
#include "plan.h"
#include "report.h"
#include "schedule.h"
#include "sim_clock.h"
#include "temporal/api/workflowservice/v1/request_response.pb.h"

namespace perdure::sim {

namespace wire = temporal::api::workflowservice::v1;

struct World {
  World(const Plan& seed_plan, bool verbose)
      : plan(seed_plan),
        report(verbose),
        clock(schedule, seed_plan.drift_ppm),
        node(plan, schedule, clock, report),
        network(plan, schedule, node, report) {}

  const Plan plan;
  Report report;
  Schedule schedule;
  SimClock clock;
  Node node;
  Network network;
  Ledger ledger;
  bool healing = false;  // no more faults, also none of clients and workers

  template <class... Args>
  void log(fmt::format_string<Args...> format, Args&&... args) {
    report.log(schedule.now(), format, std::forward<Args>(args)...);
  }

  // Opens an entry of the ledger for a call that is about to be made.
  Operation& begin(Operation::Kind kind) {
    Operation& operation = ledger.add(kind);
    operation.invoked = node.mirror().last_sequence();
    operation.invoked_time = node.mirror().last_time();
    return operation;
  }
  // Closes it with its answer.
  void end(Operation& operation, const Status& status) {
    operation.returned_order = ledger.next_order();
    operation.returned = node.mirror().last_sequence();
    operation.answered = status.code() != Code::kUnavailable;
    operation.code = status.code();
    operation.message = status.message();
    ledger.acknowledged += status.ok() ? 1U : 0U;
    ledger.answered += 1;
    log("op{} {} {}/{} -> {} {}", operation.id, name_of(operation.kind), operation.workflow_id,
        operation.run_id, code_name(status.code()), status.message());
  }
};

// A fraction of `mean` up to three times it.
inline Duration around(Random& random, Duration mean) {
  return Duration(mean.count() / 10 +
                  static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(mean.count() * 2))));
}
inline Duration milliseconds_below(Random& random, std::uint64_t bound) {
  return std::chrono::microseconds(random.below(bound * 1'000 + 1));
}

}  // namespace perdure::sim
