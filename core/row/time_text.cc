// What CAST reads as dates and timestamps, byte by byte as Spark does.
#include <cstring>

#include "penstock/core/row/calendar.h"
#include "penstock/core/row/value_text.h"

namespace penstock {

namespace {

constexpr std::int64_t kYearOfDateMax = 9'999'999;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_date(std::int64_t year, std::int64_t month, std::int64_t day) noexcept {
  return month >= 1 && month <= 12 && day >= 1 &&
         day <= days_in_month(year, static_cast<int>(month));
}

// Reads one number of `digits_min` to `digits_max` digits.
bool take_number(std::string_view& text, std::size_t digits_min, std::size_t digits_max,
                 std::int64_t& out) noexcept {
  std::size_t size = 0;
  out = 0;
  for (; size < text.size() && is_digit(text[size]); ++size) {
    if (size == digits_max) return false;
    out = out * 10 + (text[size] - '0');
  }
  text.remove_prefix(size);
  return size >= digits_min;
}

bool take(std::string_view& text, char c) noexcept {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

enum Part { kYear, kMonth, kDay, kHour, kMinute, kSecond, kFraction, kParts };

struct TimestampParts {
  std::int64_t values[kParts] = {1, 1, 1, 0, 0, 0, 0};
  std::string_view zone;  // Empty when there is none.
};

bool take_fraction(std::string_view& text, std::int64_t& micros) noexcept {
  int digits = 0;
  micros = 0;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1), ++digits)
    if (digits < 6) micros = micros * 10 + (text[0] - '0');
  for (; digits < 6; ++digits) micros *= 10;
  return true;
}

// h[:m[:s[.fraction][zone]]]; a zone only behind seconds.
bool read_time(std::string_view text, TimestampParts& parts) noexcept {
  for (int part = kHour; part <= kSecond; ++part) {
    if (!take_number(text, 1, 2, parts.values[part])) return false;
    if (part == kSecond) break;
    if (text.empty()) return true;
    if (!take(text, ':')) return false;
  }
  if (take(text, '.') && !take_fraction(text, parts.values[kFraction])) return false;
  if (text.empty()) return true;
  parts.zone = trim_blanks(text);
  return true;
}

bool read_parts(std::string_view text, TimestampParts& parts) noexcept {
  text = trim_blanks(text);
  if (text.empty()) return false;
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  constexpr std::size_t kYearDigitsMax = 6;
  if (!take_number(text, 4, kYearDigitsMax, parts.values[kYear])) return false;
  if (negative) parts.values[kYear] = -parts.values[kYear];
  for (int part = kMonth; part <= kDay; ++part) {
    if (text.empty()) return true;
    if (!take(text, '-') || !take_number(text, 1, 2, parts.values[part])) return false;
  }
  if (text.empty()) return true;
  return (take(text, ' ') || take(text, 'T')) && read_time(text, parts);
}

// The time on the wall.
bool to_micros(const TimestampParts& parts, std::int64_t& micros) noexcept {
  const auto& v = parts.values;
  if (!is_date(v[kYear], v[kMonth], v[kDay])) return false;
  if (v[kHour] > 23 || v[kMinute] > 59 || v[kSecond] > 59) return false;
  const std::int64_t days =
      days_of_date({v[kYear], static_cast<int>(v[kMonth]), static_cast<int>(v[kDay])});
  const std::int64_t time = v[kHour] * kMicrosPerHour + v[kMinute] * kMicrosPerMinute +
                            v[kSecond] * kMicrosPerSecond + v[kFraction];
  return !__builtin_mul_overflow(days, kMicrosPerDay, &micros) &&
         !__builtin_add_overflow(micros, time, &micros);
}

}  // namespace

bool parse_date(std::string_view text, std::int64_t& days) noexcept {
  text = trim_blanks(text);
  if (text.empty()) return false;
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  std::int64_t year = 0;
  std::int64_t month = 1;
  std::int64_t day = 1;
  if (!take_number(text, 4, 7, year) || year > kYearOfDateMax) return false;
  if (!text.empty()) {
    if (!take(text, '-') || !take_number(text, 1, 2, month)) return false;
    if (!text.empty() && (!take(text, '-') || !take_number(text, 1, 2, day))) return false;
    // Whatever stands behind a blank or a T is not looked at.
    if (!text.empty() && text[0] != ' ' && text[0] != 'T') return false;
  }
  if (negative) year = -year;
  if (!is_date(year, month, day)) return false;
  const std::int64_t read = days_of_date({year, static_cast<int>(month), static_cast<int>(day)});
  if (read < INT32_MIN || read > INT32_MAX) return false;
  days = read;
  return true;
}

bool parse_timestamp(std::string_view text, const TimeZone& session,
                     std::int64_t& micros) noexcept {
  TimestampParts parts;
  if (!read_parts(text, parts)) return false;
  std::int64_t local = 0;
  if (!to_micros(parts, local)) return false;
  if (parts.zone.empty()) {
    micros = session.to_instant(local);
    return true;
  }
  TimeZone zone;
  if (!TimeZone::lookup(parts.zone, zone)) return false;
  micros = zone.to_instant(local);
  return true;
}

bool parse_timestamp_ntz(std::string_view text, std::int64_t& micros) noexcept {
  TimestampParts parts;
  TimeZone ignored;
  if (!read_parts(text, parts)) return false;
  if (!parts.zone.empty() && !TimeZone::lookup(parts.zone, ignored)) return false;
  return to_micros(parts, micros);
}

bool has_zone(std::string_view timestamp) noexcept {
  TimestampParts parts;
  return read_parts(timestamp, parts) && !parts.zone.empty();
}

}  // namespace penstock
