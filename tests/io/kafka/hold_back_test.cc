#include "penstock/io/kafka/hold_back.h"

#include <gtest/gtest.h>

namespace penstock::kafka::internal {
namespace {

constexpr Instant kStart{1'000'000'000};

TEST(HoldBack, KeepsWhatABatchOfManyBroughtAndNothingOfOneWithFew) {
  HoldBack few;
  EXPECT_FALSE(few.keeps(HoldBack::kMany - 1, kStart));
  HoldBack many;
  EXPECT_TRUE(many.keeps(HoldBack::kMany, kStart));
  EXPECT_TRUE(many.has_kept());
  many.let_go();
  EXPECT_FALSE(many.has_kept());
}

TEST(HoldBack, LetsGoWithTheFirstBatchThatBringsFewMore) {
  HoldBack hold_back;
  EXPECT_TRUE(hold_back.keeps(100, kStart));
  EXPECT_TRUE(hold_back.keeps(100 + HoldBack::kMany, kStart));
  EXPECT_FALSE(hold_back.keeps(100 + 2 * HoldBack::kMany - 1, kStart));
  EXPECT_FALSE(hold_back.keeps(100 + 2 * HoldBack::kMany - 1, kStart));
}

TEST(HoldBack, KeepsNothingForLongHoweverMuchComes) {
  HoldBack hold_back;
  std::size_t waiting = 0;
  EXPECT_TRUE(hold_back.keeps(waiting += HoldBack::kMany, kStart));
  const Instant just_before = kStart + HoldBack::kAtMost - std::chrono::nanoseconds(1);
  EXPECT_TRUE(hold_back.keeps(waiting += HoldBack::kMany, just_before));
  EXPECT_FALSE(hold_back.keeps(waiting += HoldBack::kMany, kStart + HoldBack::kAtMost));
  hold_back.let_go();
  EXPECT_TRUE(hold_back.keeps(HoldBack::kMany, kStart + HoldBack::kAtMost));
}

}  // namespace
}  // namespace penstock::kafka::internal
