// Local activities whose run is dropped and replayed while they run.
#include "worker/local_activities.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "api/payload_conversion.h"
#include "perdure/perdure.h"
#include "tests/worker/scripted_transport.h"
#include "worker/activity_worker.h"
#include "worker/thread_loop.h"

namespace perdure::testing {
namespace {

using namespace std::chrono_literals;

std::atomic<int> g_charges = 0;
std::promise<void>* g_begun = nullptr;
std::shared_future<void>* g_may_end = nullptr;

}  // namespace

std::string charge_slowly() {
  ++g_charges;
  g_begun->set_value();
  g_may_end->wait();
  return "charged";
}
std::string notify_at_once() { return "notified"; }

namespace {

using worker::LocalActivities;
using worker::LocalActivityOwner;

struct Told {
  std::uint64_t incarnation = 0;
  std::string result;
};

class DroppedLocalActivities : public ::testing::Test {
 protected:
  DroppedLocalActivities() {
    g_charges = 0;
    g_begun = &begun_;
    g_may_end = &may_end_;
  }
  ~DroppedLocalActivities() override { release(); }

  void start(std::uint64_t incarnation, const std::string& type) {
    workflow_core::LocalActivityTask task{.number = 1, .activity_id = type, .activity_type = type};
    task.options.start_to_close_timeout = 60s;
    local_.start(LocalActivityOwner{"Order", "w", "run", incarnation}, std::move(task));
  }
  Told told() {
    auto outcome = told_.get_future();
    const bool came = outcome.wait_for(30s) == std::future_status::ready;
    EXPECT_TRUE(came) << "nothing was told";
    return came ? outcome.get() : Told{};
  }
  void wait_for_charge() { begun_.get_future().wait(); }
  void release() {
    if (!std::exchange(released_, true)) {
      end_.set_value();
    }
  }

  std::promise<void> begun_;
  std::promise<void> end_;
  std::shared_future<void> may_end_ = end_.get_future().share();
  bool released_ = false;
  std::promise<Told> told_;  // kept once: a second outcome would throw
  client::Connection connection_{std::make_unique<ScriptedTransport>(), "default", "tester",
                                 /*in_process=*/false};
  worker::ThreadLoop loop_;
  worker::Calls calls_{connection_, loop_};
  worker::ActivityWorker activities_{calls_, {.task_queue = "queue"}, definitions()};
  LocalActivities local_{
      calls_, activities_, "queue", 10,
      [this](const LocalActivityOwner& owner, std::uint32_t, const LocalActivities::Outcome& outcome) {
        told_.set_value({owner.incarnation, outcome->result->data});
      }};

 private:
  static std::vector<detail::ActivityDefinition> definitions() {
    return {detail::activity_definition<charge_slowly>(std::shared_ptr<detail::NoObject>()),
            detail::activity_definition<notify_at_once>(std::shared_ptr<detail::NoObject>())};
  }
};

TEST_F(DroppedLocalActivities, GoOnForAReplayThatAsksForTheSame) {
  start(1, "charge_slowly");
  wait_for_charge();
  local_.drop("run");
  start(2, "charge_slowly");
  release();
  const Told told = this->told();
  EXPECT_EQ(told.incarnation, 2U);
  EXPECT_EQ(told.result, "\"charged\"");
  EXPECT_EQ(g_charges, 1);
}

TEST_F(DroppedLocalActivities, AreNobodysForAReplayThatAsksForAnother) {
  start(1, "charge_slowly");
  wait_for_charge();
  local_.drop("run");
  start(2, "notify_at_once");
  const Told told = this->told();
  EXPECT_EQ(told.incarnation, 2U);
  EXPECT_EQ(told.result, "\"notified\"");
  release();
  local_.wait();  // charge's own result has gone nowhere, or told_ would have thrown
  EXPECT_EQ(g_charges, 1);
}

}  // namespace
}  // namespace perdure::testing
