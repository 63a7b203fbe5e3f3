#include <charconv>
#include <limits>
#include <type_traits>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/interval_text.h"
#include "penstock/core/row/value_text.h"

namespace penstock {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// The names that a number can have besides digits; the sign is gone already.
template <class Real>
bool parse_special(std::string_view text, bool negative, Real& out) noexcept {
  if (same_name(text, "nan")) {
    out = std::numeric_limits<Real>::quiet_NaN();
    return true;
  }
  if (!same_name(text, "inf") && !same_name(text, "infinity")) return false;
  out = negative ? -std::numeric_limits<Real>::infinity() : std::numeric_limits<Real>::infinity();
  return true;
}

// Whether a number that is too large or too small for its type is too large. REQUIRES: a number by its grammar.
bool is_huge(std::string_view text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && text[at] == '0') ++at;
  std::int64_t weight = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) ++weight;
  const std::size_t e = text.find_first_of("eE");
  if (e == std::string_view::npos) return weight > 0;
  std::string_view exponent = text.substr(e + 1);
  if (!exponent.empty() && exponent[0] == '+') exponent.remove_prefix(1);
  std::int64_t value = 0;
  const auto end = exponent.data() + exponent.size();
  if (std::from_chars(exponent.data(), end, value).ec != std::errc())
    return exponent.empty() || exponent[0] != '-';
  return value + weight > 0;
}

// Digits with a point or without, up to 15 of them: a whole number below 2^53, divided by a power of ten that a double
// has exactly, is rounded once and thus as it should be. False for everything else.
bool parse_short_double(std::string_view text, double& out) noexcept {
  constexpr std::size_t kDigitsMax = 15;
  static constexpr double kPowers[kDigitsMax + 1] = {1,   1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  if (text.size() > kDigitsMax + 1) return false;
  std::int64_t whole = 0;
  std::size_t digits = 0;
  std::size_t behind_point = 0;  // Digits, and the point itself.
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_digit(text[i])) {
      whole = whole * 10 + (text[i] - '0');
      ++digits;
    } else if (text[i] == '.' && behind_point == 0) {
      behind_point = text.size() - i;
    } else {
      return false;
    }
  }
  if (digits == 0 || digits > kDigitsMax) return false;
  const std::size_t scale = behind_point == 0 ? 0 : behind_point - 1;
  out = static_cast<double>(whole) / kPowers[scale];
  return true;
}

template <class Real>
bool parse_real(std::string_view text, Real& out) noexcept {
  text = trim_blanks(text);
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return false;
  if (!is_digit(text[0]) && text[0] != '.') return parse_special(text, negative, out);
  if constexpr (std::is_same_v<Real, double>) {
    if (parse_short_double(text, out)) {
      out = negative ? -out : out;
      return true;
    }
  }
  const char last = text.back();
  if (last == 'd' || last == 'D' || last == 'f' || last == 'F') text.remove_suffix(1);
  const char* end = text.data() + text.size();
  Real value = 0;
  const auto read = std::from_chars(text.data(), end, value, std::chars_format::general);
  if (read.ptr != end || read.ec == std::errc::invalid_argument) return false;
  if (read.ec == std::errc::result_out_of_range)
    value = is_huge(text) ? std::numeric_limits<Real>::infinity() : Real{0};
  out = negative ? -value : value;
  return true;
}

bool keep_number(bool good, const std::int64_t& number, Cell& out) noexcept {
  out = good ? Cell::of_number(number) : Cell::of_null();
  return good;
}

bool cell_of_decimal_text(std::string_view text, const DataType& type, Arena& arena, Cell& out) {
  Int128 value = 0;
  if (!parse_decimal(trim_blanks(text), type, value)) return false;
  out = cell_of_decimal(value, type, arena);
  return true;
}

