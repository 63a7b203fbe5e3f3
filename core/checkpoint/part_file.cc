#include "penstock/core/checkpoint/part_file.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/check.h"
#include "penstock/core/base/crc32c.h"

namespace penstock {
namespace {

constexpr std::string_view kMagic = "PSTKPART";
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kKindBase = 0;  // All there is, and no changes since an earlier one.
constexpr std::uint8_t kCodecNone = 0;
constexpr std::uint8_t kGoesOn = 1;  // Flag: the next block belongs to the same chunk.
constexpr std::size_t kHeaderBytes = 8 + 4 + 4 + 8 + 4 + 4 + 4 + 4;
constexpr std::size_t kBlockHeaderBytes = 12;
constexpr std::size_t kBlockCheckedBytes = 8;  // Of its header.
constexpr std::size_t kFooterBytes = 8 + 4;    // Behind a block header of length 0.

std::string header_of(Epoch epoch, const PartInfo& part) {
  std::string bytes;
  ByteAppender out(bytes);
  out.raw(kMagic);
  out.number(kVersion);
  out.number(kKindBase);
  out.number(epoch.value);
  out.number(part.stage.value);
  out.number(part.task);
  out.number(part.task_count);
  out.number(crc32c(bytes));
  return bytes;
}

std::string block_header_of(std::string_view payload, bool goes_on) {
  std::string bytes;
  ByteAppender out(bytes);
  out.number(static_cast<std::uint32_t>(payload.size()));
  out.number(kCodecNone);
  out.number(goes_on ? kGoesOn : std::uint8_t{0});
  out.number(std::uint16_t{0});
  out.number(crc32c(payload, crc32c(bytes)));
  return bytes;
}

std::string hex(std::uint32_t checksum) {
  char text[9];
  std::snprintf(text, sizeof text, "%08" PRIx32, checksum);
  return text;
}

// One pass over a file.
class PartReader {
 public:
  PartReader(ReadableFile& file, const std::string& place, Epoch epoch, const PartInfo& part,
             const ChunkVisit& visit)
      : file_(file), place_(place), epoch_(epoch), part_(part), visit_(visit) {}

  Status run() {
    PENSTOCK_RETURN_IF_ERROR(check_size());
    PENSTOCK_RETURN_IF_ERROR(read_header());
    for (bool more = true; more;) PENSTOCK_RETURN_IF_ERROR(read_block(more));
    return Status();
  }

 private:
  Status bad(const std::string& what) const {
    return Status::data_error(place_ + ": " + what + " at byte " + std::to_string(at_) +
                              ": the file is damaged or another one");
  }

  Status check_size() {
    const Result<std::uint64_t> size = file_.size();
    if (!size.ok()) return size.status();
    if (*size == part_.bytes) return Status();
    return bad("it has " + std::to_string(*size) + " bytes instead of " +
               std::to_string(part_.bytes));
  }

  // Reads exactly so many, and into the checksum of the whole all of them but the last `unchecked`.
  Status read(std::size_t bytes, std::string& to, std::size_t unchecked = 0) {
    if (bytes > part_.bytes - at_) return bad("the end comes too early");
    to.resize(bytes);
    for (std::size_t filled = 0; filled < bytes;) {
      const std::span<char> rest(to.data() + filled, bytes - filled);
      const Result<std::size_t> count = file_.read_at(at_ + filled, rest);
      if (!count.ok()) return count.status();
      if (*count == 0) return bad("the end comes too early");
      filled += *count;
    }
    checksum_ = crc32c(std::string_view(to).substr(0, bytes - unchecked), checksum_);
    return Status();
  }

  Status read_header() {
    std::string bytes;
    PENSTOCK_RETURN_IF_ERROR(read(kHeaderBytes, bytes));
    const std::string_view seen = bytes;
    std::uint32_t version = 0;
    std::uint32_t kind = 0;
    std::uint32_t checksum = 0;
    ByteCursor numbers(seen.substr(kMagic.size(), 8));
    ByteCursor last(seen.substr(kHeaderBytes - 4));
    if (!numbers.number(version) || !numbers.number(kind) || !last.number(checksum) ||
        !seen.starts_with(kMagic) || checksum != crc32c(seen.substr(0, kHeaderBytes - 4))) {
      return bad("it does not begin as a part of a checkpoint does");
    }
    if (version != kVersion || kind != kKindBase) {
      return Status(StatusCode::kFailedPrecondition,
                    place_ + ": it has format " + std::to_string(version) + ", kind " +
                        std::to_string(kind) + ", which a later version of Penstock has written");
    }
    if (seen != header_of(epoch_, part_)) return bad("it belongs to another epoch or task");
    at_ += kHeaderBytes;
    return Status();
  }

  Status read_block(bool& more) {
    std::string header;
    PENSTOCK_RETURN_IF_ERROR(read(kBlockHeaderBytes, header));
    ByteCursor cursor(header);
    std::uint32_t length = 0;
    std::uint8_t codec = 0;
    std::uint8_t flags = 0;
    std::uint16_t unused = 0;
    std::uint32_t checksum = 0;
    PENSTOCK_CHECK(cursor.number(length) && cursor.number(codec) && cursor.number(flags) &&
                   cursor.number(unused) && cursor.number(checksum));
    if (length > kPartBlockBytesMax || codec != kCodecNone || flags > kGoesOn || unused != 0) {
      return bad("a block has a header that cannot be");
    }
    const std::uint64_t begin = at_;
    at_ += kBlockHeaderBytes;
    PENSTOCK_RETURN_IF_ERROR(read(length, block_));
    const std::string_view checked = std::string_view(header).substr(0, kBlockCheckedBytes);
    if (crc32c(block_, crc32c(checked)) != checksum) {
      at_ = begin;
      return bad("a block of " + std::to_string(length) + " bytes has a wrong checksum");
    }
    at_ += length;
    more = length > 0;
    return more ? take_block((flags & kGoesOn) != 0) : read_footer(flags);
  }

