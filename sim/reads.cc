#include "reads.h"

#include "api/convert.h"
#include "temporal/api/enums/v1/event_type.pb.h"

namespace perdure::sim {

void check_shown_event(World& world, const std::string& run_id,
                       const temporal::api::history::v1::HistoryEvent& event, const char* reader) {
  // The mirror never shrinks and always equals the store; so what equals the mirror once equals it for ever.
  const MirrorRun* run = world.node.mirror().find_run(run_id);
  world.report.expect(run != nullptr, "D2", "{} is shown run {}, which is not stored", reader, run_id);
  if (run == nullptr) {
    return;
  }
  const auto index = static_cast<std::size_t>(event.event_id() - 1);
  world.report.expect(event.event_id() >= 1 && index < run->events.size(), "D2",
                      "{} is shown event {} ({}) of run {}, which has {} stored events", reader,
                      event.event_id(), temporal::api::enums::v1::EventType_Name(event.event_type()), run_id,
                      run->events.size());
  if (event.event_id() < 1 || index >= run->events.size()) {
    return;
  }
  const StoredEvent& stored = run->events[index];
  if (fnv(api::serialize(event)) != stored.digest) {
    world.report.violate(
        "H6",
        fmt::format("{} is shown another event {} of run {} than the stored one: {} / {}", reader,
                    event.event_id(), run_id, event.ShortDebugString(), stored.event.ShortDebugString()));
  }
}

}  // namespace perdure::sim
