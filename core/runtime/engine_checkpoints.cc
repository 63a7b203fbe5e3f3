#include "penstock/core/runtime/engine_checkpoints.h"

#include <algorithm>
#include <utility>

#include "penstock/core/base/crash_point.h"

namespace penstock {
namespace {

// Stages are known again by their names: the second of one name gets a number.
std::vector<StageFingerprint> fingerprints_of(const Plan& plan,
                                              const std::vector<std::uint32_t>& task_counts) {
  std::vector<StageFingerprint> stages;
  for (std::uint32_t i = 0; i < plan.stages().size(); ++i) {
    const std::string& name = plan.stages()[i].name;
    std::string own = name;
    const auto is_taken = [&] {
      return std::any_of(stages.begin(), stages.end(),
                         [&](const StageFingerprint& stage) { return stage.name == own; });
    };
    for (int number = 2; is_taken(); ++number) own = name + "#" + std::to_string(number);
    stages.push_back({.stage = {i}, .name = own, .task_count = task_counts[i], .operators = {}});
  }
  return stages;
}

}  // namespace

EngineCheckpoints::EngineCheckpoints(const CheckpointOptions& options, FileSystem& files,
                                     const Clock& clock, Notices& notices, Job job)
    : job_(std::move(job)), coordinator_(options, files, clock, notices, *this) {}

EngineCheckpoints::~EngineCheckpoints() { stop(); }

Status EngineCheckpoints::open(const Plan& plan, const std::vector<std::uint32_t>& task_counts) {
  PENSTOCK_RETURN_IF_ERROR(coordinator_.open(job_.name, fingerprints_of(plan, task_counts)));
  // What was requested before belongs to an earlier run.
  job_.control->requested_epoch.store(coordinator_.base_epoch().value);
  return Status();
}

SnapshotPort* EngineCheckpoints::add_task(StageId stage, std::uint32_t index, std::uint32_t count) {
  ports_.push_back(std::make_unique<SnapshotPort>());
  coordinator_.add_task({stage, index, count, ports_.back().get()});
  return ports_.back().get();
}

Status EngineCheckpoints::restore(Task& task, StageId stage) {
  PENSTOCK_CRASH_POINT("restore.begun");
  const Status status = coordinator_.restore(stage, [&](const SnapshotItem& item) {
    bool known = false;
    Status restored = task.restore(item, known);
    if (known || !restored.ok()) return restored;
    return Status(StatusCode::kFailedPrecondition,
                  "the checkpoint has state of operator " + std::string(item.operator_id) +
                      " of this stage, which has no such operator now: the job has changed; start "
                      "it with another folder, or as it was");
  });
  if (!status.ok()) return status;
  PENSTOCK_CRASH_POINT("restore.state_read");
  Status restored = task.restored(coordinator_.base_epoch());
  PENSTOCK_CRASH_POINT("restore.done");
  return restored;
}

void EngineCheckpoints::request(Epoch epoch) noexcept {
  job_.control->requested_epoch.store(epoch.value);
  job_.wake();
}

void EngineCheckpoints::give_up(Epoch epoch) noexcept {
  job_.control->aborted_epoch.store(epoch.value);
  job_.wake();
}

void EngineCheckpoints::committed(Epoch epoch, bool last) noexcept {
  if (last) job_.control->last_epoch.store(epoch.value);
  job_.control->committed_epoch.store(epoch.value);
  job_.wake();
}

}  // namespace penstock
