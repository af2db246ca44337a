#include "testing/history_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace perdure::testing {
namespace {

using temporal::api::history::v1::History;
namespace enums = temporal::api::enums::v1;

History read(const std::string& json) {
  auto history = read_history_json(json);
  EXPECT_TRUE(history.ok()) << history.status().to_string();
  return history.ok() ? *history : History();
}

// A history of one event with these attributes.
std::string started(const std::string& attributes,
                    const std::string& type = "EVENT_TYPE_WORKFLOW_EXECUTION_STARTED") {
  return R"({"events": [{"eventId": "1", "eventTime": "2024-05-01T10:00:00.5Z", "eventType": ")" + type +
         R"(", "workflowExecutionStartedEventAttributes": {)" + attributes + "}}]}";
}

TEST(HistoryJson, ReadsEnumsByEveryName) {
  for (const char* name :
       {"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED", "WorkflowExecutionStarted", "WORKFLOW_EXECUTION_STARTED"}) {
    const History history = read(started(R"("taskQueue": {"name": "q", "kind": "Normal"})", name));
    ASSERT_EQ(history.events_size(), 1);
    EXPECT_EQ(history.events(0).event_type(), enums::EVENT_TYPE_WORKFLOW_EXECUTION_STARTED);
    const auto& attributes = history.events(0).workflow_execution_started_event_attributes();
    EXPECT_EQ(attributes.task_queue().kind(), enums::TASK_QUEUE_KIND_NORMAL);
  }
}

TEST(HistoryJson, ReadsPayloadsOfBothKinds) {
  const auto input = [](const std::string& json) {
    return read(started(R"("input": )" + json))
        .events(0)
        .workflow_execution_started_event_attributes()
        .input();
  };
  const auto message =
      input(R"({"payloads": [{"metadata": {"encoding": "anNvbi9wbGFpbg=="}, "data": "IkFkYSI="}]})");
  ASSERT_EQ(message.payloads_size(), 1);
  EXPECT_EQ(message.payloads(0).data(), R"("Ada")");
  EXPECT_EQ(message.payloads(0).metadata().at("encoding"), "json/plain");
  const auto plain =
      input(R"(["Ada", {"z": {}, "metadata": 1, "a": ["\"", {"c": [], "b": true}]}, null, 7])");
  ASSERT_EQ(plain.payloads_size(), 4);
  EXPECT_EQ(plain.payloads(0).DebugString(), message.payloads(0).DebugString());
  EXPECT_EQ(plain.payloads(1).data(), R"({"a":["\"",{"b":true,"c":[]}],"metadata":1,"z":{}})");
  EXPECT_EQ(plain.payloads(2).metadata().at("encoding"), "binary/null");
  EXPECT_EQ(plain.payloads(3).data(), "7");
}

TEST(HistoryJson, ReadsMapsOfPayloads) {
  const History history = read(started(R"("memo": {"fields": {"who": "Ada"}})"));
  const auto& fields = history.events(0).workflow_execution_started_event_attributes().memo().fields();
  EXPECT_EQ(fields.at("who").data(), R"("Ada")");
}

TEST(HistoryJson, ReadsListsAndResponsesAndWhatIsNewer) {
  const std::string list = R"([{"event_id": 1, "eventType": 1, "unheardOf": {"a": 1},
                                "workflow_execution_started_event_attributes": {"attempt": 3}}])";
  for (const std::string& json : {list, R"({"events": )" + list + "}",
                                  R"({"history": {"events": )" + list + R"(}, "nextPageToken": ""})"}) {
    const History history = read(json);
    ASSERT_EQ(history.events_size(), 1) << json;
    EXPECT_EQ(history.events(0).event_id(), 1);
    EXPECT_EQ(history.events(0).workflow_execution_started_event_attributes().attempt(), 3);
  }
}

}  // namespace
}  // namespace perdure::testing
