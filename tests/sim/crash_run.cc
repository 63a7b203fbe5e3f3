#include "penstock/tests/sim/crash_run.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>

#include "penstock/core/base/hash.h"
#include "penstock/tests/sim/keyed_simulation.h"
#include "penstock/tests/sim/protocol_check.h"

namespace penstock::sim {
namespace {

class Silence final : public Notices {
 public:
  void post(const Notice&) noexcept override {}
};
Silence silence;

constexpr int kRoundsMax = 100'000;

}  // namespace

CrashSchedule random_crashes(std::uint64_t seed) {
  Random random(hash_bits(seed + 31));
  CrashSchedule schedule{.seed = seed, .shape = random_schedule(seed)};
  schedule.interval = std::chrono::microseconds(1 + random.below(random.chance(0.5) ? 500 : 8000));
  schedule.coordinator = 0.02 + random.uniform() * 0.5;
  const std::uint64_t stops = 1 + random.below(5);
  for (std::uint64_t i = 0; i < stops; ++i)
    schedule.stops.push_back({random.below(random.chance(0.5) ? 300 : 2500), random.chance(0.15)});
  schedule.rare = random.chance(0.6);
  return schedule;
}

std::string describe(const CrashSchedule& schedule) {
  std::string text = describe(schedule.shape) + ", an epoch each " +
                     std::to_string(schedule.interval.count()) + " us, runs of";
  for (const Stop& stop : schedule.stops)
    text += " " + std::to_string(stop.after_steps) + (stop.drains ? " (drained)" : "");
  return text + (schedule.rare ? ", with rare behaviour" : "");
}

CrashRun::CrashRun(const KeyedJobSeeds& seeds, CrashSchedule schedule)
    : seeds_(seeds),
      schedule_(std::move(schedule)),
      random_(hash_bits(schedule_.seed + 77)),
      files_(schedule_.seed) {
  if (schedule_.rare) rare_.emplace(schedule_.seed);
  trace_protocol(&events_);
}

CrashOutcome CrashRun::run() {
  outcome_.defect = run_all();
  // A broken rule says more than what came of it.
  if (std::string broken = ProtocolCheck().check(events_); !broken.empty())
    outcome_.defect = std::move(broken);
  outcome_.events = events_.size();
  if (rare_) outcome_.rare = rare_->hits();
  return outcome_;
}

std::string CrashRun::run_all() {
  for (const Stop& stop : schedule_.stops) {
    if (std::string defect = run_until(stop); !defect.empty()) return defect;
  }
  std::string defect = run_to_the_end();
  return defect.empty() ? check() : defect;
}

Status CrashRun::start() {
  if (rare_) rare_->rest(false);
  if (const auto& tasks = schedule_.keyed_tasks; !tasks.empty())
    seeds_.keyed_tasks = tasks[runs_ % tasks.size()];
  ++runs_;
  made_ = make_keyed_job(seeds_, &ledger_);
  EngineOptions options{.workers = schedule_.shape.workers,
                        .ring_slots = schedule_.shape.ring_slots,
                        .seed = 1 + random_.below(1000),
                        .clock = &clock_,
                        .file_system = &files_,
                        .notices = &silence};
  options.firing = schedule_.shape.firing;
  options.checkpoint.directory = "/checkpoints";
  options.checkpoint.interval = schedule_.interval;
  Result<std::unique_ptr<Engine>> engine = Engine::build(made_.job->plan(), options);
  if (!engine.ok()) return engine.status();
  engine_ = std::move(*engine);
  done_.assign(engine_->task_count(), false);
  PENSTOCK_RETURN_IF_ERROR(engine_->open_by_hand());
  outcome_.restored += engine_->restored_epoch().value > 0 ? 1 : 0;
  return Status();
}

void CrashRun::step() {
  clock_.advance(std::chrono::microseconds(random_.below(200)));
  if (random_.chance(schedule_.coordinator)) return engine_->step_checkpoints();
  const std::size_t task = random_.below(engine_->task_count());
  const StepOutcome outcome =
      engine_->step_task(task, 1 + random_.below(schedule_.shape.budget_max));
  done_[task] = outcome == StepOutcome::kFinished || outcome == StepOutcome::kFailed;
}

void CrashRun::step_all() {
  clock_.advance(std::chrono::milliseconds(1));
  engine_->step_checkpoints();
  for (std::size_t task = 0; task < done_.size(); ++task) {
    const StepOutcome outcome = engine_->step_task(task, 64);
    done_[task] = outcome == StepOutcome::kFinished || outcome == StepOutcome::kFailed;
  }
}

bool CrashRun::all_done() const {
  return std::all_of(done_.begin(), done_.end(), [](bool done) { return done; });
}

std::string CrashRun::run_until(const Stop& stop) {
  if (Status started = start(); !started.ok()) return "at its start: " + started.to_string();
  for (std::uint64_t i = 0; i < stop.after_steps && !all_done(); ++i) step();
  if (stop.drains) engine_->drain();
  if (stop.drains && rare_) rare_->rest(true);
  for (int round = 0; stop.drains && !all_done(); ++round) {
    if (round == kRoundsMax) return "the drained job hangs";
    step_all();
  }
  if (!engine_->status().ok()) return engine_->status().to_string();
  tell();
  crash();
  return "";
}

void CrashRun::tell() {
  const JobMetrics metrics = engine_->metrics();
  outcome_.epochs += metrics.checkpoints.completed;
  outcome_.story += "from epoch " + std::to_string(engine_->restored_epoch().value) + " to " +
                    std::to_string(metrics.checkpoints.newest.value);
  for (const TaskMetrics& task : metrics.tasks) {
    outcome_.story += " " + task.stage + "/" + std::to_string(task.index) + " " +
                      std::to_string(task.records_in) +
                      (task.late > 0 ? " late " + std::to_string(task.late) : "") +
                      (task.finished ? "." : "");
  }
  outcome_.story += "\n";
}

// What destructors still do to files must not come to the disk.
void CrashRun::crash() {
  files_.fail_call(0, EIO, SimFileSystem::Repeat::kForever);
  engine_.reset();
  events_.push_back({ProtocolStep::kCrashed});
  files_.clear_faults();
  files_.crash();
}

std::string CrashRun::run_to_the_end() {
  if (Status started = start(); !started.ok()) return "at its start: " + started.to_string();
  const std::uint64_t steps = random_.below(3000);
  for (; outcome_.steps < steps && !all_done(); ++outcome_.steps) step();
  if (rare_) rare_->rest(true);
  for (int round = 0; !all_done(); ++round) {
    if (round == kRoundsMax) {
      tell();
      return "the job hangs";
    }
    step_all();
  }
  tell();
  return engine_->status().ok() ? "" : engine_->status().to_string();
}

std::string CrashRun::check() const {
  SimEvents sent;
  for (const SimEvents& task : made_.sent) sent.insert(sent.end(), task.begin(), task.end());
  for (const auto& sink : made_.sinks) {
    if (!sink->defect->empty()) return sink->name + ": " + *sink->defect;
    if (!sink->of_event_time) continue;
    SimRows rows;
    std::map<std::pair<What, std::uint32_t>, std::int64_t> newest;
    for (const Published<SimRow>& task : *sink->published) {
      for (const SimRow& row : task.all) {
        auto [before, is_first] = newest.try_emplace({row.what, row.key}, row.end);
        if (!is_first && row.end <= before->second && row.what != What::kUpdatedWindow)
          return sink->name + ": rows of a key out of order, or doubled";
        before->second = row.end;
        rows.push_back(row);
      }
    }
    rows = sorted(std::move(rows));
    const SimRows wanted = sorted(sink->naive(sent));
    if (const auto row = missing(rows, wanted))
      return sink->name + ": a row that should not be: " + testing::PrintToString(*row);
    if (const auto row = missing(wanted, rows))
      return sink->name + ": lost " + testing::PrintToString(*row);
  }
  return "";
}

}  // namespace penstock::sim
