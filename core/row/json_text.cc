#include "penstock/core/row/json_text.h"

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/value_text.h"

namespace penstock {

namespace {

constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const TimePattern& iso_timestamp() {
  static const TimePattern kPattern =
      TimePattern::compile("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", TimePattern::Use::kWriting).value();
  return kPattern;
}
const TimePattern& iso_wall_time() {
  static const TimePattern kPattern =
      TimePattern::compile("yyyy-MM-dd'T'HH:mm:ss.SSS", TimePattern::Use::kWriting).value();
  return kPattern;
}

void append_time(std::int64_t micros, const TimePattern& pattern, const TimeZone& zone,
                 std::string& out) {
  const std::size_t start = out.size();
  out += '"';
  out.resize(start + 1 + pattern.text_bytes_max());
  out.resize(start + 1 + pattern.write(micros, zone, out.data() + start + 1));
  out += '"';
}

template <class Real>
void append_real(Real value, std::string& out) {
  char text[kNumberTextMax];
  const std::size_t size = sizeof(Real) == sizeof(double)
                               ? write_double(value, text)
                               : write_float(static_cast<float>(value), text);
  const bool quotes = !std::isfinite(value);
  if (quotes) out += '"';
  out.append(text, size);
  if (quotes) out += '"';
}

void append_json_array(const ArrayView& array, const DataType& element,
                       const JsonTextOptions& options, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out += ',';
    append_json(array.cell(i, element), element, options, out);
  }
  out += ']';
}

void append_json_map(const MapView& map, const DataType& type, const JsonTextOptions& options,
                     std::string& out) {
  out += '{';
  std::string key;
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (i > 0) out += ',';
    key.clear();
    append_text(map.keys().cell(i, type.key()), type.key(), options.zone, key);
    append_json_string(key, out);
    out += ':';
    append_json(map.values().cell(i, type.value()), type.value(), options, out);
  }
  out += '}';
}

void append_json_struct(const RowView& row, std::span<const Field> fields,
                        const JsonTextOptions& options, std::string& out) {
  out += '{';
  bool first = true;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const Cell cell = row.cell(i, fields[i].type);
    if (cell.null && options.ignore_null_fields) continue;
    if (!first) out += ',';
    first = false;
    append_json_string(fields[i].name, out);
    out += ':';
    append_json(cell, fields[i].type, options, out);
  }
  out += '}';
}

void append_json_decimal(Int128 value, int scale, std::string& out) {
  char text[kDecimalTextMax];
  out.append(text, write_decimal(value, scale, text));
}

// Digits of 10 and less; -1 for others.
int base64_value(char c) noexcept {
  const std::size_t at = kBase64.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

void append_number_copy(std::string_view raw, std::string& out) {
  double value = 0;
  parse_double(raw, value);
  append_real(value, out);
}

}  // namespace

void append_json(const Cell& cell, const DataType& type, const JsonTextOptions& options,
                 std::string& out) {
  if (cell.null) {
    out += "null";
    return;
  }
  switch (type.kind()) {
    case TypeKind::kString:
      return append_json_string(cell.bytes(), out);
    case TypeKind::kFloat:
      return append_real(cell.single, out);
    case TypeKind::kDouble:
      return append_real(cell.real, out);
    case TypeKind::kDecimal:
      return append_json_decimal(decimal_of_cell(cell, type), type.scale(), out);
    case TypeKind::kArray:
      return append_json_array(ArrayView(cell), type.element(), options, out);
    case TypeKind::kMap:
      return append_json_map(MapView(cell), type, options, out);
    case TypeKind::kStruct:
      return append_json_struct(RowView(cell, type.fields().size()), type.fields(), options, out);
    case TypeKind::kTimestamp:
      return append_time(cell.number,
                         options.timestamp_format ? *options.timestamp_format : iso_timestamp(),
                         options.zone, out);
    case TypeKind::kTimestampNtz:
      return append_time(
          cell.number,
          options.timestamp_ntz_format ? *options.timestamp_ntz_format : iso_wall_time(),
          TimeZone(), out);
    case TypeKind::kDate:
      // A pattern writes times; a date further off than they reach is written without it.
      if (options.date_format && std::abs(cell.number) <= INT64_MAX / kMicrosPerDay)
        return append_time(cell.number * kMicrosPerDay, *options.date_format, TimeZone(), out);
      break;
    case TypeKind::kBinary:
      out += '"';
      append_base64(cell.bytes(), out);
      out += '"';
      return;
    default:
      break;
  }
  const bool quotes = !type.is(TypeKind::kBoolean) && !type.is_integral();
  if (quotes) out += '"';
  append_text(cell, type, options.zone, out);
  if (quotes) out += '"';
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  constexpr std::string_view kEscaped = "\"\\\b\f\n\r\t";
  constexpr std::string_view kLetters = "\"\\bfnrt";
  out += '"';
  for (const char c : text) {
    const std::size_t known = kEscaped.find(c);
    if (known != std::string_view::npos) {
      out += '\\';
      out += kLetters[known];
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

bool append_json_copy(JsonReader& reader, std::string& out) {
  std::string buffer;
  std::size_t depth = 0;
  bool first = true;
  for (JsonToken token = reader.token();; token = reader.next()) {
    const bool closes = token == JsonToken::kEndObject || token == JsonToken::kEndArray;
    if (depth > 0 && !first && !closes) out += ',';
    first = false;
    switch (token) {
      case JsonToken::kError:
      case JsonToken::kEnd:
        return false;
      case JsonToken::kBeginObject:
      case JsonToken::kBeginArray:
        out += token == JsonToken::kBeginObject ? '{' : '[';
        ++depth;
        first = true;
        continue;
      case JsonToken::kEndObject:
      case JsonToken::kEndArray:
        out += token == JsonToken::kEndObject ? '}' : ']';
        --depth;
        break;
      case JsonToken::kName:
        append_json_string(reader.text(buffer), out);
        out += ':';
        first = true;  // No comma before the value.
        continue;
      case JsonToken::kString:
        append_json_string(reader.text(buffer), out);
        break;
      case JsonToken::kFraction:
        append_number_copy(reader.raw(), out);
        break;
      default:
        out += reader.raw();
    }
    if (depth == 0) return true;
  }
}

void append_base64(std::string_view bytes, std::string& out) {
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j)
      out += i + j <= bytes.size() ? kBase64[group >> (18 - 6 * j) & 63] : '=';
  }
}

bool append_decoded_base64(std::string_view text, std::string& out) {
  std::uint32_t group = 0;
  int digits = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  for (const char c : text) {
    if (c == '\r' || c == '\n') continue;
    const int value = base64_value(c);
    if (value < 0) return false;
    group = group << 6 | static_cast<std::uint32_t>(value);
    if (++digits < 4) continue;
    for (int shift = 16; shift >= 0; shift -= 8) out += static_cast<char>(group >> shift & 255);
    group = 0;
    digits = 0;
  }
  if (digits == 1) return false;
  if (digits >= 2) out += static_cast<char>((digits == 2 ? group >> 4 : group >> 10) & 255);
  if (digits == 3) out += static_cast<char>(group >> 2 & 255);
  return true;
}

}  // namespace penstock
