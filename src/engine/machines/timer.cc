#include "engine/machines/timer.h"

#include <utility>

#include "engine/durations.h"
#include "engine/history.h"

namespace perdure::engine {

void add_timer(Step& step, std::int64_t started_event_id,
               const history::TimerStartedEventAttributes& started) {
  state::TimerState timer;
  timer.set_timer_id(started.timer_id());
  // From the event's own time, so that fired − started is never below the timeout (invariant T1).
  timer.set_fire_time(step.run.info().last_event_time() + nanos(started.start_to_fire_timeout()));
  step.run.add({ItemKind::kTimer, started_event_id}, std::move(timer));
}

void fire_timer(Step& step, std::int64_t started_event_id) {
  const ItemKey key{ItemKind::kTimer, started_event_id};
  history::HistoryEvent event = make_event(enums::EVENT_TYPE_TIMER_FIRED, step.now());
  auto* attributes = event.mutable_timer_fired_event_attributes();
  attributes->set_timer_id(std::get<state::TimerState>(*step.run.find(key)).timer_id());
  attributes->set_started_event_id(started_event_id);
  append_event(step.run, std::move(event));
  step.run.remove(key);
}

}  // namespace perdure::engine
