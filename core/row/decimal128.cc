#include "penstock/core/row/decimal128.h"

#include <algorithm>
#include <array>

#include "penstock/core/row/uint256.h"

namespace penstock {

namespace {

using internal::divide;
using internal::divide_rounded;
using internal::multiply;
using internal::UInt256;

constexpr auto kPowersOfTen = [] {
  std::array<Int128, 39> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

UInt128 magnitude(Int128 value) noexcept {
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}
UInt128 unsigned_power(int digits) noexcept { return static_cast<UInt128>(power_of_ten(digits)); }

// value * 10^digits. REQUIRES: 0 <= digits. False when it leaves 256 bits.
bool scale_up(const UInt256& value, int digits, UInt256& out) noexcept {
  out = value;
  for (; digits > DataType::kPrecisionMax; digits -= DataType::kPrecisionMax)
    if (!multiply(out, unsigned_power(DataType::kPrecisionMax), out)) return false;
  return multiply(out, unsigned_power(digits), out);
}

bool to_precision(const UInt256& value, bool negative, int precision, Int128& out) noexcept {
  if (value.high != 0 || value.low >= unsigned_power(precision)) return false;
  const auto positive = static_cast<Int128>(value.low);
  out = negative ? -positive : positive;
  return true;
}

// From one scale to another, rounded HALF_UP. REQUIRES: scales differ by less than 77.
bool change_scale(const UInt256& value, int from, int to, UInt256& out) noexcept {
  if (to >= from) return scale_up(value, to - from, out);
  int drop = from - to;
  UInt256 rest = value;
  // What is cut first can no longer tip the last digit: it is below its half, or its half is decided by the next step.
  if (drop > DataType::kPrecisionMax) {
    rest = divide(rest, unsigned_power(drop - DataType::kPrecisionMax)).quotient;
    drop = DataType::kPrecisionMax;
  }
  out = divide_rounded(rest, unsigned_power(drop));
  return true;
}

// a + b, exactly, in the larger scale; then into the type.
bool add_wide(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
              Int128& out) noexcept {
  const int scale = std::max(a_scale, b_scale);
  UInt256 left;
  UInt256 right;
  if (!scale_up({magnitude(a), 0}, scale - a_scale, left) ||
      !scale_up({magnitude(b), 0}, scale - b_scale, right)) {
    return false;
  }
  bool negative = a < 0;
  UInt256 sum;
  if ((a < 0) == (b < 0)) {
    sum.low = left.low + right.low;
    sum.high = left.high + right.high + (sum.low < left.low ? 1 : 0);
  } else {
    if (left < right) {
      std::swap(left, right);
      negative = b < 0;
    }
    sum.low = left.low - right.low;
    sum.high = left.high - right.high - (left.low < right.low ? 1 : 0);
  }
  UInt256 scaled;
  return change_scale(sum, scale, to.scale(), scaled) &&
         to_precision(scaled, negative, to.precision(), out);
}

// True when value * 10^digits stays far within 128 bits.
bool scales_easily(Int128 value, int digits) noexcept {
  return digits <= DataType::kPrecisionInlineMax && value < power_of_ten(19) &&
         value > -power_of_ten(19);
}

}  // namespace

Int128 power_of_ten(int digits) noexcept { return kPowersOfTen[static_cast<std::size_t>(digits)]; }

int decimal_digits(Int128 unscaled) noexcept {
  const UInt128 value = magnitude(unscaled);
  int digits = 1;
  while (digits <= DataType::kPrecisionMax && value >= unsigned_power(digits)) ++digits;
  return digits;
}

bool rescale_decimal(Int128 value, int from_scale, int to_precision_digits, int to_scale,
                     Int128& out) noexcept {
  if (from_scale == to_scale) {
    if (!fits_precision(value, to_precision_digits)) return false;
    out = value;
    return true;
  }
  UInt256 scaled;
  return change_scale({magnitude(value), 0}, from_scale, to_scale, scaled) &&
         to_precision(scaled, value < 0, to_precision_digits, out);
}

bool round_decimal(Int128 value, int scale, int digits, DecimalRounding rounding,
                   Int128& out) noexcept {
  const int drop = scale - digits;
  if (drop <= 0) {
    out = value;
    return true;
  }
  const bool far = drop > DataType::kPrecisionMax;
  const UInt128 unit = far ? 0 : unsigned_power(drop);
  const UInt128 positive = magnitude(value);
  UInt128 quotient = far ? 0 : positive / unit;
  const UInt128 rest = far ? positive : positive % unit;
  bool up = false;
  switch (rounding) {
    case DecimalRounding::kHalfUp:
      up = !far && rest >= unit - rest;
      break;
    case DecimalRounding::kHalfEven:
      up = !far && (rest > unit - rest || (rest == unit - rest && quotient % 2 == 1));
      break;
    case DecimalRounding::kFloor:
      up = value < 0 && rest != 0;
      break;
    case DecimalRounding::kCeiling:
      up = value > 0 && rest != 0;
      break;
    case DecimalRounding::kDown:
      break;
  }
  if (up) ++quotient;
  if (far && quotient != 0) return false;
  return to_precision(far ? UInt256{} : multiply(quotient, unit), value < 0,
                      DataType::kPrecisionMax, out);
}

bool add_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                  Int128& out) noexcept {
  const int scale = std::max(a_scale, b_scale);
  if (scale == to.scale() && scales_easily(a, scale - a_scale) &&
      scales_easily(b, scale - b_scale)) {
    const Int128 sum = a * power_of_ten(scale - a_scale) + b * power_of_ten(scale - b_scale);
    if (!fits_precision(sum, to.precision())) return false;
    out = sum;
    return true;
  }
  return add_wide(a, a_scale, b, b_scale, to, out);
}

bool subtract_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                       Int128& out) noexcept {
  return add_decimals(a, a_scale, -b, b_scale, to, out);
}

