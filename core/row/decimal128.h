// core/row/decimal128.h -- exact decimals to 38 digits, with Spark's types of results.
//
// A decimal is an unscaled Int128 and the scale of its type: 1.50 of decimal(5,2) is 150. Results that do not fit in
// their precision are an overflow: the functions return false and leave `out` alone; ANSI decides whether that is a
// null or an error.
// Rounding    HALF_UP: away from zero from one half on.
// Cost        No allocation. 64- and 128-bit arithmetic where it suffices; 256 bits inside of wide products and
//             quotients.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/row/arena.h"
#include "penstock/core/row/cell.h"
#include "penstock/core/row/data_type.h"

namespace penstock {

__extension__ using UInt128 = unsigned __int128;

// 10^digits. REQUIRES: 0 <= digits <= 38.
Int128 power_of_ten(int digits) noexcept;
// Of the absolute value; 1 for 0.
int decimal_digits(Int128 unscaled) noexcept;
inline bool fits_precision(Int128 unscaled, int precision) noexcept {
  const Int128 limit = power_of_ten(precision);
  return unscaled < limit && unscaled > -limit;
}

// What Spark gives the result of an operator. REQUIRES: decimals; see decimal_of_integral() for integers.
DataType decimal_sum_type(const DataType& a, const DataType& b) noexcept;  // Of - too.
DataType decimal_product_type(const DataType& a, const DataType& b) noexcept;
DataType decimal_quotient_type(const DataType& a, const DataType& b) noexcept;
DataType decimal_remainder_type(const DataType& a, const DataType& b) noexcept;
DataType decimal_integral_quotient_type(const DataType& a,
                                        const DataType& b) noexcept;  // Of DIV, before BIGINT.
// The narrowest that holds all values of both, within 38 digits: comparison, CASE, UNION.
DataType decimal_common_type(const DataType& a, const DataType& b) noexcept;
// TINYINT decimal(3,0), SMALLINT (5,0), INT (10,0), BIGINT (20,0), FLOAT (14,7), DOUBLE (30,15).
DataType decimal_of_number(const DataType& number) noexcept;
// Of a literal of that many digits: precision and scale are kept within 38, digits of the fraction give way.
DataType bounded_decimal(int precision, int scale) noexcept;
DataType adjusted_decimal(int precision, int scale) noexcept;

// The same value with another scale.
bool rescale_decimal(Int128 value, int from_scale, int to_precision, int to_scale,
                     Int128& out) noexcept;
// Rounds to `digits` of the fraction, which may be negative, and keeps the scale; false when it leaves 38 digits.
enum class DecimalRounding : std::uint8_t { kHalfUp, kHalfEven, kFloor, kCeiling, kDown };
bool round_decimal(Int128 value, int scale, int digits, DecimalRounding rounding,
                   Int128& out) noexcept;

// `to` is the type of the result, as given above.
bool add_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                  Int128& out) noexcept;
bool subtract_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                       Int128& out) noexcept;
bool multiply_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                       Int128& out) noexcept;
// REQUIRES: b != 0, of this and the next two.
bool divide_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                     Int128& out) noexcept;
bool remainder_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                        Int128& out) noexcept;
bool integral_quotient(Int128 a, int a_scale, Int128 b, int b_scale, Int128& out) noexcept;

int compare_decimals(Int128 a, int a_scale, Int128 b, int b_scale) noexcept;

// The nearest double, as Java's BigDecimal.doubleValue().
double decimal_to_double(Int128 value, int scale) noexcept;
// Through the shortest text of the number, as Spark does: 0.1 is 0.1. False for NaN, infinity and overflow.
bool decimal_from_double(double value, const DataType& to, Int128& out) noexcept;
bool decimal_from_float(float value, const DataType& to, Int128& out) noexcept;
// Cuts the fraction off; false outside of 64 bits.
bool decimal_to_integer(Int128 value, int scale, std::int64_t& out) noexcept;

// "-12.50": all digits of the scale, no exponent. Writes at most kDecimalTextMax bytes.
inline constexpr std::size_t kDecimalTextMax = 80;
std::size_t write_decimal(Int128 value, int scale, char* to) noexcept;
// As Java's BigDecimal prints it, and so CAST AS STRING: "1E-8" once six zeros would stand behind the point.
std::size_t write_java_decimal(Int128 value, int scale, char* to) noexcept;
std::string decimal_text(Int128 value, int scale);
// "12", "-.5", "1e3", "+1.": what Java's BigDecimal reads; the blanks around it are the caller's. False when it is no
// number or does not fit after rounding.
bool parse_decimal(std::string_view text, const DataType& to, Int128& out) noexcept;
// A literal: the number with the precision and scale that it is written with.
bool parse_decimal_literal(std::string_view text, Int128& out, DataType& type) noexcept;

// Between a cell of a decimal type and its number.
inline Int128 decimal_of_cell(const Cell& cell, const DataType& type) noexcept {
  return type.is_wide_decimal() ? cell.wide() : Int128{cell.number};
}
inline Cell cell_of_decimal(Int128 value, const DataType& type, Arena& arena) noexcept {
  return type.is_wide_decimal() ? arena.copy_value(value)
                                : Cell::of_number(static_cast<std::int64_t>(value));
}

}  // namespace penstock
