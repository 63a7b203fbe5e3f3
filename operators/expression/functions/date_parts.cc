// Dates, times, intervals and windows made of parts.
#include <cmath>
#include <string>

#include "penstock/core/row/interval_text.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/time_support.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

bool is_date(std::int64_t year, std::int64_t month, std::int64_t day) {
  return month >= 1 && month <= 12 && day >= 1 &&
         day <= days_in_month(year, static_cast<int>(month));
}

Cell make_date(Call& call, const Cell& year, const Cell& month, const Cell& day) {
  if (!is_date(year.number, month.number, day.number) || std::abs(year.number) > 5'000'000)
    return call.fail_or_null("there is no such date; use months 1 to 12 and days of the month");
  return Cell::of_number(
      days_of_date({year.number, static_cast<int>(month.number), static_cast<int>(day.number)}));
}

// The time on the wall; null when there is none. 60 seconds are the next minute.
Cell wall_time(Call& call) {
  for (size_t i = 0; i < 6; ++i)
    if (call[i].null) return Cell::of_null();
  const auto micros = static_cast<std::int64_t>(std::llround(call[5].real * 1e6));
  const bool good = is_date(call[0].number, call[1].number, call[2].number) &&
                    std::abs(call[0].number) <= 290'000 && call[3].number >= 0 &&
                    call[3].number <= 23 && call[4].number >= 0 && call[4].number <= 59 &&
                    micros >= 0 && micros <= kMicrosPerMinute;
  if (!good) return call.fail_or_null("there is no such time; seconds are 0 to 60, months 1 to 12");
  const std::int64_t days = days_of_date(
      {call[0].number, static_cast<int>(call[1].number), static_cast<int>(call[2].number)});
  return Cell::of_number(days * kMicrosPerDay + call[3].number * kMicrosPerHour +
                         call[4].number * kMicrosPerMinute + micros);
}
Cell make_instant(Call& call) {
  const Cell local = wall_time(call);
  return local.null ? local : Cell::of_number(call.zone().to_instant(local.number));
}
Cell make_instant_in(Call& call) {
  const Cell local = wall_time(call);
  TimeZone zone;
  if (local.null || call[6].null || !zone_of(call, call[6], nullptr, zone)) return Cell::of_null();
  return Cell::of_number(zone.to_instant(local.number));
}

Cell calendar_interval(Call& call) {
  std::int64_t parts[6] = {0, 0, 0, 0, 0, 0};
  for (size_t i = 0; i < call.size(); ++i) {
    if (call[i].null) return Cell::of_null();
    if (i < 6) parts[i] = call[i].number;
  }
  const double seconds = call.size() > 6 ? call[6].real : 0;
  const std::int64_t months = parts[0] * 12 + parts[1];
  const std::int64_t days = parts[2] * 7 + parts[3];
  if (months != static_cast<std::int32_t>(months) || days != static_cast<std::int32_t>(days) ||
      !(std::fabs(seconds) < 1e12))
    return call.fail_or_null("the interval overflows; use smaller parts");
  return call.arena().copy_value(CalendarInterval{
      static_cast<std::int32_t>(months), static_cast<std::int32_t>(days),
      parts[4] * kMicrosPerHour + parts[5] * kMicrosPerMinute + std::llround(seconds * 1e6)});
}
Cell day_time_interval(Call& call) {
  constexpr std::int64_t kUnits[] = {kMicrosPerDay, kMicrosPerHour, kMicrosPerMinute};
  std::int64_t micros = 0;
  for (size_t i = 0; i < call.size(); ++i) {
    if (call[i].null) return Cell::of_null();
    if (i == 3 && !(std::fabs(call[i].real) < 1e12))
      return call.fail("the interval overflows; use smaller parts");
    const std::int64_t part = i < 3 ? call[i].number * kUnits[i] : std::llround(call[i].real * 1e6);
    if (__builtin_add_overflow(micros, part, &micros))
      return call.fail("the interval overflows; use smaller parts");
  }
  return Cell::of_number(micros);
}
Cell year_month_interval(Call& call) {
  std::int64_t months = 0;
  for (size_t i = 0; i < call.size(); ++i) {
    if (call[i].null) return Cell::of_null();
    months += call[i].number * (i == 0 ? 12 : 1);
  }
  if (months != static_cast<std::int32_t>(months))
    return call.fail("the interval overflows; use smaller parts");
  return Cell::of_number(months);
}

// All arguments to INT, but for the one of the seconds.
Result<BoundPtr> build_parts(const BuildContext& context, const Arguments& arguments,
                             size_t seconds, Run run, const DataType& type) {
  std::vector<BoundPtr> values = values_of(arguments);
  for (size_t i = 0; i < values.size(); ++i) {
    const DataType wanted =
        i < seconds ? TypeKind::kInt : (i == seconds ? TypeKind::kDouble : TypeKind::kString);
    if (implicit_cast_cost(values[i]->type, wanted) < 0)
      return function_error(context, "argument " + std::to_string(i + 1) + " is " +
                                         values[i]->type.to_string() + "; cast it to " +
                                         wanted.to_string());
    values[i] = coerce(values[i], wanted, context.settings);
  }
  return make_call(context.function, run, type, std::move(values));
}
Result<BoundPtr> build_make_timestamp(const BuildContext& context, const Arguments& arguments) {
  const bool wall = context.function == "make_timestamp_ntz";
  const Run run =
      wall ? lenient<&wall_time>
           : (arguments.size() == 7 ? lenient<&make_instant_in> : lenient<&make_instant>);
  return build_parts(context, arguments, 5, run,
                     wall ? TypeKind::kTimestampNtz : TypeKind::kTimestamp);
}
Result<BoundPtr> build_make_interval(const BuildContext& context, const Arguments& arguments) {
  return build_parts(context, arguments, 6, lenient<&calendar_interval>,
                     TypeKind::kCalendarInterval);
}
Result<BoundPtr> build_day_time(const BuildContext& context, const Arguments& arguments) {
  return build_parts(context, arguments, 3, lenient<&day_time_interval>,
                     TypeKind::kDayTimeInterval);
}
Result<BoundPtr> build_year_month(const BuildContext& context, const Arguments& arguments) {
  return build_parts(context, arguments, 2, lenient<&year_month_interval>,
                     TypeKind::kYearMonthInterval);
}

