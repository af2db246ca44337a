// Filters as text. The messages are those of Temporal's server 1.32 for the same texts.
#include "visibility/filter.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace perdure::visibility {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The tree in one line, every condition in brackets.
std::string show(const Node& node) {
  std::string text;
  switch (node.kind) {
    case Node::Kind::kCondition:
      text = fmt::format("[{} {}", node.condition.name, operator_text(node.condition.op));
      for (const Literal& value : node.condition.values) {
        text += " " + value.text;
      }
      return text + "]";
    case Node::Kind::kNot:
      return "not" + show(node.children[0]);
    default:
      for (const Node& child : node.children) {
        text += (text.empty() ? "" : node.kind == Node::Kind::kAnd ? " and " : " or ") + show(child);
      }
      return "(" + text + ")";
  }
}
std::string show(std::string_view text) {
  const auto filter = parse_filter(text);
  return filter.ok() ? show(*filter->where) : filter.status().message();
}
std::string error(std::string_view text) {
  const auto filter = parse_filter(text);
  EXPECT_EQ(filter.status().code(), filter.ok() ? Code::kOk : Code::kInvalidArgument);
  const std::string prefix = "invalid query: ";
  EXPECT_THAT(filter.status().message(), filter.ok() ? StartsWith("") : StartsWith(prefix));
  return filter.ok() ? "none" : filter.status().message().substr(prefix.size());
}

TEST(Filter, AndBindsTighterThanOrAndNotThanBoth) {
  EXPECT_EQ(show("a = 1 OR b = 2 AND NOT c = 3"), "([a = 1] or ([b = 2] and not[c = 3]))");
  EXPECT_EQ(show("(a = 1 or b = 2) and not (c = 3)"), "(([a = 1] or [b = 2]) and not[c = 3])");
  EXPECT_EQ(show("a = 1 and b = 2 and c = 3"), "([a = 1] and [b = 2] and [c = 3])");
  EXPECT_EQ(show("a between 1 and 2 and b = 3"), "([a BETWEEN 1 2] and [b = 3])");
}

TEST(Filter, EveryOperatorIsRead) {
  for (const char* op : {"=", "!=", "<", "<=", ">", ">=", "<=>", "LIKE", "NOT LIKE", "REGEXP", "NOT REGEXP",
                         "STARTS_WITH", "NOT STARTS_WITH"}) {
    EXPECT_EQ(show(fmt::format("a {} 'x'", op)), fmt::format("[a {} x]", op));
  }
  EXPECT_EQ(show("a <> 1"), "[a != 1]");
  EXPECT_EQ(show("a in (1, 'b', 2.5)"), "[a IN 1 b 2.5]");
  EXPECT_EQ(show("a not in ('b')"), "[a NOT IN b]");
  EXPECT_EQ(show("a not between 1 and 2"), "[a NOT BETWEEN 1 2]");
  EXPECT_EQ(show("a is null"), "[a IS NULL]");
  EXPECT_EQ(show("a IS NOT NULL"), "[a IS NOT NULL]");
  EXPECT_EQ(show("a IS TRUE"), "[a IS]");
}

TEST(Filter, ValuesKeepTheirKinds) {
  const auto filter = parse_filter("a in ('it''s', \"q\\\"\", -1, 1.5, true, 99999999999999999999, .5, 1e3)");
  ASSERT_TRUE(filter.ok()) << filter.status().message();
  const auto& values = filter->where->condition.values;
  ASSERT_EQ(values.size(), 8U);
  EXPECT_EQ(values[0].text, "it's");
  EXPECT_EQ(values[1].text, "q\"");
  EXPECT_EQ(values[2].integer, -1);
  EXPECT_EQ(values[3].real, 1.5);
  EXPECT_TRUE(values[4].kind == Literal::Kind::kBool && values[4].boolean);
  EXPECT_TRUE(values[5].kind == Literal::Kind::kReal && values[5].real == 1e20);
  EXPECT_EQ(values[6].real, 0.5);
  EXPECT_EQ(values[7].real, 1000);
}

TEST(Filter, NamesMayStandBetweenBackticks) {
  EXPECT_EQ(show("`a b` = 1"), "[a b = 1]");
  EXPECT_EQ(show("`order` = 1"), "[order = 1]");
}

TEST(Filter, EmptyTextFiltersNothing) {
  const auto filter = parse_filter(" \n ");
  ASSERT_TRUE(filter.ok());
  EXPECT_FALSE(filter->where);
}

