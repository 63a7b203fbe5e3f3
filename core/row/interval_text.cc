#include "penstock/core/row/interval_text.h"

#include <cstdio>

#include "penstock/core/row/calendar.h"
#include "penstock/core/row/value_text.h"

namespace penstock {

namespace {

constexpr std::string_view kFieldNames[] = {"YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"};
constexpr std::int64_t kFieldMicros[] = {
    0, 0, kMicrosPerDay, kMicrosPerHour, kMicrosPerMinute, kMicrosPerSecond};

std::uint64_t magnitude(std::int64_t value) noexcept {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

void append_two(std::uint64_t value, std::string& out) {
  if (value < 10) out += '0';
  out += std::to_string(value);
}

// "6.5": seconds of so many micros, without zeros at the end.
void append_seconds(std::uint64_t micros, std::string& out) {
  out += std::to_string(micros / 1'000'000);
  if (micros % 1'000'000 == 0) return;
  std::string fraction = std::to_string(1'000'000 + micros % 1'000'000);
  while (fraction.back() == '0') fraction.pop_back();
  fraction[0] = '.';
  out += fraction;
}

std::string year_month_fields(std::int64_t months, const DataType& type) {
  std::string text = months < 0 ? "-" : "";
  const std::uint64_t all = magnitude(months);
  if (type.interval_start() == IntervalField::kMonth) return text + std::to_string(all);
  text += std::to_string(all / 12);
  if (type.interval_end() == IntervalField::kMonth) text += '-' + std::to_string(all % 12);
  return text;
}

std::string day_time_fields(std::int64_t micros, const DataType& type) {
  std::string text = micros < 0 ? "-" : "";
  std::uint64_t rest = magnitude(micros);
  const int first = static_cast<int>(type.interval_start());
  const int last = static_cast<int>(type.interval_end());
  for (int field = first; field <= last; ++field) {
    if (field > first) text += field == static_cast<int>(IntervalField::kHour) ? ' ' : ':';
    if (field == static_cast<int>(IntervalField::kSecond)) {
      if (rest < 10 * kMicrosPerSecond) text += '0';
      append_seconds(rest, text);
      break;
    }
    const auto unit = static_cast<std::uint64_t>(kFieldMicros[field]);
    if (field == static_cast<int>(IntervalField::kDay)) {
      text += std::to_string(rest / unit);
    } else {
      append_two(rest / unit, text);
    }
    rest %= unit;
  }
  return text;
}

std::string fields_text(std::int64_t value, const DataType& type) {
  const bool months = type.is(TypeKind::kYearMonthInterval);
  std::string text = "INTERVAL '";
  text += months ? year_month_fields(value, type) : day_time_fields(value, type);
  text += "' ";
  text += kFieldNames[static_cast<int>(type.interval_start())];
  if (type.interval_end() != type.interval_start()) {
    text += " TO ";
    text += kFieldNames[static_cast<int>(type.interval_end())];
  }
  return text;
}

void append_unit(std::int64_t value, std::string_view unit, std::string& out) {
  if (value == 0) return;
  if (!out.empty()) out += ' ';
  out += std::to_string(value);
  out += ' ';
  out += unit;
}

std::string calendar_text(const CalendarInterval& interval) {
  std::string text;
  append_unit(interval.months / 12, "years", text);
  append_unit(interval.months % 12, "months", text);
  append_unit(interval.days, "days", text);
  append_unit(interval.micros / kMicrosPerHour, "hours", text);
  append_unit(interval.micros / kMicrosPerMinute % 60, "minutes", text);
  if (const std::int64_t rest = interval.micros % kMicrosPerMinute) {
    if (!text.empty()) text += ' ';
    if (rest < 0) text += '-';
    append_seconds(magnitude(rest), text);
    text += " seconds";
  }
  return text.empty() ? "0 seconds" : text;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

void skip_blanks(std::string_view& text) noexcept {
  while (!text.empty() && static_cast<unsigned char>(text[0]) <= ' ') text.remove_prefix(1);
}

bool take_whole(std::string_view& text, std::int64_t& value) noexcept {
  std::size_t size = 0;
  value = 0;
  for (; size < text.size() && is_digit(text[size]); ++size) {
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, text[size] - '0', &value)) {
      return false;
    }
  }
  text.remove_prefix(size);
  return size > 0;
}

// ".123456789" to micros; digits behind the sixth are cut. REQUIRES: `text` starts with the point.
bool take_fraction(std::string_view& text, std::int64_t& micros) noexcept {
  constexpr std::size_t kDigitsMax = 9;
  std::size_t digits = 0;
  micros = 0;
  for (text.remove_prefix(1); !text.empty() && is_digit(text[0]); text.remove_prefix(1), ++digits)
    if (digits < 6) micros = micros * 10 + (text[0] - '0');
  for (std::size_t i = digits; i < 6; ++i) micros *= 10;
  return digits <= kDigitsMax;
}

bool add_scaled(std::int64_t amount, std::int64_t unit, std::int64_t& sum) noexcept {
  std::int64_t part = 0;
  return !__builtin_mul_overflow(amount, unit, &part) && !__builtin_add_overflow(sum, part, &sum);
}

// What follows the sign, as a negative number: the least value has no positive.
bool read_year_month(std::string_view text, const DataType& type, std::int64_t& months) noexcept {
  std::int64_t first = 0;
  std::int64_t second = 0;
  if (!take_whole(text, first)) return false;
  if (type.interval_start() == IntervalField::kMonth) {
    months = -first;
    return text.empty();
  }
  if (type.interval_end() == IntervalField::kMonth) {
    if (text.empty() || text[0] != '-') return false;
    text.remove_prefix(1);
    if (!take_whole(text, second) || second > 11) return false;
  }
  months = 0;
  return text.empty() && add_scaled(-first, 12, months) && add_scaled(-second, 1, months);
}

bool read_day_time(std::string_view text, const DataType& type, std::int64_t& micros) noexcept {
  constexpr std::int64_t kFieldMax[] = {0, 0, 0, 23, 59, 59};
  const int first = static_cast<int>(type.interval_start());
  const int last = static_cast<int>(type.interval_end());
  micros = 0;
  for (int field = first; field <= last; ++field) {
    if (field > first) {
      const bool after_day = field == static_cast<int>(IntervalField::kHour);
      if (text.empty() || text[0] != (after_day ? ' ' : ':')) return false;
      text.remove_prefix(1);
      if (after_day) skip_blanks(text);
    }
    std::int64_t part = 0;
    if (!take_whole(text, part) || (field > first && part > kFieldMax[field])) return false;
    if (!add_scaled(-part, kFieldMicros[field], micros)) return false;
  }
  std::int64_t fraction = 0;
  const bool seconds = type.interval_end() == IntervalField::kSecond;
  if (seconds && !text.empty() && text[0] == '.' && !take_fraction(text, fraction)) return false;
  return text.empty() && add_scaled(-fraction, 1, micros);
}

// INTERVAL [-]'...' DAY TO SECOND: leaves what stands in the quotes; other text as it is.
bool strip_literal(std::string_view& text, bool& negative) noexcept {
  constexpr std::string_view kWord = "interval";
  if (text.size() <= kWord.size() || !same_name(text.substr(0, kWord.size()), kWord)) return true;
  text.remove_prefix(kWord.size());
  skip_blanks(text);
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  const std::size_t end = text.rfind('\'');
  if (text.empty() || text[0] != '\'' || end == 0) return false;
  text = text.substr(1, end - 1);
  return true;
}

struct Unit {
  std::string_view name;
  int months;
  int days;
  std::int64_t micros;
};

constexpr Unit kUnits[] = {
    {"year", 12, 0, 0},
    {"month", 1, 0, 0},
    {"week", 0, 7, 0},
    {"day", 0, 1, 0},
    {"hour", 0, 0, kMicrosPerHour},
    {"minute", 0, 0, kMicrosPerMinute},
    {"second", 0, 0, kMicrosPerSecond},
    {"millisecond", 0, 0, kMicrosPerMilli},
    {"microsecond", 0, 0, 1},
};

const Unit* find_unit(std::string_view name) noexcept {
  for (const Unit& unit : kUnits) {
    if (same_name(name, unit.name)) return &unit;
    const std::string_view stem = name.substr(0, unit.name.size());
    if (name.size() == unit.name.size() + 1 && (name.back() | 0x20) == 's' &&
        same_name(stem, unit.name)) {
      return &unit;
    }
  }
  return nullptr;
}

bool add_to(std::int32_t& field, std::int64_t amount, std::int64_t times) noexcept {
  std::int64_t sum = field;
  if (!add_scaled(amount, times, sum) || sum < INT32_MIN || sum > INT32_MAX) return false;
  field = static_cast<std::int32_t>(sum);
  return true;
}

std::string_view take_word(std::string_view& text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && (text[size] | 0x20) >= 'a' && (text[size] | 0x20) <= 'z') ++size;
  const std::string_view word = text.substr(0, size);
  text.remove_prefix(size);
  return word;
}

}  // namespace

