// tools/penstock/checkpoint_report.h -- what a folder of checkpoints holds, as text for people.
//
// Trust      The folder may be anybody's: what is no printable ASCII is written as \xNN, so that no terminal obeys it.
// Errors     kNotFound when there is no such folder or checkpoint; kInvalidArgument for what can be no epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"

namespace penstock::tools {

// "17" or "e-17".
Result<Epoch> parse_epoch(std::string_view text);

// A line each, newest first; only manifests are read.
Result<std::string> list_checkpoints(FileSystem& file_system, const std::string& directory);

struct CheckpointVerdict {
  std::string text;  // A line for each that was looked at.
  bool good = true;  // All of them.
};
// Reads every byte, of all checkpoints or of one.
Result<CheckpointVerdict> verify_checkpoints(FileSystem& file_system, const std::string& directory,
                                             std::optional<Epoch> epoch);

// The manifest of one checkpoint, or of the newest.
Result<std::string> show_checkpoint(FileSystem& file_system, const std::string& directory,
                                    std::optional<Epoch> epoch);

// Not while a job runs on the folder; the last one with a good manifest only if `force`.
Status remove_checkpoint(FileSystem& file_system, const std::string& directory, Epoch epoch,
                         bool force);

}  // namespace penstock::tools