  Status take_block(bool goes_on) {
    chunk_bytes_ += block_.size();
    if (chunk_bytes_ > kPartChunkBytesMax) return bad("a chunk is too long");
    const bool alone = !goes_on && chunk_bytes_ == block_.size();
    if (visit_ && !alone) chunk_ += block_;
    if (goes_on) return Status();
    ++chunks_;
    chunk_bytes_ = 0;
    if (!visit_) return Status();
    const Status status = visit_(alone ? block_ : chunk_);
    chunk_.clear();
    return status.with_place(place_);
  }

  Status read_footer(std::uint8_t flags) {
    std::string footer;
    PENSTOCK_RETURN_IF_ERROR(read(kFooterBytes, footer, 4));
    std::uint64_t chunks = 0;
    std::uint32_t checksum = 0;
    ByteCursor cursor(footer);
    PENSTOCK_CHECK(cursor.number(chunks) && cursor.number(checksum));
    if (flags != 0 || chunk_bytes_ != 0 || chunks != chunks_) return bad("a chunk is missing");
    if (checksum != checksum_ || checksum != part_.checksum) {
      return bad("the checksum of the whole is " + hex(checksum_) + ", not " + hex(part_.checksum) +
                 ",");
    }
    at_ += kFooterBytes;
    return at_ == part_.bytes ? Status() : bad("there is something behind its end");
  }

  ReadableFile& file_;
  const std::string& place_;
  const Epoch epoch_;
  const PartInfo& part_;
  const ChunkVisit& visit_;
  std::uint64_t at_ = 0;
  std::uint32_t checksum_ = 0;
  std::uint64_t chunks_ = 0;
  std::uint64_t chunk_bytes_ = 0;
  std::string block_;
  std::string chunk_;
};

}  // namespace

std::string part_file_name(StageId stage, std::uint32_t task) {
  return "part-" + std::to_string(stage.value) + "-" + std::to_string(task);
}

Result<PartWriter> PartWriter::create(FileSystem& file_system, const std::string& folder,
                                      Epoch epoch, PartInfo part) {
  part.file = part_file_name(part.stage, part.task);
  part.bytes = 0;
  part.checksum = 0;
  std::string path = folder + "/" + part.file;
  Result<std::unique_ptr<WritableFile>> file =
      file_system.open_for_writing(path, WriteMode::kCreateNew);
  if (!file.ok()) return file.status();
  const std::string header = header_of(epoch, part);
  PartWriter writer(*std::move(file), std::move(path), std::move(part));
  PENSTOCK_RETURN_IF_ERROR(writer.write(header));
  return writer;
}

Status PartWriter::append(std::string_view chunk) {
  PENSTOCK_CHECK(!chunk.empty());
  if (chunk.size() > kPartChunkBytesMax) {
    return fail(Status(StatusCode::kResourceExhausted,
                       "'" + path_ + "': a chunk of " + std::to_string(chunk.size()) +
                           " bytes is longer than " + std::to_string(kPartChunkBytesMax) +
                           ": keep less state under one key"));
  }
  while (!chunk.empty()) {
    const std::string_view payload = chunk.substr(0, kPartBlockBytesMax);
    chunk.remove_prefix(payload.size());
    PENSTOCK_RETURN_IF_ERROR(write_block(payload, !chunk.empty()));
  }
  ++chunks_;
  return Status();
}

Result<PartInfo> PartWriter::finish() {
  PENSTOCK_RETURN_IF_ERROR(write_block({}, false));
  std::string footer;
  ByteAppender out(footer);
  out.number(chunks_);
  part_.checksum = crc32c(footer, part_.checksum);
  const std::uint32_t checksum = part_.checksum;
  out.number(checksum);
  PENSTOCK_RETURN_IF_ERROR(write(footer));
  part_.checksum = checksum;
  PENSTOCK_RETURN_IF_ERROR(fail(file_->sync()));
  PENSTOCK_RETURN_IF_ERROR(fail(file_->close()));
  failure_ = Status::failed_precondition("'" + path_ + "': it is finished");
  return part_;
}

Status PartWriter::write(std::string_view bytes) {
  PENSTOCK_RETURN_IF_ERROR(failure_);
  PENSTOCK_RETURN_IF_ERROR(fail(file_->append(bytes)));
  part_.bytes += bytes.size();
  part_.checksum = crc32c(bytes, part_.checksum);
  return Status();
}

Status PartWriter::write_block(std::string_view payload, bool goes_on) {
  PENSTOCK_RETURN_IF_ERROR(write(block_header_of(payload, goes_on)));
  return payload.empty() ? Status() : write(payload);
}

Status PartWriter::fail(Status status) {
  if (!status.ok()) failure_ = status;
  return status;
}

Status read_part(ReadableFile& file, const std::string& place, Epoch epoch, const PartInfo& part,
                 const ChunkVisit& visit) {
  return PartReader(file, place, epoch, part, visit).run();
}

}  // namespace penstock
