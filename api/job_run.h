// api/job_run.h -- a job that runs: its engine, and those that follow it when the job is started again after a failure.
//
// Restarts   With RestartOptions::max above 0 a thread of its own waits for the end of the engine. Where that was a
//            failure that may pass, it ends that engine, waits, builds another from the same plan, and starts it from
//            the newest checkpoint. Each is told: cause, number, wait. Without them there is one engine and no such
//            thread.
// Threads    As JobHandle. With restarts all that begins and ends engines happens on that one thread.
// Callbacks  As JobHandle.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "penstock/api/options.h"
#include "penstock/core/base/status.h"
#include "penstock/core/runtime/engine.h"

namespace penstock {

class JobRun {
 public:
  using Build = std::function<Result<std::unique_ptr<Engine>>(const Options&)>;

  // One engine, which was started or is stepped by hand.
  explicit JobRun(std::unique_ptr<Engine> engine);
  // `first` was started; `build` makes those that follow, with `options`. `name` is the job's, for notices.
  static Result<std::unique_ptr<JobRun>> with_restarts(std::unique_ptr<Engine> first,
                                                       const Options& options, std::string name,
                                                       Build build);
  ~JobRun();
  JobRun(const JobRun&) = delete;
  JobRun& operator=(const JobRun&) = delete;

  void drain();
  void finish();
  void stop();
  Status wait();
  bool wait_for(std::chrono::nanoseconds timeout);
  Status status() const;
  JobMetrics metrics() const;
  Result<Epoch> savepoint(std::chrono::nanoseconds timeout);

  // REQUIRES: no restarts.
  Engine& engine() noexcept { return *engine_; }

 private:
  struct EndEngine {
    void operator()(Engine* engine) const { Engine::end(std::unique_ptr<Engine>(engine)); }
  };
  class Supervisor;

  std::unique_ptr<Engine, EndEngine> engine_;  // Null with a supervisor, which has it.
  std::shared_ptr<Supervisor> supervisor_;
};

}  // namespace penstock
