#include "penstock/state/key_group_load.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "penstock/core/base/hash.h"
#include "penstock/core/base/random.h"

namespace penstock {
namespace {

constexpr std::uint64_t kHot = 7;

double share(const KeyGroupLoad& load) {
  return static_cast<double>(load.hottest_records()) / static_cast<double>(load.records());
}

// A key of many, or the hot one so often in a hundred.
std::uint64_t some_hash(Random& random, std::uint64_t hot_percent, std::uint64_t hot = kHot) {
  return key_hash(random.below(100) < hot_percent ? hot : 1000 + random.below(1'000'000));
}

void sample_runs(KeyGroupLoad& load, Random& random, std::size_t runs, std::size_t run,
                 std::uint64_t hot_percent, std::uint64_t hot = kHot) {
  std::vector<std::uint64_t> hashes(run);
  for (std::size_t i = 0; i < runs; ++i) {
    for (std::uint64_t& hash : hashes) hash = some_hash(random, hot_percent, hot);
    load.sample(hashes[load.next(run)], run);
  }
}

TEST(KeyGroupLoad, CountsEachRecordThatComesByItself) {
  KeyGroupLoad load;
  EXPECT_EQ(load.records(), 0u);
  for (std::uint64_t i = 0; i < 60; ++i) load.sample(key_hash(i % 3 == 0 ? 1000 + i : kHot), 1);
  EXPECT_EQ(load.hottest(), key_group_of(key_hash(kHot)).value);
  EXPECT_EQ(load.hottest_records(), 40u);
  EXPECT_EQ(load.records(), 60u);
}

TEST(KeyGroupLoad, TellsTheShareOfAHotKeyFromOneRecordOfEachRun) {
  for (const std::uint64_t percent : {1u, 10u, 50u}) {
    KeyGroupLoad load;
    Random random(percent);
    sample_runs(load, random, 20'000, 100, percent);
    EXPECT_EQ(load.hottest(), key_group_of(key_hash(kHot)).value);
    EXPECT_NEAR(share(load), static_cast<double>(percent) / 100, 0.02);
  }
}

TEST(KeyGroupLoad, LooksAtEveryPlaceOfARun) {
  KeyGroupLoad load;
  std::vector<int> seen(10);
  for (int i = 0; i < 1000; ++i) ++seen[load.next(10)];
  for (const int times : seen) EXPECT_NEAR(times, 100, 20);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(load.next(1), 0u);
}

TEST(KeyGroupLoad, ForgetsWhatIsLongPast) {
  constexpr std::uint64_t kNewHot = 8;
  KeyGroupLoad load;
  Random random(3);
  constexpr std::size_t kRuns = KeyGroupLoad::kWindow / 100;
  sample_runs(load, random, 3 * kRuns, 100, 40);
  EXPECT_EQ(load.hottest(), key_group_of(key_hash(kHot)).value);
  sample_runs(load, random, 3 * kRuns, 100, 20, kNewHot);
  EXPECT_EQ(load.hottest(), key_group_of(key_hash(kNewHot)).value);
  EXPECT_LE(load.records(), KeyGroupLoad::kWindow);
}

}  // namespace
}  // namespace penstock
