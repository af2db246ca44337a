// Filters on rows in memory.
#include "visibility/evaluate.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace perdure::visibility {
namespace {

class Types final : public AttributeTypes {
 public:
  std::optional<ValueType> type_of(std::string_view name) const override {
    static const std::map<std::string, ValueType, std::less<>> kTypes{
        {"Id", ValueType::kKeyword}, {"Count", ValueType::kInt},   {"Price", ValueType::kDouble},
        {"Paid", ValueType::kBool},  {"At", ValueType::kDatetime}, {"Tags", ValueType::kKeywordList},
        {"Note", ValueType::kText},  {"Gone", ValueType::kKeyword}};
    const auto found = kTypes.find(name);
    return found == kTypes.end() ? std::nullopt : std::optional(found->second);
  }
};

bool lists(std::string_view text) {
  const auto filter = parse_filter(text);
  EXPECT_TRUE(filter.ok()) << filter.status().message();
  const auto bound = bind_filter(*filter, Types());
  EXPECT_TRUE(bound.ok()) << bound.status().message();
  return matches(*bound->where, [](std::string_view name) -> std::optional<Value> {
    static const std::map<std::string, Value, std::less<>> kRow{
        {"Id", Value(std::string("order-7"))},
        {"Count", Value(std::int64_t{3})},
        {"Price", Value(2.5)},
        {"Paid", Value(true)},
        {"At", Value(Timestamp{1'000'000'000})},
        {"Tags", Value(std::vector<std::string>{"new", "big"})},
        {"Note", Value(std::string("Two large boxes, fragile"))},
    };
    const auto found = kRow.find(name);
    return found == kRow.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(Evaluate, ComparesByType) {
  EXPECT_TRUE(lists("Id = 'order-7' and Id != 'order-8' and Id > 'order-6' and Id starts_with 'order'"));
  EXPECT_FALSE(lists("Id not starts_with 'order' or Id < 'a' or Id not in ('order-7')"));
  EXPECT_TRUE(
      lists("Count between 3 and 4 and Count < 3.5 and Count not between 4 and 5 and Count in (1, 3)"));
  EXPECT_TRUE(lists("Price = 2.5 and Price > 2 and Price <= 2.5"));
  EXPECT_TRUE(lists("Paid = true and not Paid = false"));
  EXPECT_TRUE(lists("At >= '1970-01-01T00:00:01Z' and At < 1000000001"));
}

TEST(Evaluate, AListHasItsKeywords) {
  EXPECT_TRUE(lists("Tags = 'big' and Tags in ('small', 'new') and Tags != 'old'"));
  EXPECT_FALSE(lists("Tags not in ('old', 'new')"));
}

TEST(Evaluate, ATextHasItsWords) {
  EXPECT_TRUE(lists("Note = 'LARGE'"));
  EXPECT_TRUE(lists("Note = 'small fragile'"));
  EXPECT_FALSE(lists("Note = 'box'"));
  EXPECT_TRUE(lists("Note != 'box'"));
}

TEST(Evaluate, WhatIsNotThereIsNeitherEqualNorUnequal) {
  EXPECT_TRUE(lists("Gone is null and Id is not null"));
  for (const char* text :
       {"Gone = 'a'", "Gone != 'a'", "not Gone = 'a'", "Gone in ('a')", "Gone not in ('a')",
        "Gone not starts_with 'a'", "not (Gone = 'a' and Paid = true)"}) {
    EXPECT_FALSE(lists(text)) << text;
  }
  EXPECT_TRUE(lists("Gone = 'a' or Paid = true"));
  EXPECT_TRUE(lists("not (Gone = 'a' and Paid = false)"));
}

}  // namespace
}  // namespace perdure::visibility
