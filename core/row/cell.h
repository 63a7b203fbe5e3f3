// core/row/cell.h -- one value in flight: 16 bytes, whatever its type.
//
//   number     boolean (0, 1), integers, date (days since 1970), timestamps (micros), year-month interval (months),
//              day-time interval (micros), decimal up to 18 digits (unscaled)
//   real       double
//   single     float
//   data,size  string, binary (the bytes); decimal above 18 digits (an Int128); calendar interval (a
//              CalendarInterval); array, map, struct (the encoding of core/row/row.h)
//
// Ownership   A cell borrows the bytes it points to: of the row, of the arena or of the program's constants.
// Cost        Trivially copyable; what a cell holds is known by the type beside it, never by the cell.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#include "penstock/core/row/data_type.h"

namespace penstock {

__extension__ using Int128 = __int128;

// Months, days and micros are three numbers: a month has no fixed length, nor has a day.
struct CalendarInterval {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t micros = 0;

  friend bool operator==(const CalendarInterval&, const CalendarInterval&) noexcept = default;
};

struct Cell {
  union {
    std::int64_t number = 0;
    double real;
    float single;
    const char* data;
  };
  std::uint32_t size = 0;
  bool null = false;

  static Cell of_null() noexcept {
    Cell cell;
    cell.null = true;
    return cell;
  }
  static Cell of_number(std::int64_t value) noexcept {
    Cell cell;
    cell.number = value;
    return cell;
  }
  static Cell of_boolean(bool value) noexcept { return of_number(value ? 1 : 0); }
  static Cell of_real(double value) noexcept {
    Cell cell;
    cell.real = value;
    return cell;
  }
  static Cell of_single(float value) noexcept {
    Cell cell;
    cell.single = value;  // The other four bytes stay 0: equal floats are equal cells.
    return cell;
  }
  // REQUIRES: less than 4 GiB, and the bytes outlive the cell.
  static Cell of_bytes(std::string_view bytes) noexcept {
    Cell cell;
    cell.data = bytes.data();
    cell.size = static_cast<std::uint32_t>(bytes.size());
    return cell;
  }

  std::string_view bytes() const noexcept { return {data, size}; }
  // REQUIRES: a decimal above 18 digits.
  Int128 wide() const noexcept {
    Int128 value;
    std::memcpy(&value, data, sizeof value);
    return value;
  }
  // REQUIRES: a calendar interval.
  CalendarInterval interval() const noexcept {
    CalendarInterval value;
    std::memcpy(&value, data, sizeof value);
    return value;
  }
};
static_assert(sizeof(Cell) == 16 && std::is_trivially_copyable_v<Cell>);

// Whether a cell holds its value or points to it.
enum class CellForm : std::uint8_t { kInline, kBytes };

inline CellForm cell_form(const DataType& type) noexcept {
  const bool bytes = type.is(TypeKind::kString) || type.is(TypeKind::kBinary) || type.is_nested() ||
                     type.is(TypeKind::kCalendarInterval) || type.is_wide_decimal();
  return bytes ? CellForm::kBytes : CellForm::kInline;
}

}  // namespace penstock
