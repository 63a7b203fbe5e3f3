#include "penstock/tools/conformance_runner/case_value.h"

#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "penstock/core/row/calendar.h"
#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/value_text.h"

namespace penstock::conformance {
namespace {

using simdjson::dom::element;

std::string_view text_of(element value) {
  std::string_view text;
  return value.get(text) == simdjson::SUCCESS ? text : std::string_view();
}

double real_of(element value) {
  const std::string_view text = text_of(value);
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  double real = 0;
  return value.get(real) == simdjson::SUCCESS ? real : 0;
}

int64_t integer_of(element value) {
  int64_t number = 0;
  bool truth = false;
  if (value.get(truth) == simdjson::SUCCESS) return truth ? 1 : 0;
  return value.get(number) == simdjson::SUCCESS ? number : 0;
}

int64_t member(element value, const char* name) {
  element found;
  return value[name].get(found) == simdjson::SUCCESS ? integer_of(found) : 0;
}

// Exact: a double has no room for the micros of far years.
int64_t micros_of(element value) {
  int64_t seconds = 0;
  if (value.get(seconds) == simdjson::SUCCESS) return seconds * kMicrosPerSecond;
  return std::llround(real_of(value) * 1e6);
}

std::string bytes_of_hex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return bytes;
}

std::string binary_of(element value) {
  element hex;
  if (value["hex"].get(hex) == simdjson::SUCCESS) return bytes_of_hex(text_of(hex));
  return bytes_of_hex(text_of(value));
}

std::vector<element> elements_of(element value) {
  std::vector<element> elements;
  simdjson::dom::array array;
  if (value.get(array) != simdjson::SUCCESS) return elements;
  for (const element one : array) elements.push_back(one);
  return elements;
}

Result<Cell> read_nested(element value, const DataType& type, Arena& arena) {
  const std::vector<element> parts = elements_of(value);
  std::vector<Cell> cells;
  std::vector<Cell> map_values;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (type.is(TypeKind::kMap)) {
      const std::vector<element> pair = elements_of(parts[i]);
      Result<Cell> key = read_value(pair.at(0), type.key(), arena);
      Result<Cell> mapped = read_value(pair.at(1), type.value(), arena);
      if (!key.ok()) return key;
      if (!mapped.ok()) return mapped;
      cells.push_back(*key);
      map_values.push_back(*mapped);
      continue;
    }
    Result<Cell> cell = read_value(
        parts[i], type.is(TypeKind::kArray) ? type.element() : type.fields()[i].type, arena);
    if (!cell.ok()) return cell;
    cells.push_back(*cell);
  }
  if (type.is(TypeKind::kMap))
    return make_map(cells, cell_form(type.key()), map_values, cell_form(type.value()), arena);
  if (type.is(TypeKind::kArray)) return make_array(cells, cell_form(type.element()), arena);
  return make_struct(cells, field_forms(type.fields()), arena);
}

bool same_real(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  return std::fabs(a - b) <= 1e-9 * std::max(std::fabs(a), std::fabs(b));
}

bool same_elements(const ArrayView& array, const DataType& type,
                   const std::vector<element>& expected, bool unordered) {
  if (array.size() != expected.size()) return false;
  std::vector<bool> taken(expected.size(), false);
  for (size_t i = 0; i < array.size(); ++i) {
    const Cell cell = array.cell(i, type);
    bool found = false;
    for (size_t j = unordered ? 0 : i; j < (unordered ? expected.size() : i + 1) && !found; ++j) {
      found = !taken[j] && same_value(cell, type, expected[j], unordered);
      if (found) taken[j] = true;
    }
    if (!found) return false;
  }
  return true;
}

