#include "penstock/api/test_driver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "penstock/tests/api/api_kit.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

TEST(TestDriver, NothingHappensOutsideItsCalls) {
  Job job("driver");
  auto [numbers, input] = job.input<int>();
  Collected<int> all;
  collect_into(std::move(numbers), all);
  TestDriver driver(job);
  ASSERT_TRUE(input.push(1).ok());
  EXPECT_EQ(all.size(), 0u);
  EXPECT_TRUE(driver.run_until_idle().ok());
  EXPECT_EQ(all.size(), 1u);
  EXPECT_FALSE(driver.finished());
}

TEST(TestDriver, SaysWhyAJobCannotBeOpened) {
  TestDriver driver(Job("empty"));
  EXPECT_THAT(std::string(driver.status().message()), HasSubstr("no source"));
  EXPECT_FALSE(driver.run_until_idle().ok());
  EXPECT_FALSE(driver.finish().ok());
}

TEST(TestDriver, AdvanceMovesTheClockThatIdleTimeoutsSee) {
  Job job("idle");
  auto [fast, fast_input] = job.input<Sale>();
  auto [slow, slow_input] = job.input<Sale>();
  auto watermarks = std::make_shared<std::vector<EventTime>>();
  std::move(fast)
      .event_time(&Sale::at, {.idle_after = 0s})
      .union_with(std::move(slow).event_time(&Sale::at, {.idle_after = 3s}))
      .apply(NoteWatermarks<Sale>{watermarks})
      .for_each([](const Sale&) {});
  TestDriver driver(job);
  ASSERT_TRUE(fast_input.push({.at = {100}}).ok());
  (void)driver.run_until_idle();
  (void)driver.advance(2999ms);
  EXPECT_TRUE(watermarks->empty()) << "the silent input still holds time back";
  (void)driver.advance(1ms);
  EXPECT_THAT(*watermarks, ElementsAre(EventTime{100}));
}

TEST(TestDriver, FinishEndsTimeAndDrainDoesNot) {
  for (const bool finish : {true, false}) {
    Job job("end");
    auto [sales, input] = job.input<Sale>();
    auto watermarks = std::make_shared<std::vector<EventTime>>();
    Collected<Sale> all;
    collect_into(
        std::move(sales).event_time(&Sale::at).rebalance().apply(NoteWatermarks<Sale>{watermarks}),
        all);
    TestDriver driver(job);
    ASSERT_TRUE(input.push({.at = {5}}).ok());
    EXPECT_TRUE((finish ? driver.finish() : driver.drain()).ok());
    EXPECT_TRUE(driver.finished());
    EXPECT_EQ(all.size(), 1u);
    EXPECT_EQ(watermarks->back(), finish ? kMaxEventTime : EventTime{5});
  }
}

TEST(TestDriver, WallTimeStartsWhereItIsToldAndMovesWithTheClock) {
  Job job("wall");
  auto [numbers, input] = job.input<int>();
  std::move(numbers).for_each([](const int&) {});
  TestDriver driver(job, {.wall_start = {1'000'000}});
  (void)driver.advance(2s);
  EXPECT_EQ(driver.clock().wall_now(), EventTime{3'000'000});
}

}  // namespace
}  // namespace penstock
