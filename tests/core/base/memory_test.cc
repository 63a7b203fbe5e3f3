#include "penstock/core/base/memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/tests/harness/page_flags.h"

namespace penstock {
namespace {

bool is_resident(const PrefaultedBuffer& buffer) {
  std::vector<unsigned char> pages((buffer.size() + kPageBytes - 1) / kPageBytes);
  auto* start = const_cast<std::byte*>(buffer.data());
  EXPECT_EQ(mincore(start, buffer.size(), pages.data()), 0);
  for (const unsigned char page : pages) {
    if ((page & 1) == 0) return false;
  }
  return true;
}

TEST(PrefaultedBuffer, IsResidentZeroedAndAlignedWhetherSmallOrLarge) {
  for (const std::size_t bytes :
       {std::size_t{1}, kPageBytes, 3 * kPageBytes + 5, kHugePageBytes, 5 * kHugePageBytes + 1}) {
    auto buffer = PrefaultedBuffer::allocate(bytes);
    ASSERT_TRUE(buffer.ok()) << buffer.status().to_string();
    ASSERT_EQ(buffer->size(), bytes);
    EXPECT_TRUE(is_resident(*buffer)) << bytes;
    const auto address = reinterpret_cast<std::uintptr_t>(buffer->data());
    EXPECT_EQ(address % (bytes >= kHugePageBytes ? kHugePageBytes : kPageBytes), 0u);
    EXPECT_EQ(buffer->data()[0], std::byte{0});
    EXPECT_EQ(buffer->data()[bytes - 1], std::byte{0});
    buffer->data()[bytes - 1] = std::byte{1};
  }
}

TEST(PrefaultedBuffer, CostsThePagesAtOnceAndGivesThemBack) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const std::uint64_t before = current_rss_bytes();
  ASSERT_GT(before, 0u);
  {
    const auto buffer = PrefaultedBuffer::allocate(kBytes);
    ASSERT_TRUE(buffer.ok());
    EXPECT_GE(current_rss_bytes(), before + kBytes / 8 * 7);
  }
  EXPECT_LT(current_rss_bytes(), before + kBytes / 2);
}

TEST(PrefaultedBuffer, KeepsItsPagesAsTheyAre) {
  if (!test::kernel_joins_pages()) GTEST_SKIP() << "a kernel without huge pages";
  for (const std::size_t bytes : {kPageBytes, 2 * kHugePageBytes}) {
    const auto buffer = PrefaultedBuffer::allocate(bytes);
    ASSERT_TRUE(buffer.ok());
    EXPECT_TRUE(test::keeps_its_pages(buffer->data())) << bytes;
    EXPECT_TRUE(test::keeps_its_pages(buffer->data() + bytes - 1)) << bytes;
  }
}

TEST(PrefaultedBuffer, MovesItsPagesAndLeavesNothingBehind) {
  PrefaultedBuffer first = PrefaultedBuffer::allocate(100).value();
  std::byte* const data = first.data();
  PrefaultedBuffer second(std::move(first));
  EXPECT_EQ(second.data(), data);
  EXPECT_EQ(first.data(), nullptr);  // NOLINT: what a move leaves is the point.
  first = std::move(second);
  EXPECT_EQ(first.data(), data);
}

TEST(PrefaultedBuffer, IsEmptyForNoBytes) {
  const auto buffer = PrefaultedBuffer::allocate(0);
  ASSERT_TRUE(buffer.ok());
  EXPECT_EQ(buffer->data(), nullptr);
  EXPECT_EQ(buffer->size(), 0u);
}

TEST(PrefaultedBuffer, SaysHowMuchCouldNotBeHad) {
  for (const std::size_t bytes : {std::numeric_limits<std::size_t>::max(), std::size_t{1} << 60}) {
    const auto buffer = PrefaultedBuffer::allocate(bytes);
    ASSERT_FALSE(buffer.ok());
    EXPECT_EQ(buffer.status().code(), StatusCode::kResourceExhausted);
    EXPECT_NE(buffer.status().message().find(std::to_string(bytes)), std::string_view::npos);
  }
}

}  // namespace
}  // namespace penstock
