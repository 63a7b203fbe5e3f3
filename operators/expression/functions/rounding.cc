#include "penstock/operators/expression/functions/rounding.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "penstock/core/row/decimal128.h"
#include "penstock/operators/expression/cast.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

constexpr int64_t kDigitsMax = 400;  // Beyond these, no double has digits.

bool rounds_up(std::string_view kept, std::string_view cut, bool even) {
  if (cut[0] != '5') return cut[0] > '5';
  if (!even || cut.find_first_not_of('0', 1) != std::string_view::npos) return true;
  return !kept.empty() && (kept.back() - '0') % 2 == 1;
}

// Of the shortest text of the number, as Java's BigDecimal: 1.005 is a half.
double round_real(double value, int64_t digits, bool even) {
  if (!std::isfinite(value) || value == 0) return value;
  char text[40];
  const auto end =
      std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific).ptr;
  char* exponent_at = std::find(text, end, 'e');
  int exponent = 0;
  std::from_chars(exponent_at + (exponent_at[1] == '+' ? 2 : 1), end, exponent);
  std::string number(text, exponent_at);
  number.erase(std::remove(number.begin(), number.end(), '.'), number.end());
  const int64_t keep = std::clamp<int64_t>(digits, -kDigitsMax, kDigitsMax) + exponent + 1;
  if (keep >= static_cast<int64_t>(number.size())) return value;
  if (keep < 0) return std::copysign(0.0, 1.0);
  const std::string_view all = number;
  const bool up = rounds_up(all.substr(0, static_cast<size_t>(keep)),
                            all.substr(static_cast<size_t>(keep)), even);
  std::string result = "0" + std::string(all.substr(0, static_cast<size_t>(keep)));
  for (size_t i = result.size(); up && i > 0; --i) {
    if (result[i - 1] != '9') {
      ++result[i - 1];
      break;
    }
    result[i - 1] = '0';
  }
  result += "e" + std::to_string(exponent - keep + 1);
  double rounded = 0;
  std::from_chars(result.data(), result.data() + result.size(), rounded);
  return rounded == 0 ? 0.0 : std::copysign(rounded, value);
}

template <bool kEven>
Cell round_double(Call&, const Cell& value, const Cell& digits) {
  return Cell::of_real(round_real(value.real, digits.number, kEven));
}

template <bool kEven>
Cell round_integer(Call& call, const Cell& value, const Cell& digits) {
  if (digits.number >= 0) return value;
  if (digits.number < -20) return Cell::of_number(0);
  Int128 out = 0;
  const auto rounding = kEven ? DecimalRounding::kHalfEven : DecimalRounding::kHalfUp;
  if (!round_decimal(value.number, 0, static_cast<int>(digits.number), rounding, out))
    return Cell::of_null();
  const int64_t wrapped = narrow(out, call.type().kind());
  if (call.settings().ansi && Int128{wrapped} != out)
    return call.fail("round: the result does not fit in " + call.type().to_string() +
                     "; cast to a wider type");
  return Cell::of_number(wrapped);
}

template <DecimalRounding kRounding>
Cell round_exact(Call& call, const Cell& value, const Cell& digits) {
  const DataType& from = call.type_of(0);
  const int64_t places = std::clamp<int64_t>(digits.number, -39, from.scale());
  Int128 out = 0;
  if (!round_decimal(decimal_of_cell(value, from), from.scale(), static_cast<int>(places),
                     kRounding, out))
    return Cell::of_null();
  if (!rescale_decimal(out, from.scale(), call.type().precision(), call.type().scale(), out))
    return Cell::of_null();
  return cell_of_decimal(out, call.type(), call.arena());
}

// Of a decimal(p,s) rounded to that many digits.
DataType rounded_type(const DataType& type, int64_t digits) {
  const int whole = type.precision() - type.scale() + 1;
  if (digits < 0)
    return bounded_decimal(std::max(whole, static_cast<int>(std::min<int64_t>(-digits, 38)) + 1),
                           0);
  const int scale = static_cast<int>(std::min<int64_t>(digits, type.scale()));
  return bounded_decimal(whole + scale, scale);
}

