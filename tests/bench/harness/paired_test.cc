#include "penstock/bench/harness/paired.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::bench {
namespace {

// Returns its figures in order and notes its letter in `calls`.
Measurement scripted(std::string& calls, char letter, std::vector<double> figures) {
  return [&calls, letter, figures = std::move(figures), next = std::size_t{0}]() mutable {
    calls += letter;
    return figures.at(next++);
  };
}

TEST(Paired, WarmsBothUpOnceAndThenChangesWhoIsFirst) {
  std::string calls;
  run_paired("x", {GoalKind::kAtLeast, 0.7}, 3, scripted(calls, 'o', {9, 1, 1, 1}),
             scripted(calls, 'b', {9, 1, 1, 1}));
  EXPECT_EQ(calls,
            "ob"
            "ob"
            "bo"
            "ob");
}

TEST(Paired, TakesTheMedianOfTheRatiosOfPairs) {
  std::string calls;
  // The machine slows down tenfold in the second pair; the ratio does not notice.
  const PairedResult result =
      run_paired("x", {GoalKind::kAtLeast, 0.7}, 3, scripted(calls, 'o', {1000, 80, 8, 81}),
                 scripted(calls, 'b', {1000, 100, 10, 90}));
  EXPECT_DOUBLE_EQ(result.ratio.median, 0.8);
  EXPECT_DOUBLE_EQ(result.ratio.min, 0.8);
  EXPECT_DOUBLE_EQ(result.ratio.max, 0.9);
  EXPECT_DOUBLE_EQ(result.ours.median, 80);
  EXPECT_DOUBLE_EQ(result.bare.min, 10);
  EXPECT_TRUE(result.ok());
}

TEST(Paired, ReportsOneLine) {
  std::string calls;
  const auto run = [&](Goal goal) {
    return format_paired(
        run_paired("q0", goal, 1, scripted(calls, 'o', {0, 3}), scripted(calls, 'b', {0, 4})));
  };
  EXPECT_EQ(run({GoalKind::kAtLeast, 0.7}),
            "ratio name=q0 ours=3[3..3] bare=4[4..4] ratio=0.750[0.750..0.750] goal=>=0.70 ok");
  EXPECT_THAT(run({GoalKind::kAtLeast, 0.8}), testing::EndsWith("goal=>=0.80 SHORT"));
  EXPECT_THAT(run({GoalKind::kAtMost, 0.8}), testing::EndsWith("goal=<=0.80 ok"));
  EXPECT_THAT(run({GoalKind::kAtMost, 0.7}), testing::EndsWith("goal=<=0.70 SHORT"));
}

TEST(Paired, SpreadTakesTheMeanOfTheMiddleTwo) {
  const Spread spread = spread_of({4, 1, 3, 2});
  EXPECT_DOUBLE_EQ(spread.median, 2.5);
  EXPECT_DOUBLE_EQ(spread.min, 1);
  EXPECT_DOUBLE_EQ(spread.max, 4);
}

}  // namespace
}  // namespace penstock::bench
