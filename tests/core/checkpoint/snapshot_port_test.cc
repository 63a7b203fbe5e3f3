#include "penstock/core/checkpoint/snapshot_port.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace penstock {
namespace {

// One chunk on its way to the keeper and back.
const char* write_and_give_back(SnapshotPort& port, std::size_t bytes) {
  SnapshotWriter writer(port);
  writer.select_operator("a");
  writer.section("b", 1);
  writer.add(std::string(bytes, 'x'));
  writer.flush();
  SnapshotPort::Delivery delivery = *port.next();
  const char* memory = delivery.chunk.data();
  port.give_back(std::move(delivery.chunk));
  return memory;
}

TEST(SnapshotPort, WritesTheNextChunkIntoTheMemoryOfOneThatIsDone) {
  SnapshotPort port;
  const char* first = write_and_give_back(port, 1000);
  EXPECT_EQ(write_and_give_back(port, 2000), first);
}

TEST(SnapshotPort, KeepsNoMemoryOfAHugeChunk) {
  SnapshotPort port;
  port.give_back(std::string(4 * SnapshotWriter::kChunkBytes, 'x'));
  EXPECT_EQ(port.spare().capacity(), std::string().capacity());
}

TEST(SnapshotPort, KeepsNoMoreMemoryThanMayWait) {
  SnapshotPort port;
  constexpr std::size_t kMost = SnapshotPort::kRoomBytes / SnapshotWriter::kChunkBytes;
  for (std::size_t i = 0; i < 2 * kMost; ++i) {
    std::string chunk;
    chunk.reserve(SnapshotWriter::kChunkBytes);
    port.give_back(std::move(chunk));
  }
  std::size_t kept = 0;
  while (port.spare().capacity() >= SnapshotWriter::kChunkBytes) ++kept;
  EXPECT_EQ(kept, kMost);
}

TEST(SnapshotPort, HasNoRoomWhileMuchWaits) {
  SnapshotPort port;
  EXPECT_TRUE(port.has_room());
  port.take(std::string(SnapshotPort::kRoomBytes, 'x'));
  EXPECT_FALSE(port.has_room());
  port.next();
  EXPECT_TRUE(port.has_room());
}

}  // namespace
}  // namespace penstock
