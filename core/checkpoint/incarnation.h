// core/checkpoint/incarnation.h -- the numbers of a job that must never come twice, in a small file of its folder.
//
// Threads    No state; whoever holds the folder's lock.
// Errors     Name the file. A crash leaves the old numbers or the new ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/status.h"

namespace penstock {

struct Incarnation {
  std::uint64_t number = 0;       // How often the job has been started.
  std::uint64_t epochs_used = 0;  // Epochs below may have been begun.

  bool operator==(const Incarnation&) const = default;
};

// Nothing if the file is not there; kDataError if it is damaged.
Result<std::optional<Incarnation>> read_incarnation(FileSystem& file_system,
                                                    const std::string& folder);
Status write_incarnation(FileSystem& file_system, const std::string& folder,
                         const Incarnation& incarnation);

}  // namespace penstock
