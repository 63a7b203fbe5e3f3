#include "penstock/operators/expression/cast.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "penstock/core/row/calendar.h"
#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/interval_text.h"
#include "penstock/core/row/value_text.h"

namespace penstock::expression {
namespace {

constexpr double kMicros = 1e6;

bool real_to_integer(double value, TypeKind to, bool ansi, Cell& out) noexcept {
  // Java narrows to int first, whatever is smaller.
  const int64_t whole =
      to == TypeKind::kLong ? saturate<int64_t>(value) : int64_t{saturate<int32_t>(value)};
  out = Cell::of_number(narrow(whole, to));
  if (!ansi) return true;
  return !std::isnan(value) && value > -9.3e18 && value < 9.3e18 &&
         static_cast<double>(out.number) == std::trunc(value);
}

double to_real(const Cell& value, const DataType& from) noexcept {
  switch (from.kind()) {
    case TypeKind::kDouble:
      return value.real;
    case TypeKind::kFloat:
      return static_cast<double>(value.single);
    case TypeKind::kDecimal:
      return decimal_to_double(decimal_of_cell(value, from), from.scale());
    case TypeKind::kTimestamp:
      return static_cast<double>(value.number) / kMicros;
    default:
      return static_cast<double>(value.number);
  }
}

bool to_decimal(const Cell& value, const DataType& from, const DataType& to, Arena& arena,
                Cell& out) noexcept {
  Int128 number = 0;
  bool good = false;
  switch (from.kind()) {
    case TypeKind::kDouble:
      good = decimal_from_double(value.real, to, number);
      break;
    case TypeKind::kFloat:
      good = decimal_from_float(value.single, to, number);
      break;
    case TypeKind::kDecimal:
      good = rescale_decimal(decimal_of_cell(value, from), from.scale(), to.precision(), to.scale(),
                             number);
      break;
    case TypeKind::kTimestamp:
      good = rescale_decimal(value.number, 6, to.precision(), to.scale(), number);
      break;
    case TypeKind::kDate:
      return false;
    default:
      good = rescale_decimal(value.number, 0, to.precision(), to.scale(), number);
      break;
  }
  if (good) out = cell_of_decimal(number, to, arena);
  return good;
}

bool to_integer(const Cell& value, const DataType& from, const DataType& to, bool ansi,
                Cell& out) noexcept {
  int64_t number = value.number;
  switch (from.kind()) {
    case TypeKind::kDouble:
      return real_to_integer(value.real, to.kind(), ansi, out);
    case TypeKind::kFloat:
      return real_to_integer(static_cast<double>(value.single), to.kind(), ansi, out);
    case TypeKind::kDecimal:
      if (!decimal_to_integer(decimal_of_cell(value, from), from.scale(), number)) return false;
      break;
    case TypeKind::kTimestamp:
      number = floor_divide(number, kMicrosPerSecond);
      break;
    case TypeKind::kDate:
      return false;  // Spark gives null for a date.
    case TypeKind::kDayTimeInterval: {
      constexpr int64_t kUnits[] = {
          1, 1, kMicrosPerDay, kMicrosPerHour, kMicrosPerMinute, kMicrosPerSecond};
      number /= kUnits[static_cast<size_t>(from.interval_end())];
      break;
    }
    case TypeKind::kYearMonthInterval:
      if (from.interval_end() == IntervalField::kYear) number /= 12;
      break;
    default:
      break;
  }
  out = Cell::of_number(narrow(number, to.kind()));
  return !ansi || out.number == number;
}

bool to_boolean(const Cell& value, const DataType& from, Cell& out) noexcept {
  if (from.is(TypeKind::kDate)) return false;
  bool truth = value.number != 0;
  if (from.is(TypeKind::kDouble)) truth = value.real != 0;
  if (from.is(TypeKind::kFloat)) truth = value.single != 0;
  if (from.is_wide_decimal()) truth = value.wide() != 0;
  out = Cell::of_boolean(truth);
  return true;
}

bool real_to_timestamp(double seconds, Cell& out) noexcept {
  if (!std::isfinite(seconds)) return false;
  out = Cell::of_number(saturate<int64_t>(seconds * kMicros));
  return true;
}

bool to_timestamp(const Cell& value, const DataType& from, const CastContext& context, Cell& out) {
  switch (from.kind()) {
    case TypeKind::kDate: {
      int64_t micros = 0;
      if (__builtin_mul_overflow(value.number, kMicrosPerDay, &micros)) return false;
      out = Cell::of_number(context.zone.to_instant(micros));
      return true;
    }
    case TypeKind::kTimestampNtz:
      out = Cell::of_number(context.zone.to_instant(value.number));
      return true;
    case TypeKind::kDouble:
      return real_to_timestamp(value.real, out);
    case TypeKind::kFloat:
      return real_to_timestamp(static_cast<double>(value.single), out);
    case TypeKind::kBoolean:
      out = Cell::of_number(value.number);
      return true;  // One microsecond, as Spark has it.
    case TypeKind::kDecimal: {
      Int128 micros = 0;
      if (!round_decimal(decimal_of_cell(value, from), from.scale(), 6, DecimalRounding::kDown,
                         micros))
        return false;
      if (!rescale_decimal(micros, from.scale(), 38, 6, micros)) return false;
      out = Cell::of_number(static_cast<int64_t>(micros));
      return true;
    }
    default: {
      const Int128 micros = Int128{value.number} * kMicrosPerSecond;
      constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
      const Int128 bounded =
          micros > kMax ? Int128{kMax} : (micros < -Int128{kMax} ? -Int128{kMax} : micros);
      out = Cell::of_number(static_cast<int64_t>(bounded));
      return true;
    }
  }
}

bool to_interval(const Cell& value, const DataType& from, const DataType& to, Cell& out) noexcept {
  constexpr int64_t kMicrosOf[] = {
      1, 1, kMicrosPerDay, kMicrosPerHour, kMicrosPerMinute, kMicrosPerSecond};
  const bool months = to.is(TypeKind::kYearMonthInterval);
  const int64_t unit = months ? (to.interval_end() == IntervalField::kYear ? 12 : 1)
                              : kMicrosOf[static_cast<size_t>(to.interval_end())];
  int64_t number = value.number;
  if (from.is_integral()) {
    if (__builtin_mul_overflow(value.number, unit, &number)) return false;
  } else {
    number -= number % unit;
  }
  out = Cell::of_number(number);
  return !months || number == static_cast<int32_t>(number);
}

bool cast_nested(const Cell& value, const DataType& from, const DataType& to,
                 const CastContext& context, Cell& out) {
  const auto element = [&](const Cell& cell, const DataType& a, const DataType& b, Cell& to_cell) {
    if (cell.null) {
      to_cell = cell;
      return true;
    }
    if (cast_cell(cell, a, b, context, to_cell)) return true;
    to_cell = Cell::of_null();
    return !context.ansi;
  };
  if (from.is(TypeKind::kMap)) {
    const MapView map(value);
    Cell keys;
    Cell values;
    if (!cast_nested(map.keys_cell(), DataType::array(from.key()), DataType::array(to.key()),
                     context, keys))
      return false;
    if (!cast_nested(map.values_cell(), DataType::array(from.value()), DataType::array(to.value()),
                     context, values))
      return false;
    out = make_map(keys, values, context.arena);
    return true;
  }
  const bool array = from.is(TypeKind::kArray);
  const size_t count = array ? ArrayView(value).size() : from.fields().size();
  Cell* cells = context.arena.allocate_array<Cell>(count);
  for (size_t i = 0; i < count; ++i) {
    const DataType& a = array ? from.element() : from.fields()[i].type;
    const DataType& b = array ? to.element() : to.fields()[i].type;
    const Cell cell = array ? ArrayView(value).cell(i, a) : RowView(value, count).cell(i, a);
    if (!element(cell, a, b, cells[i])) return false;
  }
  out = array ? make_array({cells, count}, cell_form(to.element()), context.arena)
              : make_struct({cells, count}, field_forms(to.fields()), context.arena);
  return true;
}

Cell big_endian(int64_t value, TypeKind from, Arena& arena) {
  const size_t bytes = from == TypeKind::kByte    ? 1
                       : from == TypeKind::kShort ? 2
                       : from == TypeKind::kInt   ? 4
                                                  : 8;
  char* to = arena.allocate(bytes);
  for (size_t i = 0; i < bytes; ++i) to[i] = static_cast<char>(value >> (8 * (bytes - 1 - i)));
  return Cell::of_bytes({to, bytes});
}

// Without kNulls, under ANSI, an error where there is no value.
template <bool kNulls>
Cell cast_any(Call& call, const Cell& value) {
  Cell out;
  const CastContext context{call.arena(), call.zone(), !kNulls};
  if (cast_cell(value, call.type_of(0), call.type(), context, out)) return out;
  if (kNulls || call.type_of(0).is(TypeKind::kDate)) return Cell::of_null();
  std::string shown;
  append_text(value, call.type_of(0), call.zone(), shown);
  return call.fail("cast: \"" + shown.substr(0, 80) + "\" of type " + call.type_of(0).to_string() +
                   " has no value as " + call.type().to_string() +
                   "; use try_cast to get null instead");
}

Cell keep(Call&, const Cell& value) { return value; }
Cell integer_to_double(Call&, const Cell& value) {
  return Cell::of_real(static_cast<double>(value.number));
}
Cell long_to_int(Call&, const Cell& value) {
  return Cell::of_number(static_cast<int32_t>(value.number));
}
Cell float_to_double(Call&, const Cell& value) {
  return Cell::of_real(static_cast<double>(value.single));
}
Cell text_to_double(Call&, const Cell& value) {
  double number = 0;
  return parse_double(value.bytes(), number) ? Cell::of_real(number) : Cell::of_null();
}
Cell null_of(Call&) { return Cell::of_null(); }

}  // namespace

bool cast_cell(const Cell& value, const DataType& from, const DataType& to,
               const CastContext& context, Cell& out) {
  if (from == to) {
    out = value;
    return true;
  }
  if (to.is(TypeKind::kString)) {
    out = from.is(TypeKind::kBinary)
              ? value
              : Cell::of_bytes(cell_to_text(value, from, context.zone, context.arena));
    return true;
  }
  if (from.is(TypeKind::kString))
    return cell_of_text(value.bytes(), to, context.zone, context.arena, out);
  switch (to.kind()) {
    case TypeKind::kBoolean:
      return to_boolean(value, from, out);
    case TypeKind::kByte:
    case TypeKind::kShort:
    case TypeKind::kInt:
    case TypeKind::kLong:
      return to_integer(value, from, to, context.ansi, out);
    case TypeKind::kFloat:
      out = Cell::of_single(static_cast<float>(to_real(value, from)));
      return !from.is(TypeKind::kDate);
    case TypeKind::kDouble:
      out = Cell::of_real(to_real(value, from));
      return !from.is(TypeKind::kDate);
    case TypeKind::kDecimal:
      return to_decimal(value, from, to, context.arena, out);
    case TypeKind::kBinary:
      out = big_endian(value.number, from.kind(), context.arena);
      return true;
    case TypeKind::kDate: {
      const int64_t local =
          from.is(TypeKind::kTimestamp) ? context.zone.to_local(value.number) : value.number;
      out = Cell::of_number(floor_divide(local, kMicrosPerDay));
      return true;
    }
    case TypeKind::kTimestamp:
      return to_timestamp(value, from, context, out);
    case TypeKind::kTimestampNtz: {
      int64_t micros = context.zone.to_local(value.number);
      if (from.is(TypeKind::kDate) &&
          __builtin_mul_overflow(value.number, kMicrosPerDay, &micros)) {
        return false;
      }
      out = Cell::of_number(micros);
      return true;
    }
    case TypeKind::kYearMonthInterval:
    case TypeKind::kDayTimeInterval:
      return to_interval(value, from, to, out);
    default:
      return cast_nested(value, from, to, context, out);
  }
}

bool always_casts(const DataType& from, const DataType& to) noexcept {
  const bool integer = from.is_integral() || from.is(TypeKind::kBoolean);
  return (integer && (to.is(TypeKind::kDouble) || to.is_integral())) ||
         (from.is(TypeKind::kFloat) && to.is(TypeKind::kDouble));
}

Run cast_run(const DataType& from, const DataType& to, bool nulls) noexcept {
  if (from.is(TypeKind::kNull)) return lenient<&null_of>;
  const bool integer = from.is_integral() || from.is(TypeKind::kBoolean);
  if (integer && to.is_integral() && to.kind() >= from.kind()) return strict<&keep>;
  if (from.is(TypeKind::kString) && to.is(TypeKind::kBinary)) return strict<&keep>;
  if (integer && to.is(TypeKind::kDouble)) return strict<&integer_to_double>;
  if (nulls && from.is(TypeKind::kLong) && to.is(TypeKind::kInt)) return strict<&long_to_int>;
  if (from.is(TypeKind::kFloat) && to.is(TypeKind::kDouble)) return strict<&float_to_double>;
  if (nulls && from.is(TypeKind::kString) && to.is(TypeKind::kDouble))
    return strict<&text_to_double>;
  return nulls ? strict<&cast_any<true>> : strict<&cast_any<false>>;
}

}  // namespace penstock::expression
