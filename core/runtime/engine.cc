#include "penstock/core/runtime/engine.h"

#include <algorithm>
#include <condition_variable>
#include <optional>
#include <utility>

#include "penstock/core/base/cpu.h"
#include "penstock/core/base/random.h"

namespace penstock {

struct Engine::Shared {
  mutable std::mutex mutex;
  std::condition_variable changed;
  Status outcome;
  std::size_t opened = 0;
  std::size_t ended = 0;
  std::size_t started = 0;
  bool stopping = false;
  std::uint64_t epochs = 0;
};

// Around whatever may call user code: tells calls that come back in from there, and destroys an engine that was given
// up in there once its thread is out of it. Scopes nest: a callback may step another engine by hand.
class Engine::Scope {
 public:
  explicit Scope(Engine& engine) noexcept
      : engine_(engine), outer_(std::exchange(innermost, this)) {}
  ~Scope() {
    innermost = outer_;
    if (orphan_ == nullptr) return;
    if (own_thread_) orphan_->threads_[*own_thread_]->detach();  // Nobody can join itself.
  }
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  void on_thread(std::size_t index) noexcept { own_thread_ = index; }

  // Of this thread; null when it is not inside that engine.
  static Scope* of(const Engine& engine) noexcept {
    Scope* scope = innermost;
    while (scope != nullptr && &scope->engine_ != &engine) scope = scope->outer_;
    return scope;
  }
  void adopt(std::unique_ptr<Engine> orphan) noexcept { orphan_ = std::move(orphan); }

