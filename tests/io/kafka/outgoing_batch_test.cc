#include "penstock/io/kafka/outgoing_batch.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::kafka::internal {
namespace {

std::string text(const void* at, std::size_t bytes) {
  return {static_cast<const char*>(at), bytes};
}

RawMessage message(std::string_view value, std::optional<std::string_view> key = std::nullopt) {
  RawMessage made{value, {}};
  made.message.key = key;
  return made;
}

TEST(OutgoingBatch, GivesTheRecordsBackInTheirOrderWhereverTheyWereCopied) {
  OutgoingBatch batch;
  for (int i = 0; i < 1000; ++i) {
    const std::string value = "value" + std::to_string(i);
    const std::string key = "key" + std::to_string(i);
    batch.add(message(value, key), static_cast<std::uint16_t>(i));
  }
  ASSERT_EQ(batch.size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    const OutgoingBatch::Entry& entry = batch.front();
    ASSERT_EQ(text(batch.value_of(entry), entry.value_bytes), "value" + std::to_string(i));
    ASSERT_EQ(text(batch.key_of(entry), entry.key_bytes), "key" + std::to_string(i));
    ASSERT_EQ(entry.cut, i);
    batch.pop_front();
  }
  EXPECT_TRUE(batch.empty());
  EXPECT_EQ(batch.bytes(), 0u);
}

TEST(OutgoingBatch, TellsNoKeyFromAnEmptyOneAndATombstoneFromAnEmptyValue) {
  OutgoingBatch batch;
  batch.add(message("", std::nullopt), 0);
  batch.add(message("", ""), 0);
  RawMessage tombstone = message("", "k");
  tombstone.message.tombstone = true;
  batch.add(tombstone, 0);
  EXPECT_FALSE(batch.front().has_key);
  EXPECT_TRUE(batch.front().has_value);
  batch.pop_front();
  EXPECT_TRUE(batch.front().has_key);
  EXPECT_NE(batch.key_of(batch.front()), nullptr);
  batch.pop_front();
  EXPECT_FALSE(batch.front().has_value);
  EXPECT_EQ(text(batch.key_of(batch.front()), batch.front().key_bytes), "k");
}

TEST(OutgoingBatch, WhatStaysIsInFrontOfWhatComesLater) {
  OutgoingBatch batch;
  batch.add(message("a"), 0);
  batch.add(message("b"), 0);
  batch.pop_front();
  batch.add(message("c"), 1);
  EXPECT_EQ(batch.size(), 2u);
  EXPECT_EQ(text(batch.value_of(batch.front()), 1), "b");
  batch.pop_front();
  EXPECT_EQ(text(batch.value_of(batch.front()), 1), "c");
}

TEST(OutgoingBatch, RoundsTimestampsDownAndKeepsTheFirstMomentOf1970) {
  OutgoingBatch batch;
  const auto milliseconds = [&](std::int64_t micros) {
    RawMessage record = message("x");
    record.message.timestamp = EventTime{micros};
    batch.add(record, 0);
    const std::int64_t found = batch.front().timestamp_ms;
    batch.pop_front();
    return found;
  };
  EXPECT_EQ(milliseconds(1999), 1);
  EXPECT_EQ(milliseconds(-1), -1);
  EXPECT_EQ(milliseconds(-1000), -1);
  EXPECT_EQ(milliseconds(0), 1) << "the client takes 0 for now";
  EXPECT_EQ(milliseconds(kMinEventTime.micros), 0) << "none was given";
}

TEST(OutgoingBatch, CountsHeadersAndOwnsThem) {
  OutgoingBatch batch;
  batch.add(message("value"), 0);
  const std::size_t bare = batch.front().counted_bytes;
  batch.pop_front();
  const std::vector<MessageHeader> headers = {
      {"schema", "v1"}, {"none", std::nullopt}, {"empty", std::string_view()}};
  RawMessage record = message("value");
  record.message.headers = headers;
  batch.add(record, 0);
  const OutgoingBatch::Entry& entry = batch.front();
  EXPECT_GE(entry.counted_bytes, bare + 12);
  ASSERT_NE(entry.headers, nullptr);
  EXPECT_EQ(rd_kafka_header_cnt(entry.headers.get()), 3u);
  const void* value = nullptr;
  std::size_t bytes = 0;
  EXPECT_EQ(rd_kafka_header_get_last(entry.headers.get(), "none", &value, &bytes),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(value, nullptr);
  EXPECT_EQ(rd_kafka_header_get_last(entry.headers.get(), "empty", &value, &bytes),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_NE(value, nullptr);
}

}  // namespace
}  // namespace penstock::kafka::internal
