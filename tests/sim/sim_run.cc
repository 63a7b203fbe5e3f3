#include "penstock/tests/sim/sim_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>

#include "penstock/core/base/hash.h"

namespace penstock::sim {

Schedule random_schedule(std::uint64_t seed) {
  Random random(hash_bits(seed));
  Schedule schedule{.seed = seed};
  schedule.ending = static_cast<Ending>(random.below(3));
  schedule.workers = static_cast<std::uint32_t>(1 + random.below(4));
  schedule.ring_slots = std::size_t{2} << random.below(6);
  schedule.budget_max = std::size_t{1} << random.below(7);
  schedule.firing.slice = random.chance(0.4) ? 1 : 1 + random.below(64);
  schedule.firing.per_record = random.below(4) * random.below(12);
  schedule.steps_max = random.below(6000);
  schedule.epochs = random.uniform() * 0.03;
  return schedule;
}

std::string describe(const Schedule& schedule) {
  return std::to_string(schedule.workers) + " workers, rings of " +
         std::to_string(schedule.ring_slots) + ", batches up to " +
         std::to_string(schedule.budget_max) + ", slices of " +
         std::to_string(schedule.firing.slice) + " or " +
         std::to_string(schedule.firing.per_record) + " per record, ending " +
         std::to_string(static_cast<int>(schedule.ending));
}

std::optional<std::uint64_t> cut_at(const Cuts& cuts, Epoch epoch, std::uint64_t all) {
  for (const auto& [passed, records] : cuts) {
    if (passed == epoch) return records;
    if (passed > epoch) return std::nullopt;
  }
  return all;
}

SimRun::SimRun(const Plan& plan, const Schedule& schedule)
    : schedule_(schedule), random_(hash_bits(schedule.seed + 1)), plan_text_(plan.to_string()) {
  EngineOptions options{.workers = schedule.workers,
                        .ring_slots = schedule.ring_slots,
                        .seed = 1 + schedule.seed,
                        .clock = &clock_};
  options.firing = schedule.firing;
  Result<std::unique_ptr<Engine>> engine = Engine::build(plan, options);
  if (engine.ok()) engine_ = std::move(*engine);
  failure_ = engine.status();
}

std::string SimRun::run() {
  if (!failure_.ok()) return failure_.to_string();
  done_.resize(engine_->task_count());
  run_randomly();
  const bool ended = run_to_the_end();
  metrics_ = engine_->metrics();
  if (!ended) return "the job hangs:\n" + describe_tasks();
  return engine_->status().ok() ? "" : engine_->status().to_string();
}

void SimRun::run_randomly() {
  const std::uint64_t steps = random_.below(schedule_.steps_max + 1);
  const std::uint64_t ends_at = random_.below(steps + 1);
  favourite_ = random_.below(engine_->task_count());
  if (random_.chance(0.5)) starved_ = random_.below(engine_->task_count());
  for (std::uint64_t i = 0; i < steps && !all_done(); ++i) {
    clock_.advance(std::chrono::microseconds(random_.below(200)));
    if (i == ends_at) end();
    if (random_.chance(schedule_.epochs)) engine_->request_epoch();
    step_some_task();
  }
}

void SimRun::step_some_task() {
  const std::size_t task = random_.chance(0.2) ? favourite_ : random_.below(engine_->task_count());
  if (task == starved_ && random_.chance(0.95)) return;
  step(task);
}

void SimRun::end() {
  if (schedule_.ending == Ending::kDrain) engine_->drain();
  if (schedule_.ending == Ending::kFinish) engine_->finish();
}

StepOutcome SimRun::step(std::size_t task) {
  const StepOutcome outcome = engine_->step_task(task, 1 + random_.below(schedule_.budget_max));
  done_[task] = outcome == StepOutcome::kFinished || outcome == StepOutcome::kFailed;
  return outcome;
}

bool SimRun::all_done() const {
  return std::all_of(done_.begin(), done_.end(), [](bool done) { return done; });
}

// Every task gets its turn, and time passes: it must end in a bounded number of rounds.
bool SimRun::run_to_the_end() {
  for (int round = 0; round < 100'000; ++round) {
    clock_.advance(std::chrono::milliseconds(1));
    for (std::size_t task = 0; task < done_.size(); ++task) {
      if (step(task) == StepOutcome::kFailed) return true;
    }
    if (all_done()) return true;
  }
  return false;
}

std::string SimRun::describe_tasks() const {
  std::string text = plan_text_;
  for (const TaskMetrics& task : metrics_.tasks) {
    text += task.stage + "[" + std::to_string(task.index) + "] in " +
            std::to_string(task.records_in) + " out " + std::to_string(task.records_out) +
            " queued " + std::to_string(task.queued) + "/" + std::to_string(task.queue_capacity) +
            " watermark " + std::to_string(task.watermark.micros) + " held by " +
            std::to_string(task.watermark_held_by_channel) + " epoch " +
            std::to_string(task.epoch.value) + (task.finished ? " finished\n" : "\n");
  }
  return text;
}

namespace {
std::optional<std::uint64_t> number_from(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt
                         : std::optional<std::uint64_t>(std::strtoull(text, nullptr, 10));
}
}  // namespace

std::string how_to_repeat(const char* suite, std::uint64_t seed) {
  return "repeat: PENSTOCK_SIM_SEED=" + std::to_string(seed) +
         " tests/penstock_sim_tests --gtest_filter=" + suite + ".*";
}
std::optional<std::uint64_t> only_seed() { return number_from("PENSTOCK_SIM_SEED"); }
std::uint64_t first_seed() {
  return only_seed().value_or(number_from("PENSTOCK_SIM_FIRST").value_or(0));
}
std::uint64_t number_of_seeds(std::uint64_t by_default) {
  return only_seed() ? 1 : number_from("PENSTOCK_SIM_SEEDS").value_or(by_default);
}

std::vector<KeptSeed> kept_seeds(const std::string& suite) {
  std::vector<KeptSeed> seeds;
  if (only_seed()) return seeds;
  std::ifstream file(std::string(PENSTOCK_SEEDS_DIR) + "/" + suite + ".txt");
  EXPECT_TRUE(file.good()) << "no tests/seeds/" << suite << ".txt";
  for (KeptSeed kept; file >> kept.seed && std::getline(file >> std::ws, kept.story);)
    seeds.push_back(kept);
  EXPECT_TRUE(file.eof()) << "tests/seeds/" << suite
                          << ".txt: a line is not a number and its story";
  return seeds;
}

}  // namespace penstock::sim
