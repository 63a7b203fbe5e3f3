#include "penstock/io/kafka/positions.h"

#include "penstock/core/base/bytes.h"
#include "penstock/io/kafka/splits.h"

namespace penstock::kafka::internal {
namespace {

constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kTopicBytesMax = 1 << 10;

}  // namespace

void capture(const Positions& positions, SnapshotWriter& out) {
  out.section(kPositionsSection, kVersion);
  out.add("");  // There was a source, though perhaps nothing to read.
  for (const auto& [name, position] : positions) {
    std::string item;
    ByteAppender bytes(item);
    bytes.framed(name.topic);
    bytes.number(position.topic_number);
    bytes.number(name.partition);
    bytes.number(position.next);
    bytes.number(position.last.offset);
    bytes.number(position.last.timestamp);
    bytes.number(position.last.crc);
    out.add(item);
  }
}

Status restore(const SnapshotItem& item, Positions& positions) {
  if (item.version == kVersion && item.bytes.empty()) return Status();
  ByteCursor bytes(item.bytes);
  std::string_view topic;
  PartitionName name;
  Position position;
  const bool is_whole = item.version == kVersion && bytes.framed(topic, kTopicBytesMax) &&
                        bytes.number(position.topic_number) && bytes.number(name.partition) &&
                        bytes.number(position.next) && bytes.number(position.last.offset) &&
                        bytes.number(position.last.timestamp) && bytes.number(position.last.crc) &&
                        bytes.at_end();
  if (!is_whole || name.partition < 0 || name.partition >= kPartitionsMax || position.next < 0 ||
      position.last.offset < -1 || position.topic_number >= kTopicsMax) {
    return Status(StatusCode::kDataError,
                  "the position in the snapshot is not one of a partition of Kafka");
  }
  name.topic = topic;
  positions[std::move(name)] = position;
  return Status();
}

}  // namespace penstock::kafka::internal