template <DecimalRounding kRounding>
Result<BoundPtr> build_decimal(const BuildContext& context, const BoundPtr& value,
                               const BoundPtr& digits) {
  if (!digits->is_constant())
    return function_error(
        context, "the digits must be constant, since the type depends on them; write a number");
  return make_call(context.function, strict<&round_exact<kRounding>>,
                   rounded_type(value->type, digits->value.number), {value, digits});
}

Result<BoundPtr> digits_of(const BuildContext& context, const Arguments& arguments) {
  if (arguments.size() < 2) return make_int(0);
  const BoundPtr& digits = arguments[1].value;
  if (implicit_cast_cost(digits->type, TypeKind::kInt) < 0)
    return function_error(context,
                          "the digits have the type " + digits->type.to_string() + "; give an int");
  return coerce(digits, TypeKind::kInt, context.settings);
}

template <bool kEven>
Result<BoundPtr> build_rounding(const BuildContext& context, const Arguments& arguments) {
  Result<BoundPtr> digits = digits_of(context, arguments);
  if (!digits.ok()) return digits;
  BoundPtr value = arguments[0].value;
  if (value->type.is(TypeKind::kDecimal))
    return build_decimal < kEven ? DecimalRounding::kHalfEven
                                 : DecimalRounding::kHalfUp > (context, value, *digits);
  if (value->type.is_integral())
    return make_call(context.function, strict<&round_integer<kEven>>, value->type,
                     {value, *digits});
  const bool single = value->type.is(TypeKind::kFloat);
  if (implicit_cast_cost(value->type, TypeKind::kDouble) < 0)
    return function_error(context, "takes a number, not " + value->type.to_string() + "; cast it");
  const BoundPtr real = coerce(value, TypeKind::kDouble, context.settings);
  const BoundPtr rounded =
      make_call(context.function, strict<&round_double<kEven>>, TypeKind::kDouble, {real, *digits});
  return single ? make_cast(rounded, TypeKind::kFloat, context.settings)
                : Result<BoundPtr>(rounded);
}

Cell floor_real(Call&, const Cell& a) {
  return Cell::of_number(saturate<std::int64_t>(std::floor(a.real)));
}
Cell ceil_real(Call&, const Cell& a) {
  return Cell::of_number(saturate<std::int64_t>(std::ceil(a.real)));
}

template <DecimalRounding kRounding>
Result<BoundPtr> build_directed(const BuildContext& context, const Arguments& arguments, Run real) {
  BoundPtr value = arguments[0].value;
  if (value->type.is(TypeKind::kString)) value = coerce(value, TypeKind::kDouble, context.settings);
  if (!value->type.is_numeric() && !value->type.is(TypeKind::kNull))
    return function_error(context, "takes a number, not " + value->type.to_string() + "; cast it");
  Result<BoundPtr> digits = digits_of(context, arguments);
  if (!digits.ok()) return digits;
  if (arguments.size() == 2 && !value->type.is(TypeKind::kDecimal))
    value = coerce(value, decimal_of_number(value->type), context.settings);
  if (value->type.is(TypeKind::kDecimal)) return build_decimal<kRounding>(context, value, *digits);
  if (value->type.is_integral()) return make_cast(value, TypeKind::kLong, context.settings);
  return make_call(context.function, real, TypeKind::kLong,
                   {coerce(value, TypeKind::kDouble, context.settings)});
}

}  // namespace

Result<BoundPtr> build_round(const BuildContext& context, const Arguments& arguments) {
  return build_rounding<false>(context, arguments);
}
Result<BoundPtr> build_round_even(const BuildContext& context, const Arguments& arguments) {
  return build_rounding<true>(context, arguments);
}
Result<BoundPtr> build_floor(const BuildContext& context, const Arguments& arguments) {
  return build_directed<DecimalRounding::kFloor>(context, arguments, strict<&floor_real>);
}
Result<BoundPtr> build_ceil(const BuildContext& context, const Arguments& arguments) {
  return build_directed<DecimalRounding::kCeiling>(context, arguments, strict<&ceil_real>);
}

}  // namespace penstock::expression
