// core/row/row.h -- rows, structs, arrays and maps as contiguous bytes: how they are read and written.
//
//   struct     null bitmap (8-byte words, bit 1 = null) | an 8-byte cell per field | tail
//   array      u32 count, u32 0 | null bitmap | an 8-byte cell per element | tail
//   map        u64 bytes of the keys | array of keys | array of values
//
// A row is a struct. The cell of a value that does not fit in it is {u32 offset from the start of the struct or array,
// u32 size} into the tail, where each value starts at a multiple of 8. Padding, and the cell of a null, are 0: equal
// values without floating point are equal bytes. Little-endian, position-independent.
//
// Ownership   Views borrow the bytes.
// Errors      Views and cells trust the bytes. What comes from outside (a checkpoint, the wire) goes through
//             check_row() first, which trusts nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "penstock/core/base/status.h"
#include "penstock/core/row/arena.h"
#include "penstock/core/row/cell.h"
#include "penstock/core/row/data_type.h"

namespace penstock {

namespace internal {

inline constexpr std::size_t kCellBytes = 8;
inline constexpr std::size_t kArrayHeaderBytes = 8;

constexpr std::size_t round_to_cell(std::size_t bytes) noexcept {
  return (bytes + kCellBytes - 1) & ~(kCellBytes - 1);
}
constexpr std::size_t bitmap_bytes(std::size_t count) noexcept {
  return (count + 63) / 64 * kCellBytes;
}
// The byte of the bitmap, not the word: the machine is little-endian, and a byte needs no alignment.
inline bool test_bit(const char* bitmap, std::size_t i) noexcept {
  return (static_cast<unsigned char>(bitmap[i / 8]) >> (i % 8) & 1) != 0;
}
inline Cell load_inline(const char* cell) noexcept {
  Cell loaded;
  std::memcpy(&loaded.number, cell, kCellBytes);
  return loaded;
}
inline Cell load_bytes(const char* base, const char* cell) noexcept {
  std::uint32_t place[2];
  std::memcpy(place, cell, kCellBytes);
  Cell loaded;
  loaded.data = base + place[0];
  loaded.size = place[1];
  return loaded;
}

}  // namespace internal

// A row or a struct.
class RowView {
 public:
  RowView() noexcept = default;
  RowView(std::string_view bytes, std::size_t field_count) noexcept
      : bytes_(bytes), cells_(bytes.data() + internal::bitmap_bytes(field_count)) {}
  RowView(std::string_view bytes, const Schema& schema) noexcept : RowView(bytes, schema.size()) {}
  // REQUIRES: a struct of so many fields that is not null.
  RowView(const Cell& structure, std::size_t field_count) noexcept
      : RowView(structure.bytes(), field_count) {}

  bool is_null(std::size_t i) const noexcept { return internal::test_bit(bytes_.data(), i); }
  // The value of a field of that form; its data points into the row.
  Cell inline_cell(std::size_t i) const noexcept {
    Cell cell = internal::load_inline(cells_ + i * internal::kCellBytes);
    cell.null = is_null(i);
    return cell;
  }
  Cell bytes_cell(std::size_t i) const noexcept {
    Cell cell = internal::load_bytes(bytes_.data(), cells_ + i * internal::kCellBytes);
    cell.null = is_null(i);
    return cell;
  }
  Cell cell(std::size_t i, CellForm form) const noexcept {
    return form == CellForm::kInline ? inline_cell(i) : bytes_cell(i);
  }
  Cell cell(std::size_t i, const DataType& type) const noexcept { return cell(i, cell_form(type)); }

  std::string_view bytes() const noexcept { return bytes_; }
  const char* cells() const noexcept { return cells_; }

 private:
  std::string_view bytes_;
  const char* cells_ = nullptr;
};

class ArrayView {
 public:
  ArrayView() noexcept = default;
  explicit ArrayView(std::string_view bytes) noexcept : base_(bytes.data()) {
    std::memcpy(&size_, base_, sizeof size_);
    cells_ = base_ + internal::kArrayHeaderBytes + internal::bitmap_bytes(size_);
  }
  // REQUIRES: an array that is not null.
  explicit ArrayView(const Cell& array) noexcept : ArrayView(array.bytes()) {}

