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
  idle.on_work(Instant{1050});
  EXPECT_EQ(idle.on_idle(Instant{1150}), Idle::kSpin);
  EXPECT_EQ(idle.on_idle(Instant{1250}), Idle::kPark);
}

TEST(IdleStrategy, ParksAgainAtOnceWhenWokenForNothing) {
  IdleStrategy idle(WaitProfile::kBalanced, nanoseconds(100));
  idle.on_idle(Instant{0});
  EXPECT_EQ(idle.on_idle(Instant{100}), Idle::kPark);
  EXPECT_EQ(idle.on_idle(Instant{5'000'000}), Idle::kPark);
}

TEST(IdleStrategy, ParksAtOnceWhereEveryRestIsLongUntilOneIsShort) {
  IdleStrategy idle(WaitProfile::kBalanced, nanoseconds(100));
  std::int64_t now = 0;
  const auto rest_for = [&](std::int64_t nanos) {
    const Idle first = idle.on_idle(Instant{now});
    idle.on_work(Instant{now += nanos});
    return first;
  };
  for (int i = 0; i < 7; ++i) EXPECT_EQ(rest_for(1'000'000), Idle::kSpin);
  EXPECT_EQ(rest_for(99), Idle::kSpin);  // Starts the count again.
  for (int i = 0; i < 8; ++i) EXPECT_EQ(rest_for(200), Idle::kSpin);
  EXPECT_EQ(rest_for(1'000'000), Idle::kPark);
  EXPECT_EQ(rest_for(199),
            Idle::kPark);  // Parked and woken again: within the limit there was work.
  EXPECT_EQ(rest_for(1'000'000), Idle::kSpin);
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
