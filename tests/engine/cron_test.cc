#include "engine/cron.h"

#include <gtest/gtest.h>

#include <chrono>

namespace perdure::engine {
namespace {

using std::chrono::sys_days;
using std::chrono::year;

// "2026-03-01 10:20:30" in UTC.
Timestamp at(int y, unsigned month, unsigned day, int hour = 0, int minute = 0, int second = 0) {
  const sys_days date = year{y} / static_cast<int>(month) / static_cast<int>(day);
  const std::int64_t seconds =
      date.time_since_epoch().count() * 86'400LL + hour * 3'600LL + minute * 60LL + second;
  return Timestamp{seconds * 1'000'000'000};
}

std::int64_t backoff_seconds(const char* schedule, Timestamp scheduled, Timestamp now) {
  const auto backoff = cron_backoff(schedule, scheduled, now);
  return backoff ? backoff->count() / 1'000'000'000 : -1;
}

Timestamp next(const char* schedule, Timestamp now) { return now + *cron_backoff(schedule, now, now); }

TEST(Cron, TheNextTimeOfASchedule) {
  EXPECT_EQ(next("* * * * *", at(2026, 3, 1, 10, 20, 30)), at(2026, 3, 1, 10, 21));
  EXPECT_EQ(next("* * * * *", at(2026, 3, 1, 10, 20)), at(2026, 3, 1, 10, 21)) << "never the same minute";
  EXPECT_EQ(next("*/15 8-10 * * *", at(2026, 3, 1, 10, 46)), at(2026, 3, 2, 8));
  EXPECT_EQ(next("0 12 * * mon-fri", at(2026, 2, 27, 12)), at(2026, 3, 2, 12)) << "over a week-end";
  EXPECT_EQ(next("0 0 29 2 *", at(2026, 3, 1)), at(2028, 2, 29));
  EXPECT_EQ(next("30 4 31 * *", at(2026, 4, 1)), at(2026, 5, 31, 4, 30)) << "months of thirty days have none";
  EXPECT_EQ(next("5/20 * * * *", at(2026, 3, 1, 10, 30)), at(2026, 3, 1, 10, 45)) << "from 5 on";
  EXPECT_EQ(next("@monthly", at(2026, 3, 1)), at(2026, 4, 1));
  EXPECT_EQ(next("@weekly", at(2026, 3, 1)), at(2026, 3, 8)) << "the first of March 2026 is a Sunday";
  EXPECT_EQ(next("TZ=UTC @hourly", at(2026, 3, 1, 10, 1)), at(2026, 3, 1, 11));
}

TEST(Cron, DaysOfTheMonthAndOfTheWeekAreAlternativesUnlessOneIsAny) {
  EXPECT_EQ(next("0 0 13 * fri", at(2026, 3, 1)), at(2026, 3, 6));
  EXPECT_EQ(next("0 0 13 * fri", at(2026, 4, 11)), at(2026, 4, 13));
  EXPECT_EQ(next("0 0 13 * *", at(2026, 3, 1)), at(2026, 3, 13));
  EXPECT_EQ(next("0 0 * * fri", at(2026, 3, 1)), at(2026, 3, 6));
}

TEST(Cron, EveryCountsFromTheScheduledTime) {
  EXPECT_EQ(backoff_seconds("@every 10s", at(2026, 3, 1, 0, 0, 7), at(2026, 3, 1, 0, 0, 9)), 8);
  EXPECT_EQ(backoff_seconds("@every 10s", at(2026, 3, 1, 0, 0, 7), at(2026, 3, 1, 0, 0, 28)), 9)
      << "times that have passed are left out";
  EXPECT_EQ(backoff_seconds("@every 1h30m", at(2026, 3, 1), at(2026, 3, 1)), 5'400);
  EXPECT_EQ(backoff_seconds("@every 1ms", at(2026, 3, 1), at(2026, 3, 1)), 1) << "at least a second";
}

TEST(Cron, ABackoffIsWholeSeconds) {
  const Timestamp now = at(2026, 3, 1, 10, 20, 30) + std::chrono::milliseconds(400);
  EXPECT_EQ(backoff_seconds("* * * * *", now, now), 30);
}

TEST(Cron, ARunThatIsOverBeforeItsTimeWaitsForIt) {
  EXPECT_EQ(backoff_seconds("* * * * *", at(2026, 3, 1, 10, 21), at(2026, 3, 1, 10, 20, 30)), 30);
}

TEST(Cron, WhatCannotBeUsed) {
  EXPECT_EQ(check_cron("0 0 31 2 *"), CronProblem::kNever);
  EXPECT_EQ(check_cron("TZ=America/New_York 0 9 * * *"), CronProblem::kOtherTimeZone);
  EXPECT_EQ(check_cron("TZ=America/New_York 0 9 * *"), CronProblem::kInvalid);
  EXPECT_EQ(check_cron("* * * * 7"), CronProblem::kInvalid);
  EXPECT_EQ(backoff_seconds("", at(2026, 3, 1), at(2026, 3, 1)), -1);
}

}  // namespace
}  // namespace perdure::engine
