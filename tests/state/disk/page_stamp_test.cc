#include "penstock/state/disk/page_stamp.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(PageStamp, TellsChangedWrittenAndAskedForApart) {
  EXPECT_TRUE(PageStamp::is_changed(1));
  EXPECT_TRUE(PageStamp::is_changed(kEpochStampMask));
  EXPECT_FALSE(PageStamp::is_changed(PageStamp::of_block(0)));
  EXPECT_FALSE(PageStamp::is_changed(PageStamp::kAskedFor));
  EXPECT_TRUE(PageStamp::is_asked_for(PageStamp::kAskedFor));
  EXPECT_FALSE(PageStamp::is_written(PageStamp::kAskedFor, ~std::uint64_t{0}));
}

TEST(PageStamp, IsWrittenOnceReadersSeeItsBlockAlsoWhereNumbersBeginAgain) {
  for (const std::uint64_t block :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x1fffffff}, std::uint64_t{0x20000000},
        std::uint64_t{0x3fffffff}, std::uint64_t{1} << 40}) {
    const std::uint32_t stamp = PageStamp::of_block(block);
    EXPECT_TRUE(PageStamp::is_written(stamp, block));
    EXPECT_TRUE(PageStamp::is_written(stamp, block + 1'000'000));
    EXPECT_FALSE(PageStamp::is_written(stamp, block - 1));
    EXPECT_FALSE(PageStamp::is_written(7, block));
    EXPECT_FALSE(PageStamp::is_asked_for(PageStamp::used(stamp)));
  }
}

TEST(PageStamp, RemembersUse) {
  const std::uint32_t stamp = PageStamp::of_block(12);
  EXPECT_FALSE(PageStamp::was_used(stamp));
  EXPECT_TRUE(PageStamp::was_used(PageStamp::used(stamp)));
  EXPECT_EQ(PageStamp::unused(PageStamp::used(stamp)), stamp);
  EXPECT_EQ(PageStamp::used(7), 7U);
  EXPECT_FALSE(PageStamp::was_used(7));
}

}  // namespace
}  // namespace penstock
