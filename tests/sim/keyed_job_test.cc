// Whole jobs of windows, sessions and timers on one thread, stepped in random order. What comes out must equal a naive
// answer made of all events at once, whatever the order of steps, the rings, the slices, the parallelism and the idle
// sources; and at every barrier, the rows before it must be those that its records give. A failure names its seed;
// PENSTOCK_SIM_SEED repeats it, PENSTOCK_SIM_SEEDS sets how many are tried.
#include "penstock/tests/sim/keyed_job.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/sim/keyed_simulation.h"

namespace penstock::sim {
namespace {

constexpr std::uint64_t kSeeds = kInstrumented ? 100 : 300;
constexpr std::uint64_t kContents = 25;

struct Tally {
  std::uint64_t cuts = 0;
  std::uint64_t rows = 0;
  std::uint64_t late = 0;
  std::map<std::string, std::uint64_t> sinks;  // With rows, by name.

  void add(const KeyedSimulation& simulation) {
    cuts += simulation.cuts_checked();
    for (const auto& sink : simulation.made().sinks) {
      for (const RowTaskTrace& task : sink->tasks) rows += task.rows.size();
      for (const SimEvents& task : sink->late) late += task.size();
      sinks[sink->name] += simulation.rows_of(*sink).empty() ? 0 : 1;
    }
  }
};

// Runs all seeds, or the one that is asked for; a quarter of them with sources that may fall behind and be late.
Tally run_all(const char* suite, std::uint64_t seeds) {
  Tally tally;
  const std::uint64_t first = only_seed().value_or(0);
  for (std::uint64_t seed = first; seed < first + number_of_seeds(seeds); ++seed) {
    KeyedSimulation simulation(
        {.content = seed, .dealing = seed, .shape = seed, .may_be_late = seed % 4 == 3},
        random_schedule(seed));
    EXPECT_EQ(simulation.run(), "") << how_to_repeat(suite, seed);
    if (testing::Test::HasFailure()) break;
    tally.add(simulation);
  }
  return tally;
}

TEST(KeyedJob, GivesWhatANaiveAnswerGivesAtTheEndAndAtEveryBarrier) {
  const Tally tally = run_all("KeyedJob", kSeeds);
  RecordProperty("cuts", std::to_string(tally.cuts));
  RecordProperty("rows", std::to_string(tally.rows));
  RecordProperty("late", std::to_string(tally.late));
  if (HasFailure() || number_of_seeds(kSeeds) < kSeeds) return;
  EXPECT_GT(tally.cuts, 10 * kSeeds) << "too few barriers to show anything";
  EXPECT_GT(tally.rows, 100 * kSeeds);
  EXPECT_GT(tally.late, kSeeds / 4);
  EXPECT_EQ(tally.sinks.size(), 7u);
  for (const auto& [name, with_rows] : tally.sinks) EXPECT_GT(with_rows, kSeeds / 15) << name;
}

TEST(KeyedJobThatLostWindows, GivesThemAll) {
  for (const KeptSeed& kept : kept_seeds("KeyedJobThatLostWindows")) {
    Schedule schedule = random_schedule(kept.seed);
    schedule.ending = Ending::kByItself;
    KeyedSimulation simulation({.content = 67, .dealing = 68, .shape = 69}, schedule);
    EXPECT_EQ(simulation.run(), "") << "schedule " << kept.seed << ": " << kept.story;
  }
}

// ---- the same events another way: the same answer ----

// Rows of each key in the order in which they came, sink by sink; where nothing is late that order is promised.
using Answer = std::vector<std::map<std::pair<What, std::uint32_t>, SimRows>>;

struct Variation {
  const char* name;
  std::uint64_t dealing = 0;
  std::uint64_t shape = 0;
  Schedule schedule{};
};

Answer answer_of(std::uint64_t content, const Variation& variation) {
  KeyedSimulation simulation({.content = content,
                              .dealing = variation.dealing,
                              .shape = variation.shape,
                              .with_wishes = false},
                             variation.schedule);
  EXPECT_EQ(simulation.run(), "") << variation.name;
  Answer answer;
  for (const auto& sink : simulation.made().sinks) {
    auto& rows_of_key = answer.emplace_back();
    if (!sink->of_event_time) continue;
    for (const RowTaskTrace& task : sink->tasks) {
      for (const SimRow& row : task.rows) rows_of_key[{row.what, row.key}].push_back(row);
    }
  }
  return answer;
}

std::vector<Variation> variations(std::uint64_t content) {
  const Schedule plain{.seed = content, .steps_max = 3000};
  Schedule other_order = plain;
  other_order.seed = content + 1;
  Schedule small_rings = plain;
  small_rings.ring_slots = 2;
  Schedule small_steps = plain;
  small_steps.budget_max = 1;
  Schedule small_slices = plain;
  small_slices.firing = {.slice = 1, .per_record = 0};
  Schedule workers = plain;
  workers.workers = 3;
  return {{"base", content, content, plain},
          {"arrivals permuted inside the bound, other sources", content + 1, content, plain},
          {"other parallelism and exchanges", content, content + 1, plain},
          {"other order of steps", content, content, other_order},
          {"rings of two", content, content, small_rings},
          {"steps of one record", content, content, small_steps},
          {"slices of one", content, content, small_slices},
          {"three workers", content, content, workers}};
}

TEST(KeyedJobSameAnswer, HoweverItIsDealtShapedAndStepped) {
  for (std::uint64_t content = only_seed().value_or(0), end = content + number_of_seeds(kContents);
       content < end && !HasFailure(); ++content) {
    const std::vector<Variation> all = variations(content);
    const Answer base = answer_of(content, all.front());
    for (const Variation& variation : all) {
      EXPECT_EQ(answer_of(content, variation), base)
          << variation.name << "; " << how_to_repeat("KeyedJobSameAnswer", content);
    }
  }
}

// ---- one source far ahead of the other ----

// Two tasks of one source, and one keyed task that counts tumbling windows of a hundred events.
class SkewTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kEvents = 4000;
  static constexpr std::int64_t kApartMicros = 100;
  static constexpr std::size_t kFast = 0, kSlow = 1, kKeyed = 2;

