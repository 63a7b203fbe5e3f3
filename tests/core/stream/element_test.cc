#include "penstock/core/stream/element.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace penstock {
namespace {

TEST(Element, KeepsTimeAndHashOfARecordButForTheLowByteOfTheHash) {
  const ElementHeader header = ElementHeader::data({-7}, 0x1122334455667788);
  EXPECT_EQ(header.kind(), ElementKind::kData);
  EXPECT_TRUE(header.is_data());
  EXPECT_EQ(header.time(), EventTime{-7});
  EXPECT_EQ(header.key_hash(), 0x1122334455667700u);
}

TEST(Element, KeepsTheExtremesOfTime) {
  EXPECT_EQ(ElementHeader::watermark(kMaxEventTime).time(), kMaxEventTime);
  EXPECT_EQ(ElementHeader::watermark(kMinEventTime).time(), kMinEventTime);
  EXPECT_EQ(ElementHeader::data(kMinEventTime, ~0ULL).time(), kMinEventTime);
}

TEST(Element, KeepsTheEpochOfABarrier) {
  const ElementHeader header = ElementHeader::barrier({1ULL << 62});
  EXPECT_EQ(header.kind(), ElementKind::kBarrier);
  EXPECT_EQ(header.epoch(), Epoch{1ULL << 62});
}

TEST(Element, NoControlElementLooksLikeARecord) {
  for (const ElementHeader header : {ElementHeader::watermark({5}), ElementHeader::barrier({5}),
                                     ElementHeader::idle(), ElementHeader::end()}) {
    EXPECT_FALSE(header.is_data());
  }
  EXPECT_EQ(ElementHeader::idle().kind(), ElementKind::kIdle);
  EXPECT_EQ(ElementHeader::end().kind(), ElementKind::kEnd);
}

TEST(Element, FillsHalfAWholeOrSeveralCacheLines) {
  EXPECT_EQ(sizeof(Element<std::uint64_t>), 32u);
  EXPECT_EQ(sizeof(Element<std::array<std::byte, 16>>), 32u);
  EXPECT_EQ(sizeof(Element<std::array<std::byte, 17>>), 64u);
  EXPECT_EQ(sizeof(Element<std::array<std::byte, 48>>), 64u);
  EXPECT_EQ(sizeof(Element<std::array<std::byte, 49>>), 128u);
}

}  // namespace
}  // namespace penstock
