// core/runtime/engine_checkpoints.h -- what joins an engine's tasks to the coordinator of its checkpoints.
//
// Threads    open(), add_task() before the workers start. restore() by the worker that opens the task. start() and
//            stop() with the workers; step() instead of start() by whoever steps the engine by hand.
// Ownership  Outlives the tasks, whose ports it holds; stopped before they go.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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
  // After the task has opened.
  Status restore(Task& task, StageId stage);

  Status start() { return coordinator_.start(); }
  void stop() { coordinator_.stop(); }
  Instant step(Instant now) { return coordinator_.step(now); }
  CheckpointMetrics metrics() const { return coordinator_.metrics(); }

 private:
  void request(Epoch epoch) noexcept override;
  void give_up(Epoch epoch) noexcept override;
  void committed(Epoch epoch, bool last) noexcept override;
  void fail(const Status& status) noexcept override { job_.fail(status); }
  std::uint64_t progress() const noexcept override { return job_.progress(); }

  Job job_;
  std::vector<std::unique_ptr<SnapshotPort>> ports_;
  CheckpointCoordinator coordinator_;
};

}  // namespace penstock
