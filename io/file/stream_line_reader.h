// io/file/stream_line_reader.h -- reads the lines of a stream that comes in blocks and cannot be read again.
//
// Log        With SourceContext::log blocks are in a StreamLog before their lines are read, and a restored job goes on
//            where it stood: the log first, then what comes in. A job without a snapshot begins with all of the log.
// Without    What comes after a restore are other records than those that were lost, so they get other offsets: they
//            begin at the next multiple of kOffsetsPerRun. What is derived from offsets, as ids, then stays different.
// Threads    Those of ByteReader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/core/stream/source.h"
#include "penstock/io/file/block_queue.h"
#include "penstock/io/file/line_splitter.h"
#include "penstock/io/file/stream_log.h"

namespace penstock {

inline constexpr std::uint64_t kOffsetsPerRun = std::uint64_t{1} << 40;

class StreamLineReader : public ByteReader {
 public:
  // To be called once, before all others.
  Status open(const SourceContext& context);

  void capture(std::span<const RawRecord> unread, SnapshotWriter& out) const final;
  Status restore(const SnapshotItem& item) final;
  Status restored() final;

 protected:
  explicit StreamLineReader(std::size_t line_bytes_max) : splitter_(line_bytes_max) {}
  // Begins to fetch blocks: first those of the log, which may be null.
  virtual Status start(const SourceContext& context, std::unique_ptr<StreamLog> log) = 0;
  // The lines that end in this block, as many as `batch` holds.
  std::size_t take(const Block& block, std::span<RawRecord> batch);

  LineSplitter splitter_;
  Instant arrival_;  // Of the newest block.

 private:
  struct Captured {
    LineSplitter::Position position;
    bool logged = false;
  };
  Status begin();
  Status begin_with_log();

  SourceContext context_;
  std::optional<Captured> captured_;  // What the job goes on from.
  std::unique_ptr<StreamLog> log_;    // Until start().
  std::shared_ptr<LogSegments> segments_;
};

}  // namespace penstock
