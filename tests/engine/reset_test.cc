// Resets whose histories hold what transcripts cannot make. The rest is in
// tests/transcripts/engine-reset.txt.
#include <gtest/gtest.h>

#include "api/convert.h"
#include "harness.h"

namespace perdure::engine::testing {
namespace {

history::HistoryEvent& add(history::History* history, enums::EventType type) {
  history::HistoryEvent& event = *history->add_events();
  event.set_event_id(history->events_size());
  event.set_event_type(type);
  api::set_timestamp(event.mutable_event_time(), kStart);
  return event;
}

TEST(Reset, AcceptedUpdatesAreStillToBeCompletedAndOutcomesKept) {
  World world;
  ASSERT_TRUE(world.start(start_request("w")).ok());
  history::History kept;
  *kept.add_events() = world.kept("w").events[0];
  *kept.add_events() = world.kept("w").events[1];
  add(&kept, enums::EVENT_TYPE_WORKFLOW_TASK_STARTED)
      .mutable_workflow_task_started_event_attributes()
      ->set_scheduled_event_id(2);
  add(&kept, enums::EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
      .mutable_workflow_task_completed_event_attributes()
      ->set_started_event_id(3);
  for (const char* id : {"done", "open"}) {
    add(&kept, enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED)
        .mutable_workflow_execution_update_accepted_event_attributes()
        ->set_protocol_instance_id(id);
  }
  add(&kept, enums::EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED)
      .mutable_workflow_execution_update_completed_event_attributes()
      ->set_accepted_event_id(5);
  add(&kept, enums::EVENT_TYPE_WORKFLOW_TASK_SCHEDULED).mutable_workflow_task_scheduled_event_attributes();

  Execution& base = world.execution("w");
  base.info().set_next_event_id(10);
  ResetHistory histories;
  histories.kept.push_back({1, kept.events_size(), api::serialize(kept)});
  wire::ResetWorkflowExecutionRequest request;
  request.set_workflow_task_finish_event_id(9);
  request.set_request_id("reset");
  Outcome out;
  ASSERT_TRUE(reset_workflow(out, base, base, std::move(histories), request, world.context()).ok());
  const Execution& run = *out.created.front();
  EXPECT_EQ(run.count(ItemKind::kUpdate), 2U);
  EXPECT_EQ(std::get<state::UpdateState>(*run.find({ItemKind::kUpdate, 5})).completed_event_id(), 7);
  EXPECT_EQ(std::get<state::UpdateState>(*run.find({ItemKind::kUpdate, 6})).completed_event_id(), 0);
  EXPECT_EQ(run.info().next_event_id(), 12) << "the failed workflow task and the next one";
}

}  // namespace
}  // namespace perdure::engine::testing
