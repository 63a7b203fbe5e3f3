#include "penstock/io/kafka/outbox_record.h"

#include <cstdint>

#include "penstock/core/base/bytes.h"

namespace penstock::kafka::internal {
namespace {

constexpr std::uint8_t kHasKey = 1;
constexpr std::uint8_t kHasValue = 2;
constexpr std::uint8_t kAllFlags = kHasKey | kHasValue;

}  // namespace

void append_outbox_record(const RawMessage& record, std::string& out) {
  const Message& message = record.message;
  ByteAppender to(out);
  const int flags = (message.key ? kHasKey : 0) | (message.tombstone ? 0 : kHasValue);
  to.number(static_cast<std::uint8_t>(flags));
  to.number(message.timestamp.micros);
  to.framed(message.key.value_or(std::string_view()));
  to.framed(message.tombstone ? std::string_view() : record.bytes);
  to.number(static_cast<std::uint32_t>(message.headers.size()));
  for (const MessageHeader& header : message.headers) {
    to.number(static_cast<std::uint8_t>(header.value ? 1 : 0));
    to.framed(header.name);
    to.framed(header.value.value_or(std::string_view()));
  }
}

OutboxReader::Found OutboxReader::take_one(std::string_view& bytes, RawMessage& record) {
  ByteCursor from(bytes);
  std::uint8_t flags = 0;
  std::string_view key;
  std::uint32_t headers = 0;
  record = {};
  headers_.clear();
  if (!from.number(flags)) return Found::kPart;
  if ((flags & ~kAllFlags) != 0) return Found::kOther;
  if (!from.number(record.message.timestamp.micros) || !from.framed(key, UINT32_MAX) ||
      !from.framed(record.bytes, UINT32_MAX) || !from.number(headers))
    return Found::kPart;
  for (std::uint32_t i = 0; i < headers; ++i) {
    std::uint8_t has_value = 0;
    std::string_view name;
    std::string_view value;
    if (!from.number(has_value)) return Found::kPart;
    if (has_value > 1) return Found::kOther;
    if (!from.framed(name, UINT32_MAX) || !from.framed(value, UINT32_MAX)) return Found::kPart;
    headers_.push_back({name, has_value != 0 ? std::optional(value) : std::nullopt});
  }
  if ((flags & kHasKey) != 0) record.message.key = key;
  record.message.tombstone = (flags & kHasValue) == 0;
  record.message.headers = headers_;
  bytes.remove_prefix(bytes.size() - from.remaining());
  return Found::kRecord;
}

Status OutboxReader::feed(std::string_view piece, const Visit& visit) {
  rest_ += piece;
  std::string_view left = rest_;
  RawMessage record;
  for (;;) {
    const Found found = left.empty() ? Found::kPart : take_one(left, record);
    if (found == Found::kPart) break;
    if (found == Found::kOther) return Status::data_error("has something else than records");
    PENSTOCK_RETURN_IF_ERROR(visit(record));
  }
  rest_.erase(0, rest_.size() - left.size());
  return Status();
}

}  // namespace penstock::kafka::internal
