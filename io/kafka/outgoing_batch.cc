#include "penstock/io/kafka/outgoing_batch.h"

#include <algorithm>
#include <array>
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

rd_kafka_vu_t part(rd_kafka_vtype_t type) noexcept {
  rd_kafka_vu_t made;
  made.vtype = type;
  return made;
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

rd_kafka_resp_err_t OutgoingBatch::produce_front(rd_kafka_t* client, rd_kafka_topic_t* topic,
                                                 void* opaque) {
  Entry& entry = front();
  std::array<rd_kafka_vu_t, 8> parts;
  std::size_t count = 0;
  (parts[count++] = part(RD_KAFKA_VTYPE_RKT)).u.rkt = topic;
  (parts[count++] = part(RD_KAFKA_VTYPE_PARTITION)).u.i32 = RD_KAFKA_PARTITION_UA;
  (parts[count++] = part(RD_KAFKA_VTYPE_MSGFLAGS)).u.i = RD_KAFKA_MSG_F_COPY;
  (parts[count++] = part(RD_KAFKA_VTYPE_OPAQUE)).u.ptr = opaque;
  if (entry.has_value)
    (parts[count++] = part(RD_KAFKA_VTYPE_VALUE)).u.mem = {value_of(entry), entry.value_bytes};
  if (entry.has_key)
    (parts[count++] = part(RD_KAFKA_VTYPE_KEY)).u.mem = {key_of(entry), entry.key_bytes};
  if (entry.timestamp_ms != 0)
    (parts[count++] = part(RD_KAFKA_VTYPE_TIMESTAMP)).u.i64 = entry.timestamp_ms;
  if (entry.headers)
    (parts[count++] = part(RD_KAFKA_VTYPE_HEADERS)).u.headers = entry.headers.get();
  rd_kafka_error_t* error = rd_kafka_produceva(client, parts.data(), count);
  if (error == nullptr) [[likely]] {
    static_cast<void>(entry.headers.release());  // The client's now.
    return RD_KAFKA_RESP_ERR_NO_ERROR;
  }
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  rd_kafka_error_destroy(error);
  return code;
}

OutgoingBatch::Plain OutgoingBatch::plain(std::size_t most) const noexcept {
  Plain plain;
  const std::size_t end = std::min({size(), most, kTogether});
  for (; plain.records < end; ++plain.records) {
    const Entry& entry = entries_[first_ + plain.records];
    if (!entry.is_plain()) break;
    plain.bytes += entry.key_bytes + entry.value_bytes;
  }
  return plain;
}

std::span<rd_kafka_message_t> OutgoingBatch::prepare_plain(std::size_t most, OpaqueOf opaque_of,
                                                           void* context) {
  together_.clear();
  const std::size_t end = first_ + plain(most).records;
  for (std::size_t i = first_; i < end; ++i) {
    const Entry& entry = entries_[i];
    rd_kafka_message_t& message = together_.emplace_back();
    message.payload = entry.has_value ? value_of(entry) : nullptr;
    message.len = entry.value_bytes;
    message.key = entry.has_key ? key_of(entry) : nullptr;
    message.key_len = entry.key_bytes;
    message._private = opaque_of(context, entry);
  }
  return together_;
}

std::span<const rd_kafka_message_t> OutgoingBatch::produce_plain(rd_kafka_topic_t* topic,
                                                                 std::size_t most,
                                                                 OpaqueOf opaque_of,
                                                                 void* context) {
  prepare_plain(most, opaque_of, context);
  rd_kafka_produce_batch(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, together_.data(),
                         static_cast<int>(together_.size()));
  return together_;
}

}  // namespace penstock::kafka::internal
