#include "penstock/bench/workloads/window_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace penstock::bench {
namespace {

using Ends = std::vector<std::int64_t>;

template <class Clock>
Ends advance(Clock& clock, std::int64_t time_ms) {
  Ends ends;
  clock.advance(time_ms, [&](std::int64_t end_ms) { ends.push_back(end_ms); });
  return ends;
}

template <class Clock>
Ends finish(Clock& clock) {
  Ends ends;
  clock.finish([&](std::int64_t end_ms) { ends.push_back(end_ms); });
  return ends;
}

TEST(WindowClock, ClosesAWindowByTheFirstEventAtItsEnd) {
  WindowClock<10, 10, 0> clock;
  EXPECT_EQ(advance(clock, 3), Ends{});
  EXPECT_EQ(advance(clock, 9), Ends{});
  EXPECT_EQ(advance(clock, 10), Ends{10});
  EXPECT_EQ(advance(clock, 35), (Ends{20, 30}));
  EXPECT_EQ(finish(clock), Ends{40});
}

TEST(WindowClock, WaitsAsLongAsEventsMayBeLate) {
  WindowClock<10, 10, 4> clock;
  EXPECT_EQ(advance(clock, 15), Ends{});
  EXPECT_EQ(advance(clock, 12), Ends{});
  EXPECT_EQ(advance(clock, 23), Ends{});
  EXPECT_EQ(advance(clock, 24), Ends{20});
  EXPECT_EQ(advance(clock, 20), Ends{});
  EXPECT_EQ(finish(clock), Ends{30});
}

TEST(WindowClock, ClosesAtTheEndEveryWindowThatHoldsTheLastEvent) {
  WindowClock<60, 10, 0> clock;
  EXPECT_EQ(finish(clock), Ends{});
  EXPECT_EQ(advance(clock, 20), Ends{});
  EXPECT_EQ(finish(clock), (Ends{30, 40, 50, 60, 70, 80}));
}

TEST(WindowClock, StartsWithTheWindowOfTheEarliestEventThatMayStillCome) {
  WindowClock<10, 10, 20> clock;  // After 25, anything from 5 on may come.
  EXPECT_EQ(advance(clock, 25), Ends{});
  EXPECT_EQ(advance(clock, 6), Ends{});
  EXPECT_THAT(finish(clock), testing::ElementsAre(10, 20, 30));
}

TEST(RoundDown, GoesBelowForNegativeNumbersToo) {
  EXPECT_EQ(round_down<10>(19), 10);
  EXPECT_EQ(round_down<10>(0), 0);
  EXPECT_EQ(round_down<10>(-1), -10);
  EXPECT_EQ(round_down<10>(-10), -10);
}

TEST(SlicePlace, GoesRoundInTheOrderOfTime) {
  EXPECT_EQ((slice_place<10, 4>(9)), 0u);
  EXPECT_EQ((slice_place<10, 4>(10)), 1u);
  EXPECT_EQ((slice_place<10, 4>(45)), 0u);
}

}  // namespace
}  // namespace penstock::bench
