#include "penstock/io/json/record_encoder.h"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "penstock/core/base/time.h"
#include "penstock/io/json/iso8601.h"
#include "penstock/io/json/text.h"

namespace penstock::json {
namespace {

constexpr std::string_view kNull = "null";

template <class Value>
Value load(const void* member) noexcept {
  Value value;
  std::memcpy(&value, member, sizeof value);
  return value;
}

template <class Number>
void append_number(Number value, std::string& out) {
  char digits[32];  // The longest is a double: -2.2250738585072014e-308.
  const std::to_chars_result result = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, result.ptr);
}

template <class Float>
void append_float(Float value, std::string& out) {
  if (!std::isfinite(value)) {
    out.append(kNull);
  } else {
    append_number(value, out);
  }
}

void append_text(const char* member, std::size_t bytes_max, std::string& out) {
  const auto size = static_cast<unsigned char>(member[bytes_max]);
  out += '"';
  append_escaped({member, size}, out);
  out += '"';
}

void append_iso8601(EventTime time, std::string& out) {
  char text[kIso8601BytesMax];
  const std::size_t size = format_iso8601(time, text);
  if (size == 0) {
    out.append(kNull);
    return;
  }
  out += '"';
  out.append(text, size);
  out += '"';
}

// Whole units before or at the time, so that what is decoded is never later.
void append_epoch(EventTime time, std::int64_t micros_per_unit, std::string& out) {
  const std::int64_t rest = time.micros % micros_per_unit;
  append_number(time.micros / micros_per_unit - (rest < 0 ? 1 : 0), out);
}

void append_value(const FieldEntry& entry, const void* member, std::string& out) {
  switch (entry.kind) {
    case FieldKind::kBool:
      out.append(load<bool>(member) ? "true" : "false");
      return;
    case FieldKind::kInt8:
      append_number(load<std::int8_t>(member), out);
      return;
    case FieldKind::kInt16:
      append_number(load<std::int16_t>(member), out);
      return;
    case FieldKind::kInt32:
      append_number(load<std::int32_t>(member), out);
      return;
    case FieldKind::kInt64:
      append_number(load<std::int64_t>(member), out);
      return;
    case FieldKind::kUint8:
      append_number(load<std::uint8_t>(member), out);
      return;
    case FieldKind::kUint16:
      append_number(load<std::uint16_t>(member), out);
      return;
    case FieldKind::kUint32:
      append_number(load<std::uint32_t>(member), out);
      return;
    case FieldKind::kUint64:
      append_number(load<std::uint64_t>(member), out);
      return;
    case FieldKind::kFloat:
      append_float(load<float>(member), out);
      return;
    case FieldKind::kDouble:
      append_float(load<double>(member), out);
      return;
    case FieldKind::kText:
      append_text(static_cast<const char*>(member), entry.text_bytes_max, out);
      return;
    case FieldKind::kTimeIso8601:
      append_iso8601(load<EventTime>(member), out);
      return;
    case FieldKind::kTimeSeconds:
      append_epoch(load<EventTime>(member), 1'000'000, out);
      return;
    case FieldKind::kTimeMillis:
      append_epoch(load<EventTime>(member), 1'000, out);
      return;
    case FieldKind::kTimeMicros:
      append_epoch(load<EventTime>(member), 1, out);
      return;
  }
}

}  // namespace

void encode_record(const FieldTable& table, const void* value, std::string& out) {
  std::size_t skipped = 1;  // The comma before the first field.
  out += '{';
  for (const FieldEntry& entry : table.entries()) {
    const void* member = static_cast<const char*>(value) + entry.offset;
    if (entry.peek != nullptr) member = entry.peek(member);
    if (member == nullptr) continue;
    out.append(table.prefix(entry).substr(skipped));
    append_value(entry, member, out);
    skipped = 0;
  }
  out += '}';
}

}  // namespace penstock::json
