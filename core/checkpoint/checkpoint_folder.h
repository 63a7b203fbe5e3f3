// core/checkpoint/checkpoint_folder.h -- the checkpoints in a folder, for whoever reads them: the job that goes on, and
// the command line.
//
// Layout     DIR/e-17/{MANIFEST, part-STAGE-TASK...}. Whatever is called otherwise is not looked at.
// Trust      The folder may be anybody's: see part_file.h and manifest.h. Only files that the manifest names are read.
// Threads    Any, at the same time: nothing here has state. A running job removes old checkpoints meanwhile.
// Errors     Name the checkpoint, the file and what is wrong in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/checkpoint/manifest.h"
#include "penstock/core/checkpoint/part_file.h"

namespace penstock {

struct FoundCheckpoint {
  Epoch epoch;
  Status status;      // OK: the manifest is good; its parts have not been looked at.
  Manifest manifest;  // Only if so.
};

class CheckpointFolder {
 public:
  // `file_system` outlives the folder.
  CheckpointFolder(FileSystem& file_system, std::string path)
      : files_(&file_system), path_(std::move(path)) {}

  const std::string& path() const noexcept { return path_; }
  std::string path_of(Epoch epoch) const;
  std::string path_of(Epoch epoch, const PartInfo& part) const;
  std::string lock_path() const;

  // Newest first, the bad ones too. kNotFound without the folder.
  Result<std::vector<FoundCheckpoint>> list() const;
  Result<Manifest> read_manifest(Epoch epoch) const;
  // All parts, every byte.
  Status verify(const Manifest& manifest) const;
  // Reads the manifest and verifies the parts.
  Result<Manifest> load(Epoch epoch) const;
  // The chunks of one part in the order in which they were written, checked once more on the way.
  Status for_each_chunk(const Manifest& manifest, const PartInfo& part,
                        const ChunkVisit& visit) const;

  // Only whoever holds the lock may. After OK it is gone for good; after an error it may be there, half or whole.
  Status remove(Epoch epoch) const;

 private:
  FileSystem* files_;
  std::string path_;
};

// Removes a folder and the files in it that a checkpoint has; others stay, and are the error. For a folder that is no
// checkpoint any more.
Status remove_checkpoint_files(FileSystem& file_system, const std::string& folder);

// "e-17" and back.
std::string checkpoint_name(Epoch epoch);
std::optional<Epoch> epoch_of_name(std::string_view name) noexcept;

}  // namespace penstock
