// What Prometheus reads.
#include "server/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/engine_figures.h"
#include "server/metrics_listener.h"
#include "tests/server/fixture.h"

namespace perdure::server::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, CallsAreCountedByMethodAndCode) {
  MethodCounters counters;
  counters.count(Code::kOk, std::chrono::milliseconds(3), true);
  counters.count(Code::kOk, std::chrono::seconds(9), true);
  counters.count(Code::kNotFound, std::chrono::microseconds(100), true);
  const std::string text = metrics_text({{"StartWorkflowExecution", &counters}}, {});
  EXPECT_THAT(text, HasSubstr("perdure_server_calls_total{method=\"StartWorkflowExecution\",code=\"OK\"} 2"));
  EXPECT_THAT(text, HasSubstr("code=\"NOT_FOUND\"} 1"));
  EXPECT_THAT(
      text,
      HasSubstr("perdure_server_call_seconds_bucket{method=\"StartWorkflowExecution\",le=\"0.002\"} 1"));
  EXPECT_THAT(
      text,
      HasSubstr("perdure_server_call_seconds_bucket{method=\"StartWorkflowExecution\",le=\"0.005\"} 2"));
  EXPECT_THAT(
      text, HasSubstr("perdure_server_call_seconds_bucket{method=\"StartWorkflowExecution\",le=\"+Inf\"} 3"));
  EXPECT_THAT(text, HasSubstr("perdure_server_call_seconds_count{method=\"StartWorkflowExecution\"} 3"));
}

TEST(Metrics, PollsHaveNoLatency) {
  MethodCounters counters;
  counters.count(Code::kOk, std::chrono::seconds(60), false);
  const std::string text = metrics_text({{"PollWorkflowTaskQueue", &counters}}, {});
  EXPECT_THAT(text, HasSubstr("calls_total{method=\"PollWorkflowTaskQueue\",code=\"OK\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("seconds_bucket")));
}

TEST(Metrics, AreServedOverHttp) {
  ServerOptions options;
  options.metrics_address = "127.0.0.1:0";
  options.figures = [] { return std::vector<Figure>{{"my_figure", "Mine.", 7, false}}; };
  Served served(options);
  wire::StartWorkflowExecutionResponse started;
  ASSERT_TRUE(call(*served.channel, "StartWorkflowExecution", start_request("w"), &started).ok());
  WaitingPoll poll(served.connect(), std::chrono::seconds(30));
  ASSERT_TRUE(poll.wait().ok());
  WaitingPoll idle(served.connect(), std::chrono::seconds(30));
  wait_for_polls(served, 1);
  const std::string text = http_get(served.server->metrics_address(), "/metrics");
  EXPECT_THAT(text, HasSubstr("200 OK"));
  EXPECT_THAT(text, HasSubstr("calls_total{method=\"StartWorkflowExecution\",code=\"OK\"} 1"));
  EXPECT_THAT(text, HasSubstr("perdure_server_open_polls 1"));
  EXPECT_THAT(text, HasSubstr("my_figure 7"));
  served.server->drain(std::chrono::seconds(10));
}

TEST(Metrics, OtherRequestsAreRefused) {
  const auto listener = MetricsListener::start("127.0.0.1:0", false, [] { return std::string("text"); });
  ASSERT_TRUE(listener.ok());
  EXPECT_THAT(http_get((*listener)->address(), "/metrics"), HasSubstr("\r\n\r\ntext"));
  EXPECT_THAT(http_get((*listener)->address(), "/"), HasSubstr("404"));
  EXPECT_THAT(http_get((*listener)->address(), "/" + std::string(20'000, 'x')), HasSubstr("404"));
}

TEST(Metrics, TheEngineIsAsked) {
  Served served;
  wire::StartWorkflowExecutionResponse started;
  ASSERT_TRUE(call(*served.channel, "StartWorkflowExecution", start_request("w"), &started).ok());
  const std::string text = metrics_text({}, engine_figures(served.engine)());
  EXPECT_THAT(text, HasSubstr("perdure_engine_commits_total 1"));
  EXPECT_THAT(text, HasSubstr("perdure_engine_executions_cached 1"));
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes"));
}

TEST(Metrics, APublicAddressIsRefused) {
  const auto refused = MetricsListener::start("0.0.0.0:0", false, [] { return std::string(); });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kFailedPrecondition);
}

TEST(Metrics, AnAddressThatIsInUseIsRefused) {
  Served served;
  const auto refused = MetricsListener::start(served.server->address(), false, [] { return std::string(); });
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status().code(), Code::kUnavailable);
}

}  // namespace
}  // namespace perdure::server::testing
