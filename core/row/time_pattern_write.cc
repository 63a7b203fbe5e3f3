#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

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

// All pairs of digits that a template can ask for.
struct TimePattern::Digits {
  enum Value : std::uint16_t {
    kCentury,
    kYear,
    kMonth,
    kDay,
    kHour,
    kMinute,
    kSecond,
    kMicros12,  // The first and second digit of the fraction, and so on.
    kMicros23,
    kMicros34,
    kMicros56,
    kValues
  };
  // Years of four digits, from 0000-01-01 on.
  static constexpr std::int64_t kFirstDay = -719'528;
  static constexpr std::uint64_t kMicrosEnd = 3'652'425 * std::uint64_t{kMicrosPerDay};

  // Since 0000-01-01. REQUIRES: before kMicrosEnd.
  Digits(std::uint64_t micros, bool has_fraction) noexcept {
    const auto days = static_cast<std::uint32_t>(micros / kMicrosPerDay);
    const std::uint64_t time = micros % kMicrosPerDay;
    const auto seconds = static_cast<std::uint32_t>(time / kMicrosPerSecond);
    put_date(days);
    values[kHour] = seconds / 3600;
    values[kMinute] = seconds / 60 % 60;
    values[kSecond] = seconds % 60;
    if (!has_fraction) return;
    const auto fraction = static_cast<std::uint32_t>(time % kMicrosPerSecond);
    values[kMicros12] = fraction / 10'000;
    values[kMicros23] = fraction / 1'000 % 100;
    values[kMicros34] = fraction / 100 % 100;
    values[kMicros56] = fraction % 100;
  }

  // Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022): in years that
  // begin in March, by multiplications of 32 bits. An era of 400 years more keeps January of the year 0 positive.
  void put_date(std::uint32_t days) noexcept {
    const std::uint32_t shifted = 4 * (days + 146'097 - 60) + 3;
    const std::uint32_t century = shifted / 146'097;
    const std::uint32_t day_of_century = shifted % 146'097 / 4;
    const std::uint64_t product = std::uint64_t{2'939'745} * (4 * day_of_century + 3);
    const auto year_of_century = static_cast<std::uint32_t>(product >> 32);
    const std::uint32_t day_of_year = static_cast<std::uint32_t>(product) / 2'939'745 / 4;
    const std::uint32_t month_and_day = 2'141 * day_of_year + 197'913;
    const bool next_year = day_of_year >= 306;
    const std::uint32_t month = month_and_day >> 16;
    const std::uint32_t year = 100 * century + year_of_century - 400 + (next_year ? 1 : 0);
    values[kCentury] = year / 100;
    values[kYear] = year % 100;
    values[kMonth] = next_year ? month - 12 : month;
    values[kDay] = month_and_day % 65'536 / 2'141 + 1;
  }

  std::uint32_t values[kValues];
};

void TimePattern::make_template() {
  struct Known {
    char letter;
    int count;
    std::uint16_t values[3];
    std::uint16_t stride;  // From one pair to the next.
  };
  constexpr std::uint16_t kNone = Digits::kValues;
  static constexpr Known kKnown[] = {
      {'y', 4, {Digits::kCentury, Digits::kYear, kNone}, 2},
      {'y', 2, {Digits::kYear, kNone, kNone}, 2},
      {'M', 2, {Digits::kMonth, kNone, kNone}, 2},
      {'d', 2, {Digits::kDay, kNone, kNone}, 2},
      {'H', 2, {Digits::kHour, kNone, kNone}, 2},
      {'m', 2, {Digits::kMinute, kNone, kNone}, 2},
      {'s', 2, {Digits::kSecond, kNone, kNone}, 2},
      {'S', 3, {Digits::kMicros12, Digits::kMicros23, kNone}, 1},
      {'S', 6, {Digits::kMicros12, Digits::kMicros34, Digits::kMicros56}, 2},
  };
  std::string text;
  std::vector<Pair> pairs;
  for (const Item& item : items_) {
    if (item.letter == '[' || item.letter == ']') continue;
    const Known* found = nullptr;
    for (const Known& known : kKnown)
      if (known.letter == item.letter && known.count == item.count) found = &known;
    if (item.letter != 0 && found == nullptr) return;
    auto at = static_cast<std::uint16_t>(text.size());
    has_fraction_ = has_fraction_ || item.letter == 'S';
    for (std::size_t i = 0; found != nullptr && i < 3 && found->values[i] != kNone; ++i) {
      pairs.push_back({found->values[i], at});
      at = static_cast<std::uint16_t>(at + found->stride);
    }
    text.append(item.letter == 0 ? item.literal
                                 : std::string(static_cast<std::size_t>(item.count), '0'));
  }
  if (pairs.empty()) return;
  template_bytes_ = text.size();
  text.resize((text.size() + 7) / 8 * 8, '\0');
  template_ = std::move(text);
  pairs_ = std::move(pairs);
  text_bytes_max_ = std::max(text_bytes_max_, template_.size());
}

std::size_t TimePattern::fill(const Digits& digits, char* to) const noexcept {
  static constexpr auto kTwoDigits = [] {
    std::array<char, 200> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = static_cast<char>('0' + (i % 2 == 0 ? i / 20 : i / 2 % 10));
    return all;
  }();
  const char* from = template_.data();
  for (std::size_t i = 0; i < template_.size(); i += 8) std::memcpy(to + i, from + i, 8);
  for (const Pair& pair : pairs_)
    std::memcpy(to + pair.at, kTwoDigits.data() + std::size_t{2} * digits.values[pair.value], 2);
  return template_bytes_;
}

std::size_t TimePattern::write(std::int64_t micros, const TimeZone& zone, char* to) const noexcept {
  if (!pairs_.empty()) {
    const std::int64_t local = zone.is_utc() ? micros : zone.to_local(micros);
    const std::uint64_t since = static_cast<std::uint64_t>(local) -
                                static_cast<std::uint64_t>(Digits::kFirstDay * kMicrosPerDay);
    if (since < Digits::kMicrosEnd) return fill(Digits(since, has_fraction_), to);
  }
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
