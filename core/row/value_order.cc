#include "penstock/core/row/value_order.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "penstock/core/base/hash.h"
#include "penstock/core/row/row.h"

namespace penstock {

namespace {

constexpr std::uint64_t kNullHash = 0x6e756c6c;

int compare_bytes(std::string_view a, std::string_view b) noexcept {
  const int order = a.compare(b);
  return (order > 0) - (order < 0);
}

int compare_structs(const Cell& a, const Cell& b, std::span<const Field> fields) noexcept {
  const RowView left(a, fields.size());
  const RowView right(b, fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const DataType& type = fields[i].type;
    if (const int order = compare_cells(left.cell(i, type), right.cell(i, type), type))
      return order;
  }
  return 0;
}

int compare_arrays(const ArrayView& a, const ArrayView& b, const DataType& element) noexcept {
  const std::size_t common = std::min(a.size(), b.size());
  for (std::size_t i = 0; i < common; ++i)
    if (const int order = compare_cells(a.cell(i, element), b.cell(i, element), element))
      return order;
  return (a.size() > b.size()) - (a.size() < b.size());
}

// The places of a map's entries in the order of their keys.
std::vector<std::uint32_t> sorted_places(const MapView& map, const DataType& key) {
  std::vector<std::uint32_t> places(map.size());
  for (std::uint32_t i = 0; i < places.size(); ++i) places[i] = i;
  std::stable_sort(places.begin(), places.end(), [&](std::uint32_t x, std::uint32_t y) {
    return compare_cells(map.keys().cell(x, key), map.keys().cell(y, key), key) < 0;
  });
  return places;
}

int compare_maps(const MapView& a, const MapView& b, const DataType& type) noexcept {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const auto left = sorted_places(a, type.key());
  const auto right = sorted_places(b, type.key());
  for (std::size_t i = 0; i < left.size(); ++i) {
    const int keys = compare_cells(a.keys().cell(left[i], type.key()),
                                   b.keys().cell(right[i], type.key()), type.key());
    if (keys != 0) return keys;
    const int values = compare_cells(a.values().cell(left[i], type.value()),
                                     b.values().cell(right[i], type.value()), type.value());
    if (values != 0) return values;
  }
  return 0;
}

int compare_intervals(const CalendarInterval& a, const CalendarInterval& b) noexcept {
  if (a.months != b.months) return a.months < b.months ? -1 : 1;
  if (a.days != b.days) return a.days < b.days ? -1 : 1;
  return compare_numbers(a.micros, b.micros);
}

int compare_wide(Int128 a, Int128 b) noexcept { return (a > b) - (a < b); }

// REQUIRES: neither is null.
int compare_values(const Cell& a, const Cell& b, const DataType& type) noexcept {
  switch (type.kind()) {
    case TypeKind::kNull:
      return 0;
    case TypeKind::kFloat:
      return compare_reals(a.single, b.single);
    case TypeKind::kDouble:
      return compare_reals(a.real, b.real);
    case TypeKind::kString:
    case TypeKind::kBinary:
      return compare_bytes(a.bytes(), b.bytes());
    case TypeKind::kDecimal:
      return type.is_wide_decimal() ? compare_wide(a.wide(), b.wide())
                                    : compare_numbers(a.number, b.number);
    case TypeKind::kCalendarInterval:
      return compare_intervals(a.interval(), b.interval());
    case TypeKind::kArray:
      return compare_arrays(ArrayView(a), ArrayView(b), type.element());
    case TypeKind::kMap:
      return compare_maps(MapView(a), MapView(b), type);
    case TypeKind::kStruct:
      return compare_structs(a, b, type.fields());
    default:
      return compare_numbers(a.number, b.number);
  }
}

// One pattern of bits for all NaNs, and one for both zeros.
template <class Real>
std::uint64_t hash_real(Real value) noexcept {
  if (value != value) return hash_bits(0x7ff8000000000000);
  return hash_bits(std::bit_cast<std::uint64_t>(value == 0 ? 0.0 : static_cast<double>(value)));
}

std::uint64_t hash_array(const ArrayView& array, const DataType& element) noexcept {
  std::uint64_t hash = hash_bits(array.size());
  for (std::size_t i = 0; i < array.size(); ++i)
    hash = hash_combine(hash, hash_cell(array.cell(i, element), element));
  return hash;
}

// A sum, because the order of the entries does not count.
std::uint64_t hash_map(const MapView& map, const DataType& type) noexcept {
  std::uint64_t hash = hash_bits(map.size());
  for (std::size_t i = 0; i < map.size(); ++i) {
    hash += hash_combine(hash_cell(map.keys().cell(i, type.key()), type.key()),
                         hash_cell(map.values().cell(i, type.value()), type.value()));
  }
  return hash;
}

std::uint64_t hash_struct(const RowView& row, std::span<const Field> fields) noexcept {
  std::uint64_t hash = hash_bits(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i)
    hash = hash_combine(hash, hash_cell(row.cell(i, fields[i].type), fields[i].type));
  return hash;
}

Cell row_cell(std::string_view row) noexcept { return Cell::of_bytes(row); }

}  // namespace

int compare_cells(const Cell& a, const Cell& b, const DataType& type) noexcept {
  if (a.null || b.null) return static_cast<int>(b.null) - static_cast<int>(a.null);
  return compare_values(a, b, type);
}

bool equal_cells(const Cell& a, const Cell& b, const DataType& type) noexcept {
  return compare_cells(a, b, type) == 0;
}

std::uint64_t hash_cell(const Cell& cell, const DataType& type) noexcept {
  if (cell.null) return hash_bits(kNullHash);
  switch (type.kind()) {
    case TypeKind::kFloat:
      return hash_real(cell.single);
    case TypeKind::kDouble:
      return hash_real(cell.real);
    case TypeKind::kArray:
      return hash_array(ArrayView(cell), type.element());
    case TypeKind::kMap:
      return hash_map(MapView(cell), type);
    case TypeKind::kStruct:
      return hash_struct(RowView(cell, type.fields().size()), type.fields());
    default:
      if (cell_form(type) == CellForm::kBytes) return key_hash(cell.bytes());
      return hash_bits(static_cast<std::uint64_t>(cell.number));
  }
}

int compare_rows(std::string_view a, std::string_view b, const Schema& schema) noexcept {
  return compare_structs(row_cell(a), row_cell(b), schema.fields());
}

bool equal_rows(std::string_view a, std::string_view b, const Schema& schema) noexcept {
  return compare_rows(a, b, schema) == 0;
}

std::uint64_t hash_row(std::string_view row, const Schema& schema) noexcept {
  return hash_struct(RowView(row, schema), schema.fields());
}

}  // namespace penstock
