// The loop that is run by calling it.
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "perdure/executor.h"

namespace sdk_test::event_loop {

using namespace std::chrono_literals;

TEST(Pump, RunsWhatIsReadyAndNotWhatThatPosts) {
  perdure::Pump pump;
  std::string order;
  pump.post([&] {
    order += 'a';
    pump.post([&] { order += 'c'; });
  });
  pump.post([&] { order += 'b'; });
  EXPECT_EQ(pump.run_ready(), 2U);
  EXPECT_EQ(order, "ab");
  EXPECT_EQ(pump.run_ready(), 1U);
  EXPECT_EQ(pump.run_ready(), 0U);
  EXPECT_EQ(order, "abc");
}

TEST(Pump, TimersFireInTheirOrderUnlessTheyAreLetGo) {
  perdure::Pump pump;
  std::string order;
  const auto second = pump.run_after(2ms, [&] { order += '2'; });
  const auto first = pump.run_after(1ms, [&] { order += '1'; });
  auto never = pump.run_after(0ms, [&] { order += '0'; });
  never.reset();
  while (order.size() < 2) {
    pump.wait_and_run(1s);
  }
  EXPECT_EQ(order, "12");
}

TEST(Pump, ItsDescriptorIsReadableWhenThereIsSomethingToDo) {
  perdure::Pump pump;
  pollfd ready{pump.descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&ready, 1, 0), 0);
  pump.post([] {});
  pump.post([] { throw std::runtime_error("planned"); });
  pump.post([] {});
  EXPECT_EQ(poll(&ready, 1, 0), 1);
  EXPECT_THROW(pump.run_ready(), std::runtime_error);
  EXPECT_EQ(poll(&ready, 1, 0), 1) << "one is left";
  EXPECT_EQ(pump.run_ready(), 1U);
  EXPECT_EQ(poll(&ready, 1, 0), 0);
  const auto timer = pump.run_after(1ms, [] {});
  EXPECT_EQ(poll(&ready, 1, 10'000), 1);
  EXPECT_EQ(pump.run_ready(), 1U);
  EXPECT_EQ(poll(&ready, 1, 0), 0);
}

}  // namespace sdk_test::event_loop
