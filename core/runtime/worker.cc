#include "penstock/core/runtime/worker.h"

#include <algorithm>

#include "penstock/core/base/cpu.h"

namespace penstock {

Status Worker::open_tasks() {
  // All of them even when one fails: every task is closed in the end, and only what was opened can be.
  Status first;
  for (Task* task : tasks_) {
    const Status status = task->open();
    if (first.ok()) first = status;
  }
  return first;
}

StepOutcome Worker::step() {
  const Instant now = clock_.now();
  account(now);
  bool worked = false;
  bool blocked = false;
  bool running = false;
  for (Task* task : tasks_) {
    const StepOutcome outcome = task->step(now, options_.batch_max);
    if (outcome == StepOutcome::kFailed) {
      failed_task_ = task;
      return last_outcome_ = StepOutcome::kFailed;
    }
    worked |= outcome == StepOutcome::kWorked;
    blocked |= outcome == StepOutcome::kBlocked;
    running |= outcome != StepOutcome::kFinished;
  }
  if (!running) return last_outcome_ = StepOutcome::kFinished;
  last_outcome_ = worked    ? StepOutcome::kWorked
                  : blocked ? StepOutcome::kBlocked
                            : StepOutcome::kIdle;
  return last_outcome_;
}

StepOutcome Worker::run() {
  while (!stop_.load(std::memory_order_relaxed)) {
    const StepOutcome outcome = step();
    if (outcome == StepOutcome::kFailed || outcome == StepOutcome::kFinished) return outcome;
    if (outcome == StepOutcome::kWorked) {
      idle_.on_work(stepped_at_);
    } else {
      rest(stepped_at_, outcome);
    }
  }
  return StepOutcome::kIdle;
}

// Sleeps only after one more step with the sleep announced has found nothing: an element published before the
// announcement is seen by that step, one published after it wakes the parker.
void Worker::rest(Instant now, StepOutcome outcome) {
  // A timer that is due sooner than a sleep would end is met by spinning; a later one ends the sleep that much early.
  const Instant deadline = next_deadline();
  const bool due_soon = deadline != kNever && deadline - now <= options_.timer_lateness;
  if (idle_.on_idle(now) == Idle::kSpin || due_soon) return cpu_relax();
  if (outcome == StepOutcome::kBlocked) {
    for (Task* task : tasks_) task->request_space();
  }
  parker_.prepare_park();
  const StepOutcome last = stop_.load(std::memory_order_relaxed) ? StepOutcome::kWorked : step();
  if (last == StepOutcome::kIdle ||
      (last == StepOutcome::kBlocked && outcome == StepOutcome::kBlocked)) {
    const Instant wake_at = next_deadline();
    parker_.park_until(wake_at == kNever ? kNever : wake_at - options_.timer_lateness);
  } else {
    parker_.cancel_park();
    if (last == StepOutcome::kWorked) idle_.on_work(stepped_at_);
  }
}

void Worker::abandon_tasks() {
  for (Task* task : tasks_) {
    const Status status = task->abandon();
    // The first failure is the job's; what closing adds to it is its consequence.
    if (!status.ok() && failed_task_ == nullptr) failed_task_ = task;
  }
}

Instant Worker::next_deadline() const noexcept {
  Instant deadline = kNever;
  for (const Task* task : tasks_) deadline = std::min(deadline, task->wake_at());
  return deadline;
}

// The time since the step before belongs to what that step did; parked time follows an idle or blocked one.
void Worker::account(Instant now) noexcept {
  steps_.add(1);
  if (stepped_at_ != kNever && now > stepped_at_) {
    const auto passed = static_cast<std::uint64_t>((now - stepped_at_).count());
    Counter& share = last_outcome_ == StepOutcome::kWorked    ? busy_ns_
                     : last_outcome_ == StepOutcome::kBlocked ? blocked_ns_
                                                              : idle_ns_;
    share.add(passed);
  }
  stepped_at_ = now;
}

WorkerMetrics Worker::metrics() const {
  WorkerMetrics result;
  result.worker = options_.id;
  const double busy = static_cast<double>(busy_ns_.get());
  const double blocked = static_cast<double>(blocked_ns_.get());
  const double idle = static_cast<double>(idle_ns_.get());
  const double total = std::max(1.0, busy + blocked + idle);
  result.busy_share = busy / total;
  result.blocked_share = blocked / total;
  result.idle_share = idle / total;
  result.steps = steps_.get();
  result.sleeps = parker_.sleeps();
  return result;
}

}  // namespace penstock