std::string interval_text(const Cell& cell, const DataType& type) {
  return type.is(TypeKind::kCalendarInterval) ? calendar_text(cell.interval())
                                              : fields_text(cell.number, type);
}

bool parse_interval_fields(std::string_view text, const DataType& type,
                           std::int64_t& value) noexcept {
  text = trim_blanks(text);
  bool negative = false;
  if (!strip_literal(text, negative)) return false;
  text = trim_blanks(text);
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = negative != (text[0] == '-');
    text.remove_prefix(1);
  }
  std::int64_t below_zero = 0;
  const bool months = type.is(TypeKind::kYearMonthInterval);
  if (!(months ? read_year_month(text, type, below_zero) : read_day_time(text, type, below_zero)))
    return false;
  std::int64_t read = below_zero;
  if (!negative && __builtin_sub_overflow(0, below_zero, &read)) return false;
  if (months && (read < INT32_MIN || read > INT32_MAX)) return false;
  value = read;
  return true;
}

bool add_interval_unit(std::string_view amount, std::string_view unit_name,
                       CalendarInterval& interval) noexcept {
  const Unit* unit = find_unit(unit_name);
  if (unit == nullptr) return false;
  amount = trim_blanks(amount);
  const bool negative = !amount.empty() && amount[0] == '-';
  if (!amount.empty() && (amount[0] == '-' || amount[0] == '+')) amount.remove_prefix(1);
  skip_blanks(amount);
  std::int64_t whole = 0;
  std::int64_t fraction = 0;
  const bool seconds = unit->micros == kMicrosPerSecond;
  const bool starts_at_point = seconds && amount.size() > 1 && amount[0] == '.';
  if (!starts_at_point && !take_whole(amount, whole)) return false;
  if (seconds && !amount.empty() && amount[0] == '.' && !take_fraction(amount, fraction))
    return false;
  if (!amount.empty()) return false;
  if (negative) whole = -whole, fraction = -fraction;
  return add_to(interval.months, whole, unit->months) && add_to(interval.days, whole, unit->days) &&
         add_scaled(whole, unit->micros, interval.micros) &&
         add_scaled(fraction, 1, interval.micros);
}

bool parse_calendar_interval(std::string_view text, CalendarInterval& interval) noexcept {
  CalendarInterval read;
  text = trim_blanks(text);
  constexpr std::string_view kWord = "interval";
  if (text.size() > kWord.size() && same_name(text.substr(0, kWord.size()), kWord) &&
      static_cast<unsigned char>(text[kWord.size()]) <= ' ') {
    text.remove_prefix(kWord.size());
  }
  skip_blanks(text);
  if (text.empty()) return false;
  while (!text.empty()) {
    std::size_t size = 0;
    while (size < text.size() && (text[size] | 0x20) < 'a') ++size;
    const std::string_view amount = text.substr(0, size);
    text.remove_prefix(size);
    if (!add_interval_unit(amount, take_word(text), read)) return false;
    if (!text.empty() && static_cast<unsigned char>(text[0]) > ' ') return false;
    skip_blanks(text);
  }
  interval = read;
  return true;
}

}  // namespace penstock
