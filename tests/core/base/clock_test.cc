#include "penstock/core/base/clock.h"

#include <gtest/gtest.h>

#include <chrono>

namespace penstock {
namespace {

using namespace std::chrono_literals;

TEST(RealClock, NeverGoesBack) {
  const RealClock clock;
  Instant last = clock.now();
  for (int i = 0; i < 10'000; ++i) {
    const Instant now = clock.now();
    ASSERT_GE(now, last);
    last = now;
  }
}

// Method: a reading lies between two readings of the standard library's clock for the same thing.
TEST(RealClock, CountsMicrosecondsSince1970ForTheTimeOfDay) {
  const auto read_standard = [] {
    return EventTime{std::chrono::duration_cast<std::chrono::microseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count()};
  };
  const EventTime before = read_standard();
  const EventTime read = RealClock().wall_now();
  const EventTime after = read_standard();
  EXPECT_GE(read, before - 1h);  // The clock may be set meanwhile; the unit and the origin may not.
  EXPECT_LE(read, after + 1h);
}

TEST(RealClock, CountsNanosecondsOfTheMonotonicClock) {
  const auto read_standard = [] {
    return Instant{std::chrono::steady_clock::now().time_since_epoch().count()};
  };
  const Instant before = read_standard();
  const Instant read = RealClock().now();
  EXPECT_GE(read, before);
  EXPECT_LE(read, read_standard());
}

TEST(VirtualClock, StandsStillUntilAdvancedAndMovesBothReadings) {
  VirtualClock clock(EventTime{1'000});
  EXPECT_EQ(clock.now(), Instant{0});
  EXPECT_EQ(clock.wall_now(), EventTime{1'000});
  clock.advance(2'500ns);
  EXPECT_EQ(clock.now(), Instant{2'500});
  EXPECT_EQ(clock.wall_now(), EventTime{1'002});
}

TEST(EventTime, IsShiftedAndSubtractedInMicroseconds) {
  constexpr EventTime kBefore1970{-5};
  EXPECT_EQ(kBefore1970 + 1ms, EventTime{995});
  EXPECT_EQ(kBefore1970 - 1us, EventTime{-6});
  EXPECT_EQ(EventTime{995} - kBefore1970, 1ms);
  EXPECT_LT(kMinEventTime, kBefore1970);
  EXPECT_LT(kBefore1970, kMaxEventTime);
}

}  // namespace
}  // namespace penstock
