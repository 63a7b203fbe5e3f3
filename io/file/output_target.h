// io/file/output_target.h -- where whole parts become visible, crash or not: a file, a folder, or what derives from it.
//
// File       Parts are appended, one after the other, behind `position().bytes`; readers see all parts of an epoch at
//            once as long as these are no more than kPieceBytes. What a failed or cut off append left there is cut off.
// Folder     Each part becomes a file by a rename.
// Repeats    publish() and recover() may be repeated after an error or a crash at any step: nothing is published twice.
//            A pending file is removed only when what is in it is on the disk elsewhere.
// Threads    One at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/io/file/pending_output.h"

namespace penstock {

class OutputTarget {
 public:
  static std::unique_ptr<OutputTarget> make(FileSystem& file_system, OutputPlace place);
  virtual ~OutputTarget() = default;

  // Without a snapshot: empty, or behind what is there.
  virtual Status start(bool append) = 0;
  // Parts in the order of merge(), their files on the disk; all others up to `epoch` were published before.
  virtual Status publish(std::uint64_t epoch, std::span<const OutputPart> parts) = 0;
  // Makes it what it was at the commit of `state`, wherever it was left.
  virtual Status recover(const OutputState& state, Notices& notices) = 0;

  const OutputPlace& place() const noexcept { return place_; }
  const OutputPosition& position() const noexcept { return position_; }

 protected:
  OutputTarget(FileSystem& file_system, OutputPlace place)
      : file_system_(file_system), place_(std::move(place)) {}

  // Those of an earlier run, or of this one when all has been published.
  Status remove_pending();

  FileSystem& file_system_;
  const OutputPlace place_;
  OutputPosition position_;
};

}  // namespace penstock
