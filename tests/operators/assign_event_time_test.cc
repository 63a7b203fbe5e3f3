#include "penstock/operators/assign_event_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

#include "penstock/tests/harness/operator_harness.h"

namespace penstock {
namespace {

using harness::expect_same_in_every_schedule;
using harness::Expectation;
using harness::failure_of;
using harness::Items;
using harness::record;
using harness::watermark;
using testing::AllOf;
using testing::HasSubstr;

struct Reading {
  int value = 0;
  EventTime at{};
  bool operator==(const Reading&) const = default;
};
using Assign = AssignEventTime<Reading, EventTime Reading::*>;

TEST(AssignEventTime, GivesRecordsTheirTimeAndEndsAtTheHighestMinusTheBound) {
  const Reading readings[] = {{1, {100}}, {2, {90}}, {3, {150}}, {4, {145}}};
  Expectation<Reading, Reading> wanted;
  for (const Reading& reading : readings) {
    wanted.input.push_back(record(reading));
    wanted.main.push_back(record(reading, reading.at.micros));
  }
  wanted.main.push_back(watermark<Reading>(140));
  wanted.watermarks_depend_on_batches = true;
  expect_same_in_every_schedule(
      std::tuple(Assign(&Reading::at, {.max_disorder = std::chrono::microseconds(10)})), wanted);
}

TEST(AssignEventTime, AThrowFailsTheTaskWithItsName) {
  const auto boom = [](const Reading&) -> EventTime { throw std::runtime_error("no time"); };
  const Status failure =
      failure_of<Reading, Reading>(std::tuple(AssignEventTime<Reading, decltype(boom)>(boom, {})),
                                   Items<Reading>{record(Reading{})});
  EXPECT_THAT(std::string(failure.message()), AllOf(HasSubstr("event_time"), HasSubstr("no time")));
}

// The chain's own end, to look at watermarks and idleness one by one.
struct AssignKit {
  explicit AssignKit(EventTimeOptions<Reading> options, EventTime wall_start = {})
      : clock(wall_start), chain(out, Assign(&Reading::at, std::move(options))) {
    TaskContext context;
    context.clock = &clock;
    context.failure = &failure;
    context.counters = &counters;
    EXPECT_TRUE(chain.open(context).ok());
  }
  void step(std::initializer_list<EventTime> times) {
    chain.begin_batch(clock.now());
    for (const EventTime time : times) chain.collect(Record<Reading>{{1, time}, {}});
    chain.end_batch(clock.now());
  }
  VirtualClock clock;
  ListCollector<Reading> out;
  TaskFailure failure;
  TaskCounters counters;
  Chain<ListCollector<Reading>, Assign> chain;
};

TEST(AssignEventTime, SendsTheWatermarkAtTheEndOfABatchWhenItRose) {
  AssignKit kit({});
  kit.chain.collect(Record<Reading>{{1, {10}}, {}});
  kit.chain.collect(Record<Reading>{{1, {30}}, {}});
  EXPECT_TRUE(kit.out.watermarks().empty());
  kit.chain.end_batch({});
  kit.chain.end_batch({});
  EXPECT_EQ(kit.out.watermarks(), std::vector<EventTime>{{30}});
  EXPECT_EQ(kit.counters.watermark_micros.load(), 30);
}

TEST(AssignEventTime, FallsIdleAtItsDeadlineAndSaysWhenThatIs) {
  AssignKit kit({.idle_after = std::chrono::nanoseconds(100)});
  kit.chain.collect(Record<Reading>{{1, {10}}, {}});
  kit.chain.end_batch({50});
  EXPECT_EQ(kit.chain.wake_at(), Instant{150});
  kit.chain.end_batch({149});
  EXPECT_EQ(kit.out.idles(), 0);
  kit.chain.end_batch({150});
  kit.chain.end_batch({400});
  EXPECT_EQ(kit.out.idles(), 1);
  EXPECT_EQ(kit.chain.wake_at(), kNever);
}

using namespace std::chrono_literals;
constexpr EventTime kWall{1'750'000'000'000'000};
constexpr std::chrono::microseconds kDay = 24h;

TEST(AssignEventTime, WhatIsTooFarAheadOfTheTimeOfDayGoesAsideAndMovesNoWatermark) {
  const Reading good{1, kWall + kDay};
  const Reading ahead{2, kWall + kDay + 1us};
  const Reading after{3, kWall};
  Expectation<Reading, Reading> wanted;
  wanted.subject = {.key_hash = {}, .side_output = "misdated", .wall_start = kWall};
  wanted.input = {record(good), record(ahead), record(after)};
  wanted.main = {record(good, good.at.micros), record(after, after.at.micros),
                 watermark<Reading>(good.at.micros)};
  wanted.side = {record(ahead, ahead.at.micros), watermark<Reading>(good.at.micros)};
  wanted.watermarks_depend_on_batches = true;
  const SideOutput<Reading> side("misdated");
  expect_same_in_every_schedule(std::tuple(Assign(&Reading::at, {.misdated_to = side})), wanted);
}

TEST(AssignEventTime, WhatNobodyReadsAsideIsCounted) {
  AssignKit kit({}, kWall);
  kit.step({kWall, kWall + 3 * kDay, kWall + 1us, kWall + 2 * kDay});
  EXPECT_EQ(kit.counters.misdated.get(), 2u);
  EXPECT_EQ(kit.out.records().size(), 2u);
  EXPECT_EQ(kit.out.watermarks(), std::vector<EventTime>{kWall + 1us});
}

TEST(AssignEventTime, HowFarAheadIsTooFarCanBeSetAndSwitchedOff) {
  AssignKit near({.max_ahead = 10s}, kWall);
  near.step({kWall + 10s, kWall + 11s});
  EXPECT_EQ(near.counters.misdated.get(), 1u);
  AssignKit any({.max_ahead = 0s}, kWall);
  any.step({kWall + 10'000 * kDay});
  EXPECT_EQ(any.counters.misdated.get(), 0u);
  AssignKit most({.max_ahead = std::chrono::microseconds::max()}, kWall);
  most.step({kLatestTime});
  EXPECT_EQ(most.counters.misdated.get(), 0u);
}

TEST(AssignEventTime, TheTimeOfDayGoesOnWithTheSteps) {
  AssignKit kit({}, kWall);
  kit.clock.advance(2 * kDay);  // Asleep for two days; nothing has said so before this step.
  kit.step({kWall + 3 * kDay, kWall + 3 * kDay + 1us});
  EXPECT_EQ(kit.counters.misdated.get(), 1u);
}

TEST(AssignEventTime, PastTimesAndClocksThatNobodyHasSetSetNothingAside) {
  AssignKit past({}, kWall);
  past.step({EventTime{0}, EventTime{-5}, kEarliestTime});
  EXPECT_EQ(past.counters.misdated.get(), 0u);
  AssignKit unset({}, EventTime{0});
  unset.step({kWall});
  EXPECT_EQ(unset.counters.misdated.get(), 0u);
}

TEST(AssignEventTime, WhatIsNoMomentOfHistoryGoesAsideWhateverTheClockSays) {
  AssignKit kit({.max_disorder = 1s, .max_ahead = 0s});
  kit.step({kMinEventTime, kEarliestTime - 1us, kMaxEventTime, kLatestTime + 1us});
  EXPECT_EQ(kit.counters.misdated.get(), 4u);
  EXPECT_TRUE(kit.out.records().empty());
  EXPECT_TRUE(kit.out.watermarks().empty());
}

// Time of day as a test sets it, beside a clock that runs.
class SteppingClock final : public Clock {
 public:
  Instant now() const noexcept override { return now_; }
  EventTime wall_now() const noexcept override { return wall_; }
  Instant now_{};
  EventTime wall_ = kWall;
};

TEST(AssignEventTime, AfterAStepBackTimesAreMeasuredAgainstTheNewTimeOfDay) {
  SteppingClock clock;
  ListCollector<Reading> out;
  TaskFailure failure;
  TaskCounters counters;
  Chain<ListCollector<Reading>, Assign> chain(out, Assign(&Reading::at, {}));
  TaskContext context;
  context.clock = &clock;
  context.failure = &failure;
  context.counters = &counters;
  ASSERT_TRUE(chain.open(context).ok());
  const auto step = [&](EventTime time) {
    chain.begin_batch(clock.now());
    chain.collect(Record<Reading>{{1, time}, {}});
    chain.end_batch(clock.now());
  };
  step(kWall + kDay);
  EXPECT_EQ(counters.misdated.get(), 0u);
  clock.wall_ = kWall - kDay;
  clock.now_ = clock.now_ + 2s;
  step(kWall + kDay);
  EXPECT_EQ(counters.misdated.get(), 1u);
  step(kWall - 1us);
  EXPECT_EQ(counters.misdated.get(), 1u);
  EXPECT_EQ(out.watermarks(), std::vector<EventTime>{kWall + kDay}) << "a watermark never falls";
}

TEST(AssignEventTime, MisdatedRecordsDoNotKeepAnInputFromFallingIdle) {
  AssignKit kit({.idle_after = 100ns}, kWall);
  kit.step({kWall});
  kit.clock.advance(100ns);
  kit.step({kWall + 2 * kDay});
  EXPECT_EQ(kit.out.idles(), 1);
  kit.step({kWall + 2 * kDay});
  EXPECT_EQ(kit.out.idles(), 2) << "what went aside is followed by the idleness that it interrupts";
  kit.step({});
  EXPECT_EQ(kit.out.idles(), 2);
}

}  // namespace
}  // namespace penstock
