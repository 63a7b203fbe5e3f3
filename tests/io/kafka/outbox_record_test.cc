#include "penstock/io/kafka/outbox_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>

namespace penstock::kafka::internal {
namespace {

// What the test can keep of a record that is lent.
struct Kept {
  std::string value;
  bool tombstone = false;
  std::optional<std::string> key;
  std::int64_t micros = 0;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;

  bool operator==(const Kept&) const = default;
};
Kept keep(const RawMessage& record) {
  Kept kept{
      std::string(record.bytes), record.message.tombstone, {}, record.message.timestamp.micros, {}};
  if (record.message.key) kept.key = std::string(*record.message.key);
  for (const MessageHeader& header : record.message.headers)
    kept.headers.emplace_back(header.name, header.value);
  return kept;
}

TEST(OutboxRecordTest, RecordsComeBackAsTheyWereHoweverTheFileIsCut) {
  const std::array<MessageHeader, 3> headers = {
      MessageHeader{"trace", "17"}, MessageHeader{"trace", std::nullopt}, MessageHeader{"", ""}};
  std::array<RawMessage, 4> records;
  records[0].bytes = "plain";
  records[1].bytes = std::string_view("a\nb\0c", 5);
  records[1].message.key = "";
  records[1].message.timestamp = EventTime{-1};
  records[1].message.headers = headers;
  records[2].message.key = "gone";
  records[2].message.tombstone = true;
  std::string file;
  std::vector<Kept> written;
  for (const RawMessage& record : records) {
    append_outbox_record(record, file);
    written.push_back(keep(record));
  }
  for (std::size_t piece = 1; piece <= file.size(); ++piece) {
    OutboxReader reader;
    std::vector<Kept> read;
    for (std::size_t at = 0; at < file.size(); at += piece) {
      const Status fed =
          reader.feed(std::string_view(file).substr(at, piece), [&](const RawMessage& record) {
            read.push_back(keep(record));
            return Status();
          });
      ASSERT_TRUE(fed.ok());
    }
    EXPECT_TRUE(reader.at_end());
    EXPECT_EQ(read, written) << "in pieces of " << piece;
  }
}

TEST(OutboxRecordTest, WhatIsNoRecordIsSaidAndACutOneIsNotTheEnd) {
  std::string file;
  append_outbox_record({"value", {}}, file);
  const auto take = [](const RawMessage&) { return Status(); };
  OutboxReader cut;
  EXPECT_TRUE(cut.feed(std::string_view(file).substr(0, file.size() - 1), take).ok());
  EXPECT_FALSE(cut.at_end());
  file[0] = '\x7f';
  EXPECT_EQ(OutboxReader().feed(file, take).code(), StatusCode::kDataError);
}

TEST(OutboxRecordTest, AnErrorOfTheTakerEndsTheReading) {
  std::string file;
  for (int i = 0; i < 3; ++i) append_outbox_record({"value", {}}, file);
  int taken = 0;
  const Status status = OutboxReader().feed(file, [&](const RawMessage&) {
    return ++taken == 2 ? Status(StatusCode::kUnavailable, "full") : Status();
  });
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(taken, 2);
}

}  // namespace
}  // namespace penstock::kafka::internal
