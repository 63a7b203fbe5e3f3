#include "penstock/state/growable_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "penstock/core/base/memory.h"
#include "penstock/tests/harness/page_flags.h"

namespace penstock {
namespace {

bool all_zero(const std::byte* at, std::size_t count) {
  return std::all_of(at, at + count, [](std::byte byte) { return byte == std::byte{0}; });
}

TEST(GrowableMemory, GrowsInPlaceWithZerosAndKeepsWhatIsThere) {
  GrowableMemory memory;
  ASSERT_TRUE(memory.reserve(std::size_t{1} << 30, 0));
  std::byte* data = memory.data();
  for (std::size_t size = 1000; size < (std::size_t{10} << 20); size = size * 2 + 1) {
    const std::size_t before = memory.present_bytes();
    ASSERT_TRUE(memory.extend(size));
    ASSERT_EQ(memory.data(), data);
    ASSERT_GE(memory.present_bytes(), size);
    ASSERT_TRUE(all_zero(data + before, memory.present_bytes() - before));
    std::fill(data + before, data + memory.present_bytes(), std::byte{7});
  }
  EXPECT_EQ(std::count(data, data + memory.present_bytes(), std::byte{7}),
            static_cast<std::ptrdiff_t>(memory.present_bytes()));
}

TEST(GrowableMemory, RefusesToGrowPastItsReservation) {
  GrowableMemory memory;
  EXPECT_FALSE(memory.extend(1));
  ASSERT_TRUE(memory.reserve(100000, 10));
  EXPECT_TRUE(memory.extend(100000));
  EXPECT_FALSE(memory.extend(std::size_t{1} << 20));
}

TEST(GrowableMemory, RefusesWhatNoMachineHas) {
  GrowableMemory memory;
  EXPECT_FALSE(memory.reserve(std::size_t{1} << 60, std::size_t{1} << 60));
  EXPECT_EQ(memory.data(), nullptr);
}

TEST(GrowableMemory, TakesNoPagesBeforeTheyAreReachedAndGivesThemBack) {
  const std::uint64_t before = current_rss_bytes();
  GrowableMemory memory;
  ASSERT_TRUE(memory.reserve(std::size_t{4} << 30, 0));
  EXPECT_LT(current_rss_bytes(), before + (8 << 20));
  const std::size_t size = std::size_t{64} << 20;
  ASSERT_TRUE(memory.extend(size));
  EXPECT_GT(current_rss_bytes(), before + (48 << 20));
  memory.drop_front(size);
  EXPECT_LT(current_rss_bytes(), before + (16 << 20));
  EXPECT_EQ(memory.resident_bytes(), 0U);
}

TEST(GrowableMemory, KeepsItsPagesAsTheyAreHoweverItGrows) {
  if (!test::kernel_joins_pages()) GTEST_SKIP() << "a kernel without huge pages";
  for (const std::size_t at_once : {std::size_t{0}, 2 * kHugePageBytes}) {
    GrowableMemory memory;
    ASSERT_TRUE(memory.reserve(std::size_t{1} << 30, at_once));
    ASSERT_TRUE(memory.extend(at_once + 1));
    ASSERT_TRUE(memory.extend(at_once + 2 * kHugePageBytes));
    EXPECT_TRUE(test::keeps_its_pages(memory.data())) << at_once;
    EXPECT_TRUE(test::keeps_its_pages(memory.data() + at_once)) << at_once;
    EXPECT_TRUE(test::keeps_its_pages(memory.data() + memory.present_bytes() - 1)) << at_once;
  }
}

TEST(GrowableMemory, ShrinksFromItsEndAStepAtATimeAndGrowsAgainWithZeros) {
  GrowableMemory memory;
  ASSERT_TRUE(memory.reserve(std::size_t{1} << 30, 1000));
  const std::size_t least = memory.present_bytes();
  const std::size_t most = std::size_t{16} << 20;
  ASSERT_TRUE(memory.extend(most));
  std::fill(memory.data(), memory.data() + most, std::byte{7});
  const std::uint64_t rss = current_rss_bytes();
  const std::size_t kept = std::size_t{1} << 20;
  ASSERT_TRUE(memory.shrink(kept));
  EXPECT_GE(memory.present_bytes(), most - (std::size_t{1} << 20)) << "one step";
  while (memory.shrink(kept)) {
  }
  EXPECT_LT(memory.present_bytes(), 2 * kept);
  EXPECT_LT(current_rss_bytes(), rss - (12 << 20));
  EXPECT_EQ(std::count(memory.data(), memory.data() + kept, std::byte{7}),
            static_cast<std::ptrdiff_t>(kept));
  const std::size_t present = memory.present_bytes();
  ASSERT_TRUE(memory.extend(most));
  EXPECT_TRUE(all_zero(memory.data() + present, most - present));
  while (memory.shrink(0)) {
  }
  EXPECT_GE(memory.present_bytes(), least);
}

TEST(GrowableMemory, TakesWhatIsPresentFromItsBudgetAndGivesItBack) {
  MemoryBudget budget(std::uint64_t{1} << 20);
  {
    GrowableMemory memory;
    ASSERT_TRUE(memory.reserve(std::size_t{1} << 30, 1000, &budget));
    GrowableMemory moved = std::move(memory);
    ASSERT_TRUE(moved.extend(std::size_t{1} << 20));
    EXPECT_EQ(budget.used_bytes(), moved.resident_bytes());
    EXPECT_FALSE(budget.has_refused());
    EXPECT_FALSE(moved.extend((std::size_t{1} << 20) + 1));
    EXPECT_TRUE(budget.has_refused());
    EXPECT_EQ(budget.used_bytes(), std::uint64_t{1} << 20);
    ASSERT_TRUE(moved.shrink(0));
    EXPECT_EQ(budget.used_bytes(), moved.resident_bytes());
    moved.drop_front(moved.present_bytes());
    EXPECT_EQ(budget.used_bytes(), moved.resident_bytes());
  }
  EXPECT_EQ(budget.used_bytes(), 0u);
}

}  // namespace
}  // namespace penstock
