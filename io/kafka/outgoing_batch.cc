#include "penstock/io/kafka/outgoing_batch.h"

#include <string_view>

#include "penstock/io/kafka/deliveries.h"

namespace penstock::kafka::internal {
namespace {

// Not null where it is merely empty: null is a header without a value.
const void* address_of(std::string_view text) noexcept {
  return text.data() == nullptr ? "" : text.data();
}

rd_kafka_headers_t* headers_of(std::span<const MessageHeader> headers) {
  rd_kafka_headers_t* made = rd_kafka_headers_new(headers.size());
  for (const MessageHeader& header : headers) {
    const void* value = header.value ? address_of(*header.value) : nullptr;
    rd_kafka_header_add(made, header.name.data(), static_cast<ssize_t>(header.name.size()), value,
                        header.value ? static_cast<ssize_t>(header.value->size()) : 0);
  }
  return made;
}

std::size_t bytes_of(std::span<const MessageHeader> headers) noexcept {
  std::size_t bytes = 0;
  for (const MessageHeader& header : headers)
    bytes += header.name.size() + (header.value ? header.value->size() : 0) + sizeof(MessageHeader);
  return bytes;
}

// Milliseconds, rounded down. The client takes 0 for "now", so the first one of 1970 becomes the second.
std::int64_t milliseconds_of(EventTime time) noexcept {
  const std::int64_t floor = time.micros / 1000 - (time.micros % 1000 < 0 ? 1 : 0);
  return floor == 0 ? 1 : floor;
}

}  // namespace

void OutgoingBatch::add(const RawMessage& record, std::uint16_t cut) {
  const Message& message = record.message;
  Entry& entry = entries_.emplace_back();
  entry.at = bytes_.size();
  entry.cut = cut;
  entry.has_key = message.key.has_value();
  entry.has_value = !message.tombstone;
  if (message.key) {
    entry.key_bytes = message.key->size();
    bytes_.append(*message.key);
  }
  if (entry.has_value) {
    entry.value_bytes = record.bytes.size();
    bytes_.append(record.bytes);
  }
  if (message.timestamp != kMinEventTime) entry.timestamp_ms = milliseconds_of(message.timestamp);
  if (!message.headers.empty()) entry.headers.reset(headers_of(message.headers));
  entry.counted_bytes =
      Deliveries::kRecordBytes + entry.key_bytes + entry.value_bytes + bytes_of(message.headers);
}

void OutgoingBatch::pop_front() noexcept {
  if (++first_ < entries_.size()) return;
  entries_.clear();
  bytes_.clear();
  first_ = 0;
}

}  // namespace penstock::kafka::internal