struct WindowSize {
  std::int64_t size_micros;
  std::int64_t offset_micros;
};

constexpr CellForm kWindowForms[] = {CellForm::kInline, CellForm::kInline};

Cell window_of(Call& call, const Cell& time) {
  const auto& window = *call.prepared<WindowSize>();
  const std::int64_t start =
      time.number - floor_modulo(time.number - window.offset_micros, window.size_micros);
  const Cell bounds[] = {Cell::of_number(start), Cell::of_number(start + window.size_micros)};
  return make_struct(bounds, kWindowForms, call.arena());
}
Cell window_time(Call&, const Cell& window) {
  return Cell::of_number(RowView(window, 2).inline_cell(1).number - 1);
}

Result<std::int64_t> constant_micros(const BuildContext& context, const BoundPtr& value) {
  CalendarInterval interval;
  Result<std::string> text = constant_text(context, value, "a window's size");
  if (!text.ok()) return text.status();
  if (!parse_calendar_interval(*text, interval) || interval.months != 0)
    return function_error(
        context, "'" + text->substr(0, 60) + "' is no fixed length of time; write '10 minutes'");
  return interval.days * kMicrosPerDay + interval.micros;
}

Result<BoundPtr> build_window(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& time = arguments[0].value;
  if (implicit_cast_cost(time->type, TypeKind::kTimestamp) < 0)
    return function_error(context, "takes no " + time->type.to_string() + "; cast it to timestamp");
  std::int64_t sizes[3] = {0, 0, 0};
  for (size_t i = 1; i < arguments.size(); ++i) {
    Result<std::int64_t> micros = constant_micros(context, arguments[i].value);
    if (!micros.ok()) return micros.status();
    sizes[i - 1] = *micros;
  }
  if (arguments.size() == 2) sizes[1] = sizes[0];
  if (sizes[0] <= 0) return function_error(context, "the size of a window must be above 0");
  if (sizes[1] != sizes[0])
    return function_error(context, "windows that slide give several rows; group by them instead");
  const DataType type =
      time->type.is(TypeKind::kTimestampNtz) ? time->type : DataType(TypeKind::kTimestamp);
  const DataType bounds = DataType::structure({{"start", type}, {"end", type}});
  return make_call(
      context.function, strict<&window_of>, bounds, {coerce(time, type, context.settings)},
      {.prepared = std::make_shared<const WindowSize>(WindowSize{sizes[0], sizes[2]})});
}
Result<BoundPtr> build_window_time(const BuildContext& context, const Arguments& arguments) {
  const DataType& type = arguments[0].value->type;
  if (!type.is(TypeKind::kStruct) || type.fields().size() != 2 || type.fields()[1].name != "end")
    return function_error(context,
                          "takes a window, not " + type.to_string() + "; pass what window() gave");
  return make_call(context.function, strict<&window_time>, type.fields()[1].type,
                   values_of(arguments));
}

const FunctionEntry kFunctions[] = {
    {"make_date",
     "make_date(year, month, day)",
     "The date; null when there is none.",
     3,
     3,
     {{"int, int, int > date", strict<&make_date>}}},
    {"make_timestamp make_timestamp_ltz",
     "make_timestamp(year, month, day, hour, minute, seconds[, zone])",
     "The time; null when there is none.",
     6,
     7,
     {},
     &build_make_timestamp},
    {"make_timestamp_ntz",
     "make_timestamp_ntz(year, month, day, hour, minute, seconds)",
     "The time on the wall; null when there is none.",
     6,
     6,
     {},
     &build_make_timestamp},
    {"make_interval",
     "make_interval([years[, months[, weeks[, days[, hours[, minutes[, seconds]]]]]]])",
     "A calendar interval.",
     0,
     7,
     {},
     &build_make_interval},
    {"make_dt_interval",
     "make_dt_interval([days[, hours[, minutes[, seconds]]]])",
     "A day-time interval.",
     0,
     4,
     {},
     &build_day_time},
    {"make_ym_interval",
     "make_ym_interval([years[, months]])",
     "A year-month interval.",
     0,
     2,
     {},
     &build_year_month},
    {"window",
     "window(t, size[, size[, offset]])",
     "The window of the time, as start and end.",
     2,
     4,
     {},
     &build_window},
    {"window_time",
     "window_time(window)",
     "The last microsecond of a window.",
     1,
     1,
     {},
     &build_window_time},
};

}  // namespace

std::span<const FunctionEntry> date_part_functions() { return kFunctions; }

}  // namespace penstock::expression
