// Whole keyed jobs with checkpoints on a simulated disk, which crash and are drained at random steps, and at every
// step of some scenarios. A failure names its seed; PENSTOCK_SIM_SEED repeats it, PENSTOCK_SIM_SEEDS and
// PENSTOCK_SIM_FIRST set which are tried.
#include <gtest/gtest.h>

#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/crash_run.h"

namespace penstock::sim {
namespace {

constexpr std::uint64_t kSeeds = kInstrumented ? 100 : 2000;
constexpr std::uint64_t kScenarios = kInstrumented ? 1 : 10;
constexpr std::uint64_t kStepsPerCrash = kInstrumented ? 5 : 1;

KeyedJobSeeds seeds_of(std::uint64_t seed) {
  return {.content = seed, .dealing = seed + 1, .shape = seed + 2};
}

// What all runs of a suite have seen.
struct Sum {
  std::uint64_t restored = 0;
  std::uint64_t epochs = 0;
  std::uint64_t events = 0;
  Buggify::Hits rare{};

  void add(const CrashOutcome& outcome) {
    restored += outcome.restored;
    epochs += outcome.epochs;
    events += outcome.events;
    for (std::size_t i = 0; i < rare.size(); ++i) rare[i] += outcome.rare[i];
  }
};

void crash(std::uint64_t seed, const std::string& story, Sum& sum) {
  const CrashSchedule schedule = random_crashes(seed);
  const CrashOutcome outcome = CrashRun(seeds_of(seed), schedule).run();
  ASSERT_EQ(outcome.defect, "") << outcome.story << describe(schedule) << "; " << story
                                << how_to_repeat("CrashedKeyedJob", seed);
  sum.add(outcome);
}

void expect_enough(const Sum& sum) {
  EXPECT_GT(sum.restored, kSeeds) << "too few runs went on from a checkpoint to show anything";
  if (!Buggify::is_built_in()) return;
  EXPECT_GT(sum.events, 100 * kSeeds);
  for (std::size_t i = 0; i < sum.rare.size(); ++i)
    EXPECT_GT(sum.rare[i], kSeeds / 20) << kBuggifyPoints[i] << " was too rare";
}

TEST(CrashedKeyedJob, LosesAndDoublesNothingWhereverItCrashes) {
  Sum sum;
  for (const KeptSeed& kept : kept_seeds("CrashedKeyedJob")) {
    crash(kept.seed, "once " + kept.story + "; ", sum);
    if (HasFatalFailure()) return;
  }
  const std::uint64_t end = first_seed() + number_of_seeds(kSeeds);
  for (std::uint64_t seed = first_seed(); seed < end && !HasFatalFailure(); ++seed)
    crash(seed, "", sum);
  RecordProperty("restored", std::to_string(sum.restored));
  RecordProperty("epochs", std::to_string(sum.epochs));
  RecordProperty("protocol_events", std::to_string(sum.events));
  if (!HasFatalFailure() && number_of_seeds(kSeeds) >= kSeeds) expect_enough(sum);
}

TEST(CrashedKeyedJobAtEveryStep, LosesAndDoublesNothing) {
  const std::uint64_t first = only_seed().value_or(100);
  const std::uint64_t scenarios = only_seed() ? 1 : kScenarios;
  for (std::uint64_t scenario = first; scenario < first + scenarios; ++scenario) {
    CrashSchedule schedule = random_crashes(scenario);
    schedule.interval = std::chrono::microseconds(300);
    schedule.stops.clear();
    const std::uint64_t steps = CrashRun(seeds_of(scenario), schedule).run().steps;
    for (std::uint64_t step = 0; step < steps; step += kStepsPerCrash) {
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
