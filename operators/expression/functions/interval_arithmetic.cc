#include "penstock/operators/expression/functions/interval_arithmetic.h"

#include <cmath>
#include <limits>
#include <string>

#include "penstock/core/row/calendar.h"
#include "penstock/core/row/decimal128.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

bool is_interval(const DataType& type) {
  return type.is(TypeKind::kYearMonthInterval) || type.is(TypeKind::kDayTimeInterval) ||
         type.is(TypeKind::kCalendarInterval);
}
bool is_time(const DataType& type) {
  return type.is(TypeKind::kDate) || type.is(TypeKind::kTimestamp) ||
         type.is(TypeKind::kTimestampNtz);
}

CalendarInterval interval_of(const Cell& cell, const DataType& type) {
  if (type.is(TypeKind::kCalendarInterval)) return cell.interval();
  if (type.is(TypeKind::kYearMonthInterval)) return {static_cast<int32_t>(cell.number), 0, 0};
  return {0, 0, cell.number};
}

template <int kSign>
Cell shift_time(Call& call, const Cell& time, const Cell& by) {
  CalendarInterval interval = interval_of(by, call.type_of(1));
  if (kSign < 0)
    interval = {-interval.months, -interval.days,
                static_cast<int64_t>(0 - static_cast<uint64_t>(interval.micros))};
  const TimeZone zone = call.type_of(0).is(TypeKind::kTimestamp) ? call.zone() : TimeZone();
  return Cell::of_number(add_interval(time.number, interval, zone));
}

template <int kSign>
Cell shift_date(Call& call, const Cell& date, const Cell& by) {
  const CalendarInterval interval = interval_of(by, call.type_of(1));
  if (interval.micros != 0)
    return call.fail("a date moves by whole days; cast it to timestamp to add hours");
  return Cell::of_number(add_months_to_days(date.number, kSign * int64_t{interval.months}) +
                         kSign * int64_t{interval.days});
}

template <int kSign>
Cell shift_days(Call&, const Cell& date, const Cell& days) {
  return Cell::of_number(static_cast<int32_t>(date.number + kSign * days.number));
}

Cell subtract_dates(Call& call, const Cell& a, const Cell& b) {
  std::int64_t micros = 0;
  if (__builtin_mul_overflow(a.number - b.number, kMicrosPerDay, &micros))
    return call.fail("the time between the dates does not fit in an interval; use datediff");
  return Cell::of_number(micros);
}
Cell subtract_times(Call&, const Cell& a, const Cell& b) {
  return Cell::of_number(
      static_cast<int64_t>(static_cast<uint64_t>(a.number) - static_cast<uint64_t>(b.number)));
}

template <int kSign>
Cell add_intervals(Call& call, const Cell& a, const Cell& b) {
  int64_t out = 0;
  const bool bad = kSign > 0 ? __builtin_add_overflow(a.number, b.number, &out)
                             : __builtin_sub_overflow(a.number, b.number, &out);
  const bool months = call.type().is(TypeKind::kYearMonthInterval);
  if (bad || (months && out != static_cast<int32_t>(out)))
    return call.fail("the interval overflows; use smaller ones");
  return Cell::of_number(out);
}

template <int kSign>
Cell add_calendar_intervals(Call& call, const Cell& a, const Cell& b) {
  const CalendarInterval x = interval_of(a, call.type_of(0));
  const CalendarInterval y = interval_of(b, call.type_of(1));
  CalendarInterval out;
  const bool bad = __builtin_add_overflow(x.months, kSign * y.months, &out.months) ||
                   __builtin_add_overflow(x.days, kSign * y.days, &out.days) ||
                   __builtin_add_overflow(x.micros, kSign * y.micros, &out.micros);
  return bad ? call.fail("the interval overflows; use smaller ones") : call.arena().copy_value(out);
}

// Rounded half up, as Spark does.
template <bool kDivide>
Cell scale_interval(Call& call, const Cell& interval, const Cell& factor) {
  if (kDivide && factor.real == 0)
    return call.fail("an interval is divided by zero; use nullif(divisor, 0)");
  const double value = static_cast<double>(interval.number);
  const double scaled = std::round(kDivide ? value / factor.real : value * factor.real);
  constexpr double kLongMax = 9.2e18;
  const double bound = call.type().is(TypeKind::kYearMonthInterval) ? 2147483647.0 : kLongMax;
  if (!(std::fabs(scaled) <= bound))
    return call.fail("the interval overflows; use a smaller factor");
  return Cell::of_number(static_cast<int64_t>(scaled));
}

// Whole numbers keep all digits.
Cell multiply_interval(Call& call, const Cell& interval, const Cell& factor) {
  int64_t out = 0;
  const bool months = call.type().is(TypeKind::kYearMonthInterval);
  if (__builtin_mul_overflow(interval.number, factor.number, &out) ||
      (months && out != static_cast<int32_t>(out))) {
    return call.fail("the interval overflows; use a smaller factor");
  }
  return Cell::of_number(out);
}
Cell divide_interval(Call& call, const Cell& interval, const Cell& divisor) {
  if (divisor.number == 0)
    return call.fail("an interval is divided by zero; use nullif(divisor, 0)");
  const Int128 by = divisor.number < 0 ? -Int128{divisor.number} : Int128{divisor.number};
  const Int128 value = divisor.number < 0 ? -Int128{interval.number} : Int128{interval.number};
  return Cell::of_number(static_cast<int64_t>((2 * value + (value < 0 ? -by : by)) / (2 * by)));
}

