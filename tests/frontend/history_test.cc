// Reading histories: pages, long polls, the close event, newest first.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::ElementsAre;

std::vector<std::int64_t> ids_of(const History& history) {
  std::vector<std::int64_t> ids;
  for (const auto& event : history.events()) {
    ids.push_back(event.event_id());
  }
  return ids;
}

TEST(HistoryReading, PagesFollowEachOtherWithoutGapOrOverlap) {
  Rig rig;
  rig.start("w");
  for (int i = 0; i < 8; ++i) {
    rig.signal("w", "s");
  }
  auto request = Rig::history_request("w");
  request.set_maximum_page_size(3);
  std::vector<std::vector<std::int64_t>> pages;
  do {
    auto page = rig.history(request);
    ASSERT_TRUE(page->ok());
    pages.push_back(ids_of(page->response.history()));
    request.set_next_page_token(page->response.next_page_token());
  } while (!request.next_page_token().empty());
  EXPECT_THAT(pages,
              ElementsAre(ElementsAre(1, 2, 3), ElementsAre(4, 5, 6), ElementsAre(7, 8, 9), ElementsAre(10)));
}

TEST(HistoryReading, APageIsBoundedByBytesToo) {
  Rig rig;
  rig.start("w");
  for (int i = 0; i < 4; ++i) {
    wire::SignalWorkflowExecutionRequest request;
    request.set_namespace_("default");
    request.mutable_workflow_execution()->set_workflow_id("w");
    request.set_signal_name("large");
    *request.mutable_input() = payloads(std::string(1'500'000, 'x'));
    ASSERT_TRUE(rig.call<wire::SignalWorkflowExecutionResponse>("SignalWorkflowExecution", request)->ok());
  }
  auto request = Rig::history_request("w");
  int events = 0;
  int pages = 0;
  do {
    auto page = rig.history(request);
    ASSERT_TRUE(page->ok());
    EXPECT_LT(page->response.ByteSizeLong(), 3'000'000u);
    events += page->response.history().events_size();
    ++pages;
    request.set_next_page_token(page->response.next_page_token());
  } while (!request.next_page_token().empty());
  EXPECT_EQ(events, 6);
  EXPECT_GE(pages, 3);
}

TEST(HistoryReading, ALongPollAnswersWhatIsThereAndThenWaits) {
  Rig rig;
  rig.start("w");
  auto request = Rig::history_request("w");
  request.set_wait_new_event(true);
  auto first = rig.history(request);
  ASSERT_TRUE(first->ok());
  EXPECT_THAT(ids_of(first->response.history()), ElementsAre(1, 2));
  ASSERT_FALSE(first->response.next_page_token().empty());
  request.set_next_page_token(first->response.next_page_token());
  auto second = rig.history(request);
  EXPECT_FALSE(second->answered());
  rig.signal("w", "s");
  ASSERT_TRUE(second->ok());
  EXPECT_THAT(ids_of(second->response.history()), ElementsAre(3));
  EXPECT_FALSE(second->response.next_page_token().empty());
}

TEST(HistoryReading, ALongPollThatSeesTheEndOfTheRunHasNoToken) {
  Rig rig;
  rig.start("w");
  auto request = Rig::history_request("w");
  request.set_wait_new_event(true);
  request.set_next_page_token(rig.history(request)->response.next_page_token());
  auto waiting = rig.history(request);
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {complete_workflow("1")});
  ASSERT_TRUE(waiting->ok());
  EXPECT_THAT(ids_of(waiting->response.history()), ElementsAre(3, 4, 5));
  EXPECT_TRUE(waiting->response.next_page_token().empty());
}