bool same_nested(const Cell& cell, const DataType& type, const std::vector<element>& expected,
                 bool unordered) {
  if (type.is(TypeKind::kArray))
    return same_elements(ArrayView(cell), type.element(), expected, unordered);
  if (type.is(TypeKind::kStruct)) {
    const size_t count = type.fields().size();
    if (expected.size() != count) return false;
    for (size_t i = 0; i < count; ++i) {
      const DataType& field = type.fields()[i].type;
      if (!same_value(RowView(cell, count).cell(i, field), field, expected[i], unordered))
        return false;
    }
    return true;
  }
  const MapView map(cell);
  if (map.size() != expected.size()) return false;
  for (size_t i = 0; i < map.size(); ++i) {
    const std::vector<element> pair = elements_of(expected[i]);
    if (!same_value(map.keys().cell(i, type.key()), type.key(), pair.at(0), unordered))
      return false;
    if (!same_value(map.values().cell(i, type.value()), type.value(), pair.at(1), unordered))
      return false;
  }
  return true;
}

}  // namespace

Result<Cell> read_value(element value, const DataType& type, Arena& arena) {
  if (value.is_null()) return Cell::of_null();
  Cell cell;
  switch (type.kind()) {
    case TypeKind::kBoolean:
    case TypeKind::kByte:
    case TypeKind::kShort:
    case TypeKind::kInt:
    case TypeKind::kLong:
      return Cell::of_number(integer_of(value));
    case TypeKind::kFloat:
      return Cell::of_single(static_cast<float>(real_of(value)));
    case TypeKind::kDouble:
      return Cell::of_real(real_of(value));
    case TypeKind::kString:
      return arena.copy_cell(text_of(value));
    case TypeKind::kBinary:
      return arena.copy_cell(binary_of(value));
    case TypeKind::kTimestamp:
      return Cell::of_number(micros_of(value));
    case TypeKind::kDayTimeInterval:
      return Cell::of_number(member(value, "micros"));
    case TypeKind::kYearMonthInterval:
      return Cell::of_number(member(value, "months"));
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kStruct:
      return read_nested(value, type, arena);
    default:
      break;
  }
  if (cell_of_text(text_of(value), type, TimeZone(), arena, cell)) return cell;
  return Status::data_error("the case has a value that is no " + type.to_string());
}

bool same_value(const Cell& cell, const DataType& type, element expected, bool unordered) {
  if (cell.null || expected.is_null()) return cell.null && expected.is_null();
  element ntz;
  int64_t micros = 0;
  switch (type.kind()) {
    case TypeKind::kFloat:
      return same_real(static_cast<double>(cell.single),
                       static_cast<double>(static_cast<float>(real_of(expected))));
    case TypeKind::kDouble:
      return same_real(cell.real, real_of(expected));
    case TypeKind::kString:
      return expected.is_string() && cell.bytes() == text_of(expected);
    case TypeKind::kBinary:
      return cell.bytes() == binary_of(expected);
    case TypeKind::kTimestamp:
      return cell.number == micros_of(expected);
    case TypeKind::kTimestampNtz:
      return expected["ntz"].get(ntz) == simdjson::SUCCESS &&
             parse_timestamp_ntz(text_of(ntz), micros) && micros == cell.number;
    case TypeKind::kDayTimeInterval:
      return cell.number == member(expected, "micros");
    case TypeKind::kYearMonthInterval:
      return cell.number == member(expected, "months");
    case TypeKind::kCalendarInterval:
      return cell.interval() == CalendarInterval{static_cast<int32_t>(member(expected, "months")),
                                                 static_cast<int32_t>(member(expected, "days")),
                                                 member(expected, "micros")};
    case TypeKind::kDecimal:
      return decimal_text(decimal_of_cell(cell, type), type.scale()) == text_of(expected);
    case TypeKind::kDate: {
      char text[kTimeTextMax];
      return std::string_view(text, write_date(cell.number, text)) == text_of(expected);
    }
    case TypeKind::kArray:
    case TypeKind::kMap:
    case TypeKind::kStruct:
      return same_nested(cell, type, elements_of(expected), unordered);
    default:
      return cell.number == integer_of(expected);
  }
}

std::string show(const Cell& cell, const DataType& type) {
  if (cell.null) return "null";
  if (type.is(TypeKind::kBinary)) return std::to_string(cell.size) + " bytes";
  std::string text;
  append_text(cell, type, TimeZone(), text);
  return type.is(TypeKind::kString) ? "'" + text + "'" : text;
}

}  // namespace penstock::conformance
