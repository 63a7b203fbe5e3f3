#include "penstock/core/runtime/engine_checkpoints.h"

#include <algorithm>
#include <utility>

#include "penstock/core/base/crash_point.h"
#include "penstock/core/base/crc32c.h"

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

// Different names stay different: what may not stand in the name of a file becomes %2F and the like.
std::string as_file_name(const std::string& name) {
  constexpr std::size_t kLongest = 200;
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string file;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || letter == '-' || letter == '_';
    if (plain) {
      file += letter;
    } else {
      file += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  if (file.size() <= kLongest) return file;
  return file.substr(0, kLongest) + '~' + std::to_string(crc32c(name));
}

}  // namespace

EngineCheckpoints::EngineCheckpoints(const CheckpointOptions& options, FileSystem& files,
                                     const Clock& clock, Notices& notices, Job job)
    : job_(std::move(job)),
      notices_(notices),
      options_(options),
      coordinator_(options, files, clock, notices, *this) {}

EngineCheckpoints::~EngineCheckpoints() { stop(); }

Status EngineCheckpoints::open(const Plan& plan, const std::vector<std::uint32_t>& task_counts) {
  std::vector<StageFingerprint> stages = fingerprints_of(plan, task_counts);
  for (const StageFingerprint& stage : stages) stage_names_.push_back(stage.name);
  std::shared_ptr<EpochTransactions> transactions;
  for (const auto& sink : plan.sinks()) PENSTOCK_RETURN_IF_ERROR(sink->join(transactions));
  results_wait_ = transactions != nullptr;
  coordinator_.use(std::move(transactions));
  PENSTOCK_RETURN_IF_ERROR(coordinator_.open(job_.name, std::move(stages)));
  // What was requested before belongs to an earlier run.
  job_.control->requested_epoch.store(coordinator_.base_epoch().value);
  return Status();
}

SnapshotPort* EngineCheckpoints::add_task(StageId stage, std::uint32_t index, std::uint32_t count) {
  ports_.push_back(std::make_unique<SnapshotPort>(results_wait_));
  coordinator_.add_task({stage, index, count, ports_.back().get()});
  return ports_.back().get();
}

SourceLog EngineCheckpoints::source_log(StageId stage) const {
  // The log cannot tell those, which are kept besides, from the others.
  constexpr std::size_t kSavepointsBetween = 3;
  if (!options_.write_ahead_log) return {};
  return {options_.directory + "/wal-" + as_file_name(stage_names_[stage.value]),
          kSavepointsBetween + options_.retain};
}

Status EngineCheckpoints::restore(Task& task, StageId stage) {
  PENSTOCK_CRASH_POINT("restore.begun");
  const Status status = coordinator_.restore(stage, [&](const SnapshotItem& item) {
    bool known = false;
    Status restored = task.restore(item, known);
    if (known || !restored.ok()) return restored;
    if (options_.allow_dropped_state) {
      note_dropped(task.stage_name(), item);
      return Status();
    }
    return Status(StatusCode::kFailedPrecondition,
                  "the checkpoint has state of operator " + std::string(item.operator_id) +
                      " of this stage, which has no such operator now: the job has changed; start "
                      "it as it was, or allow that this is dropped (--allow-dropped-state, or "
                      "CheckpointOptions::allow_dropped_state)");
  });
  if (!status.ok()) return status;
  PENSTOCK_CRASH_POINT("restore.state_read");
  Status restored = task.restored(coordinator_.base_epoch());
  PENSTOCK_CRASH_POINT("restore.done");
  return restored;
}

// Once for each, whichever task meets it first.
void EngineCheckpoints::note_dropped(const std::string& stage, const SnapshotItem& item) {
  const std::string what = "state of operator " + std::string(item.operator_id) + " of stage \"" +
                           stage + "\", which has no such operator now";
  {
    const std::lock_guard lock(mutex_);
    if (!dropped_.insert(what).second) return;
  }
  notices_.post({Severity::kWarning, "checkpoints", "dropped: " + what});
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