 private:
  static thread_local Scope* innermost;
  Engine& engine_;
  Scope* outer_;
  std::optional<std::size_t> own_thread_;
  std::unique_ptr<Engine> orphan_;
};

constinit thread_local Engine::Scope* Engine::Scope::innermost = nullptr;

namespace {

// What one of `tasks` may have, rounded up.
std::uint64_t share_of(std::uint64_t whole, std::uint32_t tasks) {
  return whole / tasks + (whole % tasks == 0 ? 0 : 1);
}

// A stage that differs in parallelism from the one before it cannot pass records task by task.
ExchangeKind resolved_kind(ExchangeKind kind, std::uint32_t producers, std::uint32_t consumers) {
  return kind == ExchangeKind::kForward && producers != consumers ? ExchangeKind::kRebalance : kind;
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::build(const Plan& plan, const EngineOptions& options) {
  if (Status status = check(options); !status.ok()) return status;
  if (Status status = plan.validate(); !status.ok()) return status;
  std::unique_ptr<Engine> engine(new Engine(options));
  if (Status status = engine->build_tasks(plan); !status.ok()) return status;
  return engine;
}

Engine::Engine(const EngineOptions& options)
    : options_(options), shared_(std::make_unique<Shared>()) {
  if (options_.clock == nullptr) {
    own_clock_ = std::make_unique<RealClock>();
    options_.clock = own_clock_.get();
  }
  if (options_.notices == nullptr) {
    own_notices_ = std::make_unique<StandardErrorNotices>();
    options_.notices = own_notices_.get();
  }
  if (options_.file_system == nullptr) {
    own_file_system_ = make_posix_file_system();
    options_.file_system = own_file_system_.get();
  }
  if (options_.scheduler == nullptr) {
    own_scheduler_ = make_thread_scheduler();
    options_.scheduler = own_scheduler_.get();
  }
  if (options_.seed == 0) options_.seed = random_seed();
  if (options_.state_bytes_max == 0) options_.state_bytes_max = default_state_bytes();
  state_memory_ = std::make_unique<MemoryBudget>(options_.state_bytes_max);
}

Engine::~Engine() {
  PENSTOCK_CHECK(Scope::of(*this) == nullptr);
  stop();
}

void Engine::end(std::unique_ptr<Engine> engine) {
  Scope* scope = Scope::of(*engine);
  engine->stop();
  if (scope != nullptr) scope->adopt(std::move(engine));
}

Status Engine::build_tasks(const Plan& plan) {
  for (std::uint32_t i = 0; i < options_.workers; ++i) {
    WorkerOptions worker{.id = {i}, .profile = options_.profile, .batch_max = options_.batch_max};
    workers_.push_back(std::make_unique<Worker>(worker, *options_.clock));
  }
  const std::vector<std::uint32_t> counts = resolve_parallelism(plan, options_.workers);
  for (const ExchangeSpec& exchange : plan.exchanges()) {
    const std::uint32_t producers = counts[exchange.from.value];
    const std::uint32_t consumers = counts[exchange.to.value];
    channels_.push_back(exchange.make_channels({producers, consumers,
                                                resolved_kind(exchange.kind, producers, consumers),
                                                options_.ring_slots, options_.ring_bytes}));
  }
  connect_rings(plan, counts);
  PENSTOCK_RETURN_IF_ERROR(open_checkpoints(plan, counts));
  for (std::uint32_t stage = 0; stage < plan.stages().size(); ++stage) {
    PENSTOCK_RETURN_IF_ERROR(build_stage(plan, {stage}, counts));
  }
  return Status();
}

Status Engine::open_checkpoints(const Plan& plan, const std::vector<std::uint32_t>& counts) {
  if (options_.checkpoint.directory.empty()) return Status();
  const auto progress = [this] {
    std::uint64_t sum = 0;
    for (const auto& task : tasks_) sum += task->progress();
    return sum;
  };
  checkpoints_ = std::make_unique<EngineCheckpoints>(
      options_.checkpoint, *options_.file_system, *options_.clock, *options_.notices,
      EngineCheckpoints::Job{.name = options_.job_name,
                             .control = &control_,
                             .wake = [this] { wake_all(); },
                             .fail = [this](const Status& status) { fail(status); },
                             .progress = progress});
  return checkpoints_->open(plan, counts);
}

void Engine::connect_rings(const Plan& plan, const std::vector<std::uint32_t>& counts) {
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    const ExchangeSpec& exchange = plan.exchanges()[i];
    for (std::uint32_t producer = 0; producer < counts[exchange.from.value]; ++producer) {
      for (std::uint32_t consumer = 0; consumer < counts[exchange.to.value]; ++consumer) {
        const WorkerId from = place_task(producer, options_.workers);
        const WorkerId to = place_task(consumer, options_.workers);
        if (from == to || !channels_[i]->has_channel(producer, consumer)) continue;
        channels_[i]->connect(producer, consumer, &workers_[from.value]->parker(),
                              &workers_[to.value]->parker());
      }
    }
  }
}

Status Engine::build_stage(const Plan& plan, StageId stage,
                           const std::vector<std::uint32_t>& counts) {
  const StageSpec& spec = plan.stages()[stage.value];
  for (std::uint32_t index = 0; index < counts[stage.value]; ++index) {
    StageWiring wiring;
    wiring.task_index = index;
    for (std::size_t i = 0; i < channels_.size(); ++i) {
      const ExchangeSpec& exchange = plan.exchanges()[i];
      if (exchange.to == stage)
        wiring.inputs.push_back({channels_[i].get(), counts[exchange.from.value]});
      if (exchange.from != stage) continue;
      const std::uint32_t consumers = counts[exchange.to.value];
      wiring.outputs.push_back({exchange.output, channels_[i].get(), consumers,
                                resolved_kind(exchange.kind, counts[stage.value], consumers)});
    }
    Result<std::unique_ptr<StageBody>> body = spec.make_body(wiring);
    if (!body.ok()) return body.status().with_place("stage \"" + spec.name + "\"");
    const WorkerId worker = place_task(index, options_.workers);
    TaskContext context;
    context.stage_name = spec.name;
    context.task_index = index;
    context.task_count = counts[stage.value];
    context.key_groups = key_groups_of_task(index, counts[stage.value]);
    context.seed = options_.seed;
    context.state_keys_max =
        std::min(options_.state_keys_max, share_of(spec.state_keys_max, counts[stage.value]));
    context.state_keys_expected = share_of(spec.state_keys_expected, counts[stage.value]);
    context.state_memory = state_memory_.get();
    context.state_backend = options_.state_backend.get();
    context.state_disk = "stage-" + std::to_string(stage.value) + "-task-" + std::to_string(index) +
                         "-of-" + std::to_string(counts[stage.value]);
    context.firing = options_.firing;
    context.clock = options_.clock;
    context.file_system = options_.file_system;
    context.notices = options_.notices;
    context.waker = workers_[worker.value].get();
    SnapshotPort* port = nullptr;
    if (checkpoints_ != nullptr) {
      context.takes_snapshots = true;
      context.restored_epoch = checkpoints_->restored();
      context.may_drop_state = options_.checkpoint.allow_dropped_state;
      context.checkpoint_folder = options_.checkpoint.directory;
      context.source_log = checkpoints_->source_log(stage);
      port = checkpoints_->add_task(stage, index, counts[stage.value]);
    }
    tasks_.push_back(std::make_unique<Task>(std::move(*body), std::move(context), control_, port));
    workers_[worker.value]->add_task(tasks_.back().get());
    task_workers_.push_back(worker);
    task_stages_.push_back(stage);
  }
  return Status();
}

Status Engine::start() {
  PENSTOCK_CHECK(threads_.empty() && !opened_by_hand_);
  const CpuPlan cpus = options_.pin_workers ? choose_worker_cpus(workers_.size()) : CpuPlan{};
  shared_->started = workers_.size();
  if (options_.profile == WaitProfile::kBalanced) {
    const std::chrono::nanoseconds wake_cost = calibrate_wake_cost();
    const std::chrono::nanoseconds lateness = calibrate_timer_lateness();
    for (auto& worker : workers_) {
      worker->set_spin_limit(wake_cost);
      worker->set_timer_lateness(lateness);
    }
  }
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const std::optional<int> cpu = options_.pin_workers ? cpus.worker_cpus[i] : std::nullopt;
    Worker& worker = *workers_[i];
    Result<std::unique_ptr<ThreadHandle>> thread =
        options_.scheduler->spawn({.name = "penstock-" + std::to_string(i), .cpu = cpu},
                                  [this, &worker] { run_worker(worker); });
    if (!thread.ok()) {
      {
        const std::lock_guard lock(shared_->mutex);
        shared_->started = threads_.size();
      }
      fail(thread.status());  // Those already there wait for the others: it tells them not to.
      return thread.status();
    }
    threads_.push_back(std::move(*thread));
  }
  if (checkpoints_ == nullptr) return Status();
  const Status started = checkpoints_->start();
  if (!started.ok()) fail(started);
  return started;
}

Status Engine::open_tasks(Worker& worker) {
  PENSTOCK_RETURN_IF_ERROR(worker.open_tasks());
  if (checkpoints_ == nullptr) return Status();
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    if (task_workers_[i] == worker.id())
      PENSTOCK_RETURN_IF_ERROR(checkpoints_->restore(*tasks_[i], task_stages_[i]));
  }
  return Status();
}

