// Dates and times from others: shifted, truncated, put together, moved between zones.
#include <cmath>
#include <string>

#include "penstock/core/row/interval_text.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/time_support.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

Cell days_cell(std::int64_t days) { return Cell::of_number(static_cast<std::int32_t>(days)); }

Cell add_days(Call&, const Cell& date, const Cell& days) {
  return days_cell(date.number + days.number);
}
Cell subtract_days(Call&, const Cell& date, const Cell& days) {
  return days_cell(date.number - days.number);
}
Cell add_months(Call&, const Cell& date, const Cell& months) {
  return days_cell(add_months_to_days(date.number, months.number));
}
Cell difference(Call&, const Cell& to, const Cell& from) {
  return days_cell(to.number - from.number);
}
Cell last_day(Call&, const Cell& date) {
  CivilDate civil = date_of_days(date.number);
  civil.day = days_in_month(civil.year, civil.month);
  return days_cell(days_of_date(civil));
}

Cell next_day(Call& call, const Cell& date, const Cell& name) {
  constexpr std::string_view kDays[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
  const std::string_view wanted = name.bytes();
  for (int i = 0; i < 7; ++i) {
    const bool short_name = wanted.size() == 2 || wanted.size() == 3;
    if (!same_name(wanted, short_name ? kDays[i].substr(0, wanted.size()) : kDays[i])) continue;
    const std::int64_t ahead = floor_modulo(i + 1 - iso_day_of_week(date.number), 7);
    return days_cell(date.number + (ahead == 0 ? 7 : ahead));
  }
  return call.fail_or_null("'" + std::string(wanted.substr(0, 40)) +
                           "' is no day of the week; write MON or Monday");
}

std::int64_t truncate_days(std::int64_t days, TimeUnit unit) {
  if (unit == TimeUnit::kWeek) return days - iso_day_of_week(days) + 1;
  CivilDate date = date_of_days(days);
  date.day = 1;
  if (unit == TimeUnit::kYear) date.month = 1;
  if (unit == TimeUnit::kQuarter) date.month = (date.month - 1) / 3 * 3 + 1;
  return days_of_date(date);
}

Cell truncate_date(Call&, const Cell& date, const Cell& unit_name) {
  const TimeUnit unit = time_unit(unit_name.bytes());
  if (unit_months(unit) == 0 && unit != TimeUnit::kWeek) return Cell::of_null();
  return days_cell(truncate_days(date.number, unit));
}

// Names that only other functions know: 'd', 'h', 'm' and so on are none here.
bool truncates(std::string_view name, TimeUnit unit) {
  return (name.size() > 2 || same_name(name, "yy") || same_name(name, "mm") ||
          same_name(name, "dd")) &&
         (unit_months(unit) != 0 || unit_micros(unit) != 0);
}

[[gnu::noinline]] Cell truncate_to_date(const Cell& time, TimeUnit unit, const TimeZone& zone) {
  const std::int64_t day = floor_divide(zone.to_local(time.number), kMicrosPerDay);
  return Cell::of_number(zone.to_instant(truncate_days(day, unit) * kMicrosPerDay));
}
[[gnu::noinline]] Cell truncate_to_time(const Cell& time, std::int64_t unit_micros,
                                        const TimeZone& zone) {
  const std::int64_t local = zone.to_local(time.number);
  const std::int64_t cut = floor_modulo(local, unit_micros);
  // Below an hour the clock and the elapsed time agree, also where the clock is set back.
  if (unit_micros < kMicrosPerHour) return Cell::of_number(time.number - cut);
  return Cell::of_number(zone.to_instant(local - cut));
}

// The unit is known: a division by a constant is a multiplication.
template <TimeUnit kUnit>
Cell truncate_time_to(Call& call, const Cell& time) {
  constexpr std::int64_t kMicros = unit_micros(kUnit);
  if constexpr (kUnit == TimeUnit::kWeek || kMicros == 0) {
    return truncate_to_date(time, kUnit, clock_of(call, call.type_of(0)));
  } else {
    return truncate_to_time(time, kMicros, clock_of(call, call.type_of(0)));
  }
}
// On a clock that is that of UTC.
template <TimeUnit kUnit>
Cell truncate_plainly(Call&, const Cell& time) {
  return Cell::of_number(time.number - floor_modulo(time.number, unit_micros(kUnit)));
}
Cell truncate_time(Call& call, const Cell& name, const Cell& time) {
  const TimeUnit unit = time_unit(name.bytes());
  if (!truncates(name.bytes(), unit)) return Cell::of_null();
  const TimeZone& zone = clock_of(call, call.type_of(1));
  return unit == TimeUnit::kWeek || unit_months(unit) != 0
             ? truncate_to_date(time, unit, zone)
             : truncate_to_time(time, unit_micros(unit), zone);
}
Cell truncate_to_nothing(Call&) { return Cell::of_null(); }

template <TimeUnit kUnit>
CallCode truncation_to(bool utc) {
  if constexpr (kUnit != TimeUnit::kWeek && unit_micros(kUnit) != 0) {
    if (utc) return strict_in_place<&truncate_plainly<kUnit>>;
  }
  return strict_in_place<&truncate_time_to<kUnit>>;
}
CallCode truncation(TimeUnit unit, bool utc) {
  switch (unit) {
    case TimeUnit::kYear:
      return truncation_to<TimeUnit::kYear>(utc);
    case TimeUnit::kQuarter:
      return truncation_to<TimeUnit::kQuarter>(utc);
    case TimeUnit::kMonth:
      return truncation_to<TimeUnit::kMonth>(utc);
    case TimeUnit::kWeek:
      return truncation_to<TimeUnit::kWeek>(utc);
    case TimeUnit::kDay:
      return truncation_to<TimeUnit::kDay>(utc);
    case TimeUnit::kHour:
      return truncation_to<TimeUnit::kHour>(utc);
    case TimeUnit::kMinute:
      return truncation_to<TimeUnit::kMinute>(utc);
    default:
      return {};
  }
}

Result<BoundPtr> build_truncate_time(const BuildContext& context, const Arguments& arguments) {
  BoundPtr name = coerce(arguments[0].value, TypeKind::kString, context.settings);
  BoundPtr time = arguments[1].value;
  if (implicit_cast_cost(time->type, TypeKind::kTimestamp) < 0)
    return function_error(context, "takes no " + time->type.to_string() + "; cast it to timestamp");
  if (!time->type.is(TypeKind::kTimestampNtz))
    time = coerce(time, TypeKind::kTimestamp, context.settings);
  const DataType type = time->type;
  if (name->is_constant() && !name->is_null()) {
    const std::string_view text = name->value.bytes();
    const TimeUnit unit = time_unit(text);
    if (!truncates(text, unit))
      return make_call(context.function, lenient<&truncate_to_nothing>, type, {std::move(time)});
    const bool utc = type.is(TypeKind::kTimestampNtz) || context.settings.zone.is_utc();
    const CallCode code = truncation(unit, utc);
    if (code.run != nullptr) return make_call(context.function, code, type, {std::move(time)});
  }
  return make_call(context.function, strict<&truncate_time>, type,
                   {std::move(name), std::move(time)});
}

struct MonthPlace {
  std::int64_t month;
  int day;
  bool last;
  std::int64_t seconds;
};
MonthPlace month_place(std::int64_t local) {
  const CivilDate date = date_of_days(floor_divide(local, kMicrosPerDay));
  return {date.year * 12 + date.month, date.day, date.day == days_in_month(date.year, date.month),
          floor_modulo(local, kMicrosPerDay) / kMicrosPerSecond};
}

double months_between(const Call& call, const Cell& later, const Cell& earlier, bool rounded) {
  constexpr double kSecondsOfMonth = 31.0 * 86'400;
  const MonthPlace a = month_place(call.zone().to_local(later.number));
  const MonthPlace b = month_place(call.zone().to_local(earlier.number));
  const auto months = static_cast<double>(a.month - b.month);
  if (a.day == b.day || (a.last && b.last)) return months;
  const std::int64_t seconds = (a.day - b.day) * std::int64_t{86'400} + a.seconds - b.seconds;
  const double exact = months + static_cast<double>(seconds) / kSecondsOfMonth;
  return rounded ? std::floor(exact * 1e8 + 0.5) / 1e8 : exact;
}
Cell months_rounded(Call& call, const Cell& a, const Cell& b) {
  return Cell::of_real(months_between(call, a, b, true));
}
Cell months_either(Call& call, const Cell& a, const Cell& b, const Cell& rounded) {
  return Cell::of_real(months_between(call, a, b, rounded.number != 0));
}

template <std::int64_t kUnit>
Cell since_epoch(Call&, const Cell& time) {
  return Cell::of_number(floor_divide(time.number, kUnit));
}
template <std::int64_t kUnit>
Cell from_epoch(Call& call, const Cell& count) {
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(count.number, kUnit, &micros))
    return call.fail("the time is outside of what a timestamp holds");
  return Cell::of_number(micros);
}
Cell from_real_seconds(Call& call, const Cell& seconds) {
  const double micros = seconds.real * 1e6;
  if (!(std::fabs(micros) < 9.2e18))
    return std::isfinite(micros) ? call.fail("the time is outside of what a timestamp holds")
                                 : Cell::of_null();
  return Cell::of_number(static_cast<std::int64_t>(micros));
}
Cell same(Call&, const Cell& value) { return value; }

Cell to_utc(Call& call, const Cell& time, const Cell& name) {
  TimeZone zone;
  if (!zone_of(call, name, call.prepared<PreparedZone>(), zone)) return Cell::of_null();
  return Cell::of_number(zone.to_instant(time.number));
}
Cell from_utc(Call& call, const Cell& time, const Cell& name) {
  TimeZone zone;
  if (!zone_of(call, name, call.prepared<PreparedZone>(), zone)) return Cell::of_null();
  return Cell::of_number(zone.to_local(time.number));
}
Result<BoundPtr> build_shift_zone(const BuildContext& context, const Arguments& arguments) {
  auto prepared = prepare_zone(context, arguments[1].value);
  if (!prepared.ok()) return prepared.status();
  static const Overload kTo[] = {{"timestamp, string > timestamp", strict<&to_utc>}};
  static const Overload kFrom[] = {{"timestamp, string > timestamp", strict<&from_utc>}};
  return build_overload(context, context.function == "to_utc_timestamp" ? kTo : kFrom,
                        values_of(arguments), {.prepared = *prepared});
}

Cell convert_zones(Call& call, const Cell& from, const Cell& to, const Cell& time) {
  TimeZone source;
  TimeZone target;
  if (!zone_of(call, from, nullptr, source) || !zone_of(call, to, nullptr, target))
    return Cell::of_null();
  return Cell::of_number(target.to_local(source.to_instant(time.number)));
}
Cell convert_zone(Call& call, const Cell& to, const Cell& time) {
  TimeZone target;
  if (!zone_of(call, to, nullptr, target)) return Cell::of_null();
  return Cell::of_number(target.to_local(call.zone().to_instant(time.number)));
}

// A unit that is a constant, else it is looked up at each call.
Cell add_units(Call& call, const Cell& name, const Cell& count, const Cell& time) {
  const TimeUnit unit = time_unit(name.bytes());
  const TimeZone zone = clock_of(call, call.type_of(2));
  std::int64_t micros = 0;
  if (const std::int64_t months = unit_months(unit)) {
    const std::int64_t all = count.number * months;
    if (all != static_cast<std::int32_t>(all))
      return call.fail("the time is outside of what a timestamp holds");
    return Cell::of_number(add_interval(time.number, {static_cast<std::int32_t>(all), 0, 0}, zone));
  }
  if (unit == TimeUnit::kDay || unit == TimeUnit::kWeek) {
    const std::int64_t days = count.number * (unit == TimeUnit::kWeek ? 7 : 1);
    return Cell::of_number(
        add_interval(time.number, {0, static_cast<std::int32_t>(days), 0}, zone));
  }
  if (unit_micros(unit) == 0)
    return call.fail("'" + std::string(name.bytes().substr(0, 40)) +
                     "' is no unit; units are YEAR to MICROSECOND");
  if (__builtin_mul_overflow(count.number, unit_micros(unit), &micros) ||
      __builtin_add_overflow(time.number, micros, &micros))
    return call.fail("the time is outside of what a timestamp holds");
  return Cell::of_number(micros);
}

Cell count_units(Call& call, const Cell& name, const Cell& from, const Cell& to) {
  const TimeUnit unit = time_unit(name.bytes());
  const TimeZone& zone = call.zone();
  const std::int64_t a = zone.to_local(from.number);
  const std::int64_t b = zone.to_local(to.number);
  if (const std::int64_t months = unit_months(unit)) {
    const CivilDate first = date_of_days(floor_divide(a, kMicrosPerDay));
    const CivilDate last = date_of_days(floor_divide(b, kMicrosPerDay));
    std::int64_t whole = (last.year - first.year) * 12 + last.month - first.month;
    const std::int64_t first_rest = first.day * kMicrosPerDay + floor_modulo(a, kMicrosPerDay);
    const std::int64_t last_rest = last.day * kMicrosPerDay + floor_modulo(b, kMicrosPerDay);
    if (whole > 0 && last_rest < first_rest) --whole;
    if (whole < 0 && last_rest > first_rest) ++whole;
    return Cell::of_number(whole / months);
  }
  if (unit_micros(unit) == 0)
    return call.fail("'" + std::string(name.bytes().substr(0, 40)) +
                     "' is no unit; units are YEAR to MICROSECOND");
  return Cell::of_number(unit_micros(unit) >= kMicrosPerDay
                             ? (b - a) / unit_micros(unit)
                             : (to.number - from.number) / unit_micros(unit));
}

const FunctionEntry kFunctions[] = {
    {"date_add dateadd",
     "date_add(d, days)",
     "So many days later.",
     2,
     2,
     {{"date, int > date", strict<&add_days>}}},
    {"date_sub",
     "date_sub(d, days)",
     "So many days earlier.",
     2,
     2,
     {{"date, int > date", strict<&subtract_days>}}},
    {"add_months",
     "add_months(d, months)",
     "So many months later; the last day stands for days that a month does not have.",
     2,
     2,
     {{"date, int > date", strict<&add_months>}}},
    {"datediff date_diff",
     "datediff(to, from)",
     "Days from one date to the other.",
     2,
     2,
     {{"date, date > int", strict<&difference>}}},
    {"last_day",
     "last_day(d)",
     "The last day of the month.",
     1,
     1,
     {{"date > date", strict<&last_day>}}},
    {"next_day",
     "next_day(d, day)",
     "The next such day of the week; null for names that are none.",
     2,
     2,
     {{"date, string > date", strict<&next_day>}}},
    {"trunc",
     "trunc(d, unit)",
     "The first day of the year, quarter, month or week.",
     2,
     2,
     {{"date, string > date", strict<&truncate_date>}}},
    {"date_trunc",
     "date_trunc(unit, t)",
     "The start of the unit, from YEAR to MICROSECOND.",
     2,
     2,
     {},
     &build_truncate_time},
    {"months_between",
     "months_between(to, from[, rounded])",
     "Months with a fraction, of months of 31 days; rounded to 8 digits.",
     2,
     3,
     {{"timestamp, timestamp > double", strict<&months_rounded>},
      {"timestamp, timestamp, boolean > double", strict<&months_either>}}},
    {"unix_seconds",
     "unix_seconds(t)",
     "Seconds since 1970.",
     1,
     1,
     {{"timestamp > bigint", strict<&since_epoch<kMicrosPerSecond>>}}},
    {"unix_millis",
     "unix_millis(t)",
     "Milliseconds since 1970.",
     1,
     1,
     {{"timestamp > bigint", strict<&since_epoch<kMicrosPerMilli>>}}},
    {"unix_micros",
     "unix_micros(t)",
     "Microseconds since 1970.",
     1,
     1,
     {{"timestamp > bigint", strict<&since_epoch<1>>}}},
    {"unix_date", "unix_date(d)", "Days since 1970.", 1, 1, {{"date > int", strict<&same>}}},
    {"date_from_unix_date",
     "date_from_unix_date(days)",
     "The date so many days after 1970-01-01.",
     1,
     1,
     {{"int > date", strict<&same>}}},
    {"timestamp_seconds",
     "timestamp_seconds(n)",
     "The time so many seconds after 1970.",
     1,
     1,
     {{"bigint > timestamp", strict<&from_epoch<kMicrosPerSecond>>},
      {"double > timestamp", strict<&from_real_seconds>}}},
    {"timestamp_millis",
     "timestamp_millis(n)",
     "The time so many milliseconds after 1970.",
     1,
     1,
     {{"bigint > timestamp", strict<&from_epoch<kMicrosPerMilli>>}}},
    {"timestamp_micros",
     "timestamp_micros(n)",
     "The time so many microseconds after 1970.",
     1,
     1,
     {{"bigint > timestamp", strict<&from_epoch<1>>}}},
    {"to_utc_timestamp",
     "to_utc_timestamp(t, zone)",
     "The time in UTC when the clock of the zone shows t.",
     2,
     2,
     {},
     &build_shift_zone},
    {"from_utc_timestamp",
     "from_utc_timestamp(t, zone)",
     "What the clock of the zone shows at t in UTC.",
     2,
     2,
     {},
     &build_shift_zone},
    {"convert_timezone",
     "convert_timezone([from,] to, t)",
     "What the clock of one zone shows when that of the other shows t.",
     2,
     3,
     {{"string, string, timestamp_ntz > timestamp_ntz", strict<&convert_zones>},
      {"string, timestamp_ntz > timestamp_ntz", strict<&convert_zone>}}},
    {"timestampadd",
     "timestampadd(unit, n, t)",
     "n units later.",
     3,
     3,
     {{"string, bigint, timestamp > timestamp", strict<&add_units>},
      {"string, bigint, timestamp_ntz > timestamp_ntz", strict<&add_units>}}},
    {"timestampdiff",
     "timestampdiff(unit, from, to)",
     "Whole units from one time to the other.",
     3,
     3,
     {{"string, timestamp, timestamp > bigint", strict<&count_units>}}},
};

}  // namespace

std::span<const FunctionEntry> date_arithmetic_functions() { return kFunctions; }

}  // namespace penstock::expression