  SkewTest() {
    SimEvents events;
    for (std::uint64_t id = 0; id < kEvents; ++id)
      events.push_back({0, static_cast<std::uint32_t>(id % 7), id, 1,
                        static_cast<std::int64_t>(id) * kApartMicros});
    job_.source(ListSource({{events, events}, Pausing::kNever}))
        .parallelism(2)
        .event_time(&SkewTest::time_of, {.idle_after = {}})
        .key_by(&SimEvent::key)
        .parallelism(1)
        .window(tumbling(std::chrono::microseconds(100 * kApartMicros)))
        .late_to(SideOutput<SimEvent>(
            "late"))  // Records are not added up before: they are what is counted here.
        .count()
        .for_each([this](const auto& window) noexcept { counted_ += window.value; });
    auto engine = Engine::build(job_.plan(), {.ring_slots = 64, .seed = 1, .clock = &clock_});
    EXPECT_TRUE(engine.ok());
    engine_ = std::move(*engine);
    EXPECT_EQ(engine_->task_count(), 3u);
  }
  static EventTime time_of(const SimEvent& event) noexcept { return {event.time}; }
  void step(std::initializer_list<std::size_t> tasks) {
    for (const std::size_t task : tasks) engine_->step_task(task, 32);
  }
  std::uint64_t taken() const { return engine_->metrics().tasks[kKeyed].records_in; }
  void expect_all_windows_at_the_end() {
    for (int i = 0; i < 10'000; ++i) step({kFast, kSlow, kKeyed});
    const TaskMetrics keyed = engine_->metrics().tasks[kKeyed];
    EXPECT_TRUE(keyed.finished);
    EXPECT_EQ(keyed.late, 0u);
    EXPECT_EQ(counted_, 2 * kEvents);
  }

  VirtualClock clock_;
  Job job_{"skew"};
  std::uint64_t counted_ = 0;
  std::unique_ptr<Engine> engine_;
};

TEST_F(SkewTest, ASourceThatRunsFarAheadIsHeldBackAndNothingIsLate) {
  step({kSlow});
  for (int i = 0; i < 1000; ++i) step({kFast, kKeyed});
  EXPECT_LT(taken(), 300u) << "a window of the slow source's time, and what stood in the ring";
  expect_all_windows_at_the_end();
}
TEST_F(SkewTest, WhatTheOthersDoNotBringInTimeIsNotWaitedForForEver) {
  step({kSlow});
  for (int i = 0; i < 1000; ++i) {
    clock_.advance(std::chrono::milliseconds(20));
    step({kFast, kKeyed});
  }
  EXPECT_GT(taken(), 2000u);
  expect_all_windows_at_the_end();
}

}  // namespace
}  // namespace penstock::sim