void Engine::run_worker(Worker& worker) {
  Scope scope(*this);
  scope.on_thread(worker.id().value);
  if (open_together(worker) && worker.run() == StepOutcome::kFailed)
    note_failure(*worker.failed_task());
  worker.abandon_tasks();
  if (worker.failed_task() != nullptr) note_failure(*worker.failed_task());
  const std::lock_guard lock(shared_->mutex);
  ++shared_->ended;
  shared_->changed.notify_all();
}

// Nobody reads before everybody is open: a schedule starts with the first poll, and opening a large state takes time.
bool Engine::open_together(Worker& worker) {
  const Status status = open_tasks(worker);
  if (!status.ok()) fail(status);
  std::unique_lock lock(shared_->mutex);
  ++shared_->opened;
  shared_->changed.notify_all();
  shared_->changed.wait(
      lock, [this] { return shared_->opened == shared_->started || shared_->stopping; });
  return !shared_->stopping;
}

StepOutcome Engine::note_failure(const Task& task) {
  fail(task.failure().with_place("stage \"" + task.stage_name() + "\""));
  return StepOutcome::kFailed;
}

void Engine::fail(const Status& status) {
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->outcome.ok()) shared_->outcome = status;
    shared_->stopping = true;
    shared_->changed.notify_all();
  }
  for (auto& worker : workers_) worker->request_stop();
  if (checkpoints_ != nullptr) checkpoints_->refuse_savepoints(status);
}

void Engine::command(SourceCommand command) noexcept {
  control_.source_command.store(command, std::memory_order_relaxed);
  wake_all();
}

void Engine::drain() noexcept { command(SourceCommand::kDrain); }
void Engine::finish() noexcept { command(SourceCommand::kFinish); }

void Engine::wake_all() noexcept {
  for (auto& worker : workers_) worker->wake();
}

void Engine::ask_to_stop() noexcept {
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->stopping = true;
    shared_->changed.notify_all();
  }
  for (auto& worker : workers_) worker->request_stop();
}

void Engine::stop() {
  ask_to_stop();
  if (opened_by_hand_) stopped_by_hand_ = true;
  if (Scope::of(*this) != nullptr) return;  // run_worker() or by_hand() does the rest.
  for (auto& thread : threads_) thread->join();
  threads_.clear();
  if (checkpoints_ != nullptr) checkpoints_->stop();
  if (stopped_by_hand_) abandon_by_hand();
}

void Engine::abandon_by_hand() {
  for (auto& worker : workers_) worker->abandon_tasks();
}

