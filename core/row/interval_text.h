// core/row/interval_text.h -- intervals to text and back.
//
//   INTERVAL '1 02:03:04' DAY TO SECOND    1 years 2 months 3 days    '1 day 2 hours' of a calendar interval
//
// Errors      Text that is not an interval, and overflow: false.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/core/row/cell.h"
#include "penstock/core/row/data_type.h"

namespace penstock {

// What CAST AS STRING writes: "INTERVAL '1 02:03:04.5' DAY TO SECOND", "INTERVAL '1-2' YEAR TO MONTH",
// "1 years 2 months 3 days 4 hours 5 minutes 6.5 seconds" ("0 seconds" when it is empty).
std::string interval_text(const Cell& cell, const DataType& type);

// What stands in the quotes of INTERVAL '...' DAY TO SECOND: "1 02:03:04.5", "-1-2", "5".
bool parse_interval_fields(std::string_view text, const DataType& type,
                           std::int64_t& value) noexcept;
// "1 year -2 days 3.5 seconds", with or without "interval" in front: a calendar interval. Units year,
// month, week, day, hour, minute, second, millisecond, microsecond, singular or plural.
bool parse_calendar_interval(std::string_view text, CalendarInterval& interval) noexcept;
// Adds `amount` ("3", "-1.5" of seconds) of a unit.
bool add_interval_unit(std::string_view amount, std::string_view unit,
                       CalendarInterval& interval) noexcept;

}  // namespace penstock
