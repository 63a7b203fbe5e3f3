#include "penstock/tests/sim/kafka_run.h"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <utility>

#include "penstock/core/base/hash.h"
#include "penstock/core/runtime/restart_policy.h"

namespace penstock::sim {
namespace {

class Silence final : public Notices {
 public:
  void post(const Notice&) noexcept override {}
};
Silence silence;

constexpr std::uint64_t kForever = ~std::uint64_t{0};
constexpr int kRoundsMax = 20'000;
constexpr int kStartsMax = 500;
constexpr double kOvertakenInDoubt = 0.5;

}  // namespace

KafkaSchedule random_kafka_schedule(std::uint64_t seed) {
  Random random(hash_bits(seed + 61));
  KafkaSchedule schedule{.seed = seed, .shape = random_schedule(seed)};
  schedule.interval = std::chrono::microseconds(1 + random.below(random.chance(0.5) ? 500 : 8000));
  schedule.coordinator = 0.05 + random.uniform() * 0.5;
  schedule.rare = random.chance(0.5);
  const std::uint64_t stops = 1 + random.below(6);
  for (std::uint64_t i = 0; i < stops; ++i) {
    const auto blow = static_cast<Blow>(random.below(kBlows));
    const std::uint64_t steps = random.below(random.chance(0.5) ? 200 : 1500);
    schedule.stops.push_back({steps, blow, random.below(random.chance(0.5) ? 30 : 300)});
  }
  const auto tasks = static_cast<std::uint32_t>(1 + random.below(4));
  schedule.keyed_tasks = {tasks};
  if (random.chance(0.5)) schedule.keyed_tasks.push_back(1 + (tasks + random.below(3)) % 4);
  return schedule;
}

std::string describe(const KafkaSchedule& schedule) {
  std::string text = describe(schedule.shape) + ", an epoch each " +
                     std::to_string(schedule.interval.count()) + " us, runs of";
  for (const KafkaStop& stop : schedule.stops)
    text +=
        " " + std::to_string(stop.after_steps) + "/" + std::to_string(static_cast<int>(stop.blow));
  return text + (schedule.rare ? ", with rare behaviour" : "");
}

std::uint64_t KafkaOutcome::faults() const {
  return std::accumulate(hits.begin(), hits.end(), std::uint64_t{0}) +
         std::accumulate(blows.begin(), blows.end(), std::uint64_t{0});
}

KafkaRun::KafkaRun(KafkaSchedule schedule)
    : schedule_(std::move(schedule)),
      random_(hash_bits(schedule_.seed + 62)),
      events_(kafka_job_events(schedule_.seed)),
      kafka_(schedule_.seed, clock_),
      disk_(std::make_unique<SimFileSystem>(schedule_.seed)),
      doubts_(hash_bits(schedule_.seed + 63)) {
  clock_.advance(std::chrono::seconds(1));
  create_topics(kafka_.broker(), schedule_.seed);
  if (schedule_.defect) kafka_.have(*schedule_.defect);
  if (schedule_.rare) rare_.emplace(schedule_.seed);
}

KafkaOutcome KafkaRun::run() {
  const bool made =
      disk_->create_directories(kCountsFolder).ok() && disk_->sync_directory("/").ok();
  outcome_.defect = made ? run_all() : "the disk cannot be used";
  outcome_.rows = reader_.rows();
  outcome_.timed_out = kafka_.broker().timed_out();
  outcome_.late_commits_done = kafka_.late_commits_done();
  outcome_.late_commits_refused = kafka_.late_commits_refused();
  outcome_.made_anew = kafka_.made_anew();
  outcome_.fenced = kafka_.fenced();
  outcome_.hits = kafka_.hits();
  return outcome_;
}

std::string KafkaRun::run_all() {
  for (const KafkaStop& stop : schedule_.stops) {
    if (std::string defect = run_until(stop); !defect.empty()) return defect;
  }
  std::string defect = run_to_the_end();
  return defect.empty() ? check() : defect;
}

Status KafkaRun::start() {
  if (rare_) rare_->rest(false);
  drains_ = false;
  const auto& tasks = schedule_.keyed_tasks;
  life_ = {};
  life_.keyed_tasks = tasks[outcome_.starts++ % tasks.size()];
  life_.process = std::make_shared<SimKafka::Process>();
  dies_of_its_disk(*life_.process);
  life_.job = make_kafka_job(events_, life_.keyed_tasks, kafka_.maker(life_.process));
  EngineOptions options{.workers = schedule_.shape.workers,
                        .ring_slots = schedule_.shape.ring_slots,
                        .seed = 1 + random_.below(1000),
                        .clock = &clock_,
                        .file_system = disk_.get(),
                        .notices = &silence,
                        .job_name = "kafka job"};
  options.firing = schedule_.shape.firing;
  options.checkpoint.directory = "/checkpoints";
  options.checkpoint.interval = schedule_.interval;
  options.checkpoint.timeout = kTransactionTimeout / 4;
  Result<std::unique_ptr<Engine>> engine = Engine::build(life_.job->plan(), options);
  if (!engine.ok()) return engine.status();
  life_.engine = std::move(*engine);
  life_.done.assign(life_.engine->task_count(), false);
  Status opened = life_.engine->open_by_hand();
  life_.process->on_doubt = [this, process = life_.process.get()] {
    if (process == life_.process.get() && !drains_ && doubts_.chance(kOvertakenInDoubt))
      be_overtaken_in_doubt();
  };
  return opened;
}

void KafkaRun::dies_of_its_disk(SimKafka::Process& process) {
  process.lives = [this] { return disk_->calls() <= dies_at_call_; };
  process.on_death = [this] { disk_->fail_call(0, EIO, SimFileSystem::Repeat::kForever); };
}

// As whoever starts a job again and again.
std::string KafkaRun::come_up() {
  for (int starts = 0; starts < kStartsMax; ++starts) {
    const Status started = start();
    if (started.ok()) {
      const std::uint64_t epoch = life_.engine->restored_epoch().value;
      note("from epoch " + std::to_string(epoch));
      outcome_.restored += epoch > 0 ? 1 : 0;
      outcome_.rescaled += epoch > 0 && last_tasks_ != life_.keyed_tasks ? 1 : 0;
      last_tasks_ = life_.keyed_tasks;
      return "";
    }
    if (life_.process->is_dead()) {
      note("died at its start");
      end(life_, random_.chance(0.5));
    } else if (RestartPolicy::may_pass(started)) {
      ++outcome_.failures;
      note("not started: " + started.to_string());
      life_ = {};
    } else {
      return "at its start: " + started.to_string();
    }
    kafka_.pass(std::chrono::seconds(1));
  }
  return "the job does not start any more";
}

void KafkaRun::step(Life& life) {
  if (random_.chance(schedule_.coordinator)) return life.engine->step_checkpoints();
  const std::size_t task = random_.below(life.done.size());
  const StepOutcome outcome =
      life.engine->step_task(task, 1 + random_.below(schedule_.shape.budget_max));
  life.done[task] = outcome == StepOutcome::kFinished || outcome == StepOutcome::kFailed;
}

void KafkaRun::turn() {
  clock_.advance(std::chrono::microseconds(random_.below(200)));
  if (random_.chance(0.3)) kafka_.step();
  step(zombie_moves() && random_.chance(0.3) ? zombie_ : life_);
}

void KafkaRun::step_all() {
  kafka_.pass(std::chrono::milliseconds(1));
  life_.engine->step_checkpoints();
  for (std::size_t task = 0; task < life_.done.size(); ++task) {
    const StepOutcome outcome = life_.engine->step_task(task, 64);
    life_.done[task] = outcome == StepOutcome::kFinished || outcome == StepOutcome::kFailed;
  }
}

bool KafkaRun::all_done() const {
  return std::all_of(life_.done.begin(), life_.done.end(), [](bool done) { return done; });
}

std::string KafkaRun::look_after() {
  if (!defect_of_doubt_.empty()) return defect_of_doubt_;
  if (doubt_ == Doubt::kWakes) {
    doubt_ = Doubt::kOver;
    if (zombie_.engine->status().ok()) let_zombie_win();
  }
  if (life_.process->is_dead()) {
    note("died");
    end(life_, random_.chance(0.5));
    return come_up();
  }
  const Status status = life_.engine->status();
  if (status.ok()) return "";
  const bool by_zombie = status.code() == StatusCode::kFailedPrecondition && doubt_ != Doubt::kNone;
  if (!by_zombie && !RestartPolicy::may_pass(status)) return status.to_string();
  note("failed: " + status.to_string());
  ++outcome_.failures;
  life_ = {};
  kafka_.pass(std::chrono::seconds(1));
  return come_up();
}

std::string KafkaRun::run_until(const KafkaStop& stop) {
  std::string defect = life_.engine == nullptr ? come_up() : "";
  if (defect.empty() && stop.blow == Blow::kAtDiskCall) {
    dies_at_call_ = disk_->calls() + stop.disk_calls;
    disk_->fail_call(dies_at_call_, EIO, SimFileSystem::Repeat::kForever);
  }
  for (std::uint64_t i = 0; defect.empty() && i < stop.after_steps && !all_done(); ++i) {
    turn();
    defect = look_after();
    if (defect.empty() && i % 8 == 0) defect = read();
  }
  return defect.empty() ? strike(stop) : defect;
}

std::string KafkaRun::strike(const KafkaStop& stop) {
  ++outcome_.blows[static_cast<std::size_t>(stop.blow)];
  switch (stop.blow) {
    case Blow::kKilled:
    case Blow::kPowerCut:
    case Blow::kAtDiskCall:
      end(life_, stop.blow != Blow::kKilled);
      return read();
    case Blow::kZombie:
      leave_zombie();
      return read();
    case Blow::kPause:
      clock_.advance(kTransactionTimeout + std::chrono::seconds(1));
      kafka_.step();
      return read();
    case Blow::kDrained:
      drains_ = true;
      life_.engine->drain();
      break;
  }
  if (rare_) rare_->rest(true);
  for (int round = 0; life_.engine != nullptr && !all_done() && round < kRoundsMax; ++round) {
    step_all();
    const bool over = life_.process->is_dead() || !life_.engine->status().ok();
    if (std::string defect = look_after(); over || !defect.empty()) return defect;
  }
  if (!all_done()) return "the drained job hangs";
  life_ = {};
  return read();
}

// What destructors still do must not come to the disk, nor to the cluster.
void KafkaRun::end(Life& life, bool power_cut) {
  kafka_.kill(*life.process);
  SimFileSystem& disk = &life == &zombie_ ? *zombie_disk_ : *disk_;
  disk.fail_call(0, EIO, SimFileSystem::Repeat::kForever);
  life = {};
  disk.clear_faults();
  if (power_cut) disk.crash();
  dies_at_call_ = kForever;
}

void KafkaRun::leave_zombie() {
  bury_zombie();
  zombie_ = std::move(life_);
  doubt_ = Doubt::kNone;
  zombie_disk_ = std::move(disk_);
  lives_on_without_disk_faults(*zombie_.process);
  disk_ = zombie_disk_->copy(random_.below(1'000'000));
}

void KafkaRun::lives_on_without_disk_faults(SimKafka::Process& zombie) {
  zombie.lives = [] { return true; };
  zombie.on_death = [this] { zombie_disk_->fail_call(0, EIO, SimFileSystem::Repeat::kForever); };
  zombie_disk_->clear_faults();
  dies_at_call_ = kForever;
}

// It has woken before the other one had committed anything: it is the one that goes on.
void KafkaRun::let_zombie_win() {
  note("the one in doubt has won");
  ++outcome_.won_in_doubt;
  std::swap(life_, zombie_);
  std::swap(disk_, zombie_disk_);
  dies_of_its_disk(*life_.process);
  lives_on_without_disk_faults(*zombie_.process);
  doubt_ = Doubt::kNone;
}

void KafkaRun::bury_zombie() {
  if (zombie_.engine == nullptr) return;
  const std::uint64_t dies_at = dies_at_call_;
  end(zombie_, false);
  dies_at_call_ = dies_at;
  zombie_disk_.reset();
}

// Called from within a step of the life that becomes the zombie.
void KafkaRun::be_overtaken_in_doubt() {
  if (doubt_ == Doubt::kStandsStill) return;
  ++outcome_.overtaken_in_doubt;
  note("overtaken in doubt");
  leave_zombie();
  doubt_ = Doubt::kStandsStill;
  defect_of_doubt_ = come_up();
  const std::uint64_t steps = doubts_.below(600);
  for (std::uint64_t i = 0; defect_of_doubt_.empty() && i < steps && !all_done(); ++i) {
    turn();
    defect_of_doubt_ = look_after();
  }
  doubt_ = Doubt::kWakes;
}

std::string KafkaRun::run_to_the_end() {
  std::string defect = life_.engine == nullptr ? come_up() : "";
  const std::uint64_t steps = random_.below(1500);
  for (std::uint64_t i = 0; defect.empty() && i < steps && !all_done(); ++i) {
    turn();
    defect = look_after();
    if (defect.empty() && i % 8 == 0) defect = read();
  }
  kafka_.rest();
  for (int round = 0; defect.empty() && !all_done(); ++round) {
    if (rare_) rare_->rest(true);
    if (round == kRoundsMax) return "the job hangs";
    step_all();
    if (zombie_moves()) step(zombie_);
    defect = look_after();
  }
  return defect;
}

std::string KafkaRun::read() {
  return defect_of_doubt_.empty() ? reader_.read(kafka_.broker()) : defect_of_doubt_;
}

std::string KafkaRun::check() {
  bury_zombie();
  life_ = {};
  kafka_.step();
  kafka_.broker().settle();
  if (std::string defect = read(); !defect.empty()) return defect;
  if (std::string lost = reader_.missing(events_); !lost.empty()) return lost;
  if (kafka_.broker().open_transactions() > 0) return "a transaction stays open";
  return defect_of_file(*disk_, events_);
}

}  // namespace penstock::sim
