#include "penstock/api/job_run.h"

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "penstock/core/base/helper_thread.h"
#include "penstock/core/base/random.h"

namespace penstock {
namespace {

std::string seconds_of(std::chrono::nanoseconds time) {
  const auto tenths = (time + std::chrono::milliseconds(50)) / std::chrono::milliseconds(100);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

// Lives as long as its thread does: that may be longer than the JobRun, if that goes in a callback.
class JobRun::Supervisor {
 public:
  Supervisor(std::unique_ptr<Engine> first, const Options& options, std::string name, Build build)
      : options_(options),
        name_("job \"" + std::move(name) + "\""),
        build_(std::move(build)),
        policy_(options.restarts, options.seed != 0 ? options.seed : random_seed()),
        engine_(std::move(first)) {
    if (options_.clock == nullptr) options_.clock = &real_clock_;
    if (options_.notices == nullptr) options_.notices = &standard_error_;
  }

  static Status start(const std::shared_ptr<Supervisor>& self) {
    Result<std::unique_ptr<ThreadHandle>> thread =
        spawn_helper("restarts", [self] { self->supervise(); });
    if (!thread.ok()) return thread.status();
    self->thread_ = std::move(*thread);
    return Status();
  }
  // Of the JobRun. In a callback the thread goes on alone and ends what there is.
  void leave() {
    const bool alone = in_callback();
    ask(Wish::kStop);
    if (alone) return thread_->detach();
    thread_->join();
  }

  enum class Wish { kRun, kDrain, kFinish, kStop };
  void ask(Wish wish) {
    const std::lock_guard lock(mutex_);
    wish_ = std::max(wish_, wish);
    if (engine_ != nullptr) pass_on(wish);
    changed_.notify_all();
  }
  void stop() {
    const bool alone = in_callback();
    ask(Wish::kStop);
    if (!alone) wait_until_over();
  }
  Status wait() {
    if (in_callback()) {
      const std::lock_guard lock(mutex_);
      return engine_->wait();  // It refuses.
    }
    wait_until_over();
    return status();
  }
  bool wait_for(std::chrono::nanoseconds timeout) {
    if (in_callback()) return false;
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, timeout, [this] { return over_; });
  }
  Status status() const {
    const std::lock_guard lock(mutex_);
    return outcome_;
  }
  JobMetrics metrics() const {
    const std::lock_guard lock(mutex_);
    JobMetrics metrics = engine_ != nullptr ? engine_->metrics() : last_metrics_;
    metrics.restarts = restarts_;
    return metrics;
  }
  Result<Epoch> savepoint(std::chrono::nanoseconds timeout) {
    Engine* engine = nullptr;
    {
      const std::lock_guard lock(mutex_);
      engine = engine_.get();
      if (engine != nullptr) ++guests_;
    }
    if (engine == nullptr)
      return Status(StatusCode::kUnavailable, name_ + " has failed and waits for its next start");
    Result<Epoch> epoch = engine->savepoint(timeout);
    const std::lock_guard lock(mutex_);
    --guests_;
    changed_.notify_all();
    return epoch;
  }

 private:
  bool in_callback() const {
    const std::lock_guard lock(mutex_);
    return engine_ != nullptr && engine_->in_callback();
  }
  // REQUIRES: the lock, an engine.
  void pass_on(Wish wish) {
    if (wish == Wish::kDrain) engine_->drain();
    if (wish == Wish::kFinish) engine_->finish();
    if (wish == Wish::kStop) engine_->ask_to_stop();
  }
  void wait_until_over() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return over_; });
  }

  void supervise() {
    Status outcome;
    do {
      policy_.started(options_.clock->now());
      outcome = engine_->wait();
    } while (!outcome.ok() && run_again(outcome));
    if (engine_ != nullptr) engine_->stop();
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    over_ = true;
    changed_.notify_all();
  }

  // True when another engine runs; else `outcome` is that of the job.
  bool run_again(Status& outcome) {
    for (;;) {
      const bool asked = wish() != Wish::kRun;
      const auto wait = asked ? std::nullopt : policy_.failed(outcome, options_.clock->now());
      if (!wait) {
        if (!asked && RestartPolicy::may_pass(outcome))
          outcome = outcome.with_place(name_ + " was started again " +
                                       std::to_string(policy_.number()) + " times and failed");
        return false;
      }
      tell(outcome, *wait);
      let_go();
      if (!rest(*wait)) return false;
      Status started = start_next();
      if (started.ok()) return true;
      outcome = std::move(started);
    }
  }
  Wish wish() const {
    const std::lock_guard lock(mutex_);
    return wish_;
  }
  void tell(const Status& failure, std::chrono::nanoseconds wait) const {
    options_.notices->post({Severity::kError, name_,
                            "failed: " + failure.to_string() + "; start " +
                                std::to_string(policy_.number()) + " of " +
                                std::to_string(policy_.options().max) + " after it in " +
                                seconds_of(wait) + ", from the newest checkpoint"});
  }
  // The folder of checkpoints is free afterwards.
  void let_go() {
    std::unique_ptr<Engine> old;
    {
      const std::lock_guard lock(mutex_);
      if (engine_ == nullptr) return;
      last_metrics_ = engine_->metrics();
      old = std::move(engine_);
    }
    old->stop();
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return guests_ == 0; });
    // From here on what this run has made durable counts, not what the user chose for the first start.
    if (last_metrics_.checkpoints.completed == 0) return;
    options_.checkpoint.restore_from = {};
    options_.checkpoint.begin_anew = false;
  }
  // False: the job is to end.
  bool rest(std::chrono::nanoseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [this] { return wish_ != Wish::kRun; });
  }
  Status start_next() {
    Result<std::unique_ptr<Engine>> next = build_(options_);
    if (!next.ok()) return next.status();
    PENSTOCK_RETURN_IF_ERROR((*next)->start());
    const std::lock_guard lock(mutex_);
    engine_ = std::move(*next);
    ++restarts_;
    if (wish_ != Wish::kRun) pass_on(wish_);
    return Status();
  }

  Options options_;
  const std::string name_;
  const Build build_;
  RealClock real_clock_;
  StandardErrorNotices standard_error_;
  RestartPolicy policy_;
  std::unique_ptr<ThreadHandle> thread_;

  mutable std::mutex
      mutex_;  // Of what follows; only supervise() changes `engine_`, and reads it without.
  std::condition_variable changed_;
  std::unique_ptr<Engine> engine_;
  Wish wish_ = Wish::kRun;
  int guests_ = 0;  // Threads that use the engine outside of the lock.
  Status outcome_;
  bool over_ = false;
  JobMetrics last_metrics_;
  std::uint32_t restarts_ = 0;
};

