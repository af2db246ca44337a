#include "visibility/time_text.h"

#include <gtest/gtest.h>

#include <chrono>

namespace perdure::visibility {
namespace {

using namespace std::chrono_literals;

TEST(TimeText, Rfc3339IsRead) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), Timestamp{0});
  EXPECT_EQ(parse_rfc3339("2026-11-23T07:30:00.123456789Z"), (Timestamp{1'795'419'000'123'456'789}));
  EXPECT_EQ(parse_rfc3339("2026-11-23T09:30:00+02:00"), parse_rfc3339("2026-11-23T07:30:00Z"));
  EXPECT_EQ(parse_rfc3339("2026-11-22T23:30:00.5-08:00"), parse_rfc3339("2026-11-23T07:30:00.500Z"));
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), Timestamp{-1'000'000'000});
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), (Timestamp{1'709'164'800'000'000'000}));
}

TEST(TimeText, WhatIsNoTimeIsNot) {
  for (const char* text :
       {"", "x", "2026-11-23", "2026-11-23T07:30Z", "2026-11-23 07:30:00Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-11-23T24:00:00Z", "2026-11-23T07:60:00Z", "2026-11-23T07:30:61Z",
        "2026-11-23T07:30:00", "2026-11-23T07:30:00.Z", "2026-11-23T07:30:00z ", "2026-11-23T07:30:00+2:00",
        "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2026-11-23T07:30:00+25:00"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(TimeText, DurationsAreRead) {
  EXPECT_EQ(parse_duration("1500"), Duration(1500));
  EXPECT_EQ(parse_duration("-3"), Duration(-3));
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("-1.5h"), -90min);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("1.5d2h"), 38h);
  EXPECT_EQ(parse_duration("300ms"), 300ms);
  EXPECT_EQ(parse_duration("1us2ns"), 1002ns);
  EXPECT_EQ(parse_duration("1\u00b5s"), 1us);
  EXPECT_EQ(parse_duration("100:00:01"), 100h + 1s);
}

TEST(TimeText, WhatIsNoDurationIsNot) {
  for (const char* text :
       {"", "x", "1x", "h", "1h30", "-", "1:2", "1:60:00", "1:00:60", "1e3s", "10000000d", " 1s", "1s "}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace perdure::visibility
