#include "penstock/bench/workloads/epoch_cost.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "penstock/bench/harness/temporary_folder.h"

namespace penstock::bench {
namespace {

constexpr std::chrono::microseconds kOften{2'000};

TEST(EpochCost, BothSidesGiveTheSameRowsAndEpochsAreMade) {
  for (const char* name : {"fraud", "q5"}) {
    const auto figures = measure_epochs(*find_workload(name), {200'000, kOften}, 1);
    ASSERT_TRUE(figures.ok()) << figures.status().to_string();
    EXPECT_EQ(figures->events, 200'000u);
    EXPECT_GE(figures->epochs_least, 1u);
    EXPECT_GT(figures->rates.ratio.median, 0);
    EXPECT_EQ(figures->rates.goal.ratio, 0.95);
  }
}

TEST(EpochCost, LatenciesOfBothSidesAreOfTheSameRows) {
  const FraudLoad load{.rate_per_second = 20'000, .seconds = 1, .warm_seconds = 0.2};
  const auto seen = measure_epoch_latency(load, {}, kOften, 1);
  ASSERT_TRUE(seen.ok()) << seen.status().to_string();
  EXPECT_GT(seen->plain.change_ns.count(), 0u);
  EXPECT_TRUE(check_same_rows(seen->epochs, seen->plain).ok());
}

TEST(EpochCost, ARestartedJobFindsItsKeysAndItsPartsAddUp) {
  const auto times = measure_restart(5'000, 1);
  ASSERT_TRUE(times.ok()) << times.status().to_string();
  EXPECT_GT(times->bytes, 5'000u * 16);
  EXPECT_GT(times->first_output.count(), 0);
  EXPECT_EQ(times->verify + times->read + times->insert_and_rest, times->first_output);
}

TEST(EpochCost, ATemporaryFolderGoesWithItsFiles) {
  std::string path;
  {
    const TemporaryFolder folder;
    path = folder.path();
    std::filesystem::create_directory(path + "/e-1");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace penstock::bench
