#include "penstock/core/time/split_watermarks.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace penstock {
namespace {

using std::chrono::milliseconds;

struct SplitKit {
  // Times of one part, then the end of a batch.
  WatermarkCoalescer::Update batch(SplitId split, std::initializer_list<std::int64_t> times) {
    watermarks.select(split);
    for (const std::int64_t time : times) watermarks.observe({time});
    return end();
  }
  WatermarkCoalescer::Update end() { return watermarks.end_batch(now); }
  void pass(milliseconds time) { now = now + time; }

  Instant now = Instant{} + std::chrono::seconds(1);
  SplitWatermarks watermarks{{.idle_after = milliseconds(100)}};
};

constexpr SplitId kFirst{7}, kSecond{8}, kThird{9};
const std::vector<SplitId> kBoth = {kFirst, kSecond};

TEST(SplitWatermarks, OneWithoutANameIsAsAGeneratorAlone) {
  SplitKit kit;
  kit.watermarks.observe({50});
  EXPECT_EQ(kit.end().watermark, EventTime{50});
  kit.pass(milliseconds(100));
  EXPECT_TRUE(kit.end().became_idle);
  EXPECT_TRUE(kit.watermarks.is_idle());
}

TEST(SplitWatermarks, TheLeastOfAllCounts) {
  SplitKit kit;
  kit.watermarks.set_splits(kBoth);
  EXPECT_EQ(kit.batch(kFirst, {100}).watermark, std::nullopt) << "the second has not spoken";
  EXPECT_EQ(kit.batch(kSecond, {30}).watermark, EventTime{30});
  EXPECT_EQ(kit.batch(kSecond, {500}).watermark, EventTime{100});
}

TEST(SplitWatermarks, AnIdlePartHoldsNobodyBackAndComesBack) {
  SplitKit kit;
  kit.watermarks.set_splits(kBoth);
  kit.batch(kFirst, {100});
  kit.pass(milliseconds(60));
  kit.batch(kFirst, {110});
  kit.pass(milliseconds(60));
  EXPECT_EQ(kit.batch(kFirst, {120}).watermark, EventTime{120}) << "the second is idle now";
  EXPECT_EQ(kit.batch(kSecond, {10}).watermark, std::nullopt) << "late, and pulls nothing back";
  EXPECT_EQ(kit.batch(kFirst, {900}).watermark, std::nullopt) << "but holds the others again";
  EXPECT_EQ(kit.batch(kSecond, {700}).watermark, EventTime{700});
}

TEST(SplitWatermarks, AllIdleTellsTheHighestFirst) {
  SplitKit kit;
  kit.watermarks.set_splits(kBoth);
  kit.batch(kFirst, {100});
  kit.batch(kSecond, {30});
  kit.pass(milliseconds(100));
  const WatermarkCoalescer::Update update = kit.end();
  EXPECT_EQ(update.watermark, EventTime{100});
  EXPECT_TRUE(update.became_idle);
  EXPECT_EQ(kit.watermarks.idle_deadline(), kNever);
}

TEST(SplitWatermarks, ANewPartHoldsUntilItSpeaksAndALostOneNoMore) {
  SplitKit kit;
  kit.watermarks.set_splits(kBoth);
  kit.batch(kFirst, {100});
  kit.batch(kSecond, {100});
  const std::vector<SplitId> others = {kSecond, kThird};
  kit.watermarks.set_splits(others);
  EXPECT_EQ(kit.batch(kSecond, {200}).watermark, std::nullopt);
  EXPECT_EQ(kit.batch(kThird, {150}).watermark, EventTime{150}) << "the first has gone";
}

TEST(SplitWatermarks, ATaskWithoutAnyPartIsIdleAtOnce) {
  SplitKit kit;
  kit.watermarks.set_splits({});
  EXPECT_TRUE(kit.end().became_idle);
}

TEST(SplitWatermarks, APartThatWasNotAnnouncedTakesThePlaceOfTheOneWithoutAName) {
  SplitKit kit;
  EXPECT_EQ(kit.batch(kThird, {40}).watermark, EventTime{40});
}

}  // namespace
}  // namespace penstock
