// io/file/stream_offset.h -- offsets of a stream that cannot be read again, over restarts of its job.
//
// What comes after a restore are other records than those that were lost, so they get other offsets: they begin at the
// next multiple of kOffsetsPerRun. What is derived from offsets, as ids of alerts, then stays different too.
#pragma once

#include <cstdint>
#include <string>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"

namespace penstock {

inline constexpr std::uint64_t kOffsetsPerRun = std::uint64_t{1} << 40;
inline constexpr std::string_view kStreamSection = "stream";

inline void capture_stream_offset(std::uint64_t next, SnapshotWriter& out) {
  std::string item;
  ByteAppender(item).number(next);
  out.section(kStreamSection, 1);
  out.add(item);
}

inline Result<std::uint64_t> restored_stream_offset(const SnapshotItem& item) {
  std::uint64_t next = 0;
  if (ByteCursor cursor(item.bytes); !cursor.number(next) || !cursor.at_end())
    return Status(StatusCode::kDataError, "the position in the snapshot is not one of a stream");
  return (next / kOffsetsPerRun + 1) * kOffsetsPerRun;
}

}  // namespace penstock
