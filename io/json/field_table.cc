#include "penstock/io/json/field_table.h"

#include <algorithm>
#include <cstring>

#include "penstock/core/base/check.h"
#include "penstock/io/json/word.h"

namespace penstock::json {

std::string_view field_kind_name(FieldKind kind) noexcept {
  switch (kind) {
    case FieldKind::kBool:
      return "BOOLEAN";
    case FieldKind::kInt8:
      return "TINYINT";
    case FieldKind::kInt16:
      return "SMALLINT";
    case FieldKind::kInt32:
      return "INT";
    case FieldKind::kInt64:
      return "BIGINT";
    case FieldKind::kUint8:
      return "TINYINT UNSIGNED";
    case FieldKind::kUint16:
      return "SMALLINT UNSIGNED";
    case FieldKind::kUint32:
      return "INT UNSIGNED";
    case FieldKind::kUint64:
      return "BIGINT UNSIGNED";
    case FieldKind::kFloat:
      return "FLOAT";
    case FieldKind::kDouble:
      return "DOUBLE";
    case FieldKind::kText:
      return "STRING";
    case FieldKind::kTimeIso8601:
      return "TIMESTAMP, ISO 8601";
    case FieldKind::kTimeSeconds:
      return "TIMESTAMP, seconds since 1970";
    case FieldKind::kTimeMillis:
      return "TIMESTAMP, milliseconds since 1970";
    case FieldKind::kTimeMicros:
      return "TIMESTAMP, microseconds since 1970";
  }
  return "UNKNOWN";
}

void FieldTable::add(FieldEntry entry) {
  PENSTOCK_CHECK(entries_.size() < kFieldsMax);
  entry.position = static_cast<std::uint8_t>(entries_.size());
  const std::string quoted = std::string("\"").append(entry.name).append("\"");
  entry.quoted_bytes = static_cast<std::uint32_t>(quoted.size());
  entry.head_mask = first_bytes_mask(quoted.size());
  std::memcpy(&entry.head, quoted.data(), std::min(quoted.size(), kWordBytes));
  if (quoted.size() > kWordBytes)
    entry.tail = load_word(quoted.data() + quoted.size() - kWordBytes);
  sizes_ |= std::uint64_t{1} << (quoted.size() % 64);
  const std::uint64_t bit = std::uint64_t{1} << entry.position;
  all_ |= bit;
  if (!entry.nullable) required_ |= bit;
  prefixes_.push_back("," + quoted + ":");
  entries_.push_back(entry);
}

}  // namespace penstock::json
