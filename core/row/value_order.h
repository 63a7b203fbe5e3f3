// core/row/value_order.h -- equality, order and hash of values, as Spark compares them.
//
//   null       equal to null and before everything (of grouping and sorting; `=` of SQL is null before it comes here)
//   NaN        equal to NaN and after everything; 0.0 equals -0.0
//   text       by bytes
//   arrays     by their elements, then the shorter first; structs by their fields
//   maps       equal when each key has an equal value in the other, in whatever order; they have no order of their
//              own (by sorted keys here, so that equal maps stand together)
// Cost        No allocation, except for maps. Scalars are compared by one function that is chosen once.
#pragma once

#include <cstdint>
#include <string_view>

#include "penstock/core/row/cell.h"
#include "penstock/core/row/data_type.h"

namespace penstock {

// Negative, 0 or positive. Nulls are taken as said above.
int compare_cells(const Cell& a, const Cell& b, const DataType& type) noexcept;
bool equal_cells(const Cell& a, const Cell& b, const DataType& type) noexcept;
// Equal cells have equal hashes, on every machine and in every version: snapshots depend on it.
std::uint64_t hash_cell(const Cell& cell, const DataType& type) noexcept;

int compare_rows(std::string_view a, std::string_view b, const Schema& schema) noexcept;
bool equal_rows(std::string_view a, std::string_view b, const Schema& schema) noexcept;
std::uint64_t hash_row(std::string_view row, const Schema& schema) noexcept;

// Of numbers alone.
inline int compare_numbers(std::int64_t a, std::int64_t b) noexcept { return (a > b) - (a < b); }
inline int compare_reals(double a, double b) noexcept {
  if (a < b) return -1;
  if (a > b) return 1;
  return (a != a) - (b != b);  // Equal, or at least one is NaN.
}

}  // namespace penstock
