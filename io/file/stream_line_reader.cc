#include "penstock/io/file/stream_line_reader.h"

#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/core/base/bytes.h"

namespace penstock {
namespace {

constexpr std::string_view kStreamSection = "stream";
constexpr std::uint32_t kVersion = 2;  // 1 had the offset only.

std::uint64_t next_run(std::uint64_t offset) {
  return (offset / kOffsetsPerRun + 1) * kOffsetsPerRun;
}

}  // namespace

Status StreamLineReader::open(const SourceContext& context) {
  context_ = context;
  splitter_.quote(context.quoted_lines);
  if (!context.log.folder.empty()) {
    Result<std::unique_ptr<StreamLog>> log = StreamLog::open(context);
    if (!log.ok()) return log.status();
    log_ = std::move(*log);
    segments_ = log_->segments();
  }
  return context.restores ? Status() : begin();
}

std::size_t StreamLineReader::take(const Block& block, std::span<RawRecord> batch) {
  std::memcpy(splitter_.writable(block.size).data(), block.bytes().data(), block.size);
  splitter_.written(block.size);
  arrival_ = block.arrival;
  return splitter_.take(batch, arrival_);
}

void StreamLineReader::capture(std::span<const RawRecord> unread, SnapshotWriter& out) const {
  const LineSplitter::Position position = splitter_.position(unread);
  std::string item;
  ByteAppender to(item);
  to.number(position.offset);
  to.number(static_cast<std::uint8_t>(position.within_line ? 1 : 0));
  to.number(static_cast<std::uint8_t>(segments_ != nullptr ? 1 : 0));
  out.section(kStreamSection, kVersion);
  out.add(item);
  if (segments_ == nullptr) return;
  out.after_commit([segments = segments_, offset = position.offset] {
    segments->committed(offset);
    return Status();
  });
}

Status StreamLineReader::restore(const SnapshotItem& item) {
  if (item.section != kStreamSection) return ByteReader::restore(item);
  Captured captured;
  std::uint8_t within_line = 0;
  std::uint8_t logged = 0;
  ByteCursor cursor(item.bytes);
  bool good = cursor.number(captured.position.offset);
  if (item.version >= kVersion) good = good && cursor.number(within_line) && cursor.number(logged);
  if (!good || !cursor.at_end() || within_line > 1 || logged > 1)
    return Status(StatusCode::kDataError, "the position in the snapshot is not one of a stream");
  captured.position.within_line = within_line == 1;
  captured.logged = logged == 1;
  captured_ = captured;
  return Status();
}

Status StreamLineReader::restored() { return begin(); }

Status StreamLineReader::begin() {
  if (log_ != nullptr) PENSTOCK_RETURN_IF_ERROR(begin_with_log());
  if (log_ == nullptr && captured_)
    splitter_.start_at({next_run(captured_->position.offset), false});
  return start(context_, std::move(log_));
}

Status StreamLineReader::begin_with_log() {
  LineSplitter::Position from{log_->first(), false};
  if (captured_ && captured_->logged) {
    from = captured_->position;
    if (from.offset < log_->first() || from.offset > log_->end()) {
      return Status(StatusCode::kFailedPrecondition,
                    "the checkpoint stands at byte " + std::to_string(from.offset) +
                        " of the stream, and the write-ahead log " + context_.log.folder +
                        " holds bytes " + std::to_string(log_->first()) + " to " +
                        std::to_string(log_->end()) +
                        ": what is between cannot be had. Restore the log, or start without it "
                        "and accept the loss");
    }
  } else if (captured_) {
    // The log is new, or of a time before the job ran without one.
    from.offset = next_run(captured_->position.offset);
    if (log_->first() != from.offset) PENSTOCK_RETURN_IF_ERROR(log_->begin_anew(from.offset));
  }
  splitter_.start_at(from);
  return log_->seek(from.offset);
}

}  // namespace penstock
