// io/kafka/positions.h -- how far partitions were read, as snapshots have it.
//
// With each offset goes a record that was read, by which the log is known again: a topic that was recreated has others.
// The numbers of topics go with them, so that splits are the same in each run, also those of a pattern.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>

#include "penstock/core/stream/snapshot.h"
#include "penstock/io/kafka/cluster.h"

namespace penstock::kafka::internal {

struct PartitionName {
  std::string topic;
  std::int32_t partition = 0;
  friend auto operator<=>(const PartitionName&, const PartitionName&) = default;
};

struct Position {
  std::uint32_t topic_number = 0;
  std::int64_t next = 0;
  Fingerprint last;  // Its offset is -1 when none was read.
};

using Positions = std::map<PartitionName, Position>;

inline constexpr std::string_view kPositionsSection = "kafka";

void capture(const Positions& positions, SnapshotWriter& out);
// Adds what one item has.
Status restore(const SnapshotItem& item, Positions& positions);

}  // namespace penstock::kafka::internal
