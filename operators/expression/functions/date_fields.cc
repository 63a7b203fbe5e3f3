// Parts of dates, times and intervals: year(t), extract(hour from t).
#include <string>

#include "penstock/core/row/time_names.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/time_support.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

std::int64_t year(std::int64_t days) { return date_of_days(days).year; }
std::int64_t quarter(std::int64_t days) { return (date_of_days(days).month + 2) / 3; }
std::int64_t month(std::int64_t days) { return date_of_days(days).month; }
std::int64_t day(std::int64_t days) { return date_of_days(days).day; }
std::int64_t year_day(std::int64_t days) { return day_of_year(days); }
std::int64_t week(std::int64_t days) { return iso_week(days); }
std::int64_t week_year(std::int64_t days) { return iso_week_year(days); }
std::int64_t sunday_first(std::int64_t days) { return iso_day_of_week(days) % 7 + 1; }
std::int64_t monday_is_one(std::int64_t days) { return iso_day_of_week(days); }
std::int64_t monday_is_zero(std::int64_t days) { return iso_day_of_week(days) - 1; }

template <std::int64_t (*kPart)(std::int64_t)>
Cell date_part(Call&, const Cell& date) {
  return Cell::of_number(kPart(date.number));
}

// Of the clock that the type shows.
template <std::int64_t kUnit, std::int64_t kIn>
Cell time_part(Call& call, const Cell& time) {
  const std::int64_t local = clock_of(call, call.type_of(0)).to_local(time.number);
  return Cell::of_number(floor_modulo(local, kIn) / kUnit);
}

Cell day_name(Call& call, const Cell& date) {
  return call.arena().copy_cell(
      penstock::internal::kDayNames[iso_day_of_week(date.number) - 1].substr(0, 3));
}
Cell month_name(Call& call, const Cell& date) {
  return call.arena().copy_cell(
      penstock::internal::kMonthNames[date_of_days(date.number).month - 1].substr(0, 3));
}

// Of intervals: `kIn` 0 is the part that nothing larger holds.
template <std::int64_t kUnit, std::int64_t kIn>
Cell interval_part(Call& call, const Cell& value) {
  const bool calendar = call.type_of(0).is(TypeKind::kCalendarInterval);
  const std::int64_t micros = calendar ? value.interval().micros : value.number;
  return Cell::of_number((kIn == 0 ? micros : micros % kIn) / kUnit);
}
Cell interval_days(Call& call, const Cell& value) {
  if (call.type_of(0).is(TypeKind::kCalendarInterval))
    return Cell::of_number(value.interval().days);
  return Cell::of_number(value.number / kMicrosPerDay);
}
template <bool kYears>
Cell interval_months(Call& call, const Cell& value) {
  const bool calendar = call.type_of(0).is(TypeKind::kCalendarInterval);
  const std::int64_t months = calendar ? value.interval().months : value.number;
  return Cell::of_number(kYears ? months / 12 : months % 12);
}

const DataType kSecondsType = DataType::decimal(8, 6);

struct Part {
  TimeUnit unit;
  Run run;
  DataType type;
};

const Part* find_part(std::span<const Part> parts, TimeUnit unit) {
  for (const Part& part : parts)
    if (part.unit == unit) return &part;
  return nullptr;
}

const Part kDateParts[] = {
    {TimeUnit::kYear, strict<&date_part<&year>>, TypeKind::kInt},
    {TimeUnit::kYearOfWeek, strict<&date_part<&week_year>>, TypeKind::kInt},
    {TimeUnit::kQuarter, strict<&date_part<&quarter>>, TypeKind::kInt},
    {TimeUnit::kMonth, strict<&date_part<&month>>, TypeKind::kInt},
    {TimeUnit::kWeek, strict<&date_part<&week>>, TypeKind::kInt},
    {TimeUnit::kDay, strict<&date_part<&day>>, TypeKind::kInt},
    {TimeUnit::kDayOfYear, strict<&date_part<&year_day>>, TypeKind::kInt},
    {TimeUnit::kDayOfWeek, strict<&date_part<&sunday_first>>, TypeKind::kInt},
    {TimeUnit::kDayOfWeekIso, strict<&date_part<&monday_is_one>>, TypeKind::kInt},
};
const Part kTimeParts[] = {
    {TimeUnit::kHour, strict<&time_part<kMicrosPerHour, kMicrosPerDay>>, TypeKind::kInt},
    {TimeUnit::kMinute, strict<&time_part<kMicrosPerMinute, kMicrosPerHour>>, TypeKind::kInt},
    {TimeUnit::kSecond, strict<&time_part<1, kMicrosPerMinute>>, kSecondsType},
};
const Part kMonthParts[] = {
    {TimeUnit::kYear, strict<&interval_months<true>>, TypeKind::kInt},
    {TimeUnit::kMonth, strict<&interval_months<false>>, TypeKind::kByte},
};
const Part kIntervalParts[] = {
    {TimeUnit::kDay, strict<&interval_days>, TypeKind::kInt},
    {TimeUnit::kHour, strict<&interval_part<kMicrosPerHour, kMicrosPerDay>>, TypeKind::kByte},
    {TimeUnit::kMinute, strict<&interval_part<kMicrosPerMinute, kMicrosPerHour>>, TypeKind::kByte},
    {TimeUnit::kSecond, strict<&interval_part<1, kMicrosPerMinute>>, kSecondsType},
};
// The hours of a calendar interval are not part of its days.
const Part kCalendarHours = {TimeUnit::kHour, strict<&interval_part<kMicrosPerHour, 0>>,
                             TypeKind::kByte};

