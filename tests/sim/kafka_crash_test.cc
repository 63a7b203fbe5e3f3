// Jobs with exactly-once output to Kafka, which fail in every way: readers of committed records see each result once.
// PENSTOCK_SIM_SEED, PENSTOCK_SIM_SEEDS and PENSTOCK_SIM_FIRST as in crash_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/kafka_run.h"

namespace penstock::sim {
namespace {

constexpr std::uint64_t kSeeds = kInstrumented ? 60 : 400;
constexpr std::uint64_t kFaults = kInstrumented ? 500 : 2000;

// What all runs of a suite have seen.
struct Sum {
  KafkaOutcome all;
  std::uint64_t faults = 0;

  void add(const KafkaOutcome& outcome) {
    faults += outcome.faults();
    all.starts += outcome.starts;
    all.restored += outcome.restored;
    all.rescaled += outcome.rescaled;
    all.failures += outcome.failures;
    all.rows += outcome.rows;
    all.timed_out += outcome.timed_out;
    all.late_commits_done += outcome.late_commits_done;
    all.late_commits_refused += outcome.late_commits_refused;
    all.made_anew += outcome.made_anew;
    all.fenced += outcome.fenced;
    all.overtaken_in_doubt += outcome.overtaken_in_doubt;
    all.won_in_doubt += outcome.won_in_doubt;
    for (std::size_t i = 0; i < kBlows; ++i) all.blows[i] += outcome.blows[i];
    for (std::size_t i = 0; i < kKafkaFaults; ++i) all.hits[i] += outcome.hits[i];
  }
};

void strike(std::uint64_t seed, const std::string& story, Sum& sum) {
  const KafkaSchedule schedule = random_kafka_schedule(seed);
  const KafkaOutcome outcome = KafkaRun(schedule).run();
  ASSERT_EQ(outcome.defect, "") << outcome.story << describe(schedule) << "; " << story
                                << how_to_repeat("KafkaJob", seed);
  sum.add(outcome);
}

void record(const Sum& sum) {
  const auto note = [](std::string name, std::uint64_t value) {
    std::replace(name.begin(), name.end(), ' ', '_');
    testing::Test::RecordProperty(name, std::to_string(value));
  };
  note("faults", sum.faults);
  note("starts", sum.all.starts);
  note("restored", sum.all.restored);
  note("rescaled", sum.all.rescaled);
  note("failures", sum.all.failures);
  note("rows", sum.all.rows);
  note("timed_out", sum.all.timed_out);
  note("late_commits_done", sum.all.late_commits_done);
  note("late_commits_refused", sum.all.late_commits_refused);
  note("made_anew", sum.all.made_anew);
  note("fenced", sum.all.fenced);
  note("overtaken_in_doubt", sum.all.overtaken_in_doubt);
  note("won_in_doubt", sum.all.won_in_doubt);
  for (std::size_t i = 0; i < kBlows; ++i) note("blow_" + std::to_string(i), sum.all.blows[i]);
  for (std::size_t i = 0; i < kKafkaFaults; ++i)
    note(std::string(name_of(static_cast<KafkaFault>(i))), sum.all.hits[i]);
}

void expect_enough(const Sum& sum) {
  EXPECT_GE(sum.faults, kFaults);
  EXPECT_GT(sum.all.restored, kSeeds) << "too few starts went on from a checkpoint";
  EXPECT_GT(sum.all.rescaled, kSeeds / 4);
  EXPECT_GT(sum.all.timed_out, 0u);
  EXPECT_GT(sum.all.late_commits_done, 0u);
  EXPECT_GT(sum.all.late_commits_refused, 0u);
  EXPECT_GT(sum.all.made_anew, 0u);
  EXPECT_GT(sum.all.fenced, 0u);
  EXPECT_GT(sum.all.won_in_doubt, 0u);
  EXPECT_GT(sum.all.overtaken_in_doubt, sum.all.won_in_doubt);
  for (std::size_t i = 0; i < kBlows; ++i) EXPECT_GT(sum.all.blows[i], 0u) << i;
  for (std::size_t i = 0; i < kKafkaFaults; ++i)
    EXPECT_GT(sum.all.hits[i], 0u) << name_of(static_cast<KafkaFault>(i));
}

TEST(KafkaJob, LosesAndDoublesNothingWhateverFails) {
  Sum sum;
  for (const KeptSeed& kept : kept_seeds("KafkaJob")) {
    strike(kept.seed, "once " + kept.story + "; ", sum);
    if (HasFatalFailure()) return;
  }
  const std::uint64_t end = first_seed() + number_of_seeds(kSeeds);
  for (std::uint64_t seed = first_seed(); seed < end && !HasFatalFailure(); ++seed)
    strike(seed, "", sum);
  record(sum);
  if (!HasFatalFailure() && number_of_seeds(kSeeds) >= kSeeds) expect_enough(sum);
}

// In how many of the first seeds rows are found to be lost or doubled.
std::uint64_t found(std::optional<KafkaDefect> defect) {
  std::uint64_t count = 0;
  for (std::uint64_t seed = 0; seed < kSeeds / 2; ++seed) {
    KafkaSchedule schedule = random_kafka_schedule(seed);
    schedule.defect = defect;
    const std::string wrong = KafkaRun(schedule).run().defect;
    const bool of_rows = wrong.find("lost") != wrong.npos || wrong.find("doubled") != wrong.npos;
    count += of_rows ? 1 : 0;
  }
  testing::Test::RecordProperty("found", std::to_string(count));
  return count;
}

TEST(KafkaJobCheck, FindsAJobThatTrustsItsNewestCheckpoint) {
  if (!Buggify::is_built_in()) GTEST_SKIP() << "this build has no mutants";
  ::setenv("PENSTOCK_MUTANT", "trust_newest_checkpoint", 1);
  const std::uint64_t count = found({});
  ::unsetenv("PENSTOCK_MUTANT");
  EXPECT_GT(count, 0u);
}
TEST(KafkaJobCheck, FindsBrokersThatLetThoseWriteWhoWereOvertaken) {
  EXPECT_GT(found(KafkaDefect::kNoFencing), 0u);
}
TEST(KafkaJobCheck, FindsAMarkerThatIsNotPartOfTheTransaction) {
  EXPECT_GT(found(KafkaDefect::kMarkerOutside), 0u);
}

}  // namespace
}  // namespace penstock::sim
