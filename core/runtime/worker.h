// core/runtime/worker.h -- one thread stepping its tasks by hand; everything else waits elsewhere.
//
// Threads    step() and run() belong to one thread: the engine's, the caller's, or a test's. wake(), request_stop(),
//            metrics() may be called by any.
// Progress   step() does a bounded amount of work, reads the clock once and hands it down. run() spins and parks as
//            its IdleStrategy says; whoever gives it work wakes it (see core/ring/parker.h).
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/ring/idle_strategy.h"
#include "penstock/core/ring/parker.h"
#include "penstock/core/runtime/task.h"

namespace penstock {

struct WorkerOptions {
  WorkerId id;
  WaitProfile profile = WaitProfile::kBalanced;
  std::chrono::nanoseconds spin_limit{50'000};
  std::chrono::nanoseconds timer_lateness{100'000};
  std::size_t batch_max = 1024;  // Records per task and step: reached under full load only.
};

class Worker final : public Waker {
 public:
  Worker(WorkerOptions options, const Clock& clock)
      : options_(options), clock_(clock), idle_(options.profile, options.spin_limit) {}

  // REQUIRES: before the first step. The tasks outlive the worker's last step.
  void add_task(Task* task) { tasks_.push_back(task); }
  // What a wake-up costs on this machine: how long to spin before parking. REQUIRES: before the first step.
  void set_spin_limit(std::chrono::nanoseconds limit) noexcept {
    options_.spin_limit = limit;
    idle_ = IdleStrategy(options_.profile, limit);
  }
  // How late a sleep with a deadline ends on this machine. REQUIRES: before the first step.
  void set_timer_lateness(std::chrono::nanoseconds lateness) noexcept {
    options_.timer_lateness = lateness;
  }

  Status open_tasks();
  // One round over the tasks. kFailed: failed_task() says which.
  StepOutcome step();
  // Steps until every task has finished, one has failed, or request_stop() was called.
  StepOutcome run();
  // Closes whatever has not finished. After it no user code of this worker's tasks runs.
  void abandon_tasks();

  void wake() noexcept override { parker_.wake(); }
  void wake_if_parked() noexcept override { parker_.wake_if_parked(); }
  void request_stop() noexcept {
    stop_.store(true, std::memory_order_relaxed);
    parker_.wake();
  }

  Parker& parker() noexcept { return parker_; }
  WorkerId id() const noexcept { return options_.id; }
  const Task* failed_task() const noexcept { return failed_task_; }
  WorkerMetrics metrics() const;

 private:
  void account(Instant now) noexcept;
  void rest(Instant now, StepOutcome outcome);
  Instant next_deadline() const noexcept;

  WorkerOptions options_;
  const Clock& clock_;
  IdleStrategy idle_;
  std::vector<Task*> tasks_;
  const Task* failed_task_ = nullptr;
  Instant stepped_at_ = kNever;
  StepOutcome last_outcome_ = StepOutcome::kIdle;
  Counter busy_ns_;
  Counter blocked_ns_;
  Counter idle_ns_;
  Counter steps_;
  Parker parker_;
  std::atomic<bool> stop_{false};
};

}  // namespace penstock
