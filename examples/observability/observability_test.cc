#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <perdure/testing.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <memory>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "greeting.h"
#include "prometheus_sink.h"
#include "tracing.h"

namespace observability {
namespace {

using testing::HasSubstr;

struct Outcome {
  std::string metrics;
  std::vector<std::string> spans;
};

Outcome greet() {
  const auto registry = std::make_shared<prometheus::Registry>();
  std::ostringstream spans;
  {
    const auto writer = std::make_shared<SpanWriter>(spans, "greeter");
    perdure::testing::Environment environment({.interceptors = {std::make_shared<Tracing>(writer)},
                                               .metrics = std::make_shared<PrometheusSink>(registry)});
    perdure::Worker worker(environment.client(), {.task_queue = "test",
                                                  .workflows = perdure::workflows<Greeting>(),
                                                  .activities = perdure::activities<compose>()});
    worker.start();
    EXPECT_EQ(environment.client().execute_workflow<Greeting>("World", {.id = "g", .task_queue = "test"}),
              "Hello, World");
    worker.stop();
  }
  Outcome outcome{.metrics = prometheus::TextSerializer().Serialize(registry->Collect()), .spans = {}};
  std::istringstream lines(spans.str());
  for (std::string line; std::getline(lines, line);) {
    outcome.spans.push_back(line);
  }
  return outcome;
}

std::string field(const std::string& span, const std::string& name) {
  std::smatch match;
  return std::regex_search(span, match, std::regex("\"" + name + "\":\"([^\"]*)\"")) ? match[1].str() : "";
}

// Spans are written when they end.
std::string named(const std::vector<std::string>& spans, const std::string& name) {
  for (const std::string& span : spans) {
    if (span.find("\"name\":\"" + name + "\"") != std::string::npos) {
      return span;
    }
  }
  ADD_FAILURE() << "there is no span " << name;
  return "";
}

TEST(ObservabilityTest, PrometheusReadsTemporalsNames) {
  const std::string metrics = greet().metrics;
  EXPECT_THAT(metrics, HasSubstr("# TYPE temporal_workflow_completed counter\n"
                                 "temporal_workflow_completed{namespace=\"default\",task_queue=\"test\","
                                 "workflow_type=\"Greeting\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("# TYPE temporal_activity_execution_latency_seconds histogram\n"));
  EXPECT_THAT(metrics, HasSubstr("# TYPE temporal_worker_task_slots_available gauge\n"));
  EXPECT_THAT(metrics,
              HasSubstr("temporal_request{namespace=\"default\",operation=\"StartWorkflowExecution\"} 1\n"));
}

TEST(ObservabilityTest, OneTraceGoesFromTheClientToTheActivity) {
  const Outcome outcome = greet();
  ASSERT_EQ(outcome.spans.size(), 3U);
  const std::string start = named(outcome.spans, "StartWorkflow:Greeting");
  const std::string run = named(outcome.spans, "RunWorkflow:Greeting");
  const std::string activity = named(outcome.spans, "RunActivity:compose");
  EXPECT_EQ(field(start, "traceId").size(), 32U);
  EXPECT_EQ(field(start, "parentSpanId"), "");
  EXPECT_EQ(field(run, "traceId"), field(start, "traceId"));
  EXPECT_EQ(field(activity, "traceId"), field(start, "traceId"));
  EXPECT_EQ(field(run, "parentSpanId"), field(start, "spanId"));
  EXPECT_EQ(field(activity, "parentSpanId"), field(run, "spanId"));
  EXPECT_THAT(activity, HasSubstr("\"status\":{\"code\":1}"));
}

TEST(ObservabilityTest, HeadersThatCannotBeReadBeginATrace) {
  EXPECT_EQ(from_headers({}).trace_id, "");
  EXPECT_EQ(from_headers({{"traceparent", perdure::to_payload("00-xyz")}}).trace_id, "");
  EXPECT_EQ(from_headers({{"traceparent", perdure::to_payload(17)}}).trace_id, "");
  const SpanContext context{std::string(32, 'a'), std::string(16, 'b')};
  EXPECT_EQ(from_headers({{"traceparent", perdure::to_payload(to_traceparent(context))}}).span_id,
            context.span_id);
}

}  // namespace
}  // namespace observability
