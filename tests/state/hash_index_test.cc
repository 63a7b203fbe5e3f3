#include "penstock/state/hash_index.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "penstock/core/base/random.h"

namespace penstock {
namespace {

constexpr auto kNothingLost = [](std::uint32_t number) {
  ADD_FAILURE() << number << " lost its place";
};

std::uint32_t find_exact(const HashIndex& index, std::uint32_t tag, std::uint32_t number) {
  return index.find(tag, [number](std::uint32_t found) { return found == number; });
}

TEST(HashIndex, EqualsAModelWhileItGrowsAndShrinks) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    HashIndex index;
    ASSERT_TRUE(index.open({.ranges = 3}));
    Random random(seed);
    std::map<std::uint32_t, std::uint32_t> model;  // number -> tag
    std::uint32_t next = 0;
    for (int step = 0; step < 40000; ++step) {
      if (random.below(100) < 70 || model.empty()) {
        const auto tag = static_cast<std::uint32_t>(random.below(std::uint64_t{3} << 22));
        ASSERT_EQ(index.insert(tag, next, kNothingLost), HashIndex::Outcome::kDone);
        model[next++] = tag;
      } else {
        const auto at = std::next(
            model.begin(),
            static_cast<std::ptrdiff_t>(random.below(std::min<std::size_t>(model.size(), 50))));
        if (random.below(2) == 0) {
          ASSERT_TRUE(index.erase(at->second, at->first));
        } else {
          ASSERT_TRUE(index.renumber(at->second, at->first, next));
          model[next++] = at->second;
        }
        ASSERT_EQ(find_exact(index, at->second, at->first), HashIndex::kNone);
        model.erase(at);
      }
    }
    ASSERT_EQ(index.size(), model.size());
    for (const auto& [number, tag] : model) ASSERT_EQ(find_exact(index, tag, number), number);
    EXPECT_GT(index.growths(), 5U);
  }
}

// Filled and emptied in turns; shrinking goes on between insertions and erasures, as far as it gets.
TEST(HashIndex, EqualsAModelWhileItsArraysAreHalved) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    HashIndex index;
    ASSERT_TRUE(index.open({.ranges = 3}));
    const std::uint64_t least = index.capacity();
    Random random(seed);
    std::map<std::uint32_t, std::uint32_t> model;  // number -> tag
    std::uint32_t next = 0;
    for (const std::size_t wanted : {20'000u, 300u, 5'000u, 10u}) {
      std::uint64_t capacity = index.capacity();
      while (model.size() != wanted) {
        const bool fills = model.size() < wanted;
        if (random.below(100) < 80 ? fills : !fills) {
          const auto tag = static_cast<std::uint32_t>(random.below(std::uint64_t{3} << 22));
          ASSERT_EQ(index.insert(tag, next, kNothingLost), HashIndex::Outcome::kDone);
          model[next++] = tag;
        } else if (!model.empty()) {
          const auto first = model.begin();
          ASSERT_TRUE(index.erase(first->second, first->first));
          model.erase(first);
        }
        index.shrink();
        if (random.below(8) != 0) index.move_some(kNothingLost);
        if (!model.empty()) {
          const auto& [number, tag] = *model.rbegin();
          ASSERT_EQ(find_exact(index, tag, number), number);
        }
      }
      for (const auto& [number, tag] : model) ASSERT_EQ(find_exact(index, tag, number), number);
      if (wanted < 1000) {
        EXPECT_LT(index.capacity(), capacity);
      }
    }
    for (bool moves = true; moves; index.shrink()) moves = index.move_some(kNothingLost);
    EXPECT_EQ(index.capacity(), least);
    ASSERT_EQ(index.size(), model.size());
    for (const auto& [number, tag] : model) ASSERT_EQ(find_exact(index, tag, number), number);
  }
}

TEST(HashIndex, KeepsTheRoomThatWasAskedForAtFirst) {
  HashIndex index;
  ASSERT_TRUE(index.open({.ranges = 1, .expected = 10'000}));
  const std::uint64_t capacity = index.capacity();
  index.shrink();
  EXPECT_FALSE(index.growing());
  EXPECT_EQ(index.capacity(), capacity);
}

TEST(HashIndex, RefusesWhatHasNoPlaceWithinReach) {
  HashIndex index;
  ASSERT_TRUE(index.open({.ranges = 1024, .reach = 16}));
  for (std::uint32_t number = 0; number < 16; ++number) {
    ASSERT_EQ(index.insert(77, number, kNothingLost), HashIndex::Outcome::kDone);
  }
  EXPECT_EQ(index.insert(77, 16, kNothingLost), HashIndex::Outcome::kTooFar);
  EXPECT_EQ(index.size(), 16U);
  EXPECT_TRUE(index.erase(77, 3));
  EXPECT_EQ(index.insert(77, 16, kNothingLost), HashIndex::Outcome::kDone);
  EXPECT_EQ(find_exact(index, 77, 16), 16U);
}

TEST(HashIndex, IsNotMisledBySlotsThatMovedAndStayBehind) {
  HashIndex index;
  ASSERT_TRUE(index.open({.ranges = 1}));  // 64 homes: tag >> 16 is a home.
  const auto tag_at = [](std::uint32_t home, std::uint32_t i) { return home << 16 | i; };
  std::uint32_t number = 0;
  const auto insert = [&](std::uint32_t tag) {
    ASSERT_EQ(index.insert(tag, number++, kNothingLost), HashIndex::Outcome::kDone);
  };
  for (std::uint32_t i = 0; i < 10; ++i)
    insert(tag_at(8, i));  // Numbers 8 and 9 spill into line 16.
  const std::uint32_t live = number;
  insert(tag_at(16, 0));
  for (std::uint32_t i = 0; !index.growing(); ++i) insert(tag_at(24 + i % 5 * 8, i));
  insert(tag_at(56, 8));  // The first insertion has moved line 0, this one line 8.
  ASSERT_TRUE(index.erase(tag_at(8, 8), 8));  // Moved: it leaves the new array, its old slot stays.
  ASSERT_TRUE(index.renumber(tag_at(16, 0), live, 8));
  EXPECT_TRUE(index.erase(tag_at(16, 0), 8));
  EXPECT_EQ(find_exact(index, tag_at(16, 0), 8), HashIndex::kNone);
}

TEST(HashIndex, MovesItsSlotsAFewAtATime) {
  HashIndex index;
  ASSERT_TRUE(index.open({.ranges = 1024}));
  Random random(1);
  std::uint32_t number = 0;
  const auto insert = [&] {
    ASSERT_EQ(index.insert(static_cast<std::uint32_t>(random.next_u64()), number++, kNothingLost),
              HashIndex::Outcome::kDone);
  };
  while (index.capacity() < 65536) insert();
  while (!index.growing()) insert();
  int insertions = 0;
  for (; index.growing(); ++insertions) insert();
  EXPECT_GT(insertions, 65536 / 8 - 10);
  EXPECT_EQ(index.capacity(), 131072U);
}

}  // namespace
}  // namespace penstock
