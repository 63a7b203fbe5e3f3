// io/kafka/message_batch.h -- copies messages of the client into memory of ours and gives them back at once.
//
// A message that is not given back makes the client hang when it is closed, so none is kept from one poll to the next.
// Ownership  What lend() fills in is valid until the next lend(). kRawPaddingBytes behind each record are readable.
// Cost       A copy of each record. Nothing is allocated once the memory has grown to what a poll needs; it never
//            shrinks. Headers, where there are any, are taken apart by the client, which allocates.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "penstock/core/stream/source.h"
#include "penstock/io/kafka/partition.h"

namespace penstock::kafka::internal {

class MessageBatch {
 public:
  static constexpr std::size_t kRecordsMax = 256;

  explicit MessageBatch(std::size_t record_bytes_max) : record_bytes_max_(record_bytes_max) {}

  // Records from all of these, one after the other. REQUIRES: none of them is an error.
  struct Part {
    Partition* partition;
    std::span<rd_kafka_message_t*> messages;
  };
  // Destroys the messages. REQUIRES: at most kRecordsMax messages, and room for them.
  void lend(std::span<const Part> parts, std::span<RawRecord> out, Instant now);

 private:
  struct Need {
    std::size_t bytes = 0;
    std::size_t headers = 0;
  };

  Need measure(std::span<const Part> parts);
  void reserve(Need need);
  std::string_view copy(const void* bytes, std::size_t size) noexcept;
  std::span<const MessageHeader> copy_headers(const rd_kafka_headers_t* headers) noexcept;
  void lend_one(const Partition& partition, const rd_kafka_message_t& message, std::size_t index,
                RawRecord& raw) noexcept;

  const std::size_t record_bytes_max_;
  std::unique_ptr<char[]> memory_;
  std::size_t memory_bytes_ = 0;
  std::size_t used_ = 0;
  std::array<Message, kRecordsMax> messages_;
  std::array<const rd_kafka_headers_t*, kRecordsMax> headers_of_;
  std::vector<MessageHeader> headers_;
};

}  // namespace penstock::kafka::internal
