#include "penstock/core/row/value_text.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/interval_text.h"
#include "penstock/core/row/row.h"

namespace penstock {

namespace {

char* copy_to(char* to, std::string_view text) noexcept {
  if (!text.empty()) std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// Digits d.ddd of 10^exponent as Java lays them out: plain from 10^-3 up to 10^7, otherwise with E.
std::size_t lay_out(std::string_view digits, int exponent, bool negative, char* to) noexcept {
  char* at = to;
  if (negative) *at++ = '-';
  const int count = static_cast<int>(digits.size());
  if (exponent >= -3 && exponent < 0) {
    at = copy_to(at, "0.");
    for (int i = -1; i > exponent; --i) *at++ = '0';
    at = copy_to(at, digits);
  } else if (exponent >= 0 && exponent < 7) {
    for (int i = 0; i <= exponent; ++i)
      *at++ = i < count ? digits[static_cast<std::size_t>(i)] : '0';
    *at++ = '.';
    at = count > exponent + 1 ? copy_to(at, digits.substr(static_cast<std::size_t>(exponent) + 1))
                              : copy_to(at, "0");
  } else {
    *at++ = digits[0];
    *at++ = '.';
    at = count > 1 ? copy_to(at, digits.substr(1)) : copy_to(at, "0");
    *at++ = 'E';
    at = std::to_chars(at, at + 8, exponent).ptr;
  }
  return static_cast<std::size_t>(at - to);
}

template <class Real>
std::size_t write_real(Real value, char* to) noexcept {
  if (value != value) return static_cast<std::size_t>(copy_to(to, "NaN") - to);
  if (std::isinf(value))
    return static_cast<std::size_t>(copy_to(to, value < 0 ? "-Infinity" : "Infinity") - to);
  if (value == 0)
    return static_cast<std::size_t>(copy_to(to, std::signbit(value) ? "-0.0" : "0.0") - to);
  char shortest[kNumberTextMax];
  const char* end = std::to_chars(shortest, shortest + sizeof shortest, std::fabs(value),
                                  std::chars_format::scientific)
                        .ptr;
  char digits[kNumberTextMax];
  std::size_t count = 0;
  const char* at = shortest;
  for (; *at != 'e'; ++at)
    if (*at != '.') digits[count++] = *at;
  ++at;
  if (*at == '+') ++at;
  int exponent = 0;
  std::from_chars(at, end, exponent);
  return lay_out({digits, count}, exponent, value < 0, to);
}

void append_element(const Cell& cell, const DataType& type, const TimeZone& zone,
                    std::string& out) {
  if (cell.null) {
    out += "null";
  } else {
    append_text(cell, type, zone, out);
  }
}

void append_struct(const Cell& cell, std::span<const Field> fields, const TimeZone& zone,
                   std::string& out) {
  const RowView row(cell, fields.size());
  out += '{';
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += ", ";
    append_element(row.cell(i, fields[i].type), fields[i].type, zone, out);
  }
  out += '}';
}

void append_array(const ArrayView& array, const DataType& element, const TimeZone& zone,
                  std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (i > 0) out += ", ";
    append_element(array.cell(i, element), element, zone, out);
  }
  out += ']';
}

void append_map(const MapView& map, const DataType& type, const TimeZone& zone, std::string& out) {
  out += '{';
  for (std::size_t i = 0; i < map.size(); ++i) {
    if (i > 0) out += ", ";
    append_element(map.keys().cell(i, type.key()), type.key(), zone, out);
    out += " -> ";
    append_element(map.values().cell(i, type.value()), type.value(), zone, out);
  }
  out += '}';
}

constexpr std::size_t kScalarTextMax = kDecimalTextMax;

// Of the scalars with a text of bounded length; 0 for the others.
std::size_t write_scalar(const Cell& cell, const DataType& type, const TimeZone& zone,
                         char* to) noexcept {
  switch (type.kind()) {
    case TypeKind::kNull:
      return static_cast<std::size_t>(copy_to(to, "null") - to);
    case TypeKind::kBoolean:
      return static_cast<std::size_t>(copy_to(to, cell.number != 0 ? "true" : "false") - to);
    case TypeKind::kByte:
    case TypeKind::kShort:
    case TypeKind::kInt:
    case TypeKind::kLong:
      return write_integer(cell.number, to);
    case TypeKind::kFloat:
      return write_float(cell.single, to);
    case TypeKind::kDouble:
      return write_double(cell.real, to);
    case TypeKind::kDecimal:
      return write_java_decimal(decimal_of_cell(cell, type), type.scale(), to);
    case TypeKind::kDate:
      return write_date(cell.number, to);
    case TypeKind::kTimestamp:
      return write_timestamp(zone.to_local(cell.number), to);
    case TypeKind::kTimestampNtz:
      return write_timestamp(cell.number, to);
    default:
      return 0;
  }
}

}  // namespace

std::size_t write_integer(std::int64_t value, char* to) noexcept {
  return static_cast<std::size_t>(std::to_chars(to, to + kNumberTextMax, value).ptr - to);
}
std::size_t write_double(double value, char* to) noexcept { return write_real(value, to); }
std::size_t write_float(float value, char* to) noexcept { return write_real(value, to); }

void append_text(const Cell& cell, const DataType& type, const TimeZone& zone, std::string& out) {
  char scalar[kScalarTextMax];
  if (const std::size_t size = write_scalar(cell, type, zone, scalar)) {
    out.append(scalar, size);
    return;
  }
  switch (type.kind()) {
    case TypeKind::kArray:
      return append_array(ArrayView(cell), type.element(), zone, out);
    case TypeKind::kMap:
      return append_map(MapView(cell), type, zone, out);
    case TypeKind::kStruct:
      return append_struct(cell, type.fields(), zone, out);
    case TypeKind::kString:
    case TypeKind::kBinary:
      out += cell.bytes();
      return;
    default:
      out += interval_text(cell, type);
  }
}

std::string_view cell_to_text(const Cell& cell, const DataType& type, const TimeZone& zone,
                              Arena& arena) {
  if (type.is(TypeKind::kString) || type.is(TypeKind::kBinary)) return cell.bytes();
  char* to = arena.reserve(kScalarTextMax);
  if (const std::size_t size = write_scalar(cell, type, zone, to)) return arena.commit(size);
  std::string text;
  append_text(cell, type, zone, text);
  return arena.copy(text);
}

}  // namespace penstock
