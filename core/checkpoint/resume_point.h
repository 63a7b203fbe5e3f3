// core/checkpoint/resume_point.h -- a user's choice to go on from an older checkpoint, or anew, in a small file of the
// folder: until the job has made a newer one, every start goes on from there and not from what was left behind.
//
// File       DIR/RESUME: "PENSTOCK-RESUME 1 FROM PASSES-OVER CRC\n" in decimal; FROM 0 is a new start. Checkpoints
//            above FROM, up to PASSES-OVER, are only gone on from if they are named.
// Threads    No state; whoever holds the folder's lock.
// Errors     Name the file. A crash leaves the old choice or the new one.
#pragma once

#include <optional>
#include <string>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"

namespace penstock {

struct ResumePoint {
  Epoch from;
  Epoch passes_over;  // And those below, down to `from`.

  bool is_passed_over(Epoch epoch) const noexcept { return epoch > from && epoch <= passes_over; }
  bool operator==(const ResumePoint&) const = default;
};

// Nothing without the file; kDataError if it is damaged.
Result<std::optional<ResumePoint>> read_resume_point(FileSystem& file_system,
                                                     const std::string& folder);
Status write_resume_point(FileSystem& file_system, const std::string& folder,
                          const ResumePoint& point);

}  // namespace penstock
