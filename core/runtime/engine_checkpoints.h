// core/runtime/engine_checkpoints.h -- what joins an engine's tasks to the coordinator of its checkpoints.
//
// Threads    open(), add_task() before the workers start. restore() by the worker that opens the task. start() and
//            stop() with the workers; step() instead of start() by whoever steps the engine by hand.
// Ownership  Outlives the tasks, whose ports it holds; stopped before they go.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "penstock/core/checkpoint/coordinator.h"
#include "penstock/core/plan/plan.h"
#include "penstock/core/runtime/task.h"

namespace penstock {

class EngineCheckpoints final : private EpochCommands {
 public:
  struct Job {
    std::string name;
    TaskControl* control = nullptr;
    std::function<void()> wake;
    std::function<void(const Status&)> fail;
    std::function<std::uint64_t()> progress;
  };

  EngineCheckpoints(const CheckpointOptions& options, FileSystem& files, const Clock& clock,
                    Notices& notices, Job job);
  ~EngineCheckpoints() override;

  Status open(const Plan& plan, const std::vector<std::uint32_t>& task_counts);
  Epoch restored() const noexcept { return coordinator_.restored(); }
  SnapshotPort* add_task(StageId stage, std::uint32_t index, std::uint32_t count);
  // Where the source of a stage keeps what cannot be read again; nowhere without write_ahead_log.
  SourceLog source_log(StageId stage) const;
  // After the task has opened.
  Status restore(Task& task, StageId stage);

  Status start() { return coordinator_.start(); }
  void stop() { coordinator_.stop(); }
  Instant step(Instant now) { return coordinator_.step(now); }
  Result<Epoch> savepoint(std::chrono::nanoseconds timeout) {
    return coordinator_.savepoint(timeout);
  }
  void refuse_savepoints(const Status& why) { coordinator_.refuse_savepoints(why); }
  CheckpointMetrics metrics() const { return coordinator_.metrics(); }

 private:
  void request(Epoch epoch) noexcept override;
  void give_up(Epoch epoch) noexcept override;
  void committed(Epoch epoch, bool last) noexcept override;
  void fail(const Status& status) noexcept override { job_.fail(status); }
  std::uint64_t progress() const noexcept override { return job_.progress(); }

  void note_dropped(const std::string& stage, const SnapshotItem& item);

  Job job_;
  Notices& notices_;
  const CheckpointOptions options_;
  std::vector<std::string> stage_names_;  // Each once.
  bool results_wait_ = false;             // For the epoch that they belong to.
  std::vector<std::unique_ptr<SnapshotPort>> ports_;
  CheckpointCoordinator coordinator_;
  std::mutex mutex_;  // Of what follows.
  std::set<std::string> dropped_;
};

}  // namespace penstock
