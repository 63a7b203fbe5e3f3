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

// All pairs of digits that a template can ask for, as text.
struct TimePattern::Digits {
  enum Value : std::uint16_t {
    kCentury,
    kYear,
    kMonth,
    kDay,
    kHour,
    kMinute,
    kSecond,
    kNothing,   // The words below are of four pairs each.
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
  Digits(std::uint64_t micros, bool has_fraction, RecentDays* recent) noexcept {
    const auto days = static_cast<std::uint32_t>(micros / kMicrosPerDay);
    const std::uint64_t time = micros - days * std::uint64_t{kMicrosPerDay};
    const auto seconds = static_cast<std::uint32_t>(time / kMicrosPerSecond);
    const std::uint32_t minutes = sixtieth(seconds);
    const std::uint32_t hours = sixtieth(minutes);
    words[0] = recent == nullptr ? date_pairs(days) : recent_date(days, *recent);
    words[1] = text_of(pairs(hours, minutes - hours * 60, seconds - minutes * 60, 0));
    if (!has_fraction) return;
    const auto fraction =
        static_cast<std::uint32_t>(time - seconds * std::uint64_t{kMicrosPerSecond});
    words[2] = text_of(
        pairs(fraction / 10'000, fraction / 1'000 % 100, fraction / 100 % 100, fraction % 100));
  }

  static std::uint64_t recent_date(std::uint32_t days, RecentDays& recent) noexcept {
    RecentDays::Entry& entry = recent.entries[days % RecentDays::kDays];
    if (entry.day != days) entry = {days, date_pairs(days)};
    return entry.digits;
  }
  // Neri and Schneider, "Euclidean affine functions and their application to calendar algorithms" (2022): in years that
  // begin in March, by multiplications of 32 bits. An era of 400 years more keeps January of the year 0 positive.
  static std::uint64_t date_pairs(std::uint32_t days) noexcept {
    const std::uint32_t shifted = 4 * (days + 146'097 - 60) + 3;
    const std::uint32_t century = shifted / 146'097;
    const std::uint32_t day_of_century = (shifted - century * 146'097) / 4;
    const std::uint64_t product = std::uint64_t{2'939'745} * (4 * day_of_century + 3);
    const auto year_of_century = static_cast<std::uint32_t>(product >> 32);
    const std::uint32_t day_of_year = static_cast<std::uint32_t>(product) / 2'939'745 / 4;
    const std::uint32_t month_and_day = 2'141 * day_of_year + 197'913;
    const std::uint32_t next_year = day_of_year >= 306 ? 1 : 0;
    const std::uint32_t month = (month_and_day >> 16) - 12 * next_year;
    const std::uint32_t year = 100 * century + year_of_century - 400 + next_year;
    const std::uint32_t hundreds = year / 100;
    return text_of(
        pairs(hundreds, year - hundreds * 100, month, (month_and_day & 0xFFFFU) / 2'141 + 1));
  }

  // By a multiplication. Of a division and its remainder the compiler makes what the processor takes ten times as long
  // for. REQUIRES: less than a day has seconds.
  static std::uint32_t sixtieth(std::uint32_t value) noexcept {
    return static_cast<std::uint32_t>(value * std::uint64_t{71'582'789} >> 32U);
  }
  static std::uint64_t pairs(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                             std::uint32_t d) noexcept {
    return a | std::uint64_t{b} << 16U | std::uint64_t{c} << 32U | std::uint64_t{d} << 48U;
  }
  // Four numbers below 100 as their digits, tens first. No product leaves its 16 bits.
  static std::uint64_t text_of(std::uint64_t numbers) noexcept {
    const std::uint64_t tens = (numbers * 103 >> 10U) & 0x000F'000F'000F'000FU;
    return (tens | (numbers - tens * 10) << 8U) + 0x3030'3030'3030'3030U;
  }

  std::uint64_t words[kValues / 4];
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
  text.resize((text.size() + kTemplateStep - 1) / kTemplateStep * kTemplateStep, '\0');
  template_ = std::move(text);
  pairs_ = std::move(pairs);
  text_bytes_max_ = std::max(text_bytes_max_, template_.size());
}

std::size_t TimePattern::fill(const Digits& digits, char* to) const noexcept {
  const char* from = template_.data();
  const std::size_t size = template_.size();
  for (std::size_t i = 0; i < size; i += kTemplateStep)
    std::memcpy(to + i, from + i, kTemplateStep);
  const auto* all = reinterpret_cast<const char*>(digits.words);
  for (const Pair pair : pairs_) std::memcpy(to + pair.at, all + std::size_t{2} * pair.value, 2);
  return template_bytes_;
}

std::size_t TimePattern::write(std::int64_t micros, const TimeZone& zone, char* to,
                               RecentDays* recent) const noexcept {
  if (!pairs_.empty()) {
    const std::int64_t local = zone.is_utc() ? micros : zone.to_local(micros);
    const std::uint64_t since = static_cast<std::uint64_t>(local) -
                                static_cast<std::uint64_t>(Digits::kFirstDay * kMicrosPerDay);
    if (since < Digits::kMicrosEnd) return fill(Digits(since, has_fraction_, recent), to);
  }
  return write_items(micros, zone, to);
}

// Apart, so that the short way saves no registers for it.
std::size_t TimePattern::write_items(std::int64_t micros, const TimeZone& zone,
                                     char* to) const noexcept {
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
