// Whole keyed jobs with checkpoints on a simulated disk, which crash and are drained at random steps, and at every
// step of some scenarios. A failure names its seed; PENSTOCK_SIM_SEED repeats it, PENSTOCK_SIM_SEEDS sets how many are
// tried.
#include <gtest/gtest.h>

#include "penstock/tests/sim/crash_run.h"

namespace penstock::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kSeeds = 100;  // Several times slower, and looking for something else.
constexpr std::uint64_t kScenarios = 1;
#else
constexpr std::uint64_t kSeeds = 2000;
constexpr std::uint64_t kScenarios = 10;
#endif

KeyedJobSeeds seeds_of(std::uint64_t seed) {
  return {.content = seed, .dealing = seed + 1, .shape = seed + 2};
}

TEST(CrashedKeyedJob, LosesAndDoublesNothingWhereverItCrashes) {
  CrashOutcome sum;
  const std::uint64_t first = only_seed().value_or(0);
  for (std::uint64_t seed = first; seed < first + number_of_seeds(kSeeds); ++seed) {
    const CrashSchedule schedule = random_crashes(seed);
    const CrashOutcome outcome = CrashRun(seeds_of(seed), schedule).run();
    ASSERT_EQ(outcome.defect, "") << outcome.story << describe(schedule) << "; "
                                  << how_to_repeat("CrashedKeyedJob", seed);
    sum.restored += outcome.restored;
    sum.epochs += outcome.epochs;
  }
  RecordProperty("restored", std::to_string(sum.restored));
  RecordProperty("epochs", std::to_string(sum.epochs));
  if (number_of_seeds(kSeeds) < kSeeds) return;
  EXPECT_GT(sum.restored, kSeeds) << "too few runs went on from a checkpoint to show anything";
}

TEST(CrashedKeyedJobAtEveryStep, LosesAndDoublesNothing) {
  const std::uint64_t first = only_seed().value_or(100);
  const std::uint64_t scenarios = only_seed() ? 1 : kScenarios;
  for (std::uint64_t scenario = first; scenario < first + scenarios; ++scenario) {
    CrashSchedule schedule = random_crashes(scenario);
    schedule.interval = std::chrono::microseconds(300);
    schedule.stops.clear();
    const std::uint64_t steps = CrashRun(seeds_of(scenario), schedule).run().steps;
    for (std::uint64_t step = 0; step < steps; ++step) {
      schedule.stops = {{step, false}};
      const CrashOutcome outcome = CrashRun(seeds_of(scenario), schedule).run();
      ASSERT_EQ(outcome.defect, "")
          << "crash after step " << step << "; " << outcome.story << describe(schedule) << "; "
          << how_to_repeat("CrashedKeyedJobAtEveryStep", scenario);
    }
  }
}

}  // namespace
}  // namespace penstock::sim
