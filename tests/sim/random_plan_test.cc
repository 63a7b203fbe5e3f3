// Whole plans on one thread, stepped in random order: what arrives, and what had arrived at each barrier, must equal a
// naive evaluation of what the sources had sent. A failure names its seed; PENSTOCK_SIM_SEED repeats it,
// PENSTOCK_SIM_SEEDS sets how many are tried.
#include "penstock/tests/sim/random_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <set>
#include <string>

namespace penstock::sim {
namespace {

constexpr std::uint64_t kSeeds = 300;

enum class Ending { kByItself, kDrain, kFinish };

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed)
      : random_(hash_bits(seed)), plan_(make_random_plan(seed)) {
    ending_ = static_cast<Ending>(random_.below(3));
    EngineOptions options{.workers = static_cast<std::uint32_t>(1 + random_.below(4)),
                          .ring_slots = std::size_t{2} << random_.below(6),
                          .seed = 1 + seed,
                          .clock = &clock_};
    Result<std::unique_ptr<Engine>> engine = Engine::build(plan_.job->plan(), options);
    if (engine.ok()) engine_ = std::move(*engine);
    failure_ = engine.status();
  }

  // What went wrong; empty: nothing.
  std::string run() {
    if (!failure_.ok()) return failure_.to_string();
    done_.resize(engine_->task_count());
    run_randomly();
    if (!run_to_the_end()) return "the job hangs:\n" + describe();
    if (!engine_->status().ok()) return engine_->status().to_string();
    return check();
  }

  std::uint64_t cuts_checked() const { return cuts_checked_; }
  const SimTrace& trace() const { return plan_.trace; }

 private:
  void run_randomly() {
    const std::uint64_t steps = random_.below(4000);
    const std::uint64_t ends_at = random_.below(steps + 1);
    const std::size_t favourite = random_.below(engine_->task_count());
    const double epochs = random_.uniform() * 0.03;
    for (std::uint64_t i = 0; i < steps; ++i) {
      clock_.advance(std::chrono::microseconds(random_.below(200)));
      if (i == ends_at) end();
      if (random_.chance(epochs)) engine_->request_epoch();
      step(random_.chance(0.2) ? favourite : random_.below(engine_->task_count()));
    }
  }

  void end() {
    if (ending_ == Ending::kDrain) engine_->drain();
    if (ending_ == Ending::kFinish) engine_->finish();
  }

  StepOutcome step(std::size_t task) {
    const StepOutcome outcome = engine_->step_task(task, 1 + random_.below(64));
    done_[task] = outcome == StepOutcome::kFinished || outcome == StepOutcome::kFailed;
    return outcome;
  }

  // Every task gets its turn, and time passes: it must end in a bounded number of rounds.
  bool run_to_the_end() {
    for (int round = 0; round < 100'000; ++round) {
      clock_.advance(std::chrono::milliseconds(1));
      for (std::size_t task = 0; task < done_.size(); ++task) {
        if (step(task) == StepOutcome::kFailed) return true;
      }
      if (std::all_of(done_.begin(), done_.end(), [](bool done) { return done; })) return true;
    }
    return false;
  }

  std::string describe() const {
    std::string text = plan_.job->plan().to_string();
    for (const TaskMetrics& task : engine_->metrics().tasks) {
      text += task.stage + "[" + std::to_string(task.index) + "] in " +
              std::to_string(task.records_in) + " out " + std::to_string(task.records_out) +
              " queued " + std::to_string(task.queued) + "/" + std::to_string(task.queue_capacity) +
              " epoch " + std::to_string(task.epoch.value) + (task.finished ? " finished\n" : "\n");
    }
    return text;
  }

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
      if (ending_ != Ending::kDrain && task.watermark != kMaxEventTime) return "no end of time";
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
      const std::optional<std::uint64_t> cut = cut_at(*source, epoch, source->sent);
      if (!cut) return std::nullopt;
      prefix[id] = *cut;
    }
    return prefix;
  }
  static std::optional<std::uint64_t> cut_at(const TaskTrace& trace, Epoch epoch,
                                             std::uint64_t all) {
    for (const auto& [passed, records] : trace.cuts) {
      if (passed == epoch) return records;
      if (passed > epoch) return std::nullopt;
    }
    return all;
  }

  static bool equal(const SinkTrace& sink, const Prefix& prefix, std::optional<Epoch> epoch) {
    SimRecords seen;
    for (const TaskTrace& task : sink.tasks) {
      const std::uint64_t all = task.records.size();
      const std::uint64_t count = epoch ? cut_at(task, *epoch, all).value_or(all) : all;
      seen.insert(seen.end(), task.records.begin(),
                  task.records.begin() + static_cast<std::ptrdiff_t>(count));
    }
    SimRecords wanted = sink.naive(prefix);
    std::sort(seen.begin(), seen.end());
    std::sort(wanted.begin(), wanted.end());
    return seen == wanted;
  }

  Random random_;
  RandomPlan plan_;
  VirtualClock clock_;
  std::unique_ptr<Engine> engine_;
  Status failure_;
  Ending ending_;
  std::vector<bool> done_;
  std::uint64_t cuts_checked_ = 0;
};

std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt
                         : std::optional<std::uint64_t>(std::strtoull(text, nullptr, 10));
}

std::string how_to_repeat(std::uint64_t seed) {
  return "repeat: PENSTOCK_SIM_SEED=" + std::to_string(seed) +
         " tests/penstock_sim_tests --gtest_filter=RandomPlan.*";
}

TEST(RandomPlan, GivesWhatANaiveEvaluationGivesAtTheEndAndAtEveryBarrier) {
  const std::optional<std::uint64_t> only = number_from("PENSTOCK_SIM_SEED");
  const std::uint64_t first = only.value_or(0);
  const std::uint64_t count = only ? 1 : number_from("PENSTOCK_SIM_SEEDS").value_or(kSeeds);
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
