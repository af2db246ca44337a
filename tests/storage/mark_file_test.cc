// The mark file's slots.
#include "storage/sqlite/mark_file.h"

#include <gtest/gtest.h>

namespace perdure::storage {
namespace {

const Mark kMark{.generation = 12, .state = MarkState::kOpen, .incarnation = 3, .sequence = 4567};

TEST(MarkFileTest, ASlotReadsBackAsItWasWritten) {
  const auto parsed = parse_mark(format_mark(kMark));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->generation, 12);
  EXPECT_EQ(parsed->state, MarkState::kOpen);
  EXPECT_EQ(parsed->incarnation, 3);
  EXPECT_EQ(parsed->sequence, 4567);
}

TEST(MarkFileTest, AnyChangedBitSpoilsASlot) {
  const std::string slot = format_mark(kMark);
  ASSERT_EQ(slot.size(), kMarkSlot);
  for (std::size_t bit = 0; bit < slot.size() * 8; ++bit) {
    std::string changed = slot;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(parse_mark(changed).has_value()) << "bit " << bit;
  }
}

TEST(MarkFileTest, TheNewestAnchorAndTheHighestSequenceCount) {
  MarkFile::Contents contents;
  EXPECT_FALSE(contents.anchor().has_value());
  EXPECT_EQ(contents.sequence(), 0);
  contents.slots[0] = Mark{.generation = 5, .state = MarkState::kClean, .sequence = 40};
  contents.slots[1] = Mark{.generation = 6, .state = MarkState::kOpen, .sequence = 41};
  contents.slots[2] = Mark{.generation = 6, .state = MarkState::kOpen, .sequence = 99};
  EXPECT_EQ(contents.anchor()->generation, 6);
  EXPECT_EQ(contents.sequence(), 99);
  contents.slots[1].reset();
  EXPECT_EQ(contents.anchor()->generation, 5);
}

}  // namespace
}  // namespace perdure::storage
