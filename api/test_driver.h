// api/test_driver.h -- runs a job by hand on a virtual clock: tests of pipelines without threads, sleeps or luck.
//
//   TestDriver driver(job);
//   input.push(payment);
//   driver.run_until_idle();
//   EXPECT_EQ(alerts.values(), ...);
//   driver.advance(5s);          // idle timeouts and processing-time timers see it
//   driver.finish();             // end of time: everything comes out
//
// Threads    Everything happens on the calling thread, inside these calls.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "penstock/api/job.h"

namespace penstock {

struct TestDriverOptions {
  EventTime wall_start{};       // What the clock's time of day says at first.
  std::size_t ring_slots = 64;  // Small, so that tests see back-pressure.
  std::size_t ring_bytes = std::size_t{1} << 16;
  std::size_t batch_max = 16;
  std::uint64_t seed = 1;
  FileSystem* file_system = nullptr;  // Null: the operating system's.
};

class TestDriver {
 public:
  explicit TestDriver(const Job& job, TestDriverOptions options = {}) : clock_(options.wall_start) {
    Options run;
    run.ring_slots = options.ring_slots;
    run.ring_bytes = options.ring_bytes;
    run.batch_max = options.batch_max;
    run.seed = options.seed;
    run.clock = &clock_;
    run.file_system = options.file_system;
    Result<JobHandle> opened = job.open(run);
    if (opened.ok()) {
      handle_ = std::make_unique<JobHandle>(std::move(*opened));
    } else {
      failure_ = opened.status();
    }
  }

  // Why the job could not be opened or has failed; OK otherwise.
  Status status() const { return handle_ == nullptr ? failure_ : handle_->status(); }
  bool finished() const noexcept { return last_ == StepOutcome::kFinished; }

  // Until nothing is left to do at this moment of the clock.
  Status run_until_idle() {
    while (handle_ != nullptr) {
      last_ = handle_->poll();
      if (last_ != StepOutcome::kWorked) break;
    }
    return status();
  }
  Status advance(std::chrono::nanoseconds by) {
    clock_.advance(by);
    return run_until_idle();
  }
  // The sources end, and so does time.
  Status finish() {
    if (handle_ != nullptr) handle_->finish();
    return run_until_idle();
  }
  // The sources end; what waits for a later watermark stays where it is.
  Status drain() {
    if (handle_ != nullptr) handle_->drain();
    return run_until_idle();
  }

  VirtualClock& clock() noexcept { return clock_; }
  // REQUIRES: the job could be opened.
  JobHandle& job() noexcept { return *handle_; }

 private:
  VirtualClock clock_;
  std::unique_ptr<JobHandle> handle_;
  Status failure_;
  StepOutcome last_ = StepOutcome::kIdle;
};

}  // namespace penstock
