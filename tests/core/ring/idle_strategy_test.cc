#include "penstock/core/ring/idle_strategy.h"

#include <gtest/gtest.h>

#include <chrono>

namespace penstock {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(IdleStrategy, SpinsForItsLimitAndParksThen) {
  IdleStrategy idle(WaitProfile::kBalanced, nanoseconds(100));
  EXPECT_EQ(idle.on_idle(Instant{1000}), Idle::kSpin);
  EXPECT_EQ(idle.on_idle(Instant{1099}), Idle::kSpin);
  EXPECT_EQ(idle.on_idle(Instant{1100}), Idle::kPark);
}

TEST(IdleStrategy, StartsAgainAfterWork) {
  IdleStrategy idle(WaitProfile::kBalanced, nanoseconds(100));
  EXPECT_EQ(idle.on_idle(Instant{1000}), Idle::kSpin);
  idle.on_work();
  EXPECT_EQ(idle.on_idle(Instant{1150}), Idle::kSpin);
  EXPECT_EQ(idle.on_idle(Instant{1250}), Idle::kPark);
}

TEST(IdleStrategy, ParksAgainAtOnceWhenWokenForNothing) {
  IdleStrategy idle(WaitProfile::kBalanced, nanoseconds(100));
  idle.on_idle(Instant{0});
  EXPECT_EQ(idle.on_idle(Instant{100}), Idle::kPark);
  EXPECT_EQ(idle.on_idle(Instant{5'000'000}), Idle::kPark);
}

TEST(IdleStrategy, NeverParksInTheLatencyProfile) {
  IdleStrategy idle(WaitProfile::kLatency, nanoseconds(0));
  EXPECT_EQ(idle.on_idle(Instant{0}), Idle::kSpin);
  EXPECT_EQ(idle.on_idle(Instant{1'000'000'000'000}), Idle::kSpin);
  EXPECT_FALSE(idle.may_park());
}

TEST(IdleStrategy, ParksAtOnceWithoutALimit) {
  IdleStrategy idle(WaitProfile::kBalanced, nanoseconds(0));
  EXPECT_EQ(idle.on_idle(Instant{7}), Idle::kPark);
}

TEST(IdleStrategy, CalibratesWithinItsBounds) {
  for (const nanoseconds cost : {calibrate_wake_cost(), calibrate_timer_lateness()}) {
    EXPECT_GE(cost, microseconds(1));
    EXPECT_LE(cost, microseconds(200));
  }
}

}  // namespace
}  // namespace penstock
