#include "penstock/core/base/crc32c.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "penstock/core/base/random.h"

namespace penstock {
namespace {

std::string ascending() {
  std::string bytes;
  for (int i = 0; i < 32; ++i) bytes += static_cast<char>(i);
  return bytes;
}

// The vectors of RFC 3720, B.4, and the customary one.
TEST(Crc32c, HasThePublishedValues) {
  std::string descending = ascending();
  std::reverse(descending.begin(), descending.end());
  for (const auto crc :
       {&internal::crc32c_by_table, +[](std::string_view bytes, std::uint32_t earlier) noexcept {
          return crc32c(bytes, earlier);
        }}) {
    EXPECT_EQ(crc("", 0), 0u);
    EXPECT_EQ(crc("123456789", 0), 0xe3069283u);
    EXPECT_EQ(crc(std::string(32, '\0'), 0), 0x8a9136aau);
    EXPECT_EQ(crc(std::string(32, '\xff'), 0), 0x62a8ab43u);
    EXPECT_EQ(crc(ascending(), 0), 0x46dd794eu);
    EXPECT_EQ(crc(descending, 0), 0x113fdb5cu);
  }
}

TEST(Crc32c, IsEqualWithAndWithoutTheInstructionForAnyLengthAndAlignment) {
  Random random(1);
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(random.next_u64());
  for (int i = 0; i < 2000; ++i) {
    const std::size_t from = random.below(bytes.size());
    const std::string_view part = std::string_view(bytes).substr(from, random.below(bytes.size()));
    const auto earlier = static_cast<std::uint32_t>(random.next_u64());
    ASSERT_EQ(crc32c(part, earlier), internal::crc32c_by_table(part, earlier));
  }
}

TEST(Crc32c, GoesOnFromAnEarlierPart) {
  const std::string_view whole = "123456789";
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    EXPECT_EQ(crc32c(whole.substr(cut), crc32c(whole.substr(0, cut))), 0xe3069283u);
  }
}

TEST(Crc32c, SeesEveryFlippedBit) {
  std::string bytes = ascending();
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    const char original = bytes[bit / 8];
    bytes[bit / 8] = static_cast<char>(original ^ (1 << bit % 8));
    EXPECT_NE(crc32c(bytes), 0x46dd794eu);
    bytes[bit / 8] = original;
  }
}

}  // namespace
}  // namespace penstock
