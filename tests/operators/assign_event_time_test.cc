#include "penstock/operators/assign_event_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
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
  explicit AssignKit(WatermarkOptions options) : chain(out, Assign(&Reading::at, options)) {
    TaskContext context;
    context.failure = &failure;
    context.counters = &counters;
    EXPECT_TRUE(chain.open(context).ok());
  }
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

}  // namespace
}  // namespace penstock
