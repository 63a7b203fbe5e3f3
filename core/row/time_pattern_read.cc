#include "penstock/core/row/data_type.h"
#include "penstock/core/row/time_names.h"
#include "penstock/core/row/time_pattern.h"

namespace penstock {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

constexpr std::int64_t kUnset = INT64_MIN;

}  // namespace

struct TimePattern::Reader {
  explicit Reader(std::string_view from) noexcept : text(from) {}

  bool literal(std::string_view wanted) noexcept {
    if (!same_name(text.substr(0, wanted.size()), wanted)) return false;
    text.remove_prefix(wanted.size());
    return true;
  }
  bool digits(int least, int most, std::int64_t& value) noexcept {
    int count = 0;
    value = 0;
    for (; count < most && !text.empty() && is_digit(text[0]); text.remove_prefix(1), ++count)
      value = value * 10 + (text[0] - '0');
    return count >= least;
  }
  // One digit or more for a single letter, otherwise exactly as many as letters.
  bool number(const Item& item, std::int64_t& value) noexcept {
    constexpr int kDigitsMax = 9;
    return digits(item.count, item.count == 1 && !item.adjacent ? kDigitsMax : item.count, value);
  }
  bool year_number(const Item& item) noexcept {
    constexpr int kDigitsMax = 9;
    if (item.count == 2) {
      const bool good = digits(2, 2, year);
      year += 2000;
      return good;
    }
    const bool sign = !text.empty() && (text[0] == '-' || text[0] == '+');
    const bool negative = sign && text[0] == '-';
    if (sign) text.remove_prefix(1);
    const bool fixed = item.adjacent || (!sign && item.count > 1);
    if (!digits(item.count, fixed ? item.count : kDigitsMax, year)) return false;
    if (negative) year = -year;
    return true;
  }
  bool month_name(int count) noexcept {
    for (int i = 0; i < 12; ++i) {
      const std::string_view name = internal::kMonthNames[i];
      if (!literal(count == 4 ? name : name.substr(0, 3))) continue;
      month = i + 1;
      return true;
    }
    return false;
  }
  bool half_of_day() noexcept {
    afternoon = literal("PM") ? 1 : literal("AM") ? 0 : -1;
    return afternoon >= 0;
  }
  bool fraction_digits(int most) noexcept {
    int count = 0;
    micros = 0;
    for (; count < most && !text.empty() && is_digit(text[0]); text.remove_prefix(1), ++count)
      if (count < 6) micros = micros * 10 + (text[0] - '0');
    for (int i = count; i < 6; ++i) micros *= 10;
    return count > 0;
  }
  bool zone_text() noexcept {
    std::size_t size = 0;
    while (size < text.size() && text[size] != ' ' && text[size] != ']' && text[size] != ')')
      ++size;
    if (!TimeZone::lookup(text.substr(0, size), zone)) return false;
    has_zone = true;
    text.remove_prefix(size);
    return true;
  }
  bool zone_offset(const Item& item) noexcept {
    const bool takes_z = item.letter == 'X' || (item.letter == 'Z' && item.count == 5);
    if (takes_z && literal("Z")) {
      zone = TimeZone();
      return has_zone = true;
    }
    if (item.letter == 'Z' && item.count == 4 && !literal("GMT")) return false;
    if (text.empty() || (text[0] != '+' && text[0] != '-'))
      return item.letter == 'Z' && item.count == 4;
    const bool colon = item.letter == 'Z' ? item.count >= 4 : item.count == 3 || item.count == 5;
    const bool negative = text[0] == '-';
    text.remove_prefix(1);
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    if (!digits(2, 2, hours) || hours > 18) return false;
    const bool minutes_follow =
        item.letter == 'Z' || item.count > 1 || (!text.empty() && is_digit(text[0]));
    if (minutes_follow && ((colon && !literal(":")) || !digits(2, 2, minutes) || minutes > 59))
      return false;
    const auto seconds = static_cast<std::int32_t>(hours * 3600 + minutes * 60);
    zone = TimeZone::fixed(negative ? -seconds : seconds);
    return has_zone = true;
  }

