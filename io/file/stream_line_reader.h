// io/file/stream_line_reader.h -- reads the lines of a stream that comes in blocks and cannot be read again.
//
// What comes after a restore are other records than those that were lost, so they get other offsets: they begin at the
// next multiple of kOffsetsPerRun. What is derived from offsets, as ids of alerts, then stays different too.
// Threads    Those of ByteReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/stream/source.h"
#include "penstock/io/file/block_queue.h"
#include "penstock/io/file/line_splitter.h"

namespace penstock {

inline constexpr std::uint64_t kOffsetsPerRun = std::uint64_t{1} << 40;

class StreamLineReader : public ByteReader {
 public:
  void capture(std::span<const RawRecord> unread, SnapshotWriter& out) const final;
  Status restore(const SnapshotItem& item) final;

 protected:
  explicit StreamLineReader(std::size_t line_bytes_max) : splitter_(line_bytes_max) {}
  // The lines that end in this block, as many as `batch` holds.
  std::size_t take(const Block& block, std::span<RawRecord> batch);

  LineSplitter splitter_;
  Instant arrival_;  // Of the newest block.
};

}  // namespace penstock
