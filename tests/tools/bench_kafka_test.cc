#include "penstock/tools/penstock/bench_kafka.h"

#include <gtest/gtest.h>

namespace penstock::tools {
namespace {

bench::Histogram all_at(std::int64_t micros) {
  bench::Histogram made;
  for (int i = 0; i < 100; ++i) made.record(micros * 1000);
  return made;
}

TEST(BenchKafkaTest, WhatCountsIsTheMedianOfTheDifferencesWithinATurn) {
  KafkaDifferences differences{.percent = 99};
  // A slow minute meets both: the difference stays what it is.
  differences.add(all_at(130), all_at(100));
  differences.add(all_at(1040), all_at(1000));
  differences.add(all_at(120), all_at(100));
  EXPECT_EQ(differences.format("A-relay", 500),
            "difference name=A-relay unit=us p99 median=+30.0 min=+20.0 max=+40.0 goal=<=500 ok");
  EXPECT_EQ(differences.format("A-relay", 29),
            "difference name=A-relay unit=us p99 median=+30.0 min=+20.0 max=+40.0 goal=<=29 SHORT");
}

TEST(BenchKafkaTest, ALoadWithoutPurchasesIsRefused) {
  BenchKafkaOptions options;
  options.load.seconds = 0;
  options.load.warm_seconds = 0;
  EXPECT_EQ(print_kafka(options).code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::tools