JobRun::JobRun(std::unique_ptr<Engine> engine) : engine_(engine.release()) {}

Result<std::unique_ptr<JobRun>> JobRun::with_restarts(std::unique_ptr<Engine> first,
                                                      const Options& options, std::string name,
                                                      Build build) {
  auto run = std::make_unique<JobRun>(nullptr);
  run->supervisor_ =
      std::make_shared<Supervisor>(std::move(first), options, std::move(name), std::move(build));
  if (Status status = Supervisor::start(run->supervisor_); !status.ok()) {
    run->supervisor_.reset();
    return status;
  }
  return run;
}

JobRun::~JobRun() {
  if (supervisor_ != nullptr) supervisor_->leave();
}

void JobRun::drain() {
  supervisor_ != nullptr ? supervisor_->ask(Supervisor::Wish::kDrain) : engine_->drain();
}
void JobRun::finish() {
  supervisor_ != nullptr ? supervisor_->ask(Supervisor::Wish::kFinish) : engine_->finish();
}
void JobRun::stop() { supervisor_ != nullptr ? supervisor_->stop() : engine_->stop(); }
Status JobRun::wait() { return supervisor_ != nullptr ? supervisor_->wait() : engine_->wait(); }
bool JobRun::wait_for(std::chrono::nanoseconds timeout) {
  return supervisor_ != nullptr ? supervisor_->wait_for(timeout) : engine_->wait_for(timeout);
}
Status JobRun::status() const {
  return supervisor_ != nullptr ? supervisor_->status() : engine_->status();
}
JobMetrics JobRun::metrics() const {
  return supervisor_ != nullptr ? supervisor_->metrics() : engine_->metrics();
}
Result<Epoch> JobRun::savepoint(std::chrono::nanoseconds timeout) {
  return supervisor_ != nullptr ? supervisor_->savepoint(timeout) : engine_->savepoint(timeout);
}

}  // namespace penstock