TEST(HistoryReading, ALongPollThatSeesNothingAnswersEmptyWithATokenThatGoesOn) {
  Rig rig;
  rig.start("w");
  auto waiting = rig.wait_for_close("w");
  rig.advance(seconds(19));
  EXPECT_FALSE(waiting->answered());
  rig.advance(seconds(1));
  ASSERT_TRUE(waiting->ok());
  EXPECT_EQ(waiting->response.history().events_size(), 0);
  EXPECT_TRUE(waiting->response.has_history());
  ASSERT_FALSE(waiting->response.next_page_token().empty());

  auto request = Rig::history_request("w");
  request.set_wait_new_event(true);
  request.set_history_event_filter_type(enums::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  request.set_next_page_token(waiting->response.next_page_token());
  auto again = rig.history(request);
  EXPECT_FALSE(again->answered());
  auto task = rig.poll_workflow();
  rig.complete(task->response.task_token(), {complete_workflow("1")});
  ASSERT_TRUE(again->ok());
  EXPECT_THAT(ids_of(again->response.history()), ElementsAre(5));
}

TEST(HistoryReading, ALongPollAnswersASecondBeforeItsCallerGivesUp) {
  Rig rig;
  rig.start("w");
  auto request = Rig::history_request("w");
  request.set_wait_new_event(true);
  request.set_history_event_filter_type(enums::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  auto waiting = rig.call<wire::GetWorkflowExecutionHistoryResponse>("GetWorkflowExecutionHistory", request,
                                                                     {.timeout = seconds(5)});
  rig.advance(milliseconds(3'999));
  EXPECT_FALSE(waiting->answered());
  rig.advance(milliseconds(1));
  EXPECT_TRUE(waiting->ok());
}

TEST(HistoryReading, WithoutWaitingTheCloseEventOfAnOpenRunIsNothing) {
  Rig rig;
  rig.start("w");
  auto request = Rig::history_request("w");
  request.set_history_event_filter_type(enums::HISTORY_EVENT_FILTER_TYPE_CLOSE_EVENT);
  auto answer = rig.history(request);
  ASSERT_TRUE(answer->ok());
  EXPECT_EQ(answer->response.history().events_size(), 0);
  EXPECT_TRUE(answer->response.next_page_token().empty());
}

TEST(HistoryReading, ATokenStaysWithItsRun) {
  Rig rig;
  auto started = rig.start("w");
  auto request = Rig::history_request("w");
  request.set_maximum_page_size(1);
  auto first = rig.history(request);
  wire::TerminateWorkflowExecutionRequest terminate;
  terminate.set_namespace_("default");
  terminate.mutable_workflow_execution()->set_workflow_id("w");
  rig.call<wire::TerminateWorkflowExecutionResponse>("TerminateWorkflowExecution", terminate);
  rig.advance(seconds(2));
  auto again = Rig::start_request("w");
  again.set_request_id("second");
  ASSERT_TRUE(rig.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", again)->ok());
  request.set_next_page_token(first->response.next_page_token());
  auto second = rig.history(request);
  ASSERT_TRUE(second->ok());
  EXPECT_THAT(ids_of(second->response.history()), ElementsAre(2));
  request.mutable_execution()->set_run_id("11111111-2222-4333-8444-555555555555");
  auto wrong = rig.history(request);
  EXPECT_EQ(wrong->status->code(), Code::kInvalidArgument);
  EXPECT_EQ(wrong->status->message(), "RunId in the request does not match the NextPageToken.");
}

TEST(HistoryReading, ACancelledLongPollIsAnsweredCancelled) {
  Rig rig;
  rig.start("w");
  auto waiting = rig.wait_for_close("w");
  rig.frontend->cancel(waiting->ticket);
  rig.instance->step();
  ASSERT_TRUE(waiting->answered());
  EXPECT_EQ(waiting->status->code(), Code::kCancelled);
  EXPECT_TRUE(rig.signal("w", "s")->ok());
}

TEST(HistoryReading, NewestFirstTurnsThePagesAround) {
  Rig rig;
  rig.start("w");
  for (int i = 0; i < 5; ++i) {
    rig.signal("w", "s");
  }
  wire::GetWorkflowExecutionHistoryReverseRequest request;
  request.set_namespace_("default");
  request.mutable_execution()->set_workflow_id("w");
  request.set_maximum_page_size(3);
  std::vector<std::vector<std::int64_t>> pages;
  do {
    auto page = rig.call<wire::GetWorkflowExecutionHistoryReverseResponse>(
        "GetWorkflowExecutionHistoryReverse", request);
    ASSERT_TRUE(page->ok());
    pages.push_back(ids_of(page->response.history()));
    request.set_next_page_token(page->response.next_page_token());
  } while (!request.next_page_token().empty());
  EXPECT_THAT(pages, ElementsAre(ElementsAre(7, 6, 5), ElementsAre(4, 3, 2), ElementsAre(1)));
}

TEST(HistoryReading, ATaskWithALongHistoryHasATokenForTheRest) {
  Rig rig;
  rig.start("w");
  for (int i = 0; i < 300; ++i) {
    rig.signal("w", "s");
  }
  auto task = rig.poll_workflow();
  ASSERT_TRUE(task->ok());
  EXPECT_EQ(task->response.history().events_size(), 256);
  ASSERT_FALSE(task->response.next_page_token().empty());
  auto request = Rig::history_request("w");
  *request.mutable_execution() = task->response.workflow_execution();
  request.set_next_page_token(task->response.next_page_token());
  auto rest = rig.history(request);
  ASSERT_TRUE(rest->ok());
  EXPECT_EQ(rest->response.history().events(0).event_id(), 257);
  const auto& last = *rest->response.history().events().rbegin();
  EXPECT_EQ(last.event_id(), task->response.started_event_id());
  EXPECT_EQ(last.event_type(), enums::EVENT_TYPE_WORKFLOW_TASK_STARTED);
  EXPECT_TRUE(rest->response.next_page_token().empty());
}

}  // namespace
}  // namespace perdure::testing
