// core/checkpoint/manifest.h -- what a checkpoint consists of: the file that makes a folder of parts a checkpoint.
//
// Format     Little-endian: magic, version of the format, epoch, incarnation, time, flags, and lists with their counts
//            in front; the CRC-32C of all that comes last, in every version.
// Trust      Whatever is read may be anybody's: sizes and counts are bounded, names of files are names and no paths,
//            and the parts of a stage are all there. What is decoded encodes to the same bytes.
// Errors     kDataError that says what is wrong; kFailedPrecondition for what only a later version can read. Whoever
//            knows the file puts its name in front.
// Threads    No state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/checkpoint/part_file.h"

namespace penstock {

inline constexpr std::string_view kManifestFileName = "MANIFEST";
inline constexpr std::size_t kManifestBytesMax = std::size_t{16} << 20;
inline constexpr std::size_t kManifestTextBytesMax = std::size_t{64} << 10;  // Of each text in it.
inline constexpr std::size_t kManifestEntriesMax = std::size_t{64} << 10;    // Of each list in it.

// A stage of the job that was captured, to be compared with that of the job which is to go on.
struct StageFingerprint {
  StageId stage;
  std::string name;
  std::uint32_t task_count = 1;
  std::vector<std::string> operators;

  bool operator==(const StageFingerprint&) const = default;
};

struct NamedText {
  std::string name;
  std::string text;

  bool operator==(const NamedText&) const = default;
};

struct Manifest {
  std::string job;
  Epoch epoch;
  std::uint64_t incarnation = 0;  // Which start of the job; the store fills it in.
  EventTime created;              // Time of day.
  bool savepoint = false;         // Made by a user: never removed by itself.
  bool finished = false;          // The job had come to its end.
  std::vector<Epoch>
      builds_on;  // Base and deltas, oldest first, for a later version; empty: all is here.
  std::vector<StageFingerprint> plan;
  std::vector<PartInfo> parts;
  std::vector<NamedText> sources;     // For people: where each source stood.
  std::vector<NamedText> properties;  // For the engine, by name.

  bool operator==(const Manifest&) const = default;

  // Null when it is not there.
  const std::string* property(std::string_view name) const noexcept;
  std::uint64_t bytes() const noexcept;  // Of all parts.
};

// What encode_manifest() demands and decode_manifest() has checked. The message says what is wrong, not where.
Status check_manifest(const Manifest& manifest);
// REQUIRES: check_manifest() finds nothing.
std::string encode_manifest(const Manifest& manifest);
Result<Manifest> decode_manifest(std::string_view bytes);

}  // namespace penstock
