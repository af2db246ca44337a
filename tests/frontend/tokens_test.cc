#include "frontend/tokens.h"

#include <gtest/gtest.h>

#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using frontend::ActivityTaskToken;
using frontend::HistoryToken;
using frontend::Tokens;
using frontend::WorkflowTaskToken;

const std::string kKey(32, 'k');

WorkflowTaskToken workflow_token() {
  return {
      NamespaceName("default"),
      {7},
      RunId("run"),
      {.scheduled_event_id = 2, .started_event_id = 3, .attempt = 1, .incarnation = 4, .started_time = 5}};
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

TEST(Tokens, ComeBackAsTheyWere) {
  const Tokens tokens(kKey);
  auto workflow = tokens.open_workflow_task(tokens.seal(workflow_token()));
  ASSERT_TRUE(workflow.ok());
  EXPECT_EQ(workflow->execution, ExecutionId{7});
  EXPECT_EQ(workflow->run_id, RunId("run"));
  EXPECT_EQ(workflow->task.scheduled_event_id, 2);
  EXPECT_EQ(workflow->task.started_event_id, 3);
  EXPECT_EQ(workflow->task.incarnation, 4);
  EXPECT_EQ(workflow->task.started_time, 5);
  auto activity = tokens.open_activity_task(tokens.seal(
      ActivityTaskToken{NamespaceName("default"),
                        {8},
                        RunId("run"),
                        {.scheduled_event_id = 5, .activity_id = "a", .attempt = 2, .stamp = 9}}));
  ASSERT_TRUE(activity.ok());
  EXPECT_EQ(activity->task.activity_id, "a");
  EXPECT_EQ(activity->task.attempt, 2);
  EXPECT_EQ(activity->task.stamp, 9);
  auto history = tokens.open_history(tokens.seal(
      HistoryToken{NamespaceName("default"), {9}, RunId("run"), 10, 20, true, false, true, "suffix"}));
  ASSERT_TRUE(history.ok());
  EXPECT_EQ(history->next, 10);
  EXPECT_EQ(history->end, 20);
  EXPECT_TRUE(history->paging);
  EXPECT_FALSE(history->running);
  EXPECT_TRUE(history->reverse);
  EXPECT_EQ(history->suffix, "suffix");
}

TEST(Tokens, EveryFlippedBitIsNoticed) {
  const Tokens tokens(kKey);
  const std::string sealed = tokens.seal(workflow_token());
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string forged = sealed;
    forged[bit / 8] = static_cast<char>(forged[bit / 8] ^ (1 << (bit % 8)));
    auto opened = tokens.open_workflow_task(forged);
    ASSERT_FALSE(opened.ok()) << "bit " << bit;
    EXPECT_EQ(opened.status().code(), Code::kInvalidArgument);
    EXPECT_EQ(opened.status().message(), "Error deserializing task token.");
  }
}

TEST(Tokens, EveryPrefixIsRefused) {
  const Tokens tokens(kKey);
  const std::string sealed = tokens.seal(workflow_token());
  for (std::size_t length = 0; length < sealed.size(); ++length) {
    EXPECT_FALSE(tokens.open_workflow_task(sealed.substr(0, length)).ok());
  }
  EXPECT_FALSE(tokens.open_workflow_task(sealed + "x").ok());
}

// Handed out by a service of before: an activity may be completed with its token long afterwards.
TEST(Tokens, OnesOfTheFirstVersionAreOpened) {
  // workflow_token() and kKey, as version 1 sealed them.
  const std::string sealed = from_hex(
      "0177070000000000000064656661756c740700000000000000030000000000000072756e02000000"
      "000000000300000000000000010000000000000004000000000000000500000000000000e36f035a"
      "3999566e211c2450c2e392dae8be1c0002e4313d596810b4a9d5fbed");
  const Tokens tokens(kKey);
  const auto opened = tokens.open_workflow_task(sealed);
  ASSERT_TRUE(opened.ok());
  EXPECT_EQ(opened->execution, ExecutionId{7});
  EXPECT_EQ(opened->task.started_time, 5);
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string altered = sealed;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    EXPECT_FALSE(tokens.open_workflow_task(altered).ok()) << i;
  }
}

TEST(Tokens, OneKindIsNotAnother) {
  const Tokens tokens(kKey);
  EXPECT_FALSE(tokens.open_activity_task(tokens.seal(workflow_token())).ok());
  auto page = tokens.open_history(tokens.seal(workflow_token()));
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.status().message(), "Invalid NextPageToken.");
}

TEST(Tokens, ATokenOfAnotherStoreIsRefused) {
  EXPECT_FALSE(Tokens(std::string(32, 'x')).open_workflow_task(Tokens(kKey).seal(workflow_token())).ok());
}

TEST(Tokens, AForgedTaskTokenIsRefusedByTheService) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  std::string forged = task->response.task_token();
  forged[20] = static_cast<char>(forged[20] ^ 1);
  auto refused = rig.complete(forged, {complete_workflow("1")});
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->status->code(), Code::kInvalidArgument);
  EXPECT_EQ(refused->status->message(), "Error deserializing task token.");
  EXPECT_TRUE(rig.complete(task->response.task_token(), {complete_workflow("1")})->ok());
}

TEST(Tokens, ATokenWithAnotherNamespaceIsRefused) {
  Rig rig;
  rig.start("w");
  auto task = rig.poll_workflow();
  wire::RespondWorkflowTaskCompletedRequest request;
  request.set_namespace_("other");
  request.set_task_token(task->response.task_token());
  auto refused =
      rig.call<wire::RespondWorkflowTaskCompletedResponse>("RespondWorkflowTaskCompleted", request);
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->status->code(), Code::kNotFound);  // there is no such namespace
  EXPECT_FALSE(frontend::Tokens(kKey).open_workflow_task("").ok());
}

TEST(Tokens, AForgedPageTokenIsRefusedByTheService) {
  Rig rig;
  rig.start("w");
  auto request = Rig::history_request("w");
  request.set_next_page_token("made up");
  auto refused = rig.history(request);
  ASSERT_TRUE(refused->answered());
  EXPECT_EQ(refused->status->code(), Code::kInvalidArgument);
  EXPECT_EQ(refused->status->message(), "Invalid NextPageToken.");
}

}  // namespace
}  // namespace perdure::testing
