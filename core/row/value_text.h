// core/row/value_text.h -- values to text and back, as Spark's CAST does it.
//
//   1.0E10, 0.1, NaN, -Infinity    doubles as Java prints them: the shortest text that reads back
//   {1, x, null}  [1, 2]  {a -> 1} structs, arrays and maps
// Reading trims blanks and control characters; "12L", "1d2" and "" are no numbers (false), "1.9" is the integer 1.
// Cost        Scalars are written without an allocation beyond that of the arena.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/row/arena.h"
#include "penstock/core/row/calendar.h"
#include "penstock/core/row/cell.h"
#include "penstock/core/row/data_type.h"

namespace penstock {

// At most kNumberTextMax bytes.
inline constexpr std::size_t kNumberTextMax = 32;
std::size_t write_integer(std::int64_t value, char* to) noexcept;
std::size_t write_double(double value, char* to) noexcept;
std::size_t write_float(float value, char* to) noexcept;

// CAST(value AS STRING). REQUIRES: not null. Binary is the bytes themselves.
std::string_view cell_to_text(const Cell& cell, const DataType& type, const TimeZone& zone,
                              Arena& arena);
void append_text(const Cell& cell, const DataType& type, const TimeZone& zone, std::string& out);

// Spaces and control characters of both ends: what casts do not see.
std::string_view trim_blanks(std::string_view text) noexcept;

// CAST(text AS type). `min` and `max` bound the integer types.
bool parse_integer(std::string_view text, std::int64_t min, std::int64_t max,
                   std::int64_t& out) noexcept;
// Decimal or exponent form, "NaN", "Infinity", "inf" in any case with a sign, "1.5d", "1f".
bool parse_double(std::string_view text, double& out) noexcept;
bool parse_float(std::string_view text, float& out) noexcept;
// t, true, y, yes, 1 and f, false, n, no, 0, in any case.
bool parse_boolean(std::string_view text, bool& out) noexcept;
// Of the types that text can be cast to; false: null.
bool cell_of_text(std::string_view text, const DataType& type, const TimeZone& zone, Arena& arena,
                  Cell& out);

// The bounds of an integer type.
std::int64_t integer_min(TypeKind kind) noexcept;
std::int64_t integer_max(TypeKind kind) noexcept;

}  // namespace penstock
