// tests/sim/sim_run.h -- steps a whole job on one thread, in an order that a seed decides, up to its end.
//
// Which task goes next, how many records it may take, when a barrier is asked for, when the job is told to end, and how
// fast the clock goes are drawn from the schedule's seed; the same seed gives the same run to the last record.
// Threads    One.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/core/base/random.h"
#include "penstock/core/runtime/engine.h"

namespace penstock::sim {

enum class Ending { kByItself, kDrain, kFinish };

struct Schedule {
  std::uint64_t seed = 0;
  Ending ending = Ending::kByItself;
  std::uint32_t workers = 1;
  std::size_t ring_slots = 64;
  std::size_t budget_max = 64;  // Records that a step may take.
  FiringPace firing{};
  std::uint64_t steps_max = 4000;  // After so many at most, every task gets its turn.
  double epochs = 0.01;            // Barriers asked for per step.
};
// A schedule of random shape; tasks take turns as `seed` says.
Schedule random_schedule(std::uint64_t seed);
std::string describe(const Schedule& schedule);

// Records that had passed some place before each barrier.
using Cuts = std::vector<std::pair<Epoch, std::uint64_t>>;
// How many of `all` had passed when `epoch` did: all of them when it came after the end, nothing when it was skipped.
std::optional<std::uint64_t> cut_at(const Cuts& cuts, Epoch epoch, std::uint64_t all);

class SimRun {
 public:
  SimRun(const Plan& plan, const Schedule& schedule);

  // What went wrong; empty: nothing.
  std::string run();

  const JobMetrics& metrics() const { return metrics_; }
  Ending ending() const { return schedule_.ending; }

 private:
  void run_randomly();
  void step_some_task();
  bool run_to_the_end();
  void end();
  StepOutcome step(std::size_t task);
  bool all_done() const;
  std::string describe_tasks() const;

  Schedule schedule_;
  Random random_;
  VirtualClock clock_;
  std::unique_ptr<Engine> engine_;
  Status failure_;
  std::vector<bool> done_;
  std::size_t favourite_ = 0;
  std::optional<std::size_t> starved_;
  JobMetrics metrics_;
  std::string plan_text_;
};

// What to type to see a failure again.
std::string how_to_repeat(const char* suite, std::uint64_t seed);
// PENSTOCK_SIM_SEED: one seed, in place of all. PENSTOCK_SIM_SEEDS: how many are tried, from PENSTOCK_SIM_FIRST on.
std::optional<std::uint64_t> only_seed();
std::uint64_t first_seed();
std::uint64_t number_of_seeds(std::uint64_t by_default);
// Seeds that have found something once, and what: tests/seeds/SUITE.txt, a number and a few words a line. Tests run
// them before all others; not where one seed is asked for.
struct KeptSeed {
  std::uint64_t seed = 0;
  std::string story;
};
std::vector<KeptSeed> kept_seeds(const std::string& suite);

}  // namespace penstock::sim