DataType wider_interval(const DataType& a, const DataType& b) { return *common_type(a, b); }

Result<BoundPtr> shift(const BuildContext& context, bool plus, const BoundPtr& time,
                       const BoundPtr& interval) {
  if (time->type.is(TypeKind::kDate)) {
    if (interval->type.is(TypeKind::kDayTimeInterval)) {
      const bool days = interval->type.interval_end() == IntervalField::kDay;
      const DataType type = days ? TypeKind::kDate : TypeKind::kTimestamp;
      const BoundPtr instant = coerce(time, TypeKind::kTimestamp, context.settings);
      const BoundPtr moved =
          make_call(context.function, plus ? strict<&shift_time<1>> : strict<&shift_time<-1>>,
                    TypeKind::kTimestamp, {instant, interval});
      return make_cast(moved, type, context.settings);
    }
    return make_call(context.function, plus ? strict<&shift_date<1>> : strict<&shift_date<-1>>,
                     TypeKind::kDate, {time, interval});
  }
  return make_call(context.function, plus ? strict<&shift_time<1>> : strict<&shift_time<-1>>,
                   time->type, {time, interval});
}

Result<BoundPtr> between_intervals(const BuildContext& context, bool plus, const BoundPtr& a,
                                   const BoundPtr& b) {
  if (a->type.kind() == b->type.kind() && !a->type.is(TypeKind::kCalendarInterval)) {
    return make_call(context.function,
                     plus ? strict<&add_intervals<1>> : strict<&add_intervals<-1>>,
                     wider_interval(a->type, b->type), {a, b});
  }
  return make_call(context.function,
                   plus ? strict<&add_calendar_intervals<1>> : strict<&add_calendar_intervals<-1>>,
                   TypeKind::kCalendarInterval, {a, b});
}

Result<BoundPtr> scale(const BuildContext& context, bool divide, const BoundPtr& interval,
                       const BoundPtr& factor) {
  const DataType type = interval->type.is(TypeKind::kYearMonthInterval)
                            ? DataType::interval(IntervalField::kYear, IntervalField::kMonth)
                            : DataType::interval(IntervalField::kDay, IntervalField::kSecond);
  if (factor->type.is_integral()) {
    return make_call(context.function,
                     divide ? strict<&divide_interval> : strict<&multiply_interval>, type,
                     {interval, factor});
  }
  const BoundPtr real = coerce(factor, TypeKind::kDouble, context.settings);
  return make_call(context.function,
                   divide ? strict<&scale_interval<true>> : strict<&scale_interval<false>>, type,
                   {interval, real});
}

}  // namespace

std::optional<Result<BoundPtr>> build_time_arithmetic(const BuildContext& context, char operation,
                                                      const BoundPtr& a, const BoundPtr& b) {
  const bool plus = operation == '+';
  const DataType& x = a->type;
  const DataType& y = b->type;
  if (!is_time(x) && !is_time(y) && !is_interval(x) && !is_interval(y)) return std::nullopt;
  if (plus || operation == '-') {
    if (is_time(x) && is_interval(y)) return shift(context, plus, a, b);
    if (plus && is_interval(x) && is_time(y)) return shift(context, plus, b, a);
    if (x.is(TypeKind::kDate) && y.is_integral())
      return make_call(context.function, plus ? strict<&shift_days<1>> : strict<&shift_days<-1>>, x,
                       {a, b});
    if (plus && x.is_integral() && y.is(TypeKind::kDate))
      return make_call(context.function, strict<&shift_days<1>>, y, {b, a});
    if (is_interval(x) && is_interval(y)) return between_intervals(context, plus, a, b);
    if (!plus && x.is(TypeKind::kDate) && y.is(TypeKind::kDate)) {
      return make_call("-", strict<&subtract_dates>,
                       DataType::interval(IntervalField::kDay, IntervalField::kDay), {a, b});
    }
    const bool times =
        (is_time(x) || x.is(TypeKind::kString)) && (is_time(y) || y.is(TypeKind::kString));
    if (!plus && times) {
      const DataType type = x.is(TypeKind::kTimestampNtz) && y.is(TypeKind::kTimestampNtz)
                                ? x
                                : DataType(TypeKind::kTimestamp);
      return make_call("-", strict<&subtract_times>, TypeKind::kDayTimeInterval,
                       {coerce(a, type, context.settings), coerce(b, type, context.settings)});
    }
  } else {
    const auto number = [](const DataType& type) {
      return type.is_numeric() || type.is(TypeKind::kString);
    };
    const auto fixed = [](const DataType& type) {
      return is_interval(type) && !type.is(TypeKind::kCalendarInterval);
    };
    if (fixed(x) && number(y)) return scale(context, operation == '/', a, b);
    if (operation == '*' && number(x) && fixed(y)) return scale(context, false, b, a);
  }
  if (a->is_null() || b->is_null()) return Result<BoundPtr>(make_null(a->is_null() ? y : x));
  return Result<BoundPtr>(Status::invalid_argument(std::string(1, operation) + " does not take " +
                                                   x.to_string() + " and " + y.to_string() +
                                                   "; cast one of them"));
}

}  // namespace penstock::expression
