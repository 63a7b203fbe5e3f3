#include "penstock/core/row/calendar.h"

#include <algorithm>
#include <cstring>

namespace penstock {

namespace {

constexpr std::int64_t kDaysPerEra = 146'097;  // 400 years.
constexpr std::int64_t kEpochShift = 719'468;  // From 0000-03-01 to 1970-01-01.

char* write_two(char* at, std::int64_t value) noexcept {
  *at++ = static_cast<char>('0' + value / 10);
  *at++ = static_cast<char>('0' + value % 10);
  return at;
}

// At least four digits; a sign when it is below 0 or has more.
char* write_year(char* at, std::int64_t year) noexcept {
  if (year < 0) *at++ = '-';
  if (year > 9999) *at++ = '+';
  char digits[20];
  int count = 0;
  for (std::int64_t rest = year < 0 ? -year : year; rest != 0 || count < 4; rest /= 10)
    digits[count++] = static_cast<char>('0' + rest % 10);
  while (count > 0) *at++ = digits[--count];
  return at;
}

// ".5", without zeros at its end; nothing for 0.
char* write_fraction(char* at, std::int64_t micros) noexcept {
  if (micros == 0) return at;
  int digits = 6;
  for (; micros % 10 == 0; micros /= 10) --digits;
  *at = '.';
  for (int i = digits; i > 0; --i, micros /= 10) at[i] = static_cast<char>('0' + micros % 10);
  return at + digits + 1;
}

}  // namespace

std::int64_t days_of_date(const CivilDate& date) noexcept {
  // Years that begin in March put the leap day at their end.
  const std::int64_t year = date.month <= 2 ? date.year - 1 : date.year;
  const std::int64_t era = floor_divide(year, 400);
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t month = (date.month + 9) % 12;
  const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - kEpochShift;
}

CivilDate date_of_days(std::int64_t days) noexcept {
  const std::int64_t shifted = days + kEpochShift;
  const std::int64_t era = floor_divide(shifted, kDaysPerEra);
  const std::int64_t day_of_era = shifted - era * kDaysPerEra;
  const std::int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;
  CivilDate date;
  date.day = static_cast<int>(day_of_year - (153 * month + 2) / 5 + 1);
  date.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  date.year = year_of_era + era * 400 + (date.month <= 2 ? 1 : 0);
  return date;
}

bool is_leap_year(std::int64_t year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in_month(std::int64_t year, int month) noexcept {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

int iso_day_of_week(std::int64_t days) noexcept {
  return static_cast<int>(floor_modulo(days + 3, 7)) + 1;  // 1970-01-01 was a Thursday.
}

int day_of_year(std::int64_t days) noexcept {
  const CivilDate date = date_of_days(days);
  return static_cast<int>(days - days_of_date({date.year, 1, 1})) + 1;
}

std::int64_t iso_week_year(std::int64_t days) noexcept {
  return date_of_days(days - iso_day_of_week(days) + 4).year;  // That of the week's Thursday.
}

int iso_week(std::int64_t days) noexcept {
  const std::int64_t thursday = days - iso_day_of_week(days) + 4;
  return (day_of_year(thursday) - 1) / 7 + 1;
}

std::int64_t add_months_to_days(std::int64_t days, std::int64_t months) noexcept {
  const CivilDate date = date_of_days(days);
  const std::int64_t month = date.year * 12 + date.month - 1 + months;
  CivilDate moved;
  moved.year = floor_divide(month, 12);
  moved.month = static_cast<int>(floor_modulo(month, 12)) + 1;
  moved.day = std::min(date.day, days_in_month(moved.year, moved.month));
  return days_of_date(moved);
}

std::int64_t add_interval(std::int64_t micros, const CalendarInterval& interval,
                          const TimeZone& zone) noexcept {
  std::int64_t moved = micros;
  if (interval.months != 0 || interval.days != 0) {
    const std::int64_t local = zone.to_local(micros);
    const std::int64_t days =
        add_months_to_days(floor_divide(local, kMicrosPerDay), interval.months);
    // Wraps around, as the addition below does.
    const std::uint64_t midnight = static_cast<std::uint64_t>(days + interval.days) *
                                   static_cast<std::uint64_t>(kMicrosPerDay);
    moved = zone.to_instant(static_cast<std::int64_t>(
        midnight + static_cast<std::uint64_t>(floor_modulo(local, kMicrosPerDay))));
  }
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(moved) +
                                   static_cast<std::uint64_t>(interval.micros));
}

std::size_t write_date(std::int64_t days, char* to) noexcept {
  const CivilDate date = date_of_days(days);
  char* at = write_year(to, date.year);
  *at++ = '-';
  at = write_two(at, date.month);
  *at++ = '-';
  return static_cast<std::size_t>(write_two(at, date.day) - to);
}

std::size_t write_timestamp(std::int64_t local_micros, char* to) noexcept {
  char* at = to + write_date(floor_divide(local_micros, kMicrosPerDay), to);
  const std::int64_t time = floor_modulo(local_micros, kMicrosPerDay);
  *at++ = ' ';
  at = write_two(at, time / kMicrosPerHour);
  *at++ = ':';
  at = write_two(at, time / kMicrosPerMinute % 60);
  *at++ = ':';
  at = write_two(at, time / kMicrosPerSecond % 60);
  return static_cast<std::size_t>(write_fraction(at, time % kMicrosPerSecond) - to);
}

}  // namespace penstock
