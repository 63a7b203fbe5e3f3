// core/runtime/engine.h -- runs a plan: builds its tasks and rings, owns the workers, starts, drains and stops them.
//
// Threads    Control calls (start, drain, finish, stop, wait, request_epoch, metrics) come from any thread, one at a
//            time. step() and step_task() are for callers who own the thread, tests and the simulator: never together
//            with start().
// Callbacks  User code that the engine runs may call drain, finish, stop, status, metrics and end() of its own engine:
//            they wait for nothing. wait() and wait_for() refuse, and a step does nothing.
// Errors     The first task that fails stops the job; wait() and status() return its Status with the stage's name.
// Ownership  Everything of the job hangs off the engine; two engines in one process share nothing.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "penstock/core/base/notice.h"
#include "penstock/core/base/scheduler.h"
#include "penstock/core/plan/plan.h"
#include "penstock/core/runtime/engine_checkpoints.h"
#include "penstock/core/runtime/engine_options.h"
#include "penstock/core/runtime/metrics.h"
#include "penstock/core/runtime/worker.h"
#include "penstock/core/stream/task_context.h"

namespace penstock {

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> build(const Plan& plan, const EngineOptions& options);
  ~Engine();  // Stops and joins. REQUIRES: not in a callback; see end().
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  Status start();

  // Sources stop reading; everything in flight comes out; then the job ends. Returns at once: see wait().
  void drain() noexcept;
  // Like drain(), and time is over: windows and timers that wait for a later watermark fire too.
  void finish() noexcept;
  // Ends the job without emptying its rings. No user code runs after it returns; in a callback it only asks, and each
  // worker ends with the batch at hand.
  void stop();
  // Asks for that and returns at once; stop() has to follow.
  void ask_to_stop() noexcept;
  // Stops and destroys it. In a callback: asks, and the thread that runs the callback destroys it later.
  static void end(std::unique_ptr<Engine> engine);
  // Until the job has ended; its outcome. kFailedPrecondition in a callback, which would wait for itself.
  Status wait();
  // Until the job has ended or `timeout` has passed; true when it has ended. False at once in a callback.
  bool wait_for(std::chrono::nanoseconds timeout);

  // Asks every source to send the barrier of a new epoch. With checkpoints their coordinator does; it is then the last
  // one it has asked for.
  Epoch request_epoch() noexcept;
  // Waits until everything the job has done so far is in a savepoint: a checkpoint that is never removed by itself.
  // kFailedPrecondition without checkpoints, in a callback, by hand, and when the job has ended.
  Result<Epoch> savepoint(std::chrono::nanoseconds timeout);
  // What it has gone on from; 0: it began anew.
  Epoch restored_epoch() const noexcept;
  // The newest epoch whose barrier has passed every task; 0 before the first.
  Epoch completed_epoch() const noexcept;

  Status status() const;
  JobMetrics metrics() const;
  // Whether the caller is user code that this engine runs.
  bool in_callback() const noexcept;

  // By hand: opens the tasks at the first call. kFinished when all have ended, or the job was stopped.
  StepOutcome step();
  std::size_t task_count() const noexcept { return tasks_.size(); }
  Status open_by_hand();
  StepOutcome step_task(std::size_t task, std::size_t budget);
  void step_checkpoints();  // step() does it too.

 private:
  class Scope;

  Engine(const EngineOptions& options);

  Status build_tasks(const Plan& plan);
  Status open_checkpoints(const Plan& plan, const std::vector<std::uint32_t>& counts);
  Status open_tasks(Worker& worker);
  Status build_stage(const Plan& plan, StageId stage, const std::vector<std::uint32_t>& counts);
  void connect_rings(const Plan& plan, const std::vector<std::uint32_t>& counts);
  void run_worker(Worker& worker);
  bool open_together(Worker& worker);
  void fail(const Status& status);
  void wake_all() noexcept;
  void command(SourceCommand command) noexcept;
  StepOutcome note_failure(const Task& task);
  StepOutcome step_workers();
  template <class Step>
  StepOutcome by_hand(Step step);
  void abandon_by_hand();

  EngineOptions options_;
  std::unique_ptr<Clock> own_clock_;
  std::unique_ptr<FileSystem> own_file_system_;
  std::unique_ptr<Scheduler> own_scheduler_;
  std::unique_ptr<Notices> own_notices_;
  TaskControl control_;
  std::unique_ptr<EngineCheckpoints> checkpoints_;  // Null: none.
  std::unique_ptr<MemoryBudget> state_memory_;
  std::vector<std::unique_ptr<ChannelSet>> channels_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<Task>> tasks_;
  std::vector<WorkerId> task_workers_;
  std::vector<StageId> task_stages_;
  std::vector<std::unique_ptr<ThreadHandle>> threads_;
  struct
      Shared;  // What control calls and workers share under a lock: outcome, counts of opened and ended workers.
  std::unique_ptr<Shared> shared_;
  bool opened_by_hand_ = false;
  bool stopped_by_hand_ = false;
};

}  // namespace penstock
