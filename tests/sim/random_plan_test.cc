// Whole plans on one thread, stepped in random order: what arrives, and what had arrived at each barrier, must equal a
// naive evaluation of what the sources had sent. A failure names its seed; PENSTOCK_SIM_SEED repeats it,
// PENSTOCK_SIM_SEEDS sets how many are tried.
#include "penstock/tests/sim/random_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/sim_run.h"

namespace penstock::sim {
namespace {

constexpr std::uint64_t kSeeds = kInstrumented ? 100 : 300;

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : plan_(make_random_plan(seed)), run_(plan_.job->plan(), random_schedule(seed)) {}

  // What went wrong; empty: nothing.
  std::string run() {
    const std::string defect = run_.run();
    return defect.empty() ? check() : defect;
  }

  std::uint64_t cuts_checked() const { return cuts_checked_; }
  const SimTrace& trace() const { return plan_.trace; }

 private:
  std::string check() {
    Prefix sent;
    for (const auto& [id, source] : plan_.trace.sources) sent[id] = source->sent;
    for (std::size_t i = 0; i < plan_.trace.sinks.size(); ++i) {
      const std::string defect = check_sink(*plan_.trace.sinks[i], sent);
      if (!defect.empty()) return "sink " + std::to_string(i) + ": " + defect;
    }
    return "";
  }

  std::string check_sink(const SinkTrace& sink, const Prefix& sent) {
    for (const TaskTrace& task : sink.tasks) {
      if (!task.defect.empty()) return task.defect;
      if (run_.ending() != Ending::kDrain && task.watermark != kMaxEventTime)
        return "no end of time";
    }
    if (!equal(sink, sent, std::nullopt)) return "not what a naive evaluation gives";
    for (const Epoch epoch : epochs_of(sink)) {
      const std::optional<Prefix> before = sent_before(epoch);
      if (!before) continue;
      ++cuts_checked_;
      if (!equal(sink, *before, epoch))
        return "the cut of epoch " + std::to_string(epoch.value) + " is inconsistent";
    }
    return "";
  }

  static std::set<Epoch> epochs_of(const SinkTrace& sink) {
    std::set<Epoch> epochs;
    for (const TaskTrace& task : sink.tasks) {
      for (const auto& [epoch, records] : task.cuts) epochs.insert(epoch);
    }
    return epochs;
  }

  // What each source had sent when it let `epoch` pass; all of it where it ended before. Nothing when some source
  // skipped the epoch, which is given up then.
  std::optional<Prefix> sent_before(Epoch epoch) const {
    Prefix prefix;
    for (const auto& [id, source] : plan_.trace.sources) {
      const std::optional<std::uint64_t> cut = cut_at(source->cuts, epoch, source->sent);
      if (!cut) return std::nullopt;
      prefix[id] = *cut;
    }
    return prefix;
  }

  static bool equal(const SinkTrace& sink, const Prefix& prefix, std::optional<Epoch> epoch) {
    SimRecords seen;
    for (const TaskTrace& task : sink.tasks) {
      const std::uint64_t all = task.records.size();
      const std::uint64_t count = epoch ? cut_at(task.cuts, *epoch, all).value_or(all) : all;
      seen.insert(seen.end(), task.records.begin(),
                  task.records.begin() + static_cast<std::ptrdiff_t>(count));
    }
    SimRecords wanted = sink.naive(prefix);
    std::sort(seen.begin(), seen.end());
    std::sort(wanted.begin(), wanted.end());
    return seen == wanted;
  }

  RandomPlan plan_;
  SimRun run_;
  std::uint64_t cuts_checked_ = 0;
};

std::string how_to_repeat(std::uint64_t seed) { return sim::how_to_repeat("RandomPlan", seed); }

TEST(RandomPlan, GivesWhatANaiveEvaluationGivesAtTheEndAndAtEveryBarrier) {
  const std::uint64_t first = only_seed().value_or(0);
  const std::uint64_t count = number_of_seeds(kSeeds);
  std::uint64_t cuts = 0;
  std::uint64_t records = 0;
  for (std::uint64_t seed = first; seed < first + count; ++seed) {
    Simulation simulation(seed);
    const std::string defect = simulation.run();
    ASSERT_EQ(defect, "") << how_to_repeat(seed);
    cuts += simulation.cuts_checked();
    for (const auto& sink : simulation.trace().sinks) {
      for (const TaskTrace& task : sink->tasks) records += task.records.size();
    }
  }
  RecordProperty("cuts", std::to_string(cuts));
  RecordProperty("records", std::to_string(records));
  if (count < kSeeds) return;
  EXPECT_GT(cuts, 10 * count) << "too few barriers to show anything";
  EXPECT_GT(records, 100 * count);
}

// The same seed must give the same run to the last record, or a failure could not be repeated.
TEST(RandomPlan, RepeatsARunExactly) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Simulation first(seed);
    Simulation second(seed);
    ASSERT_EQ(first.run(), "");
    ASSERT_EQ(second.run(), "");
    ASSERT_EQ(first.trace().sinks.size(), second.trace().sinks.size());
    for (std::size_t i = 0; i < first.trace().sinks.size(); ++i) {
      const auto& a = first.trace().sinks[i]->tasks;
      const auto& b = second.trace().sinks[i]->tasks;
      for (std::size_t task = 0; task < a.size(); ++task) {
        EXPECT_EQ(a[task].records, b[task].records) << how_to_repeat(seed);
        EXPECT_EQ(a[task].cuts, b[task].cuts) << how_to_repeat(seed);
      }
    }
  }
}

}  // namespace
}  // namespace penstock::sim
