// io/file/stream_log.h -- the write-ahead log of a stream that cannot be read again: what it holds can be.
//
// Layout     FOLDER/00000000000001048576.log: segments of about SourceLog::segment_bytes, called after the offset in
//            the stream at which they begin; frames as in log_frame.h, one behind the other.
// Durability append() returns when the frame is on the disk, and the name of its segment too. A crash amid it leaves a
//            frame that is not whole: the next open() cuts it off. It was never handed on.
// Bounds     What the last `checkpoints` checkpoints need stays, in whole segments.
// Threads    open() and what is before the first append() by whoever opens; then one thread. LogSegments: any.
// Errors     Name the file. After a failed append() the log takes nothing any more. Bytes that are not as they were
//            written, other than at the very end, are kDataError: they had been handed on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "penstock/core/base/clock.h"
#include "penstock/core/base/file_system.h"
#include "penstock/core/base/notice.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/source.h"
#include "penstock/io/file/block_queue.h"
#include "penstock/io/file/log_frame.h"

namespace penstock {

// Which segments there are. Removes those that no checkpoint needs.
class LogSegments {
 public:
  LogSegments(FileSystem& files, Notices& notices, SourceLog place)
      : files_(files), notices_(notices), place_(std::move(place)) {}

  Status list();
  void add(std::uint64_t begin);
  Status remove_all();
  std::vector<std::uint64_t> begins() const;
  std::string path_of(std::uint64_t begin) const;
  // A checkpoint is durable whose job goes on at `offset`. What cannot be removed is tried again with the next one.
  void committed(std::uint64_t offset);

 private:
  Status remove_first();

  FileSystem& files_;
  Notices& notices_;
  const SourceLog place_;
  mutable std::mutex mutex_;
  std::vector<std::uint64_t> begins_;  // Ascending.
  std::deque<std::uint64_t> needed_;   // By the newest checkpoints, oldest first.
};

class StreamLog {
 public:
  // Everything that the context has outlives the log. REQUIRES: nobody else uses the folder.
  static Result<std::unique_ptr<StreamLog>> open(const SourceContext& context);

  // What it holds, as offsets in the stream.
  std::uint64_t first() const noexcept { return first_; }
  std::uint64_t end() const noexcept { return end_; }
  std::shared_ptr<LogSegments> segments() const { return segments_; }

  // Forgets all that it holds: the next block is at `offset`.
  Status begin_anew(std::uint64_t offset);

  // Where replay() begins. REQUIRES: first() <= offset <= end().
  Status seek(std::uint64_t offset);
  // Fills `block` with what comes next; false: all has come. REQUIRES: no append() yet.
  Result<bool> replay(Block& block);

  Status append(const Block& block);

 private:
  explicit StreamLog(const SourceContext& context)
      : files_(*context.file_system),
        clock_(*context.clock),
        folder_(context.log.folder),
        segment_bytes_max_(context.log.segment_bytes),
        segments_(std::make_shared<LogSegments>(files_, *context.notices, context.log)) {}

  Status recover();
  Status recover_last(const std::string& path);
  Status begin_segment();
  Status write(const Block& block);
  Status open_replayed(std::size_t segment);
  Status damaged(const std::string& path, std::uint64_t at) const;
  void give(const LogFrame& frame, Block& block);

  FileSystem& files_;
  const Clock& clock_;
  const std::string folder_;
  const std::uint64_t segment_bytes_max_;
  std::shared_ptr<LogSegments> segments_;
  std::uint64_t first_ = 0;
  std::uint64_t end_ = 0;

  std::unique_ptr<WritableFile> file_;  // Null before the first append().
  std::uint64_t segment_bytes_ = 0;
  bool name_is_new_ = false;
  std::string frame_;
  Status failure_;

  std::vector<std::uint64_t> replayed_;  // The segments when replay began.
  std::size_t replayed_segment_ = 0;
  std::unique_ptr<LogFrameReader> reader_;
  std::uint64_t read_at_ = 0;  // Of the segment.
  std::uint64_t next_ = 0;     // Of the stream: where the frame at read_at_ begins.
  std::uint64_t seek_to_ = 0;
};

}  // namespace penstock