Status Engine::wait() {
  if (Scope::of(*this) != nullptr) {
    return Status::failed_precondition(
        "wait() was called in a callback of the job that it would wait for: call it from another "
        "thread, or end the job here with stop() or drain()");
  }
  {
    std::unique_lock lock(shared_->mutex);
    shared_->changed.wait(lock, [this] { return shared_->ended == shared_->started; });
  }
  return status();
}

bool Engine::wait_for(std::chrono::nanoseconds timeout) {
  if (Scope::of(*this) != nullptr) return false;
  std::unique_lock lock(shared_->mutex);
  return shared_->changed.wait_for(lock, timeout,
                                   [this] { return shared_->ended == shared_->started; });
}

Epoch Engine::request_epoch() noexcept {
  if (checkpoints_ != nullptr) return {control_.requested_epoch.load(std::memory_order_relaxed)};
  const std::lock_guard lock(shared_->mutex);
  const std::uint64_t epoch = ++shared_->epochs;
  control_.requested_epoch.store(epoch, std::memory_order_relaxed);
  wake_all();
  return {epoch};
}

Result<Epoch> Engine::savepoint(std::chrono::nanoseconds timeout) {
  if (checkpoints_ == nullptr) {
    return Status::failed_precondition(
        "the job has no folder for savepoints: give it one in Options::checkpoint.directory");
  }
  const bool has_threads = [this] {
    const std::lock_guard lock(shared_->mutex);
    return shared_->started > 0;
  }();
  if (in_callback() || !has_threads) {
    return Status::failed_precondition(
        "savepoint() waits for the job, which would wait for it: call it on another thread than "
        "the job's own");
  }
  return checkpoints_->savepoint(timeout);
}

bool Engine::in_callback() const noexcept { return Scope::of(*this) != nullptr; }

Epoch Engine::restored_epoch() const noexcept {
  return checkpoints_ == nullptr ? Epoch{} : checkpoints_->restored();
}

Epoch Engine::completed_epoch() const noexcept {
  // A finished task passes no more barriers and holds nobody back; when all have finished, whatever passed one task has
  // passed all behind it.
  Epoch least{~0ULL};
  Epoch highest;
  for (const auto& task : tasks_) {
    const TaskMetrics metrics = task->metrics();
    highest = std::max(highest, metrics.epoch);
    if (!metrics.finished) least = std::min(least, metrics.epoch);
  }
  return std::min(least, highest);
}

Status Engine::status() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->outcome;
}

JobMetrics Engine::metrics() const {
  JobMetrics result;
  for (std::size_t i = 0; i < tasks_.size(); ++i) {
    result.tasks.push_back(tasks_[i]->metrics());
    result.tasks.back().worker = task_workers_[i];
  }
  for (const auto& worker : workers_) result.workers.push_back(worker->metrics());
  if (checkpoints_ != nullptr) result.checkpoints = checkpoints_->metrics();
  return result;
}

Status Engine::open_by_hand() {
  PENSTOCK_CHECK(threads_.empty());
  if (std::exchange(opened_by_hand_, true)) return status();
  for (auto& worker : workers_) {
    if (Status opened = open_tasks(*worker); !opened.ok()) fail(opened);
  }
  return status();
}

template <class Step>
StepOutcome Engine::by_hand(Step step) {
  if (Scope::of(*this) != nullptr)
    return StepOutcome::kIdle;  // The step that called us is not over.
  const Scope scope(*this);
  if (!open_by_hand().ok()) return StepOutcome::kFailed;
  if (!stopped_by_hand_) {
    const StepOutcome outcome = step();
    if (!stopped_by_hand_) return outcome;
    abandon_by_hand();  // A callback asked for it.
  }
  return status().ok() ? StepOutcome::kFinished : StepOutcome::kFailed;
}

StepOutcome Engine::step() {
  return by_hand([this] { return step_workers(); });
}

void Engine::step_checkpoints() {
  if (checkpoints_ != nullptr) checkpoints_->step(options_.clock->now());
}

StepOutcome Engine::step_workers() {
  step_checkpoints();
  StepOutcome round = StepOutcome::kFinished;
  for (auto& worker : workers_) {
    const StepOutcome outcome = worker->step();
    if (outcome == StepOutcome::kFailed) return note_failure(*worker->failed_task());
    if (outcome == StepOutcome::kWorked || round == StepOutcome::kFinished) round = outcome;
  }
  return round;
}

StepOutcome Engine::step_task(std::size_t task, std::size_t budget) {
  return by_hand([this, task, budget] {
    const StepOutcome outcome = tasks_[task]->step(options_.clock->now(), budget);
    return outcome == StepOutcome::kFailed ? note_failure(*tasks_[task]) : outcome;
  });
}

}  // namespace penstock
