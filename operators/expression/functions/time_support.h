// operators/expression/functions/time_support.h -- what the functions of dates and times share.
#pragma once

#include <memory>
#include <string_view>

#include "penstock/core/row/calendar.h"
#include "penstock/core/row/time_pattern.h"
#include "penstock/operators/expression/function_table.h"

namespace penstock::expression {

// The zone whose clock a value of this type shows: the session's for timestamps, none for the others.
inline const TimeZone kNoZone;
inline const TimeZone& clock_of(const Call& call, const DataType& type) noexcept {
  return type.is(TypeKind::kTimestamp) ? call.zone() : kNoZone;
}

// A time zone that an argument names: found once when it is a constant.
struct PreparedZone {
  TimeZone zone;
};
// nullptr when the argument is no constant; an error when it names none.
// lint: allow(hot) of compilation
Result<std::shared_ptr<const PreparedZone>> prepare_zone(const BuildContext& context,
                                                         const BoundPtr& value);
// False for a name that is none, which fails the call.
bool zone_of(Call& call, const Cell& name, const PreparedZone* prepared, TimeZone& zone);

// Units of time by their names and short forms, in any case.
enum class TimeUnit : std::uint8_t {
  kNone,
  kYear,
  kQuarter,
  kMonth,
  kWeek,
  kDay,
  kHour,
  kMinute,
  kSecond,
  kMillisecond,
  kMicrosecond,
  kDayOfWeek,
  kDayOfWeekIso,
  kDayOfYear,
  kYearOfWeek,
};
TimeUnit time_unit(std::string_view name) noexcept;
// Of units up to a week, in micros; 0 for the others.
constexpr std::int64_t unit_micros(TimeUnit unit) noexcept {
  switch (unit) {
    case TimeUnit::kWeek:
      return 7 * kMicrosPerDay;
    case TimeUnit::kDay:
      return kMicrosPerDay;
    case TimeUnit::kHour:
      return kMicrosPerHour;
    case TimeUnit::kMinute:
      return kMicrosPerMinute;
    case TimeUnit::kSecond:
      return kMicrosPerSecond;
    case TimeUnit::kMillisecond:
      return kMicrosPerMilli;
    case TimeUnit::kMicrosecond:
      return 1;
    default:
      return 0;
  }
}
// Of a quarter 3, of a year 12; 0 for units that are no months.
std::int64_t unit_months(TimeUnit unit) noexcept;

}  // namespace penstock::expression
