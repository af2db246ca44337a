// Log lines are one line, whatever is in them.
#include "server/log.h"

#include <gtest/gtest.h>

namespace perdure::server {
namespace {

TEST(LogLines, PlainValuesStandAlone) {
  EXPECT_EQ(log_line("serving", {{"address", "127.0.0.1:7233"}}), "event=serving address=127.0.0.1:7233");
}

TEST(LogLines, OtherValuesAreQuoted) {
  EXPECT_EQ(log_line("x", {{"a", "two words"}, {"b", ""}, {"c", "say \"hi\" \\"}}),
            R"(event=x a="two words" b="" c="say \"hi\" \\")");
}

TEST(LogLines, NobodyWritesALineOfTheirOwn) {
  EXPECT_EQ(log_line("x", {{"a", "1\nevent=y\r\x1b"}}), R"(event=x a="1\x0aevent=y\x0d\x1b")");
}

TEST(LogLevels, HaveNames) {
  EXPECT_EQ(parse_log_level("warning"), LogLevel::kWarning);
  EXPECT_FALSE(parse_log_level("loud").has_value());
}

}  // namespace
}  // namespace perdure::server
