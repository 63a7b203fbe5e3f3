#include "penstock/core/stream/snapshot.h"

#include <gtest/gtest.h>

#include <random>

namespace penstock {
namespace {

struct Chunks final : SnapshotTarget {
  void take(std::string chunk) noexcept override { all.push_back(std::move(chunk)); }
  std::vector<std::string> all;
};

std::vector<std::string> items_of(const std::vector<std::string>& chunks,
                                  Status* status = nullptr) {
  std::vector<std::string> seen;
  SnapshotParser parser(1, 3);
  for (const std::string& chunk : chunks) {
    const Status parsed = parser.parse(chunk, [&](const SnapshotItem& item) {
      seen.push_back(std::string(item.operator_id) + "/" + std::string(item.section) + "." +
                     std::to_string(item.version) + "=" + std::string(item.bytes));
      return Status();
    });
    if (status == nullptr) {
      EXPECT_TRUE(parsed.ok()) << parsed.to_string();
    } else if (status->ok()) {
      *status = parsed;
    }
  }
  return seen;
}

TEST(Snapshot, GivesBackItemsWithWhatTheyBelongTo) {
  Chunks chunks;
  SnapshotWriter writer(chunks);
  writer.select_operator("count");
  writer.section("keys", 1);
  writer.add("a");
  writer.select_operator("sum");
  writer.section("keys", 2);
  writer.add("");
  writer.select_operator("count");
  writer.section("keys", 1);
  writer.add("b");
  writer.flush();
  EXPECT_EQ(items_of(chunks.all),
            (std::vector<std::string>{"count/keys.1=a", "sum/keys.2=", "count/keys.1=b"}));
}

TEST(Snapshot, CutsChunksBetweenItemsAndKeepsTheirOrder) {
  Chunks chunks;
  SnapshotWriter writer(chunks);
  writer.select_operator("o");
  writer.section("s", 0);
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::string item(i, static_cast<char>('a' + i % 26));
    writer.add(item);
    expected.push_back("o/s.0=" + item);
  }
  writer.add(std::string(3 * SnapshotWriter::kChunkBytes, 'x'));  // Larger than any chunk.
  expected.push_back("o/s.0=" + std::string(3 * SnapshotWriter::kChunkBytes, 'x'));
  writer.flush();
  EXPECT_GT(chunks.all.size(), 5U);
  EXPECT_EQ(items_of(chunks.all), expected);
}

TEST(Snapshot, SaysHowManyBytesThereAre) {
  Chunks chunks;
  SnapshotWriter writer(chunks);
  writer.select_operator("o");
  writer.section("s", 0);
  for (int i = 0; i < 100; ++i) writer.add(std::string(5000, 'x'));
  writer.flush();
  std::size_t bytes = 0;
  for (const std::string& chunk : chunks.all) bytes += chunk.size();
  EXPECT_EQ(writer.bytes(), bytes);
}

TEST(SnapshotParser, RefusesBytesThatAreNoFrames) {
  for (const std::string& bytes :
       {std::string("short"), std::string("\xff\xff\xff\xff\x01\0\0\0", 8),
        std::string("\x01\0\0\0\x01\0\0\0x", 9), std::string("\x03\0\0\0\0\0\0\0abc", 11)}) {
    Status status;
    items_of({bytes}, &status);
    EXPECT_EQ(status.code(), StatusCode::kDataError);
  }
}

TEST(SnapshotParser, NeverReadsBeyondWhatItIsGiven) {
  Chunks chunks;
  SnapshotWriter writer(chunks);
  writer.select_operator("operator");
  writer.section("section", 7);
  for (int i = 0; i < 20; ++i) writer.add(std::string(static_cast<std::size_t>(i), 'x'));
  writer.flush();
  std::minstd_rand random(1);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = chunks.all[0].substr(0, random() % (chunks.all[0].size() + 1));
    if (!bytes.empty()) bytes[random() % bytes.size()] = static_cast<char>(random());
    Status status;
    items_of({bytes}, &status);  // Whatever it says: a sanitizer would tell.
  }
}

}  // namespace
}  // namespace penstock
