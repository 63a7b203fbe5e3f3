// io/file/epoch_output.h -- the output of a sink that its readers see epoch by epoch: what its tasks share.
//
// Worker     Each task appends to a part of its own, with the system call it would need anyway, and ends the part at
//            each cut. What takes time is left to the thread that makes snapshots durable: it syncs the parts
//            before the epoch counts, and publishes them once it does.
// Failures   A part that could not be synced is copied to another file, if what was written can still be read, and the
//            next epoch has it; one that could not be published is published with the next epoch.
// Threads    Any number of workers and the one thread that makes snapshots durable. The lock is held for a few moves.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/io/file/output_target.h"

namespace penstock {

class EpochOutput {
 public:
  EpochOutput(FileSystem& file_system, std::unique_ptr<OutputTarget> target, bool append)
      : file_system_(file_system), target_(std::move(target)), append_(append) {}

  // Before anything is written. The first call of all tasks makes the output what it was at the commit of `restored`;
  // if that is empty, there was no snapshot of it.
  Status begin(const std::vector<OutputState>& restored, Notices& notices);

  struct Part {
    OutputPart about;
    std::unique_ptr<WritableFile> file;
  };
  // REQUIRES: begin().
  Result<Part> open_part(std::uint32_t task);

  // The cut: `written`, perhaps null, and whatever else of the task waits belongs to `epoch`. `self` is this object.
  struct Cut {
    Epoch epoch;
    std::uint32_t task = 0;
    std::uint64_t after = 0;  // The task's parts up to here belong to earlier cuts.
  };
  // What is `after` of the next cut.
  std::uint64_t capture(const Cut& cut, std::unique_ptr<Part> written, SnapshotWriter& out,
                        std::shared_ptr<EpochOutput> self);

  // Not OK when something that was written cannot be written again from here: the job must go back to its last epoch.
  Status lost() const;

 private:
  struct Waiting {
    OutputPart about;                    // As the next snapshot has it.
    std::uint64_t on_disk = 0;           // The sequence of the file it is in.
    std::unique_ptr<WritableFile> file;  // Until it was synced.
    bool synced = false;                 // With its name.
    bool in_doubt = false;               // A sync failed.
  };

  Status make_durable(std::uint32_t task);
  Status sync(Waiting& part, const OutputPart& about);
  Status publish(std::uint64_t epoch);

  FileSystem& file_system_;
  std::mutex begin_mutex_;
  bool begun_ = false;

  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Waiting>> waiting_;
  OutputPosition position_;
  std::uint64_t next_sequence_ = 0;
  Status lost_;
  std::atomic<bool> is_lost_{false};

  std::unique_ptr<OutputTarget> target_;  // Of begin(), then of the thread that publishes.
  const bool append_;
};

}  // namespace penstock
