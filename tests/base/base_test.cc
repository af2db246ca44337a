#include <gtest/gtest.h>

#include <regex>

#include "base/random.h"
#include "base/status.h"
#include "base/time.h"
#include "base/uuid.h"

namespace perdure {
namespace {

TEST(Random, UuidsHaveTheVersionAndVariantOfVersion4) {
  Random random(7);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(std::regex_match(
        uuid4(random), std::regex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")));
  }
}

TEST(Random, UuidsOfVersion7BeginWithTheirTime) {
  Random random(7);
  const std::string id = uuid7(random, Timestamp{0x0123'4567'89ab * 1'000'000});
  EXPECT_TRUE(std::regex_match(id, std::regex("01234567-89ab-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")))
      << id;
  EXPECT_NE(id, uuid7(random, Timestamp{0x0123'4567'89ab * 1'000'000}));
}

TEST(Random, SameSeedGivesTheSameIds) {
  Random a(1), b(1), c(2);
  EXPECT_EQ(uuid4(a), uuid4(b));
  EXPECT_NE(uuid4(a), uuid4(c));
}

TEST(Result, ReadingTheValueOfAnErrorIsACheckFailure) {
  Result<int> error = not_found("workflow execution not found");
  EXPECT_FALSE(error);
  EXPECT_EQ(error.status().to_string(), "NOT_FOUND: workflow execution not found");
  EXPECT_THROW((void)error.value(), CheckFailure);
}

TEST(Timestamp, SubtractsToADuration) {
  EXPECT_EQ(Timestamp{5} - Timestamp{2}, Duration(3));
  EXPECT_LT(Timestamp{2}, Timestamp{2} + Duration(1));
}

}  // namespace
}  // namespace perdure
