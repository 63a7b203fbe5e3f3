// Keyed jobs that crash and go on with another number of tasks, from each to each.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "penstock/core/base/hash.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/crash_run.h"

namespace penstock::sim {
namespace {

constexpr std::uint64_t kSeeds = kInstrumented ? 4 : 12;  // Of each pair.

class RescaledKeyedJob : public testing::TestWithParam<std::pair<std::uint32_t, std::uint32_t>> {};

TEST_P(RescaledKeyedJob, LosesAndDoublesNothing) {
  const auto [before, after] = GetParam();
  std::uint64_t restored = 0;
  for (std::uint64_t i = 0; i < kSeeds; ++i) {
    const std::uint64_t seed = hash_bits(before * 100 + after) + i;
    CrashSchedule schedule = random_crashes(seed);
    // There and back and there again, at an end that is long enough to have made an epoch most of the time.
    schedule.keyed_tasks = {before, after};
    schedule.interval = std::chrono::microseconds(200);
    schedule.stops.resize(3, schedule.stops.front());
    for (Stop& stop : schedule.stops) stop.after_steps = 300 + stop.after_steps % 1500;
    const CrashOutcome outcome =
        CrashRun({.content = seed, .dealing = seed + 1, .shape = seed + 2}, schedule).run();
    ASSERT_EQ(outcome.defect, "") << outcome.story << describe(schedule) << "; seed " << seed;
    restored += outcome.restored;
  }
  EXPECT_GE(restored, kSeeds / 2) << "too few runs went on from a checkpoint to show anything";
}

std::vector<std::pair<std::uint32_t, std::uint32_t>> all_pairs() {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  for (const std::uint32_t before : {1u, 2u, 3u, 4u, 8u}) {
    for (const std::uint32_t after : {1u, 2u, 3u, 4u, 8u}) {
      if (before < after) pairs.emplace_back(before, after);  // The way back comes with it.
    }
  }
  return pairs;
}
INSTANTIATE_TEST_SUITE_P(Pairs, RescaledKeyedJob, testing::ValuesIn(all_pairs()),
                         [](const auto& pair) {
                           return "Between" + std::to_string(pair.param.first) + "And" +
                                  std::to_string(pair.param.second);
                         });

}  // namespace
}  // namespace penstock::sim