  std::size_t size() const noexcept { return size_; }
  bool is_null(std::size_t i) const noexcept {
    return internal::test_bit(base_ + internal::kArrayHeaderBytes, i);
  }
  Cell cell(std::size_t i, CellForm form) const noexcept {
    const char* at = cells_ + i * internal::kCellBytes;
    Cell cell =
        form == CellForm::kInline ? internal::load_inline(at) : internal::load_bytes(base_, at);
    cell.null = is_null(i);
    return cell;
  }
  Cell cell(std::size_t i, const DataType& type) const noexcept { return cell(i, cell_form(type)); }

 private:
  const char* base_ = nullptr;
  const char* cells_ = nullptr;
  std::uint32_t size_ = 0;
};

class MapView {
 public:
  MapView() noexcept = default;
  // REQUIRES: a map that is not null.
  explicit MapView(const Cell& map) noexcept {
    std::uint64_t keys_bytes;
    std::memcpy(&keys_bytes, map.data, sizeof keys_bytes);
    const std::string_view rest = map.bytes().substr(sizeof keys_bytes);
    keys_bytes_ = rest.substr(0, keys_bytes);
    values_bytes_ = rest.substr(keys_bytes);
    keys_ = ArrayView(keys_bytes_);
    values_ = ArrayView(values_bytes_);
  }

  std::size_t size() const noexcept { return keys_.size(); }
  const ArrayView& keys() const noexcept { return keys_; }
  const ArrayView& values() const noexcept { return values_; }
  // The arrays as cells, without a copy: map_keys(), map_values().
  Cell keys_cell() const noexcept { return Cell::of_bytes(keys_bytes_); }
  Cell values_cell() const noexcept { return Cell::of_bytes(values_bytes_); }

 private:
  ArrayView keys_;
  ArrayView values_;
  std::string_view keys_bytes_;
  std::string_view values_bytes_;
};

// Writing: first how many bytes, then into memory of the caller's, of that size at least. `forms` has one entry per
// cell. Nested values are cells that are encoded already, so a row of nested values is built from the inside out.
std::size_t struct_bytes(std::span<const Cell> cells, std::span<const CellForm> forms) noexcept;
std::size_t write_struct(std::span<const Cell> cells, std::span<const CellForm> forms,
                         char* to) noexcept;
std::size_t array_bytes(std::span<const Cell> cells, CellForm form) noexcept;
std::size_t write_array(std::span<const Cell> cells, CellForm form, char* to) noexcept;

// The same into an arena, as a cell.
Cell make_struct(std::span<const Cell> cells, std::span<const CellForm> forms,
                 Arena& arena) noexcept;
Cell make_array(std::span<const Cell> cells, CellForm form, Arena& arena) noexcept;
// REQUIRES: as many keys as values; no key is null and none is there twice.
Cell make_map(std::span<const Cell> keys, CellForm key_form, std::span<const Cell> values,
              CellForm value_form, Arena& arena) noexcept;
// Joins two arrays as they stand. REQUIRES: as many keys as values, as above.
Cell make_map(const Cell& keys_array, const Cell& values_array, Arena& arena) noexcept;

// The forms of all fields of a struct, in order.
std::vector<CellForm> field_forms(std::span<const Field> fields);

// Writes rows of one schema.
class RowWriter {
 public:
  explicit RowWriter(const Schema& schema) : forms_(field_forms(schema.fields())) {}

  // REQUIRES of all: as many cells as the schema has columns.
  std::size_t bytes(std::span<const Cell> cells) const noexcept {
    return struct_bytes(cells, forms_);
  }
  std::size_t write(std::span<const Cell> cells, char* to) const noexcept {
    return write_struct(cells, forms_, to);
  }
  std::string_view write(std::span<const Cell> cells, Arena& arena) const noexcept {
    return make_struct(cells, forms_, arena).bytes();
  }

 private:
  std::vector<CellForm> forms_;
};

// Whether `bytes` are a row of that schema that may be read without harm: sizes, offsets, counts, padding of nulls,
// booleans that are 0 or 1, decimals within their precision, keys of maps that are not null. Never reads
// outside of `bytes`.
Status check_row(std::string_view bytes, const Schema& schema);

}  // namespace penstock
