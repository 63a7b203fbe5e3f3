#include "penstock/core/base/bytes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace penstock {
namespace {

TEST(ByteAppender, WritesNumbersLowByteFirst) {
  std::string out;
  ByteAppender appender(out);
  appender.number(std::uint32_t{0x01020304});
  appender.number(std::int16_t{-2});
  appender.number(true);
  EXPECT_EQ(out, std::string("\x04\x03\x02\x01\xfe\xff\x01", 7));
}

TEST(ByteCursor, ReadsBackWhatAnAppenderWrote) {
  std::string out;
  ByteAppender appender(out);
  appender.number(INT64_MIN);
  appender.framed("frame");
  appender.framed("");
  appender.raw("tail");

  ByteCursor cursor(out);
  std::int64_t number = 0;
  std::string_view bytes;
  ASSERT_TRUE(cursor.number(number));
  EXPECT_EQ(number, INT64_MIN);
  ASSERT_TRUE(cursor.framed(bytes, 5));
  EXPECT_EQ(bytes, "frame");
  ASSERT_TRUE(cursor.framed(bytes, 5));
  EXPECT_EQ(bytes, "");
  EXPECT_EQ(cursor.remaining(), 4u);
  ASSERT_TRUE(cursor.raw(4, bytes));
  EXPECT_EQ(bytes, "tail");
  EXPECT_TRUE(cursor.at_end());
}

// Method: everything a cursor can read is asked of each shorter beginning of valid bytes.
TEST(ByteCursor, RefusesCutBytesAndStaysWhereItWas) {
  std::string out;
  ByteAppender(out).framed("frame");
  for (std::size_t size = 0; size < out.size(); ++size) {
    ByteCursor cursor(std::string_view(out).substr(0, size));
    std::string_view bytes = "untouched";
    EXPECT_FALSE(cursor.framed(bytes, 100));
    EXPECT_EQ(bytes, "untouched");
    EXPECT_EQ(cursor.remaining(), size);
    std::uint64_t number = 7;
    EXPECT_EQ(cursor.number(number), size >= 8);
  }
}

TEST(ByteCursor, RefusesAFrameThatClaimsMoreThanIsAllowedOrThere) {
  std::string out;
  ByteAppender(out).framed("frame");
  std::string_view bytes;
  EXPECT_FALSE(ByteCursor(out).framed(bytes, 4));
  EXPECT_FALSE(ByteCursor("\xff\xff\xff\xff").framed(bytes, SIZE_MAX));
  EXPECT_FALSE(ByteCursor("").raw(SIZE_MAX, bytes));
}

}  // namespace
}  // namespace penstock
