// Workers that say that they are there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/limits.h"
#include "tests/runtime/harness.h"

namespace perdure::testing {
namespace {

using temporal::api::worker::v1::WorkerHeartbeat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

WorkerHeartbeat heartbeat(const std::string& key, const std::string& queue = "orders") {
  WorkerHeartbeat worker;
  worker.set_worker_instance_key(key);
  worker.set_worker_identity("worker of " + key);
  worker.set_task_queue(queue);
  worker.set_sdk_name("temporal-python");
  worker.set_sdk_version("1.35.0");
  worker.set_status(enums::WORKER_STATUS_RUNNING);
  worker.mutable_start_time()->set_seconds(1'700'000'000);
  worker.mutable_host_info()->set_host_name("host");
  worker.mutable_host_info()->set_process_id("7");
  worker.set_total_sticky_cache_hit(5);
  return worker;
}

class WorkersTest : public ::testing::Test {
 protected:
  Status record(const WorkerHeartbeat& worker) {
    wire::RecordWorkerHeartbeatRequest request;
    request.set_namespace_("default");
    *request.add_worker_heartbeat() = worker;
    return *rig_.call<wire::RecordWorkerHeartbeatResponse>("RecordWorkerHeartbeat", request)->status;
  }
  PendingPointer<wire::ListWorkersResponse> list(const std::string& query, int page_size = 0,
                                                 const std::string& token = "") {
    wire::ListWorkersRequest request;
    request.set_namespace_("default");
    request.set_query(query);
    request.set_page_size(page_size);
    request.set_next_page_token(token);
    return rig_.call<wire::ListWorkersResponse>("ListWorkers", request);
  }
  std::vector<std::string> keys(const std::string& query = "") {
    std::vector<std::string> found;
    const auto listed = list(query);
    for (const auto& worker : listed->response.workers()) {
      found.push_back(worker.worker_instance_key());
    }
    wire::CountWorkersRequest request;
    request.set_namespace_("default");
    request.set_query(query);
    EXPECT_EQ(rig_.call<wire::CountWorkersResponse>("CountWorkers", request)->response.count(),
              std::ssize(found));
    return found;
  }
  PendingPointer<wire::DescribeWorkerResponse> describe(const std::string& key) {
    wire::DescribeWorkerRequest request;
    request.set_namespace_("default");
    request.set_worker_instance_key(key);
    return rig_.call<wire::DescribeWorkerResponse>("DescribeWorker", request);
  }

  Rig rig_;
};

TEST_F(WorkersTest, AWorkerIsListedAsItLastSaid) {
  ASSERT_TRUE(record(heartbeat("b")).ok());
  ASSERT_TRUE(record(heartbeat("a")).ok());
  WorkerHeartbeat again = heartbeat("b", "payments");
  again.set_total_sticky_cache_hit(9);
  ASSERT_TRUE(record(again).ok());
  EXPECT_THAT(keys(), ElementsAre("a", "b"));
  const auto listed = list("");
  EXPECT_EQ(listed->response.workers(1).task_queue(), "payments");
  EXPECT_EQ(listed->response.workers(1).process_id(), "7");
  EXPECT_EQ(describe("b")->response.worker_info().worker_heartbeat().total_sticky_cache_hit(), 9);
  EXPECT_EQ(describe("c")->status->code(), Code::kNotFound);
  EXPECT_EQ(describe("c")->status->message(), "Worker c not found");
}

TEST_F(WorkersTest, WhoIsShutDownOrSilentIsForgotten) {
  ASSERT_TRUE(record(heartbeat("a")).ok());
  ASSERT_TRUE(record(heartbeat("b")).ok());
  WorkerHeartbeat last = heartbeat("a");
  last.set_status(enums::WORKER_STATUS_SHUTDOWN);
  wire::ShutdownWorkerRequest shutdown;
  shutdown.set_namespace_("default");
  *shutdown.mutable_worker_heartbeat() = last;
  ASSERT_TRUE(rig_.call<wire::ShutdownWorkerResponse>("ShutdownWorker", shutdown)->ok());
  EXPECT_THAT(keys(), ElementsAre("b"));
  rig_.advance(std::chrono::minutes(4));
  EXPECT_THAT(keys(), ElementsAre("b"));
  rig_.advance(std::chrono::minutes(2));
  EXPECT_THAT(keys(), IsEmpty());
}

TEST_F(WorkersTest, FiltersNameTheFieldsOfAHeartbeat) {
  ASSERT_TRUE(record(heartbeat("a")).ok());
  ASSERT_TRUE(record(heartbeat("b", "payments")).ok());
  EXPECT_THAT(keys("TaskQueue = 'payments' AND WorkerStatus = 'Running'"), ElementsAre("b"));
  EXPECT_THAT(keys("WorkerInstanceKey starts_with 'a' OR HostName = 'other'"), ElementsAre("a"));
  EXPECT_THAT(keys("StartTime > '2020-01-01T00:00:00Z' AND BuildId IS NULL AND Status != 'Shutdown'"),
              ElementsAre("a", "b"));
  EXPECT_THAT(keys("HeartbeatTime is not null"), IsEmpty());
  EXPECT_EQ(list("WorkflowId = 'a'")->status->message(),
            "invalid query: invalid search attribute: WorkflowId");
  EXPECT_THAT(list("TaskQueue =")->status->message(), HasSubstr("syntax error"));
  EXPECT_EQ(list("TaskQueue = 'a' ORDER BY TaskQueue")->status->code(), Code::kInvalidArgument);
}

TEST_F(WorkersTest, PagesFollowEachOther) {
  for (const char* key : {"a", "b", "c"}) {
    ASSERT_TRUE(record(heartbeat(key)).ok());
  }
  const auto first = list("", 2);
  ASSERT_EQ(first->response.workers_size(), 2);
  const auto second = list("", 2, first->response.next_page_token());
  ASSERT_EQ(second->response.workers_size(), 1);
  EXPECT_EQ(second->response.workers(0).worker_instance_key(), "c");
  EXPECT_TRUE(second->response.next_page_token().empty());
  EXPECT_EQ(list("TaskQueue = 'orders'", 2, first->response.next_page_token())->status->message(),
            "Invalid NextPageToken.");
  EXPECT_EQ(list("", 2, "made up")->status->code(), Code::kInvalidArgument);
}

TEST_F(WorkersTest, WhatIsTooLargeIsRefused) {
  WorkerHeartbeat large = heartbeat("a");
  large.set_sdk_version(std::string(limits::kWorkerHeartbeat, 'x'));
  EXPECT_THAT(record(large).message(), HasSubstr("at most 16384"));
  EXPECT_EQ(record(heartbeat(std::string(1001, 'k'))).code(), Code::kInvalidArgument);
  EXPECT_THAT(keys(), IsEmpty());
}

}  // namespace
}  // namespace perdure::testing
