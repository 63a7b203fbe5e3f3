// state/rocksdb/disk_folder.h -- the folders of one disk: where it works, and what it has kept for each epoch.
//
// Kept       Folder epoch-N belongs to the checkpoint e-N beside `state`, and goes once there is neither that nor
//            e-N.tmp.
// Threads    One at a time.
// Errors     Name the path.
#pragma once

#include <string>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"

namespace penstock {

class DiskFolder {
 public:
  // Below `checkpoints`/state; where that is empty, a folder of its own below `directory` that ends with it.
  static Result<DiskFolder> make(const std::string& checkpoints, const std::string& directory,
                                 const std::string& name);
  DiskFolder(DiskFolder&& other) noexcept;
  DiskFolder& operator=(DiskFolder&&) = delete;
  ~DiskFolder();

  std::string live() const { return path_ + "/live"; }
  std::string kept(Epoch epoch) const { return path_ + "/epoch-" + std::to_string(epoch.value); }
  // Of another disk of the job.
  std::string kept_by(const std::string& name, Epoch epoch) const;

  // Empties live(), or makes it what was kept: files that never change are linked, the others copied.
  Status begin() const;
  Status begin_from(const std::string& kept) const;
  // Makes room for what is to be kept, and makes its name durable afterwards.
  Status before_keep(Epoch epoch) const;
  Status after_keep() const;
  // Removes what no checkpoint has any more, of all disks.
  void remove_unneeded() const noexcept;

 private:
  DiskFolder(std::string checkpoints, std::string path, bool temporary)
      : checkpoints_(std::move(checkpoints)), path_(std::move(path)), temporary_(temporary) {}

  std::string checkpoints_;
  std::string path_;
  bool temporary_;
};

}  // namespace penstock
