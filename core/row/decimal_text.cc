#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/value_text.h"

namespace penstock {

namespace {

constexpr int kExponentMax = 1'000'000;  // Beyond any digit that counts.

// A number as it is written: its digits without point and leading zeros, and the weight of the last one.
struct WrittenNumber {
  std::string_view digits;  // May still hold the point.
  int digit_count = 0;
  int exponent = 0;  // Of the last digit: 10^exponent.
  int scale = 0;     // Digits behind the point, less the exponent that is written.
  bool negative = false;
};

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool read_exponent(std::string_view text, int& exponent) noexcept {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty() || text.size() > 10) return false;
  std::int64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    value = value * 10 + (c - '0');
  }
  if (value > INT32_MAX) return false;
  const int bounded = static_cast<int>(std::min<std::int64_t>(value, kExponentMax));
  exponent = negative ? -bounded : bounded;
  return true;
}

bool read_number(std::string_view text, WrittenNumber& number) noexcept {
  number.negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  std::size_t end = 0;
  std::size_t points = 0;
  std::size_t fraction = 0;
  for (; end < text.size() && (is_digit(text[end]) || text[end] == '.'); ++end) {
    if (text[end] == '.') {
      if (++points > 1) return false;
    } else if (points == 1) {
      ++fraction;
    }
  }
  if (end == points || end > kExponentMax) return false;  // No digit, or absurdly many.
  int exponent = 0;
  if (end < text.size()) {
    if ((text[end] != 'e' && text[end] != 'E') || !read_exponent(text.substr(end + 1), exponent))
      return false;
  }
  std::size_t start = 0;
  while (start < end && (text[start] == '0' || text[start] == '.')) ++start;
  number.digits = text.substr(start, end - start);
  number.digit_count =
      static_cast<int>(std::count_if(number.digits.begin(), number.digits.end(), is_digit));
  number.scale = static_cast<int>(fraction) - exponent;
  number.exponent = -number.scale;
  return true;
}

// The first `keep` digits as a number, zeros added behind, rounded by the next. REQUIRES: 0 <= keep <= 38.
Int128 take_digits(const WrittenNumber& number, int keep) noexcept {
  Int128 value = 0;
  int taken = 0;
  for (const char c : number.digits) {
    if (c == '.') continue;
    if (taken == keep) return value + (c >= '5' ? 1 : 0);
    value = value * 10 + (c - '0');
    ++taken;
  }
  return value * power_of_ten(keep - taken);
}

}  // namespace

bool parse_decimal(std::string_view text, const DataType& to, Int128& out) noexcept {
  WrittenNumber number;
  if (!read_number(text, number)) return false;
  const int keep = number.digit_count + number.exponent + to.scale();
  Int128 value = 0;
  if (number.digit_count > 0 && keep >= 0) {
    if (keep > DataType::kPrecisionMax) return false;
    value = take_digits(number, keep);
  }
  if (!fits_precision(value, to.precision())) return false;
  out = number.negative ? -value : value;
  return true;
}

bool parse_decimal_literal(std::string_view text, Int128& out, DataType& type) noexcept {
  WrittenNumber number;
  if (!read_number(text, number)) return false;
  const int scale = std::max(number.scale, 0);
  const int precision = std::max({number.digit_count + number.exponent + scale, scale, 1});
  if (precision > DataType::kPrecisionMax) return false;
  type = DataType::decimal(precision, scale);
  return parse_decimal(text, type, out);
}

std::size_t write_decimal(Int128 value, int scale, char* to) noexcept {
  char digits[40];
  int count = 0;
  UInt128 rest = value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
  do {
    digits[count++] = static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  while (count <= scale) digits[count++] = '0';
  char* at = to;
  if (value < 0) *at++ = '-';
  while (count > 0) {
    *at++ = digits[--count];
    if (count == scale && scale > 0) *at++ = '.';
  }
  return static_cast<std::size_t>(at - to);
}

std::size_t write_java_decimal(Int128 value, int scale, char* to) noexcept {
  const int digits = decimal_digits(value);
  const int exponent = digits - 1 - scale;
  if (exponent >= -6) return write_decimal(value, scale, to);
  char* at = to + write_decimal(value, digits - 1, to);
  *at++ = 'E';
  return static_cast<std::size_t>(std::to_chars(at, at + 8, exponent).ptr - to);
}

std::string decimal_text(Int128 value, int scale) {
  char text[kDecimalTextMax];
  return std::string(text, write_decimal(value, scale, text));
}

double decimal_to_double(Int128 value, int scale) noexcept {
  constexpr Int128 kExact = Int128{1} << 53;
  constexpr int kExactPower = 22;
  if (value < kExact && value > -kExact && scale <= kExactPower)
    return static_cast<double>(value) / static_cast<double>(power_of_ten(scale));
  char text[kDecimalTextMax];
  double real = 0;
  std::from_chars(text, text + write_decimal(value, scale, text), real);
  return real;
}

bool decimal_from_double(double value, const DataType& to, Int128& out) noexcept {
  char text[kNumberTextMax];
  return std::isfinite(value) && parse_decimal({text, write_double(value, text)}, to, out);
}

bool decimal_from_float(float value, const DataType& to, Int128& out) noexcept {
  char text[kNumberTextMax];
  return std::isfinite(value) && parse_decimal({text, write_float(value, text)}, to, out);
}

}  // namespace penstock
