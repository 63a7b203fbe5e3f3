#include "penstock/io/kafka/message_batch.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace penstock::kafka::internal {
namespace {

constexpr std::size_t kMemoryBytesMin = std::size_t{64} << 10;

}  // namespace

MessageBatch::Need MessageBatch::measure(std::span<const Part> parts) {
  Need need;
  std::size_t index = 0;
  for (const Part& part : parts) {
    for (rd_kafka_message_t* message : part.messages) {
      need.bytes += std::min(message->len, record_bytes_max_) + message->key_len;
      rd_kafka_headers_t* headers = nullptr;
      if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        headers = nullptr;
      }
      headers_of_[index++] = headers;
      const char* name = nullptr;
      const void* value = nullptr;
      std::size_t size = 0;
      for (std::size_t i = 0;
           headers != nullptr &&
           rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
           ++i) {
        need.bytes += std::strlen(name) + size;
        ++need.headers;
      }
    }
  }
  return need;
}

void MessageBatch::reserve(Need need) {
  const std::size_t bytes = need.bytes + kRawPaddingBytes;
  if (bytes > memory_bytes_) {
    memory_bytes_ = std::bit_ceil(std::max(bytes, kMemoryBytesMin));
    memory_.reset();
    memory_ = std::make_unique<char[]>(memory_bytes_);  // Zeroed: the padding is read.
  }
  used_ = 0;
  headers_.clear();
  headers_.reserve(need.headers);
}

std::string_view MessageBatch::copy(const void* bytes, std::size_t size) noexcept {
  char* to = memory_.get() + used_;
  if (size > 0) std::memcpy(to, bytes, size);
  used_ += size;
  return {to, size};
}

std::span<const MessageHeader> MessageBatch::copy_headers(
    const rd_kafka_headers_t* headers) noexcept {
  if (headers == nullptr) return {};
  const std::size_t first = headers_.size();
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t i = 0;
       rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++i) {
    MessageHeader& header = headers_.emplace_back();
    header.name = copy(name, std::strlen(name));
    if (value != nullptr) header.value = copy(value, size);
  }
  return std::span<const MessageHeader>(headers_).subspan(first);
}

void MessageBatch::lend_one(const Partition& partition, const rd_kafka_message_t& from,
                            std::size_t index, RawRecord& raw) noexcept {
  Message& message = messages_[index];
  message.topic = partition.topic();
  message.partition = static_cast<std::uint32_t>(partition.number());
  message.tombstone = from.payload == nullptr;
  raw.bytes = copy(from.payload, std::min(from.len, record_bytes_max_));
  raw.cut_from_bytes = from.len > record_bytes_max_ ? from.len : 0;
  raw.origin = {partition.split(), static_cast<std::uint64_t>(from.offset)};
  raw.message = &message;
  message.key.reset();
  if (from.key != nullptr) message.key = copy(from.key, from.key_len);
  message.headers = copy_headers(headers_of_[index]);
  rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
  const std::int64_t millis = rd_kafka_message_timestamp(&from, &type);
  constexpr std::int64_t kMillisMax = kMaxEventTime.micros / 1000;
  const bool has_time =
      type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && millis >= -kMillisMax && millis <= kMillisMax;
  message.timestamp = has_time ? EventTime{millis * 1000} : kMinEventTime;
}

void MessageBatch::lend(std::span<const Part> parts, std::span<RawRecord> out, Instant now) {
  reserve(measure(parts));
  std::size_t index = 0;
  for (const Part& part : parts) {
    for (rd_kafka_message_t* message : part.messages) {
      RawRecord& raw = out[index];
      raw.arrival = now;
      lend_one(*part.partition, *message, index, raw);
      rd_kafka_message_destroy(message);
      ++index;
    }
  }
}

}  // namespace penstock::kafka::internal
