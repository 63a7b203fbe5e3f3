#include "penstock/bench/workloads/checksum.h"

#include <gtest/gtest.h>

namespace penstock::bench {
namespace {

TEST(SplitMix, GivesThePublishedSequence) {
  // The first outputs of SplitMix64 with seed 1234567.
  EXPECT_EQ(sm(1234567, 0), 6457827717110365317u);
  EXPECT_EQ(sm(1234567, 1), 3203168211198807973u);
  EXPECT_EQ(sm(1234567, 2), 9817491932198370423u);
}

TEST(Checksum, DependsOnTheOrderOfFieldsButNotOfRows) {
  EXPECT_NE(row(1, 2), row(2, 1));
  RowSum forward;
  forward.add(1, 2);
  forward.add(3, 4);
  RowSum backward;
  backward.add(3, 4);
  backward.add(1, 2);
  EXPECT_EQ(forward, backward);
}

TEST(Checksum, TakesSignedFieldsAsTwosComplement) {
  EXPECT_EQ(row(std::int32_t{-1}), row(~std::uint64_t{0}));
  EXPECT_EQ(row(std::int64_t{-1}), row(~std::uint64_t{0}));
}

TEST(Checksum, AddsUpTheSumsOfSeveralSinks) {
  RowSum whole;
  RowSum part;
  RowSum other;
  for (std::uint64_t i = 0; i < 10; ++i) {
    whole.add(i);
    (i < 5 ? part : other).add(i);
  }
  part.add(other);
  EXPECT_EQ(part, whole);
  EXPECT_EQ(part.rows, 10u);
}

}  // namespace
}  // namespace penstock::bench