  bool item(const Item& item) noexcept {
    switch (item.letter) {
      case 0:
        return literal(item.literal);
      case 'G':
        before_christ = literal(item.count == 4 ? "Before Christ" : "BC");
        return before_christ || literal(item.count == 4 ? "Anno Domini" : "AD");
      case 'y':
        return year_number(item);
      case 'M':
      case 'L':
        return item.count > 2 ? month_name(item.count) : number(item, month);
      case 'd':
        return number(item, day);
      case 'D':
        return number(item, year_day);
      case 'a':
        return half_of_day();
      case 'H':
        return number(item, hour) && hour <= 23;
      case 'k':
        return number(item, hour) && hour >= 1 && hour <= 24 && ((hour %= 24), true);
      case 'h':
        return number(item, half_hour) && half_hour >= 1 && half_hour <= 12;
      case 'K':
        return number(item, half_hour) && half_hour <= 11;
      case 'm':
        return number(item, minute) && minute <= 59;
      case 's':
        return number(item, second) && second <= 59;
      case 'S':
        return fraction_digits(item.count);
      case 'V':
      case 'z':
      case 'O':
        return zone_text();
      default:
        return zone_offset(item);
    }
  }

  bool date(std::int64_t& days) const noexcept {
    const std::int64_t of_year = year == kUnset ? 1970 : before_christ ? 1 - year : year;
    if (year_day != kUnset) {
      if (year_day < 1 || year_day > (is_leap_year(of_year) ? 366 : 365)) return false;
      days = days_of_date({of_year, 1, 1}) + year_day - 1;
      return true;
    }
    if (month < 1 || month > 12 || day < 1 || day > days_in_month(of_year, static_cast<int>(month)))
      return false;
    days = days_of_date({of_year, static_cast<int>(month), static_cast<int>(day)});
    return true;
  }
  std::int64_t hour_of_day() const noexcept {
    if (hour != kUnset) return hour;
    if (half_hour == kUnset) return afternoon == 1 ? 12 : 0;
    return half_hour % 12 + (afternoon == 1 ? 12 : 0);
  }

  std::string_view text;
  std::int64_t year = kUnset;
  std::int64_t month = 1;
  std::int64_t day = 1;
  std::int64_t year_day = kUnset;
  std::int64_t hour = kUnset;
  std::int64_t half_hour = kUnset;
  std::int64_t minute = 0;
  std::int64_t second = 0;
  std::int64_t micros = 0;
  int afternoon = -1;
  bool before_christ = false;
  bool has_zone = false;
  TimeZone zone;
};

bool TimePattern::read(std::string_view text, const TimeZone& session,
                       std::int64_t& micros) const noexcept {
  Reader reader(text);
  std::size_t close = 0;  // Of the outermost optional part that is being read.
  Reader before = reader;
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& item = items_[i];
    if (item.letter == '[') {
      if (i >= close) before = reader, close = item.close;
      continue;
    }
    if (item.letter == ']' || reader.item(item)) continue;
    if (i >= close) return false;
    reader = before;
    i = close;
  }
  std::int64_t days = 0;
  if (!reader.text.empty() || !reader.date(days)) return false;
  const std::int64_t time = reader.hour_of_day() * kMicrosPerHour +
                            reader.minute * kMicrosPerMinute + reader.second * kMicrosPerSecond +
                            reader.micros;
  std::int64_t local = 0;
  if (__builtin_mul_overflow(days, kMicrosPerDay, &local) ||
      __builtin_add_overflow(local, time, &local)) {
    return false;
  }
  micros = (reader.has_zone ? reader.zone : session).to_instant(local);
  return true;
}

}  // namespace penstock
