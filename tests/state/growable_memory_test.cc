#include "penstock/state/growable_memory.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>

#include "penstock/core/base/memory.h"

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
  EXPECT_FALSE(memory.reserve(std::size_t{1} << 60, 0));
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

}  // namespace
}  // namespace penstock
