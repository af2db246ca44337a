// Namespaces that are registered: what is refused, what is kept, and that runs of two of them do not meet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "frontend/namespaces.h"
#include "temporal/api/errordetails/v1/message.pb.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

wire::RegisterNamespaceRequest registration(const std::string& name) {
  wire::RegisterNamespaceRequest request;
  request.set_namespace_(name);
  request.set_description("of tests");
  request.set_owner_email("owner@example.com");
  (*request.mutable_data())["team"] = "robots";
  request.mutable_workflow_execution_retention_period()->set_seconds(48 * 3600);
  return request;
}

class NamespacesTest : public ::testing::Test {
 protected:
  Status register_it(const wire::RegisterNamespaceRequest& request) {
    return *rig_.call<wire::RegisterNamespaceResponse>("RegisterNamespace", request)->status;
  }
  PendingPointer<wire::DescribeNamespaceResponse> describe(const std::string& name) {
    wire::DescribeNamespaceRequest request;
    request.set_namespace_(name);
    return rig_.call<wire::DescribeNamespaceResponse>("DescribeNamespace", request);
  }
  PendingPointer<wire::ListNamespacesResponse> list(int page_size, const std::string& token = "") {
    wire::ListNamespacesRequest request;
    request.set_page_size(page_size);
    request.set_next_page_token(token);
    return rig_.call<wire::ListNamespacesResponse>("ListNamespaces", request);
  }
  PendingPointer<wire::UpdateNamespaceResponse> update(const wire::UpdateNamespaceRequest& request) {
    return rig_.call<wire::UpdateNamespaceResponse>("UpdateNamespace", request);
  }
  PendingPointer<wire::StartWorkflowExecutionResponse> start_in(const std::string& name,
                                                                const std::string& id) {
    auto request = Rig::start_request(id);
    request.set_namespace_(name);
    return rig_.call<wire::StartWorkflowExecutionResponse>("StartWorkflowExecution", request);
  }
  PendingPointer<wire::PollWorkflowTaskQueueResponse> poll_in(const std::string& name) {
    wire::PollWorkflowTaskQueueRequest request;
    request.set_namespace_(name);
    request.mutable_task_queue()->set_name("orders");
    return rig_.call<wire::PollWorkflowTaskQueueResponse>("PollWorkflowTaskQueue", request);
  }

  Rig rig_;
};

TEST_F(NamespacesTest, ANamespaceIsAsItWasRegisteredAlsoAfterACrash) {
  ASSERT_TRUE(register_it(registration("robots")).ok());
  const auto described = describe("robots");
  ASSERT_TRUE(described->ok());
  const auto& info = described->response.namespace_info();
  EXPECT_EQ(info.description(), "of tests");
  EXPECT_EQ(info.owner_email(), "owner@example.com");
  EXPECT_EQ(info.data().at("team"), "robots");
  EXPECT_EQ(info.state(), enums::NAMESPACE_STATE_REGISTERED);
  EXPECT_EQ(info.id().size(), 36u);
  EXPECT_EQ(described->response.config().workflow_execution_retention_ttl().seconds(), 48 * 3600);
  const std::string before = described->response.SerializeAsString();
  rig_.crash_and_restart();
  EXPECT_EQ(describe("robots")->response.SerializeAsString(), before);
  wire::DescribeNamespaceRequest by_id;
  by_id.set_id(info.id());
  EXPECT_EQ(
      rig_.call<wire::DescribeNamespaceResponse>("DescribeNamespace", by_id)->response.SerializeAsString(),
      before);
}

TEST_F(NamespacesTest, AWorkflowIdMeansAnotherRunInEachNamespace) {
  ASSERT_TRUE(register_it(registration("robots")).ok());
  const auto here = start_in("default", "order");
  const auto there = start_in("robots", "order");
  ASSERT_TRUE(here->ok() && there->ok());
  EXPECT_NE(here->response.run_id(), there->response.run_id());
  EXPECT_EQ(poll_in("robots")->response.workflow_execution().run_id(), there->response.run_id());
  EXPECT_FALSE(poll_in("robots")->answered());  // the other task is of another namespace
  EXPECT_EQ(poll_in("default")->response.workflow_execution().run_id(), here->response.run_id());
}

TEST_F(NamespacesTest, ANameIsTakenOnce) {
  ASSERT_TRUE(register_it(registration("robots")).ok());
  for (const char* name : {"robots", "default"}) {
    const Status again = register_it(registration(name));
    EXPECT_EQ(again.code(), Code::kAlreadyExists);
    EXPECT_EQ(again.message(), "Namespace \"" + std::string(name) + "\" already exists");
    EXPECT_EQ(again.detail_type(), "temporal.api.errordetails.v1.NamespaceAlreadyExistsFailure");
  }
}

