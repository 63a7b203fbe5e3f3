// core/checkpoint/part_file.h -- the file of one task in a checkpoint: its chunks in blocks, each with a checksum.
//
// Format     Little-endian: a header {magic, version, kind, epoch, stage, task, task count, CRC-32C}; blocks of at most
//            1 MiB {length, codec, flags, 2 bytes of zero, CRC-32C of these and the payload}; a block of length 0, and
//            behind it {chunks, CRC-32C of all bytes before}. A chunk longer than a block goes on in the next.
// Trust      Whatever is read may be anybody's: each length is checked before it is used, nothing may be left over, and
//            the whole must have the size and checksum that the manifest tells. A chunk is handed over only when its
//            own checksums are right, but before the end of the file is seen: verify first, then use.
// Threads    A writer by one thread at a time. Reading is without state.
// Memory     Reading takes one chunk and one block; both are bounded by the size of the file.
// Errors     Of writing: the first one stays, the file is of no use any more and its epoch fails. Of reading:
//            kDataError that names the file, the byte and what is wrong there; kFailedPrecondition for a format that a
//            later version has written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/core/base/file_system.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"

namespace penstock {

// What a manifest says of a part.
struct PartInfo {
  std::string file;  // Its name in the folder of the checkpoint.
  StageId stage;
  std::uint32_t task = 0;  // Which of the stage's tasks.
  std::uint32_t task_count = 1;
  std::uint64_t bytes = 0;
  std::uint32_t checksum = 0;  // CRC-32C of all bytes but the last 4, which are the same number.

  bool operator==(const PartInfo&) const = default;
};

// "part-STAGE-TASK"
std::string part_file_name(StageId stage, std::uint32_t task);

inline constexpr std::size_t kPartBlockBytesMax = std::size_t{1} << 20;
inline constexpr std::size_t kPartChunkBytesMax = std::size_t{1} << 30;

class PartWriter {
 public:
  // `folder` is there; the file is not. `part` says whose it is, the rest is filled in by finish().
  static Result<PartWriter> create(FileSystem& file_system, const std::string& folder, Epoch epoch,
                                   PartInfo part);

  // A chunk is what a reader gets in one piece. REQUIRES: not empty.
  Status append(std::string_view chunk);
  // Footer, sync, close: afterwards the bytes are on the disk, the name is not yet.
  Result<PartInfo> finish();

  std::uint64_t bytes() const noexcept { return part_.bytes; }  // So far.

 private:
  PartWriter(std::unique_ptr<WritableFile> file, std::string path, PartInfo part)
      : file_(std::move(file)), path_(std::move(path)), part_(std::move(part)) {}
  Status write(std::string_view bytes);
  Status write_block(std::string_view payload, bool goes_on);
  Status fail(Status status);

  std::unique_ptr<WritableFile> file_;
  std::string path_;
  PartInfo part_;
  std::uint64_t chunks_ = 0;
  Status failure_;
};

using ChunkVisit = std::function<Status(std::string_view chunk)>;

// Checks all of `file` and hands over its chunks in order; without `visit` it only checks. Stops at the first error,
// that of `visit` included. `place` is for messages.
Status read_part(ReadableFile& file, const std::string& place, Epoch epoch, const PartInfo& part,
                 const ChunkVisit& visit);

}  // namespace penstock
