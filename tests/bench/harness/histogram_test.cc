#include "penstock/bench/harness/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "penstock/bench/harness/latency_line.h"
#include "penstock/core/base/random.h"

namespace penstock::bench {
namespace {

// Durations of all sizes, each power of two as likely as the next.
std::vector<std::int64_t> random_durations(std::size_t count) {
  Random random(1);
  std::vector<std::int64_t> values;
  for (std::size_t i = 0; i < count; ++i) {
    values.push_back(static_cast<std::int64_t>(std::exp2(random.uniform() * 41)));
  }
  return values;
}

TEST(Histogram, IsNeverBelowTheSortedValuesAndAtMostAThousandthAbove) {
  std::vector<std::int64_t> values = random_durations(100'000);
  Histogram histogram;
  for (const std::int64_t value : values) histogram.record(value);
  std::sort(values.begin(), values.end());
  for (const double percent : {0.001, 1.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * 100'000 - 1e-6));
    const auto exact = static_cast<double>(values[rank - 1]);
    const auto found = static_cast<double>(histogram.percentile(percent));
    EXPECT_GE(found, exact) << percent;
    EXPECT_LE(found, exact * 1.001) << percent;
  }
}

TEST(Histogram, IsExactBelow2048) {
  Histogram histogram;
  for (int i = 1; i <= 2000; ++i) histogram.record(i);
  EXPECT_EQ(histogram.percentile(0), 1);
  EXPECT_EQ(histogram.percentile(50), 1000);
  EXPECT_EQ(histogram.percentile(99.9), 1998);
  EXPECT_EQ(histogram.percentile(100), 2000);
}

TEST(Histogram, KeepsCountSmallestAndLargestExactly) {
  Histogram histogram;
  EXPECT_EQ(histogram.percentile(50), 0);
  EXPECT_EQ(histogram.max(), 0);
  EXPECT_EQ(histogram.min(), 0);
  histogram.record(1'234'567'891);
  histogram.record(77);
  EXPECT_EQ(histogram.count(), 2u);
  EXPECT_EQ(histogram.min(), 77);
  EXPECT_EQ(histogram.max(), 1'234'567'891);
  EXPECT_EQ(histogram.percentile(100), 1'234'567'891);
}

TEST(Histogram, TakesWhatLiesOutsideOfItsRange) {
  Histogram histogram;
  histogram.record(-5);
  EXPECT_EQ(histogram.percentile(100), 0);
  histogram.record(2 * Histogram::kValueMax);
  EXPECT_EQ(histogram.max(), 2 * Histogram::kValueMax);
  const auto most = static_cast<double>(histogram.percentile(100));
  EXPECT_GE(most, static_cast<double>(Histogram::kValueMax));
  EXPECT_LE(most, static_cast<double>(Histogram::kValueMax) * 1.001);
}

TEST(Histogram, MergesToWhatOneWouldHaveRecorded) {
  Histogram whole;
  Histogram odd;
  Histogram even;
  for (const std::int64_t value : random_durations(10'000)) {
    whole.record(value);
    (value % 2 == 0 ? even : odd).record(value);
  }
  odd.merge(even);
  EXPECT_EQ(odd.count(), whole.count());
  EXPECT_EQ(odd.min(), whole.min());
  EXPECT_EQ(odd.max(), whole.max());
  for (const double percent : {1.0, 50.0, 99.0, 99.99}) {
    EXPECT_EQ(odd.percentile(percent), whole.percentile(percent));
  }
}

TEST(Histogram, IsReportedInMicroseconds) {
  Histogram histogram;
  for (std::int64_t i = 1; i <= 1000; ++i) histogram.record(i * 2);
  EXPECT_EQ(format_latency("alerts", histogram),
            "latency name=alerts unit=us count=1000 p50=1.0 p90=1.8 p99=2.0 p99.9=2.0 p99.99=2.0 "
            "max=2.0");
}

}  // namespace
}  // namespace penstock::bench