bool cell_of_interval_text(std::string_view text, Arena& arena, Cell& out) {
  CalendarInterval interval;
  if (!parse_calendar_interval(text, interval)) return false;
  out = arena.copy_value(interval);
  return true;
}

}  // namespace

std::string_view trim_blanks(std::string_view text) noexcept {
  constexpr auto blank = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '\x7f'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

bool parse_integer(std::string_view text, std::int64_t min, std::int64_t max,
                   std::int64_t& out) noexcept {
  text = trim_blanks(text);
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text.empty()) return false;
  std::int64_t value = 0;  // Negative: the least number has no positive.
  std::size_t at = 0;
  for (; at < text.size() && text[at] != '.'; ++at) {
    if (!is_digit(text[at])) return false;
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_sub_overflow(value, text[at] - '0', &value)) {
      return false;
    }
  }
  for (++at; at < text.size(); ++at)
    if (!is_digit(text[at])) return false;
  if (!negative && __builtin_sub_overflow(0, value, &value)) return false;
  if (value < min || value > max) return false;
  out = value;
  return true;
}

bool parse_double(std::string_view text, double& out) noexcept { return parse_real(text, out); }
bool parse_float(std::string_view text, float& out) noexcept { return parse_real(text, out); }

bool parse_boolean(std::string_view text, bool& out) noexcept {
  text = trim_blanks(text);
  for (const std::string_view word : {"t", "true", "y", "yes", "1"})
    if (same_name(text, word)) return out = true;
  for (const std::string_view word : {"f", "false", "n", "no", "0"}) {
    if (!same_name(text, word)) continue;
    out = false;
    return true;
  }
  return false;
}

bool cell_of_text(std::string_view text, const DataType& type, const TimeZone& zone, Arena& arena,
                  Cell& out) {
  std::int64_t number = 0;
  bool flag = false;
  out = Cell::of_null();
  switch (type.kind()) {
    case TypeKind::kBoolean:
      if (!parse_boolean(text, flag)) return false;
      out = Cell::of_boolean(flag);
      return true;
    case TypeKind::kByte:
    case TypeKind::kShort:
    case TypeKind::kInt:
    case TypeKind::kLong:
      return keep_number(
          parse_integer(text, integer_min(type.kind()), integer_max(type.kind()), number), number,
          out);
    case TypeKind::kFloat:
      out = Cell::of_single(0);
      return parse_float(text, out.single) || (out = Cell::of_null(), false);
    case TypeKind::kDouble:
      out = Cell::of_real(0);
      return parse_double(text, out.real) || (out = Cell::of_null(), false);
    case TypeKind::kDecimal:
      return cell_of_decimal_text(text, type, arena, out);
    case TypeKind::kString:
    case TypeKind::kBinary:
      out = Cell::of_bytes(text);
      return true;
    case TypeKind::kDate:
      return keep_number(parse_date(text, number), number, out);
    case TypeKind::kTimestamp:
      return keep_number(parse_timestamp(text, zone, number), number, out);
    case TypeKind::kTimestampNtz:
      return keep_number(parse_timestamp_ntz(text, number), number, out);
    case TypeKind::kYearMonthInterval:
    case TypeKind::kDayTimeInterval:
      return keep_number(parse_interval_fields(text, type, number), number, out);
    case TypeKind::kCalendarInterval:
      return cell_of_interval_text(text, arena, out);
    default:
      return false;
  }
}

std::int64_t integer_min(TypeKind kind) noexcept {
  if (kind == TypeKind::kLong) return INT64_MIN;
  return kind == TypeKind::kByte ? INT8_MIN : kind == TypeKind::kShort ? INT16_MIN : INT32_MIN;
}

std::int64_t integer_max(TypeKind kind) noexcept {
  if (kind == TypeKind::kLong) return INT64_MAX;
  return kind == TypeKind::kByte ? INT8_MAX : kind == TypeKind::kShort ? INT16_MAX : INT32_MAX;
}

}  // namespace penstock