TEST_F(NamespacesTest, WhatCannotBeANamespaceIsRefusedWithTemporalsText) {
  auto request = registration("");
  EXPECT_EQ(register_it(request).message(), "Namespace not set on request.");
  request.set_namespace_(std::string(1'001, 'n'));
  EXPECT_EQ(register_it(request).message(), "Namespace length exceeds limit.");
  request = registration("global");
  request.set_is_global_namespace(true);
  EXPECT_EQ(register_it(request).message(), "Cannot register global namespace when not enabled");
  request = registration("short");
  for (const std::int64_t seconds : {std::int64_t{0}, std::int64_t{3'599}, std::int64_t{-86'400}}) {
    request.mutable_workflow_execution_retention_period()->set_seconds(seconds);
    EXPECT_EQ(register_it(request).message(), "A valid retention period is not set on request.");
  }
  request.clear_workflow_execution_retention_period();
  EXPECT_EQ(register_it(request).code(), Code::kInvalidArgument);
  EXPECT_EQ(list(0)->response.namespaces_size(), 1);
}

TEST_F(NamespacesTest, AnUpdateMergesAndAnswersWithTheWhole) {
  ASSERT_TRUE(register_it(registration("robots")).ok());
  wire::UpdateNamespaceRequest request;
  request.set_namespace_("robots");
  request.mutable_update_info()->set_description("of all tests");
  (*request.mutable_update_info()->mutable_data())["cost"] = "42";
  request.mutable_config()->mutable_workflow_execution_retention_ttl()->set_seconds(7'200);
  const auto updated = update(request);
  ASSERT_TRUE(updated->ok());
  EXPECT_EQ(updated->response.namespace_info().data().size(), 2u);
  rig_.crash_and_restart();
  const auto described = describe("robots");
  EXPECT_EQ(described->response.namespace_info().description(), "of all tests");
  EXPECT_EQ(described->response.namespace_info().owner_email(), "owner@example.com");
  EXPECT_EQ(described->response.namespace_info().data().at("cost"), "42");
  EXPECT_EQ(described->response.config().workflow_execution_retention_ttl().seconds(), 7'200);
  request.mutable_config()->mutable_workflow_execution_retention_ttl()->set_seconds(60);
  EXPECT_EQ(update(request)->status->message(), "A valid retention period is not set on request.");
  request.set_namespace_("nowhere");
  EXPECT_EQ(update(request)->status->message(), "Namespace nowhere is not found.");
}

TEST_F(NamespacesTest, TheDefaultNamespaceCanBeChangedToo) {
  wire::UpdateNamespaceRequest request;
  request.set_namespace_("default");
  request.mutable_update_info()->set_owner_email("me@example.com");
  const std::string id = describe("default")->response.namespace_info().id();
  ASSERT_TRUE(update(request)->ok());
  rig_.crash_and_restart();
  EXPECT_EQ(describe("default")->response.namespace_info().owner_email(), "me@example.com");
  EXPECT_EQ(describe("default")->response.namespace_info().id(), id);
  EXPECT_EQ(list(0)->response.namespaces_size(), 1);
}

TEST_F(NamespacesTest, ADeprecatedNamespaceTakesNoNewWorkflowsAndFinishesTheOldOnes) {
  ASSERT_TRUE(register_it(registration("robots")).ok());
  ASSERT_TRUE(start_in("robots", "old")->ok());
  wire::DeprecateNamespaceRequest request;
  request.set_namespace_("robots");
  ASSERT_TRUE(rig_.call<wire::DeprecateNamespaceResponse>("DeprecateNamespace", request)->ok());
  const auto refused = start_in("robots", "new");
  EXPECT_EQ(refused->status->code(), Code::kFailedPrecondition);
  EXPECT_EQ(refused->status->message(), "Namespace has invalid state: Deprecated. Must be Registered.");
  EXPECT_EQ(poll_in("robots")->response.workflow_execution().workflow_id(), "old");
  wire::UpdateNamespaceRequest back;
  back.set_namespace_("robots");
  back.mutable_update_info()->set_state(enums::NAMESPACE_STATE_REGISTERED);
  EXPECT_EQ(update(back)->status->message(), "Invalid namespace state update.");
}

TEST_F(NamespacesTest, NamespacesAreListedInPages) {
  for (const char* name : {"b", "c", "a", "e"}) {
    ASSERT_TRUE(register_it(registration(name)).ok());
  }
  std::vector<std::string> names;
  std::string token;
  int pages = 0;
  do {
    const auto page = list(2, token);
    ASSERT_TRUE(page->ok());
    for (const auto& described : page->response.namespaces()) {
      names.push_back(described.namespace_info().name());
    }
    token = page->response.next_page_token();
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(names, ElementsAre("a", "b", "c", "default", "e"));
}

TEST_F(NamespacesTest, WhatTheStoreRefusesIsNotThere) {
  rig_.storage->refuse = Status(Code::kResourceExhausted, "disk full");
  EXPECT_EQ(register_it(registration("robots")).code(), Code::kResourceExhausted);
  EXPECT_EQ(describe("robots")->status->code(), Code::kNotFound);
  rig_.storage->refuse = Status();
  EXPECT_TRUE(register_it(registration("robots")).ok());
}

TEST_F(NamespacesTest, TheirNumberAndSizeAreBounded) {
  auto request = registration("large");
  request.set_description(std::string(limits::kNamespaceBytes, 'd'));
  EXPECT_THAT(register_it(request).message(), HasSubstr("65536"));
  for (std::size_t i = 1; i < limits::kNamespaces; ++i) {
    ASSERT_TRUE(register_it(registration(std::to_string(i))).ok());
  }
  const Status full = register_it(registration("one too many"));
  EXPECT_EQ(full.code(), Code::kResourceExhausted);
  EXPECT_THAT(full.message(), HasSubstr("1000"));
}

TEST(Namespaces, ARecordThatCannotBeReadIsNamedAndLeavesTheOthersAlone) {
  const frontend::Namespaces namespaces({{"namespace/broken", "\xff\xff"}, {"other/thing", "x"}});
  EXPECT_EQ(namespaces.find("broken").status().code(), Code::kDataLoss);
  EXPECT_THAT(namespaces.find("broken").status().message(), HasSubstr("broken"));
  EXPECT_TRUE(namespaces.find("default").ok());
  EXPECT_EQ(namespaces.all().size(), 1u);
}

}  // namespace
}  // namespace perdure::testing
