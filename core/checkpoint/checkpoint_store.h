// core/checkpoint/checkpoint_store.h -- writes the checkpoints of one job into its folder, so that whatever happens the
// newest one that was completed is found again.
//
//   store.begin(e); part = store.part(stage, task, tasks); part.append(chunk)...; part.finish(); store.commit(manifest)
//
// Complete   When commit() returns OK, and not before: parts and manifest are synced in e-N.tmp, that folder is synced,
//            renamed to e-N, and its parent synced. A crash before that leaves nothing or all of it.
// Numbers    Every start of a job gets a higher incarnation, and no epoch number is given out twice, aborted epochs and
//            crashes included: open() and begin() put aside numbers on the disk before they are used. So begin an epoch
//            before the first barrier of it goes out.
// Lock       One process at a time; the other gets kFailedPrecondition with the number of the one that has it.
// Errors     Of an epoch are its own: it is given up, its files go, the last complete one stays, the next begins
//            afresh. If the disk does not even say whether an epoch is gone, abort() says so, no other begins until
//            that is settled, and a crash meanwhile may find it complete.
// Threads    Calls come one at a time; the writers of parts may each be used by a thread of their own.
// Notices    What goes wrong beside the epoch: a bad checkpoint, a file that cannot be removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/core/checkpoint/checkpoint_folder.h"
#include "penstock/core/checkpoint/manifest.h"
#include "penstock/core/checkpoint/part_file.h"
#include "penstock/core/checkpoint/resume_point.h"

namespace penstock {

struct CheckpointStoreOptions {
  std::size_t retain =
      3;  // Complete checkpoints that are kept, savepoints not counted; at least 1.
};

using ManifestFilter = std::function<bool(const Manifest&)>;

class CheckpointStore {
 public:
  // `file_system` and `notices` outlive the store.
  CheckpointStore(FileSystem& file_system, std::string directory, CheckpointStoreOptions options,
                  Notices& notices);

  // Makes the folder (only its owner may enter), locks it, counts the incarnation, clears what an earlier run has left
  // unfinished. Before everything else; once.
  Status open();
  std::uint64_t incarnation() const noexcept { return incarnation_; }
  FileSystem& files() const noexcept { return files_; }
  const CheckpointFolder& folder() const noexcept { return folder_; }

  // The lowest number that has never been used.
  Epoch next_epoch() const noexcept { return {next_}; }
  // REQUIRES: epoch >= next_epoch(); no other epoch is begun.
  Status begin(Epoch epoch);
  Result<PartWriter> part(StageId stage, std::uint32_t task, std::uint32_t task_count);
  // `manifest` names the epoch that is begun and what its writers returned. An error gives the epoch up.
  Status commit(Manifest manifest);
  // Gives up the epoch if it is begun. OK: it will never be found again.
  Status abort(Epoch epoch);
  // Removes what the newest `retain` make superfluous: when the sinks have published the newest.
  void collect_garbage();

  // The newest one of which every byte is good, and notices of those that are bad; nothing if there is none at all.
  // kDataError if all are bad; what a later version has written is an error too, and not passed over.
  // Of those that `fits` lets pass; the others count as if they were not there.
  Result<std::optional<Manifest>> load_newest(const ManifestFilter& fits = {});
  // This one and no other.
  Result<Manifest> load(Epoch epoch) const { return folder_.load(epoch); }
  // From now on the job goes on from this one, 0: from none, and load_newest() passes over those that are newer now.
  // They stay as long as others would.
  Status resume_from(Epoch epoch);

 private:
  struct Kept {
    Epoch epoch;
    bool savepoint = false;
    bool bad = false;
  };

  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }
  std::string temporary(Epoch epoch) const;
  Status take_stock();
  Status count_incarnation();
  Status put_numbers_aside(Epoch epoch);
  Status publish(const Manifest& manifest);
  Status take_back(Epoch epoch);
  void empty_trash();
  void discard(const std::string& path);
  void mark_bad(Epoch epoch);
  void mark_passed_over();
  void warn(const std::string& place, const std::string& text) const;

  FileSystem& files_;
  CheckpointFolder folder_;
  CheckpointStoreOptions options_;
  Notices& notices_;
  std::unique_ptr<FileLock> lock_;
  std::uint64_t incarnation_ = 0;
  std::uint64_t next_ = 1;
  std::uint64_t put_aside_ = 0;  // Numbers below are this process's on the disk too.
  ResumePoint resume_;
  std::optional<Epoch> begun_;
  std::optional<Epoch> doubtful_;   // Given up, but a crash may find it complete.
  std::vector<Kept> kept_;          // Complete checkpoints, oldest first.
  std::vector<std::string> trash_;  // Folders that have been renamed away, to be removed.
};

}  // namespace penstock
