// A field is added to the parameter of a workflow: old runs go on, old callers still fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <perdure/perdure.h>
#include <perdure/testing.h>

namespace evolution {

using namespace std::chrono_literals;
namespace workflow = perdure::workflow;

std::string scan(const std::string& account, const std::string& region) { return account + " in " + region; }

constexpr perdure::ActivityOptions kOptions() { return {.start_to_close_timeout = 10s}; }

// [before]
namespace before {

struct ScanInput {
  std::string account_id;
  std::string region;
};

class ScanWorkflow {
 public:
  static constexpr std::string_view workflow_name = "ScanWorkflow";
  perdure::Task<std::string> run(ScanInput input);
};

}  // namespace before
// [before]

// [after]
namespace after {

struct ScanInput {
  std::string account_id;
  std::string region;
  std::string severity = "any";  // new
};

class ScanWorkflow {
 public:
  static constexpr std::string_view workflow_name = "ScanWorkflow";
  perdure::Task<std::string> run(ScanInput input);
};

}  // namespace after
// [after]

perdure::Task<std::string> before::ScanWorkflow::run(ScanInput input) {
  co_return co_await workflow::execute_activity<scan>(input.account_id, input.region, kOptions());
}

perdure::Task<std::string> after::ScanWorkflow::run(ScanInput input) {
  const std::string found =
      co_await workflow::execute_activity<scan>(input.account_id, input.region, kOptions());
  co_return found + ", severity " + input.severity;
}

// What a run with the workflow that is registered records and gives.
template <class W>
std::pair<std::string, std::string> history_and_result(const std::string& id) {
  const perdure::testing::Environment environment;
  perdure::Worker worker(environment.client(), {.task_queue = "scans",
                                                .workflows = perdure::workflows<W>(),
                                                .activities = perdure::activities<scan>()});
  worker.start();
  const auto handle = environment.client().start_workflow_by_name<std::string>(
      "ScanWorkflow", {.id = id, .task_queue = "scans"},
      before::ScanInput{.account_id = "acme", .region = "eu-west-1"});
  const std::string result = handle.result();
  return {handle.fetch_history(), result};
}

// [test]
TEST(Evolution, AnOldHistoryReplaysWithANewField) {
  const auto [history, result] = history_and_result<before::ScanWorkflow>("old");
  EXPECT_EQ(result, "acme in eu-west-1");
  perdure::testing::replay<after::ScanWorkflow>(history);
}
// [test]

TEST(Evolution, ACallerThatDoesNotKnowTheFieldGetsItsDefault) {
  EXPECT_EQ(history_and_result<after::ScanWorkflow>("new").second, "acme in eu-west-1, severity any");
}

TEST(Evolution, AHistoryWithTheFieldReplaysWithoutIt) {
  const auto [history, result] = history_and_result<after::ScanWorkflow>("new");
  perdure::testing::replay<before::ScanWorkflow>(history);
}

}  // namespace evolution