bool multiply_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                       Int128& out) noexcept {
  UInt256 scaled;
  return change_scale(multiply(magnitude(a), magnitude(b)), a_scale + b_scale, to.scale(),
                      scaled) &&
         to_precision(scaled, (a < 0) != (b < 0), to.precision(), out);
}

bool divide_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                     Int128& out) noexcept {
  const int digits = to.scale() - a_scale + b_scale;
  UInt256 dividend{magnitude(a), 0};
  UInt256 divisor{magnitude(b), 0};
  if (digits >= 0) {
    if (!scale_up(dividend, digits, dividend)) return false;
  } else if (!scale_up(divisor, -digits, divisor) || divisor.high != 0 || divisor.low >> 127 != 0) {
    out = 0;  // Less than half of the last digit.
    return true;
  }
  return to_precision(divide_rounded(dividend, divisor.low), (a < 0) != (b < 0), to.precision(),
                      out);
}

bool remainder_decimals(Int128 a, int a_scale, Int128 b, int b_scale, const DataType& to,
                        Int128& out) noexcept {
  const int scale = std::max(a_scale, b_scale);
  UInt256 dividend;
  UInt256 divisor;
  scale_up({magnitude(a), 0}, scale - a_scale, dividend);
  scale_up({magnitude(b), 0}, scale - b_scale, divisor);
  UInt256 rest =
      dividend;  // When the divisor is larger than any decimal, and so than the dividend.
  if (divisor.high == 0 && divisor.low >> 127 == 0)
    rest = {divide(dividend, divisor.low).remainder, 0};
  UInt256 scaled;
  return change_scale(rest, scale, to.scale(), scaled) &&
         to_precision(scaled, a < 0, to.precision(), out);
}

bool integral_quotient(Int128 a, int a_scale, Int128 b, int b_scale, Int128& out) noexcept {
  const int scale = std::max(a_scale, b_scale);
  UInt256 dividend;
  UInt256 divisor;
  scale_up({magnitude(a), 0}, scale - a_scale, dividend);
  scale_up({magnitude(b), 0}, scale - b_scale, divisor);
  UInt256 quotient;
  if (divisor.high == 0 && divisor.low >> 127 == 0)
    quotient = divide(dividend, divisor.low).quotient;
  return to_precision(quotient, (a < 0) != (b < 0), DataType::kPrecisionMax, out);
}

int compare_decimals(Int128 a, int a_scale, Int128 b, int b_scale) noexcept {
  if (a_scale == b_scale) return (a > b) - (a < b);
  if ((a < 0) != (b < 0)) return a < 0 ? -1 : 1;
  const int scale = std::max(a_scale, b_scale);
  UInt256 left;
  UInt256 right;
  scale_up({magnitude(a), 0}, scale - a_scale, left);
  scale_up({magnitude(b), 0}, scale - b_scale, right);
  if (left == right) return 0;
  return (left < right) == (a < 0) ? 1 : -1;
}

bool decimal_to_integer(Int128 value, int scale, std::int64_t& out) noexcept {
  const Int128 whole = value / power_of_ten(scale);
  if (whole < INT64_MIN || whole > INT64_MAX) return false;
  out = static_cast<std::int64_t>(whole);
  return true;
}

}  // namespace penstock
