#include <cstring>

#include "penstock/core/row/time_names.h"
#include "penstock/core/row/time_pattern.h"

namespace penstock {

struct TimePattern::Writer {
  Writer(std::int64_t instant, const TimeZone& in, char* to) noexcept
      : zone(in), micros(instant), offset(in.offset_seconds(instant)), at(to) {
    const std::int64_t local = micros + offset * kMicrosPerSecond;
    days = floor_divide(local, kMicrosPerDay);
    time = floor_modulo(local, kMicrosPerDay);
    date = date_of_days(days);
  }

  void text(std::string_view bytes) noexcept {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  }
  void number(std::int64_t value, int width) noexcept {
    char digits[24];
    int count = 0;
    if (value < 0) {
      *at++ = '-';
      value = -value;
    }
    for (; value != 0 || count < width || count == 0; value /= 10)
      digits[count++] = static_cast<char>('0' + value % 10);
    while (count > 0) *at++ = digits[--count];
  }
  void name(std::string_view full, int count) noexcept {
    text(count == 4 ? full : full.substr(0, 3));
  }

  void year(int count) noexcept {
    if (count == 2) return number(floor_modulo(date.year, 100), 2);
    if (count >= 4 && date.year > (count == 4 ? 9999 : 999'999)) *at++ = '+';
    number(date.year, count);
  }
  void quarter(int count) noexcept {
    const int value = (date.month + 2) / 3;
    if (count <= 2) return number(value, count);
    if (count == 3) *at++ = 'Q';
    number(value, 1);
    constexpr std::string_view kEndings[] = {"st", "nd", "rd", "th"};
    if (count == 4) text(kEndings[value - 1]), text(" quarter");
  }
  // +HH[:]mm[[:]ss]
  void offset_digits(bool colon, bool minutes, bool seconds) noexcept {
    const int all = offset < 0 ? -offset : offset;
    *at++ = offset < 0 ? '-' : '+';
    number(all / 3600, 2);
    if (!minutes) return;
    if (colon) *at++ = ':';
    number(all / 60 % 60, 2);
    if (!seconds || all % 60 == 0) return;
    if (colon) *at++ = ':';
    number(all % 60, 2);
  }
  // GMT, GMT+8, GMT+08:00
  void offset_gmt(bool full) noexcept {
    text("GMT");
    if (offset == 0) return;
    if (full) return offset_digits(true, true, true);
    const int all = offset < 0 ? -offset : offset;
    *at++ = offset < 0 ? '-' : '+';
    number(all / 3600, 1);
    if (all % 3600 != 0) *at++ = ':', number(all / 60 % 60, 2);
  }
  void zone_offset(char letter, int count) noexcept {
    if (letter == 'Z' && count == 4) return offset_gmt(true);
    const bool shows_z = letter == 'X' || (letter == 'Z' && count == 5);
    if (shows_z && offset == 0) return text("Z");
    if (letter == 'Z') return offset_digits(count == 5, true, count == 5);
    const bool minutes = count > 1 || offset % 3600 != 0;
    offset_digits(count == 3 || count == 5, minutes, count >= 4);
  }
  void zone_name(const std::string& known) noexcept { text(std::string_view(known).substr(0, 39)); }

  void item(char letter, int count) noexcept {
    const std::int64_t hour = time / kMicrosPerHour;
    switch (letter) {
      case 'G':
        return text(date.year > 0 ? (count == 4 ? "Anno Domini" : "AD")
                                  : (count == 4 ? "Before Christ" : "BC"));
      case 'y':
        return year(count);
      case 'M':
      case 'L':
        return count <= 2 ? number(date.month, count)
                          : name(internal::kMonthNames[date.month - 1], count);
      case 'd':
        return number(date.day, count);
      case 'D':
        return number(day_of_year(days), count);
      case 'E':
        return name(internal::kDayNames[iso_day_of_week(days) - 1], count);
      case 'F':
        return number((date.day - 1) % 7 + 1, count);
      case 'Q':
      case 'q':
        return quarter(count);
      case 'a':
        return text(hour < 12 ? "AM" : "PM");
      case 'h':
        return number((hour + 11) % 12 + 1, count);
      case 'H':
        return number(hour, count);
      case 'k':
        return number((hour + 23) % 24 + 1, count);
      case 'K':
        return number(hour % 12, count);
      case 'm':
        return number(time / kMicrosPerMinute % 60, count);
      case 's':
        return number(time / kMicrosPerSecond % 60, count);
      case 'S':
        return fraction(count);
      case 'V':
        return zone_name(zone.name());
      case 'z':
        return zone_name(count == 4 && zone.is_utc() ? "Coordinated Universal Time"
                                                     : zone.abbreviation(micros));
      case 'O':
        return offset_gmt(count == 4);
      default:
        return zone_offset(letter, count);
    }
  }
  void fraction(int count) noexcept {
    const std::int64_t micros_of_second = time % kMicrosPerSecond;
    for (std::int64_t unit = kMicrosPerSecond / 10; count > 0; --count, unit /= 10)
      *at++ = static_cast<char>('0' + (unit == 0 ? 0 : micros_of_second / unit % 10));
  }

  const TimeZone& zone;
  std::int64_t micros;
  std::int32_t offset;
  std::int64_t days = 0;
  std::int64_t time = 0;
  CivilDate date;
  char* at;
};

std::size_t TimePattern::write(std::int64_t micros, const TimeZone& zone, char* to) const noexcept {
  Writer writer(micros, zone, to);
  for (const Item& item : items_) {
    if (item.letter == 0) {
      writer.text(item.literal);
    } else if (item.letter != '[' && item.letter != ']') {
      writer.item(item.letter, item.count);
    }
  }
  return static_cast<std::size_t>(writer.at - to);
}

}  // namespace penstock
