#include "penstock/core/time/watermark_generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>

namespace penstock {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr WatermarkOptions kBound10{.max_disorder = microseconds(10),
                                    .idle_after = nanoseconds(100)};

TEST(WatermarkGenerator, SaysNothingBeforeTheFirstRecord) {
  WatermarkGenerator generator(kBound10);
  EXPECT_EQ(generator.advance(), std::nullopt);
  EXPECT_EQ(generator.current(), kMinEventTime);
}

TEST(WatermarkGenerator, IsTheHighestTimeMinusTheBoundAndNeverFalls) {
  WatermarkGenerator generator(kBound10);
  generator.observe({100});
  EXPECT_EQ(generator.advance(), EventTime{90});
  EXPECT_EQ(generator.advance(), std::nullopt) << "only when it rose";
  generator.observe({95});
  EXPECT_EQ(generator.advance(), std::nullopt);
  generator.observe({101});
  EXPECT_EQ(generator.advance(), EventTime{91});
}

TEST(WatermarkGenerator, WithoutDisorderIsTheHighestTimeItself) {
  WatermarkGenerator generator(WatermarkOptions{});
  generator.observe({100});
  EXPECT_EQ(generator.advance(), EventTime{100}) << "equal times may still follow";
}

TEST(WatermarkGenerator, DoesNotWrapAtTheBeginningOfTime) {
  WatermarkGenerator generator(kBound10);
  generator.observe({kMinEventTime.micros + 3});
  const std::optional<EventTime> watermark = generator.advance();
  ASSERT_TRUE(watermark.has_value());
  EXPECT_LE(*watermark, EventTime{kMinEventTime.micros + 3});
  EXPECT_GT(*watermark, kMinEventTime);
}

TEST(WatermarkGenerator, CoversNoRecordThatIsLateByTheBoundOrLess) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    WatermarkGenerator generator(kBound10);
    std::int64_t highest = 1000;
    EventTime watermark = kMinEventTime;
    for (int i = 0; i < 100; ++i) {
      const std::int64_t time = highest - static_cast<std::int64_t>(random() % 11);
      ASSERT_GE(EventTime{time}, watermark) << "a record within the bound is on time";
      generator.observe({time});
      if (random() % 3 == 0)
        watermark = std::max(watermark, generator.advance().value_or(kMinEventTime));
      highest += static_cast<std::int64_t>(random() % 5);
    }
  }
}

TEST(WatermarkGenerator, FallsIdleOnceAfterTheTimeWithoutRecords) {
  WatermarkGenerator generator(kBound10);
  EXPECT_FALSE(generator.fell_idle({0})) << "the clock starts with the first look";
  EXPECT_EQ(generator.idle_deadline(), Instant{100});
  EXPECT_FALSE(generator.fell_idle({99}));
  EXPECT_TRUE(generator.fell_idle({100}));
  EXPECT_TRUE(generator.is_idle());
  EXPECT_FALSE(generator.fell_idle({500})) << "it is said once";
  EXPECT_EQ(generator.idle_deadline(), kNever);
}

TEST(WatermarkGenerator, ARecordEndsIdlenessAndStartsTheWaitAnew) {
  WatermarkGenerator generator(kBound10);
  EXPECT_FALSE(generator.fell_idle({0}));
  EXPECT_TRUE(generator.fell_idle({100}));
  generator.observe({1});
  EXPECT_FALSE(generator.fell_idle({300}));
  EXPECT_FALSE(generator.is_idle());
  EXPECT_EQ(generator.idle_deadline(), Instant{400});
  EXPECT_FALSE(generator.fell_idle({399}));
  EXPECT_TRUE(generator.fell_idle({400}));
}

TEST(WatermarkGenerator, IsNeverIdleWhenToldSo) {
  WatermarkGenerator generator(WatermarkOptions{.idle_after = nanoseconds(0)});
  EXPECT_FALSE(generator.fell_idle({0}));
  EXPECT_FALSE(generator.fell_idle({1'000'000'000'000}));
  EXPECT_EQ(generator.idle_deadline(), kNever);
}

}  // namespace
}  // namespace penstock
