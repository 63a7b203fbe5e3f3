#include "penstock/core/base/random.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>

namespace penstock {
namespace {

TEST(Random, DrawsThePublishedSequenceOfSplitMix64) {
  Random random(1234567);
  for (const std::uint64_t expected :
       {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u,
        16408922859458223821u}) {
    EXPECT_EQ(random.next_u64(), expected);
  }
}

TEST(Random, DrawsEveryNumberBelowABoundAboutEquallyOften) {
  Random random(1);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70'000; ++i) ++counts[random.below(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 500);
}

// Goal: no bias. Method: with a bound of 3/4 of the range, taking the remainder would make the
// lowest third twice as likely as the rest, and multiplying alone would make every third number so.
TEST(Random, HasNoBiasForAHugeBound) {
  constexpr std::uint64_t kBound = 0xc000000000000000;
  Random random(2);
  int lowest_third = 0;
  int divisible_by_three = 0;
  for (int i = 0; i < 30'000; ++i) {
    const std::uint64_t drawn = random.below(kBound);
    ASSERT_LT(drawn, kBound);
    lowest_third += drawn < kBound / 3;
    divisible_by_three += drawn % 3 == 0;
  }
  EXPECT_NEAR(lowest_third, 10'000, 500);
  EXPECT_NEAR(divisible_by_three, 10'000, 500);
}

TEST(Random, ReachesBothEndsOfARangeAndTheWholeOfTheIntegers) {
  Random random(3);
  std::array<int, 3> counts{};
  for (int i = 0; i < 300; ++i) ++counts[static_cast<std::size_t>(random.between(-1, 1) + 1)];
  for (const int count : counts) EXPECT_GT(count, 50);
  EXPECT_EQ(random.between(5, 5), 5);
  bool negative = false;
  for (int i = 0; i < 64; ++i) negative |= random.between(INT64_MIN, INT64_MAX) < 0;
  EXPECT_TRUE(negative);
}

TEST(Random, KeepsUniformNumbersBelowOneAndTheirMeanAtAHalf) {
  Random random(4);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double drawn = random.uniform();
    ASSERT_GE(drawn, 0.0);
    ASSERT_LT(drawn, 1.0);
    sum += drawn;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.005);
}

TEST(Random, TakesAChanceNeverAlwaysOrInProportion) {
  Random random(5);
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    ASSERT_FALSE(random.chance(0.0));
    ASSERT_TRUE(random.chance(1.0));
    hits += random.chance(0.2);
  }
  EXPECT_NEAR(hits, 2'000, 200);
}

TEST(Random, DrawsNormalNumbersOfMeanZeroAndDeviationOne) {
  Random random(6);
  double sum = 0;
  double squares = 0;
  int beyond_two = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double drawn = random.normal();
    sum += drawn;
    squares += drawn * drawn;
    beyond_two += std::abs(drawn) > 2;
  }
  EXPECT_NEAR(sum / 100'000, 0, 0.02);
  EXPECT_NEAR(squares / 100'000, 1, 0.03);
  EXPECT_NEAR(beyond_two, 4'550, 300);
}

TEST(Random, ForksASequenceThatLaterDrawsDoNotChange) {
  Random one(7);
  Random two(7);
  Random fork_of_one = one.fork();
  Random fork_of_two = two.fork();
  one.next_u64();
  EXPECT_EQ(fork_of_one.next_u64(), fork_of_two.next_u64());
  EXPECT_NE(fork_of_one.next_u64(), two.next_u64());
}

TEST(RandomSeed, DiffersFromCallToCall) { EXPECT_NE(random_seed(), random_seed()); }

}  // namespace
}  // namespace penstock
