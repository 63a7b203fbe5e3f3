#include "penstock/io/file/stream_line_reader.h"

#include <cstring>
#include <string>
#include <string_view>

#include "penstock/core/base/bytes.h"

namespace penstock {

constexpr std::string_view kStreamSection = "stream";

std::size_t StreamLineReader::take(const Block& block, std::span<RawRecord> batch) {
  std::memcpy(splitter_.writable(block.size).data(), block.bytes().data(), block.size);
  splitter_.written(block.size);
  arrival_ = block.arrival;
  return splitter_.take(batch, arrival_);
}

void StreamLineReader::capture(std::span<const RawRecord> unread, SnapshotWriter& out) const {
  std::string item;
  ByteAppender(item).number(splitter_.position(unread).offset);
  out.section(kStreamSection, 1);
  out.add(item);
}

Status StreamLineReader::restore(const SnapshotItem& item) {
  if (item.section != kStreamSection) return ByteReader::restore(item);
  std::uint64_t next = 0;
  if (ByteCursor cursor(item.bytes); !cursor.number(next) || !cursor.at_end())
    return Status(StatusCode::kDataError, "the position in the snapshot is not one of a stream");
  splitter_.start_at({(next / kOffsetsPerRun + 1) * kOffsetsPerRun, false});
  return Status();
}

}  // namespace penstock