const Part* part_of_type(const DataType& type, TimeUnit unit) {
  const bool calendar = type.is(TypeKind::kCalendarInterval);
  if (calendar && unit == TimeUnit::kHour) return &kCalendarHours;
  const Part* part = nullptr;
  if (calendar || type.is(TypeKind::kYearMonthInterval)) part = find_part(kMonthParts, unit);
  if (part == nullptr && (calendar || type.is(TypeKind::kDayTimeInterval)))
    part = find_part(kIntervalParts, unit);
  return part;
}

Result<BoundPtr> build_extract(const BuildContext& context, const Arguments& arguments) {
  Result<std::string> name = constant_text(context, arguments[0].value, "the part");
  if (!name.ok()) return name.status();
  const TimeUnit unit = time_unit(*name);
  BoundPtr value = arguments[1].value;
  const Part* part = part_of_type(value->type, unit);
  const bool interval = value->type.is(TypeKind::kYearMonthInterval) ||
                        value->type.is(TypeKind::kDayTimeInterval) ||
                        value->type.is(TypeKind::kCalendarInterval);
  if (part == nullptr && !interval) {
    if (implicit_cast_cost(value->type, TypeKind::kTimestamp) < 0)
      return function_error(context,
                            "takes no " + value->type.to_string() + "; cast it to timestamp");
    part = find_part(kDateParts, unit);
    if (part != nullptr) {
      value = coerce(value, TypeKind::kDate, context.settings);
    } else if ((part = find_part(kTimeParts, unit)) != nullptr &&
               !value->type.is(TypeKind::kTimestampNtz)) {
      value = coerce(value, TypeKind::kTimestamp, context.settings);
    }
  }
  if (part == nullptr) {
    return function_error(
        context, "there is no part '" + *name + "' in " + arguments[1].value->type.to_string() +
                     "; parts are year, quarter, month, week, day, doy, dow, hour, "
                     "minute, second");
  }
  return make_call(context.function, part->run, part->type, {value});
}

const FunctionEntry kFunctions[] = {
    {"year", "year(d)", "The year.", 1, 1, {{"date > int", strict<&date_part<&year>>}}},
    {"quarter",
     "quarter(d)",
     "The quarter, 1 to 4.",
     1,
     1,
     {{"date > int", strict<&date_part<&quarter>>}}},
    {"month",
     "month(d)",
     "The month, 1 to 12.",
     1,
     1,
     {{"date > int", strict<&date_part<&month>>}}},
    {"day dayofmonth",
     "day(d)",
     "The day of the month.",
     1,
     1,
     {{"date > int", strict<&date_part<&day>>}}},
    {"dayofyear",
     "dayofyear(d)",
     "The day of the year.",
     1,
     1,
     {{"date > int", strict<&date_part<&year_day>>}}},
    {"dayofweek",
     "dayofweek(d)",
     "1 for Sunday to 7 for Saturday.",
     1,
     1,
     {{"date > int", strict<&date_part<&sunday_first>>}}},
    {"weekday",
     "weekday(d)",
     "0 for Monday to 6 for Sunday.",
     1,
     1,
     {{"date > int", strict<&date_part<&monday_is_zero>>}}},
    {"weekofyear",
     "weekofyear(d)",
     "The week of ISO 8601.",
     1,
     1,
     {{"date > int", strict<&date_part<&week>>}}},
    {"dayname", "dayname(d)", "Mon to Sun.", 1, 1, {{"date > string", strict<&day_name>}}},
    {"monthname", "monthname(d)", "Jan to Dec.", 1, 1, {{"date > string", strict<&month_name>}}},
    {"hour",
     "hour(t)",
     "The hour, 0 to 23.",
     1,
     1,
     {{"timestamp > int", strict<&time_part<kMicrosPerHour, kMicrosPerDay>>},
      {"timestamp_ntz > int", strict<&time_part<kMicrosPerHour, kMicrosPerDay>>}}},
    {"minute",
     "minute(t)",
     "The minute, 0 to 59.",
     1,
     1,
     {{"timestamp > int", strict<&time_part<kMicrosPerMinute, kMicrosPerHour>>},
      {"timestamp_ntz > int", strict<&time_part<kMicrosPerMinute, kMicrosPerHour>>}}},
    {"second",
     "second(t)",
     "The second, 0 to 59.",
     1,
     1,
     {{"timestamp > int", strict<&time_part<kMicrosPerSecond, kMicrosPerMinute>>},
      {"timestamp_ntz > int", strict<&time_part<kMicrosPerSecond, kMicrosPerMinute>>}}},
    {"extract date_part datepart",
     "extract(part from t)",
     "A part of a date, a time or an interval; seconds with their fraction.",
     2,
     2,
     {},
     &build_extract},
};

}  // namespace

std::span<const FunctionEntry> date_field_functions() { return kFunctions; }

}  // namespace penstock::expression
