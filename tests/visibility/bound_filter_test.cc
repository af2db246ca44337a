// What names and values of a filter mean. The messages are those of Temporal's server 1.32 for the same
// texts.
#include "visibility/bound_filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace perdure::visibility {
namespace {

class Types final : public AttributeTypes {
 public:
  std::optional<ValueType> type_of(std::string_view name) const override {
    static const std::map<std::string, ValueType, std::less<>> kCustom{{"Paid", ValueType::kBool},
                                                                       {"Note", ValueType::kText},
                                                                       {"Tags", ValueType::kKeywordList},
                                                                       {"Price", ValueType::kDouble}};
    const auto found = kCustom.find(name);
    return found == kCustom.end() ? system_attribute(name) : std::optional(found->second);
  }
};

Result<BoundFilter> bind(std::string_view text) {
  const auto filter = parse_filter(text);
  EXPECT_TRUE(filter.ok()) << filter.status().message();
  return bind_filter(*filter, Types());
}
std::string error(std::string_view text) {
  const auto bound = bind(text);
  EXPECT_EQ(bound.status().code(), bound.ok() ? Code::kOk : Code::kInvalidArgument) << text;
  return bound.ok() ? "none" : bound.status().message().substr(std::string("invalid query: ").size());
}
Value value(std::string_view text) {
  const auto bound = bind(text);
  EXPECT_TRUE(bound.ok()) << text << ": " << bound.status().message();
  return bound->where->condition.values.at(0);
}
std::string name(std::string_view text) { return bind(text)->where->condition.attribute.name; }

TEST(BoundFilter, NamesAreFoundWithAndWithoutThePrefix) {
  EXPECT_EQ(name("WorkflowId = 'a'"), "WorkflowId");
  EXPECT_EQ(name("TemporalWorkflowId = 'a'"), "WorkflowId");
  EXPECT_EQ(name("ScheduledById = 'a'"), "TemporalScheduledById");
  EXPECT_EQ(name("ScheduleId = 'a'"), "WorkflowId");
  EXPECT_EQ(name("TemporalScheduleId = 'a'"), "WorkflowId");
  EXPECT_EQ(name("Paid = true"), "Paid");
  EXPECT_EQ(error("Foo = 1"), "invalid search attribute: Foo");
  EXPECT_EQ(error("workflowid = 'a'"), "invalid search attribute: workflowid");
  EXPECT_EQ(error("Temporalfoo = 'a'"), "invalid search attribute: Temporalfoo");
}

TEST(BoundFilter, ValuesHaveTheTypesOfTheirAttributes) {
  EXPECT_EQ(value("HistoryLength = 7"), Value(std::int64_t{7}));
  EXPECT_EQ(value("HistoryLength = 1.5"), Value(1.5));
  EXPECT_EQ(value("Price >= -2"), Value(std::int64_t{-2}));
  EXPECT_EQ(value("Paid != false"), Value(false));
  EXPECT_EQ(value("Tags = 'new'"), Value(std::string("new")));
  EXPECT_EQ(value("StartTime > '1970-01-01T00:00:01.5Z'"), Value(Timestamp{1'500'000'000}));
  EXPECT_EQ(value("StartTime > 5"), Value(Timestamp{5}));
  EXPECT_EQ(value("ExecutionStatus = 'ContinuedAsNew'"), Value(std::int64_t{6}));
  EXPECT_EQ(value("ExecutionStatus = 'WORKFLOW_EXECUTION_STATUS_TIMED_OUT'"), Value(std::int64_t{7}));
  EXPECT_EQ(value("ExecutionStatus = 1"), Value(std::int64_t{1}));
  EXPECT_EQ(value("ExecutionDuration > '1h'"), Value(std::int64_t{3'600'000'000'000}));
  EXPECT_EQ(value("ExecutionDuration > '00:01:02'"), Value(std::int64_t{62'000'000'000}));
  EXPECT_EQ(error("ExecutionStatus = 'Nope'"), "invalid expression: invalid ExecutionStatus value 'Nope'");
  EXPECT_EQ(error("ExecutionStatus = 99"), "invalid expression: invalid ExecutionStatus value 99");
  EXPECT_EQ(error("StartTime > 'x'"), "invalid expression: unable to parse datetime 'x'");
  EXPECT_EQ(error("ExecutionDuration > '1x'"),
            "invalid expression: invalid duration value for search attribute ExecutionDuration: 1x");
  EXPECT_EQ(error("HistoryLength = 'a'"),
            "invalid expression: invalid value type for search attribute HistoryLength of type Int: \"a\" "
            "(type: string)");
  EXPECT_EQ(error("WorkflowId starts_with 5"),
            "invalid expression: invalid value type for search attribute WorkflowId of type Keyword: 5 "
            "(type: int64)");
  EXPECT_EQ(error("WorkflowId = true"),
            "invalid expression: invalid value type for search attribute WorkflowId of type Keyword: true "
            "(type: bool)");
}

TEST(BoundFilter, WhatIsNoValueIsNamed) {
  EXPECT_EQ(error("WorkflowId = a"),
            "operation is not supported: column name on the right side of comparison expression (did you "
            "forget to quote "
            "\"a\"?)");
  EXPECT_EQ(error("WorkflowId = ?"), "invalid expression: unable to parse value \":v1\"");
  EXPECT_EQ(error("WorkflowId = :a"), "invalid expression: unable to parse value \":a\"");
  EXPECT_EQ(error("WorkflowId = 1 + 1"), "invalid expression: unexpected value type *sqlparser.BinaryExpr");
  EXPECT_EQ(error("WorkflowId = now()"), "operation is not supported: nested func");
}

TEST(BoundFilter, OperatorsBelongToTypes) {
  const std::string no = "operation is not supported: operator ";
  EXPECT_EQ(error("WorkflowId LIKE 'a%'"),
            no + "'LIKE' not supported for Keyword type search attribute 'WorkflowId'");
  EXPECT_EQ(error("WorkflowId <=> 'a'"),
            no + "'<=>' not supported for Keyword type search attribute 'WorkflowId'");
  EXPECT_EQ(error("HistoryLength STARTS_WITH 5"),
            no + "'STARTS_WITH' not supported for Int type search attribute 'HistoryLength'");
  EXPECT_EQ(error("Tags > 'a'"), no + "'>' not supported for KeywordList type search attribute 'Tags'");
  EXPECT_EQ(error("Note IN ('a')"), no + "'IN' not supported for Text type search attribute 'Note'");
  EXPECT_EQ(error("Note BETWEEN 'a' AND 'b'"),
            "invalid expression: cannot do range condition on search attribute 'Note' of type Text");
  EXPECT_EQ(error("CloseTime IS TRUE"),
            "invalid expression: 'IS' operator can only be used as 'IS NULL' or 'IS NOT NULL'");
  EXPECT_EQ(error("ExecutionStatus > 'Running'"), "none");
}

TEST(BoundFilter, OrderAndGroupNameAttributes) {
  const auto bound = bind("Paid = true GROUP BY ExecutionStatus ORDER BY Price DESC");
  ASSERT_TRUE(bound.ok());
  EXPECT_EQ(bound->group_by[0].name, "ExecutionStatus");
  EXPECT_TRUE(bound->order_by[0].descending && bound->order_by[0].attribute.type == ValueType::kDouble);
  EXPECT_EQ(error("Paid = true GROUP BY Foo"), "invalid search attribute: Foo");
}

}  // namespace
}  // namespace perdure::visibility