TEST(Filter, OrderAndGroupFollow) {
  const auto filter = parse_filter("a = 1 GROUP BY b ORDER BY c DESC, d ASC, e;");
  ASSERT_TRUE(filter.ok()) << filter.status().message();
  EXPECT_EQ(filter->group_by, std::vector<std::string>{"b"});
  ASSERT_EQ(filter->order_by.size(), 3U);
  EXPECT_TRUE(filter->order_by[0].name == "c" && filter->order_by[0].descending);
  EXPECT_FALSE(filter->order_by[1].descending);
  EXPECT_TRUE(parse_filter("order by a").ok());
  EXPECT_EQ(parse_filter("group by a")->group_by.size(), 1U);
}

TEST(Filter, SyntaxErrorsHaveTheirPlace) {
  const std::string at = "malformed SQL query: syntax error at position ";
  EXPECT_EQ(error("WorkflowId = "), at + "40");
  EXPECT_EQ(error("WorkflowId = 'a' AND"), at + "48");
  EXPECT_EQ(error("WorkflowId 'a'"), at + "42 near 'a'");
  EXPECT_EQ(error("WorkflowId = 'a"), at + "43 near 'a'");
  EXPECT_EQ(error("(WorkflowId = 'a'"), at + "45");
  EXPECT_EQ(error("WorkflowId = 'a')"), at + "45");
  EXPECT_EQ(error("WorkflowId IN ()"), at + "44");
  EXPECT_EQ(error("WorkflowId IN 'a'"), at + "45 near 'a'");
  EXPECT_EQ(error("WorkflowId = 'a' ; drop table x"), at + "51 near 'drop'");
  EXPECT_EQ(error("WorkflowId = 'a' XOR WorkflowId = 'b'"), at + "48 near 'xor'");
  EXPECT_EQ(error("where WorkflowId = 'a'"), at + "33 near 'where'");
}

TEST(Filter, WhatSqlHasAndFiltersHaveNotIsNamed) {
  EXPECT_EQ(error("WorkflowId = 'a' LIMIT 5"), "operation is not supported: 'LIMIT' clause");
  EXPECT_EQ(error("foo()"), "operation is not supported: function expression");
  EXPECT_EQ(error("WorkflowId"), "invalid expression: incomplete expression");
  EXPECT_EQ(error("1 = 1"), "invalid expression: must be a column name but was *sqlparser.SQLVal");
  EXPECT_EQ(error("'WorkflowId' = 'a'"),
            "invalid expression: must be a column name but was *sqlparser.SQLVal");
}

TEST(Filter, ItsSizeIsLimited) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "a = 1" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_EQ(show(nested(100)), "[a = 1]");
  EXPECT_THAT(error(nested(101)), HasSubstr("nested more than 100 deep"));
  std::string deep_calls = "a = ";
  std::string negations;
  for (int i = 0; i < 5'000; ++i) {
    deep_calls += "f(";
    negations += "not ";
  }
  EXPECT_THAT(error(deep_calls), HasSubstr("nested more than"));
  EXPECT_THAT(error(negations + "a = 1"), HasSubstr("nested more than"));
  std::string list = "a in (0";
  for (int i = 0; i < 5'000; ++i) {
    list += ",1";
  }
  EXPECT_THAT(error(list + ")"), HasSubstr("more than 5000 conditions and values"));
  EXPECT_THAT(error("a = '" + std::string(65 * 1024, 'x') + "'"), HasSubstr("at most 65536"));
}

// Any text gives a tree or an error, and nothing else.
TEST(Filter, GarbageIsAnError) {
  const std::vector<std::string> parts{"a",       "=",     "'x'",   "(",    ")",  "and",  "or",    "not",
                                       "in",      ",",     "1",     "-",    "is", "null", "`",     "'",
                                       "\\",      "\"",    "order", "by",   "?",  ":v",   "1.5e",  "<=>",
                                       "between", "group", ";",     "\x80", "f(", "*",    "limit", "\n"};
  int trees = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed) {
    Random random(seed);
    std::string text;
    for (std::uint64_t i = random.below(12); i > 0; --i) {
      text += parts[random.below(parts.size())] + (random.chance(0.8) ? " " : "");
    }
    const auto filter = parse_filter(text);
    trees += filter.ok() ? 1 : 0;
    if (!filter.ok()) {
      EXPECT_THAT(filter.status().message(), StartsWith("invalid query: ")) << text;
    }
  }
  EXPECT_GT(trees, 100);
}

}  // namespace
}  // namespace perdure::visibility
