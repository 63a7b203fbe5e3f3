// core/row/calendar.h -- dates and clock times: days and micros to fields and back, their text, months, time zones.
//
// The calendar is the proleptic Gregorian one, for all years; the text takes years -290308..294247 (timestamps) or to
// +-5 million (dates).
// Errors      Text that CAST does not read gives false.
// Cost        Fields and text of UTC: some nanoseconds, no allocation. Zones with rules look up a table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/core/base/status.h"
#include "penstock/core/row/cell.h"

namespace penstock {

inline constexpr std::int64_t kMicrosPerMilli = 1'000;
inline constexpr std::int64_t kMicrosPerSecond = 1'000'000;
inline constexpr std::int64_t kMicrosPerMinute = 60 * kMicrosPerSecond;
inline constexpr std::int64_t kMicrosPerHour = 60 * kMicrosPerMinute;
inline constexpr std::int64_t kMicrosPerDay = 24 * kMicrosPerHour;

struct CivilDate {
  std::int64_t year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
};

// Days since 1970-01-01. Months and days outside of their range are not carried.
std::int64_t days_of_date(const CivilDate& date) noexcept;
CivilDate date_of_days(std::int64_t days) noexcept;
int days_in_month(std::int64_t year, int month) noexcept;
bool is_leap_year(std::int64_t year) noexcept;
// 1 = Monday .. 7 = Sunday.
int iso_day_of_week(std::int64_t days) noexcept;
int day_of_year(std::int64_t days) noexcept;
// Of ISO 8601: the week that has the year's first Thursday is week 1.
int iso_week(std::int64_t days) noexcept;
std::int64_t iso_week_year(std::int64_t days) noexcept;
// The last day of the month stands for days that the month does not have.
std::int64_t add_months_to_days(std::int64_t days, std::int64_t months) noexcept;

// Division that rounds down, for times before 1970.
constexpr std::int64_t floor_divide(std::int64_t value, std::int64_t by) noexcept {
  return value / by - (value % by < 0 ? 1 : 0);
}
// REQUIRES: by > 0. No product: the least time is not a whole number of days.
constexpr std::int64_t floor_modulo(std::int64_t value, std::int64_t by) noexcept {
  const std::int64_t rest = value % by;
  return rest < 0 ? rest + by : rest;
}

// A time zone: a fixed offset or rules. Cheap to copy.
class TimeZone {
 public:
  TimeZone() noexcept = default;  // UTC
  // "UTC", "Z", "+05:30", "GMT+2", "UTC-08:00", "Europe/Berlin", and Java's short names such as "PST".
  static Result<TimeZone> find(std::string_view name);
  static bool lookup(std::string_view name, TimeZone& zone) noexcept;
  static TimeZone fixed(std::int32_t offset_seconds) noexcept;

  bool is_utc() const noexcept { return rules_ == nullptr && offset_seconds_ == 0; }
  bool is_fixed() const noexcept { return rules_ == nullptr; }
  // At an instant.
  std::int32_t offset_seconds(std::int64_t micros) const noexcept;
  std::int64_t to_local(std::int64_t micros) const noexcept {
    return micros + offset_seconds(micros) * kMicrosPerSecond;
  }
  // In a gap, as many hours later as the gap is long; in an overlap, the earlier of the two: as Java does.
  std::int64_t to_instant(std::int64_t local_micros) const noexcept;
  // "UTC", "+05:30", "Europe/Berlin".
  std::string name() const;
  // "CET", "CEST", "UTC", "+05:30" at an instant.
  std::string abbreviation(std::int64_t micros) const;

 private:
  struct Rules;
  std::shared_ptr<const Rules> rules_;
  std::int32_t offset_seconds_ = 0;
};

// `months` later on the clock of the zone; the last day of the month stands for days that it does not have. Days are
// days of the clock too, micros are elapsed time.
std::int64_t add_interval(std::int64_t micros, const CalendarInterval& interval,
                          const TimeZone& zone) noexcept;

// What CAST writes: "2024-03-01", "2024-03-01 12:00:00.5", "-0044-03-15", "+12024-01-01". At most kTimeTextMax bytes.
inline constexpr std::size_t kTimeTextMax = 48;
std::size_t write_date(std::int64_t days, char* to) noexcept;
std::size_t write_timestamp(std::int64_t local_micros, char* to) noexcept;

// What CAST reads: yyyy, yyyy-M, yyyy-M-d, and after a T or a blank a time h:m[:s[.fraction]] with a zone behind.
// Blanks around are trimmed. Digits of the fraction above 6 are cut. A time without a date is not read: its day would
// be the day of the reading, and another one when a record is read again.
bool parse_date(std::string_view text, std::int64_t& days) noexcept;
bool parse_timestamp(std::string_view text, const TimeZone& session, std::int64_t& micros) noexcept;
bool parse_timestamp_ntz(std::string_view text, std::int64_t& micros) noexcept;
// Whether the text of a timestamp names a zone: then the literal TIMESTAMP is one with time zone.
bool has_zone(std::string_view timestamp) noexcept;

}  // namespace penstock
