// The tests of the example: a service that a test controls, the engine in memory.
#include "polling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <perdure/testing.h>
#include <perdure/testing/matchers.h>

#include <latch>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace polling {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

// Is done after a number of polls; may fail at one of them.
class FakeService : public ExportService {
 public:
  int done_after = 5;
  int fails_at = 0;
  std::latch polled{1};

  std::string submit(const std::string& table) override {
    note("submit " + table);
    return "job-1";
  }
  Status status(const std::string& job) override {
    const int poll = next_poll();
    if (poll == 1) {
      polled.count_down();
    }
    if (poll == fails_at) {
      note("fail");
      throw std::runtime_error("the service is down");
    }
    return {.done = job == "job-1" && poll >= done_after, .rows = 42};
  }
  void cancel(const std::string& job) override { note("cancel " + job); }

  std::vector<std::string> notes() {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

 private:
  int next_poll() {
    const std::lock_guard lock(mutex_);
    return ++polls_;
  }
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(what));
  }

  std::mutex mutex_;
  int polls_ = 0;                   // guarded by mutex_
  std::vector<std::string> notes_;  // guarded by mutex_
};

class PollingTest : public testing::Test {
 protected:
  auto start() {
    worker_.emplace(
        environment_.client(),
        perdure::WorkerOptions{.task_queue = "test",
                               .workflows = perdure::workflows<ExportTable>(),
                               .activities = perdure::activities<&Exports::export_table>(exports_),
                               .max_heartbeat_throttle_interval = 10ms});
    worker_->start();
    return environment_.client().start_workflow<ExportTable>("customers",
                                                             {.id = "export", .task_queue = "test"});
  }

  FakeService service_;
  Exports exports_{service_, 1ms};
  perdure::testing::Environment environment_;
  std::optional<perdure::Worker> worker_;
};

TEST_F(PollingTest, PollsUntilTheExportIsDone) {
  EXPECT_EQ(start().result(), 42);
  EXPECT_THAT(service_.notes(), ElementsAre("submit customers"));
}

// [resume]
TEST_F(PollingTest, AnAttemptAfterAFailureGoesOnWithTheSameJob) {
  service_.fails_at = 3;
  EXPECT_EQ(start().result(), 42);
  EXPECT_THAT(service_.notes(), ElementsAre("submit customers", "fail"));
}
// [resume]

TEST_F(PollingTest, ACancelledExportIsCancelledInTheService) {
  service_.done_after = 1'000'000'000;
  const auto handle = start();
  service_.polled.wait();
  handle.cancel();
  EXPECT_THROW(handle.result(), perdure::WorkflowFailureError);
  EXPECT_THAT(service_.notes(), ElementsAre("submit customers", "cancel job-1"));
}

}  // namespace
}  // namespace polling
