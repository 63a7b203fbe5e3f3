#include "penstock/bench/harness/open_loop.h"

#include <gtest/gtest.h>

namespace penstock::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

TEST(OpenLoopSchedule, SpacesEventsByTheRateFromTheStart) {
  const OpenLoopSchedule schedule(Instant{500}, 1'000'000);
  EXPECT_EQ(schedule.due(0), Instant{500});
  EXPECT_EQ(schedule.due(1), Instant{1500});
  EXPECT_EQ(schedule.due(1'000'000), Instant{500} + seconds(1));
}

TEST(OpenLoopSchedule, DoesNotDriftWhenTheRateDoesNotDivideASecond) {
  const OpenLoopSchedule schedule(Instant{0}, 3);
  EXPECT_EQ(schedule.due(1), Instant{333'333'333});
  EXPECT_EQ(schedule.due(3'000'000'000), Instant{0} + seconds(1'000'000'000));
}

TEST(OpenLoopSchedule, CountsExactlyTheEventsThatAreDue) {
  const OpenLoopSchedule schedule(Instant{100}, 7'000'003);
  EXPECT_EQ(schedule.due_count(Instant{99}), 0u);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const Instant due = schedule.due(i);
    EXPECT_GE(schedule.due_count(due), i + 1);
    EXPECT_LE(schedule.due_count(due - nanoseconds(1)), i);
  }
}

// Goal: a stall must show as latency, not as a schedule that moved.
TEST(OpenLoopSchedule, StandsStillWhileTheSourceIsLate) {
  const OpenLoopSchedule schedule(Instant{0}, 1000);
  EXPECT_EQ(schedule.due_count(Instant{0} + milliseconds(2)), 3u);
  const Instant after_stall = Instant{0} + milliseconds(102);
  EXPECT_EQ(schedule.due_count(after_stall), 103u);
  LatencyRecorder recorder(Instant{0});
  for (std::uint64_t i = 3; i < 103; ++i) recorder.record(schedule.due(i), after_stall);
  EXPECT_EQ(recorder.histogram().max(), 99'000'000);
  EXPECT_EQ(recorder.histogram().min(), 0);
}

TEST(OpenLoopSchedule, RaisesTheRateAtTheStartOfEachPeriodOfABurst) {
  // 100 events in the first tenth of a second, 90 in the other nine.
  const OpenLoopSchedule schedule(
      Instant{0}, 100,
      {.period = seconds(1), .length = milliseconds(100), .rate_per_second = 1000});
  EXPECT_EQ(schedule.due(99), Instant{0} + milliseconds(99));
  EXPECT_EQ(schedule.due(100), Instant{0} + milliseconds(100));
  EXPECT_EQ(schedule.due(101), Instant{0} + milliseconds(110));
  EXPECT_EQ(schedule.due(190), Instant{0} + seconds(1));
  EXPECT_EQ(schedule.due(191), Instant{0} + milliseconds(1001));
  EXPECT_EQ(schedule.due_count(Instant{0} + seconds(10)), 1901u);
}

TEST(TickSchedule, LetsEventsComeTogetherAtTheSameRate) {
  const TickSchedule schedule(Instant{500}, 10'000, 1000);
  EXPECT_EQ(schedule.due(9), Instant{500});
  EXPECT_EQ(schedule.due(10), Instant{500} + milliseconds(1));
  EXPECT_EQ(schedule.due(10'000), Instant{500} + seconds(1));
}

TEST(TickSchedule, CountsExactlyTheEventsThatAreDue) {
  for (const std::uint64_t rate : {7ULL, 999ULL, 1000ULL, 2500ULL, 123'457ULL}) {
    const TickSchedule schedule(Instant{100}, rate, 1000);
    EXPECT_EQ(schedule.due_count(Instant{99}), 0u);
    for (std::uint64_t i = 0; i < 5000; ++i) {
      const Instant due = schedule.due(i);
      EXPECT_GE(schedule.due_count(due), i + 1);
      EXPECT_LE(schedule.due_count(due - nanoseconds(1)), i);
    }
  }
}

TEST(OpenLoopSchedule, CountsExactlyWithBurstsToo) {
  const OpenLoopSchedule schedule(
      Instant{5}, 999,
      {.period = milliseconds(10), .length = milliseconds(3), .rate_per_second = 123'457});
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const Instant due = schedule.due(i);
    EXPECT_LE(due, schedule.due(i + 1));
    EXPECT_GE(schedule.due_count(due), i + 1);
    EXPECT_LE(schedule.due_count(due - nanoseconds(1)), i);
  }
}

TEST(LatencyRecorder, LeavesOutWhatWasDueBeforeTheEndOfTheWarmUp) {
  LatencyRecorder recorder(Instant{1000});
  recorder.record(Instant{999}, Instant{5000});
  recorder.record(Instant{1000}, Instant{1250});
  EXPECT_EQ(recorder.warmup_count(), 1u);
  EXPECT_EQ(recorder.histogram().count(), 1u);
  EXPECT_EQ(recorder.histogram().max(), 250);
}

}  // namespace
}  // namespace penstock::bench
