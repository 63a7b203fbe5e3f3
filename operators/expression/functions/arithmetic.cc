// + - * / % div and their kin: Java's numbers, Spark's decimals.
#include <cmath>
#include <functional>
#include <string>

#include "penstock/core/row/decimal128.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/interval_arithmetic.h"
#include "penstock/operators/expression/functions/number.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

enum class Overflow : uint8_t { kWrap, kNull, kFail };

// The three that can overflow: Java's numbers wrap, and compute() says whether they did.
template <class Self>
struct Wrapping {
  template <class T>
  static bool compute(T a, T b, T& out) noexcept {
    if constexpr (std::is_floating_point_v<T>)
      return out = typename Self::OfReals()(a, b), true;
    else
      return !Self::overflows(a, b, out);
  }
  template <class T>
  static Cell apply(T a, T b) noexcept {
    T out{};
    static_cast<void>(Self::compute(a, b, out));
    return put(out);
  }
};
struct Multiply : Wrapping<Multiply> {
  using Mirrored = Multiply;
  static constexpr std::string_view kName = "*";
  using OfReals = std::multiplies<>;
  template <class T>
  static bool overflows(T a, T b, T& out) noexcept {
    return __builtin_mul_overflow(a, b, &out);
  }
  static constexpr auto decimals = &multiply_decimals;
  static constexpr auto decimal_type = &decimal_product_type;
};
struct Add : Wrapping<Add> {
  using Mirrored = Add;
  using Scaled = Multiply;
  static constexpr std::string_view kName = "+";
  using OfReals = std::plus<>;
  template <class T>
  static bool overflows(T a, T b, T& out) noexcept {
    return __builtin_add_overflow(a, b, &out);
  }
  static constexpr auto decimals = &add_decimals;
  static constexpr auto decimal_type = &decimal_sum_type;
};
struct Subtract : Wrapping<Subtract> {
  using Scaled = Multiply;
  static constexpr std::string_view kName = "-";
  using OfReals = std::minus<>;
  template <class T>
  static bool overflows(T a, T b, T& out) noexcept {
    return __builtin_sub_overflow(a, b, &out);
  }
  static constexpr auto decimals = &subtract_decimals;
  static constexpr auto decimal_type = &decimal_sum_type;
};
struct Divide {
  static constexpr bool kPartial = true;
  static Cell apply(double a, double b) noexcept {
    return b == 0 ? Cell::of_null() : Cell::of_real(a / b);
  }
  static constexpr auto decimals = &divide_decimals;
  static constexpr auto decimal_type = &decimal_quotient_type;
};
template <class T>
T remainder_of(T a, T b) noexcept {
  if constexpr (std::is_floating_point_v<T>)
    return std::fmod(a, b);
  else
    return b == -1 ? T{0} : static_cast<T>(a % b);
}
struct Remainder {
  static constexpr bool kPartial = true;
  template <class T>
  static Cell apply(T a, T b) noexcept {
    return b == 0 ? Cell::of_null() : put(remainder_of(a, b));
  }
  static constexpr auto decimals = &remainder_decimals;
  static constexpr auto decimal_type = &decimal_remainder_type;
};
// Of the sign of b.
struct PositiveModulus {
  static constexpr bool kPartial = true;
  template <class T>
  static Cell apply(T a, T b) noexcept {
    if (b == 0) return Cell::of_null();
    const T rest = remainder_of(a, b);
    return put(rest < 0 ? remainder_of(static_cast<T>(rest + b), b) : rest);
  }
};

template <class Operation, class T, Overflow kOverflow>
Cell checked(Call& call, const Cell& a, const Cell& b) {
  T out{};
  if (Operation::template compute<T>(get<T>(a), get<T>(b), out)) return put(out);
  if (kOverflow == Overflow::kNull) return Cell::of_null();
  return call.fail(std::string(Operation::kName) + ": " + call.type().to_string() +
                   " overflow of " + std::to_string(a.number) + " and " + std::to_string(b.number) +
                   "; use try_add, try_subtract or try_multiply, or a wider type");
}

// Division by zero under ANSI.
template <class Operation, class T>
Cell divided(Call& call, const Cell& a, const Cell& b) {
  if (get<T>(b) == 0) return call.fail("division by zero; use try_divide, or nullif(divisor, 0)");
  return Operation::apply(get<T>(a), get<T>(b));
}

template <class Operation, bool kDivides>
Cell decimal_operation(Call& call, const Cell& a, const Cell& b) {
  const Int128 left = decimal_of_cell(a, call.type_of(0));
  const Int128 right = decimal_of_cell(b, call.type_of(1));
  if (kDivides && right == 0)
    return call.fail_or_null("division by zero; use try_divide, or nullif(divisor, 0)");
  Int128 out = 0;
  const bool good = Operation::decimals(left, call.type_of(0).scale(), right,
                                        call.type_of(1).scale(), call.type(), out);
  if (!good)
    return call.fail_or_null("the result does not fit in " + call.type().to_string() +
                             "; cast the operands to a wider type");
  return cell_of_decimal(out, call.type(), call.arena());
}

Cell decimal_positive_modulus(Call& call, const Cell& a, const Cell& b) {
  const int scale_a = call.type_of(0).scale();
  const int scale_b = call.type_of(1).scale();
  const Int128 right = decimal_of_cell(b, call.type_of(1));
  if (right == 0) return call.fail_or_null("division by zero; use nullif(divisor, 0)");
  Int128 rest = 0;
  if (!remainder_decimals(decimal_of_cell(a, call.type_of(0)), scale_a, right, scale_b, call.type(),
                          rest))
    return Cell::of_null();
  if (rest < 0) {
    Int128 sum = 0;
    const int scale = call.type().scale();
    if (!add_decimals(rest, scale, right, scale_b, call.type(), sum)) return Cell::of_null();
    if (!remainder_decimals(sum, scale, right, scale_b, call.type(), rest)) return Cell::of_null();
  }
  return cell_of_decimal(rest, call.type(), call.arena());
}

Cell integral_division(Call& call, const Cell& a, const Cell& b) {
  if (b.number == 0) return call.fail_or_null("division by zero; use nullif(divisor, 0)");
  if (b.number == -1)
    return Cell::of_number(static_cast<int64_t>(0 - static_cast<uint64_t>(a.number)));
  return Cell::of_number(a.number / b.number);
}

Cell decimal_integral_division(Call& call, const Cell& a, const Cell& b) {
  const Int128 right = decimal_of_cell(b, call.type_of(1));
  if (right == 0) return call.fail_or_null("division by zero; use nullif(divisor, 0)");
  Int128 out = 0;
  if (!integral_quotient(decimal_of_cell(a, call.type_of(0)), call.type_of(0).scale(), right,
                         call.type_of(1).scale(), out))
    return Cell::of_null();
  return Cell::of_number(static_cast<int64_t>(out));
}

template <class T>
Cell negate(Call&, const Cell& a) {
  if constexpr (std::is_floating_point_v<T>)
    return put(-get<T>(a));
  else
    return put(static_cast<T>(0 - static_cast<uint64_t>(a.number)));
}
template <class T>
Cell absolute(Call&, const Cell& a) {
  if constexpr (std::is_floating_point_v<T>)
    return put(std::fabs(get<T>(a)));
  else
    return put(static_cast<T>(a.number < 0 ? 0 - static_cast<uint64_t>(a.number)
                                           : static_cast<uint64_t>(a.number)));
}
template <bool kAbsolute>
Cell decimal_sign_change(Call& call, const Cell& a) {
  const Int128 value = decimal_of_cell(a, call.type());
  return cell_of_decimal(kAbsolute && value >= 0 ? value : -value, call.type(), call.arena());
}

// The types that an operation of two numbers computes in; text counts as double.
DataType operand_type(const DataType& type) {
  return type.is(TypeKind::kString) || type.is(TypeKind::kNull) ? DataType(TypeKind::kDouble)
                                                                : type;
}

BoundPtr as_decimal(const BoundPtr& value, const Settings& settings) {
  if (value->type.is(TypeKind::kDecimal)) return value;
  if (value->is_constant() && !value->is_null() && value->literal) {
    return coerce(value, DataType::decimal(std::max(1, decimal_digits(value->value.number)), 0),
                  settings);
  }
  return coerce(value, decimal_of_number(value->type), settings);
}

Status not_numbers(const BuildContext& context, const BoundPtr& a, const BoundPtr& b) {
  return Status::invalid_argument(std::string(context.function) + " does not take " +
                                  a->type.to_string() + " and " + b->type.to_string() +
                                  "; cast both to numbers");
}

struct NumericRuns {
  const OperandForms* by_kind[6];  // byte, short, int, long, float, double
  Run checked[6];
  Run decimal;
};

template <class Operation>
constexpr NumericRuns plain_runs(Run decimal) {
  return {{&operand_forms<Operation, int8_t>, &operand_forms<Operation, int16_t>,
           &operand_forms<Operation, int32_t>, &operand_forms<Operation, int64_t>,
           &operand_forms<Operation, float>, &operand_forms<Operation, double>},
          {},
          decimal};
}
template <class Operation, Overflow kOverflow>
constexpr NumericRuns with_overflow(NumericRuns runs) {
  runs.checked[0] = strict<&checked<Operation, int8_t, kOverflow>>;
  runs.checked[1] = strict<&checked<Operation, int16_t, kOverflow>>;
  runs.checked[2] = strict<&checked<Operation, int32_t, kOverflow>>;
  runs.checked[3] = strict<&checked<Operation, int64_t, kOverflow>>;
  return runs;
}
template <class Operation>
constexpr NumericRuns with_zero_check(NumericRuns runs) {
  runs.checked[0] = strict<&divided<Operation, int8_t>>;
  runs.checked[1] = strict<&divided<Operation, int16_t>>;
  runs.checked[2] = strict<&divided<Operation, int32_t>>;
  runs.checked[3] = strict<&divided<Operation, int64_t>>;
  runs.checked[4] = strict<&divided<Operation, float>>;
  runs.checked[5] = strict<&divided<Operation, double>>;
  return runs;
}

Result<BoundPtr> build_numeric(const BuildContext& context, const BoundPtr& first,
                               const BoundPtr& second, const NumericRuns& runs,
                               DataType (*decimal_type)(const DataType&, const DataType&) noexcept,
                               bool checked) {
  const DataType a = operand_type(first->type);
  const DataType b = operand_type(second->type);
  if (!a.is_numeric() || !b.is_numeric()) return not_numbers(context, first, second);
  const bool both_null = first->type.is(TypeKind::kNull) && second->type.is(TypeKind::kNull);
  DataType type = both_null ? DataType(TypeKind::kDouble) : *common_type(a, b);
  if (first->type.is(TypeKind::kNull) && !both_null) type = b;
  if (second->type.is(TypeKind::kNull) && !both_null) type = a;
  if (type.is(TypeKind::kDecimal)) {
    const BoundPtr left = first->is_null() ? make_null(b) : as_decimal(first, context.settings);
    const BoundPtr right = second->is_null() ? make_null(a) : as_decimal(second, context.settings);
    const BoundPtr x = as_decimal(left, context.settings);
    const BoundPtr y = as_decimal(right, context.settings);
    return make_call(context.function, runs.decimal, decimal_type(x->type, y->type), {x, y});
  }
  const auto slot = static_cast<size_t>(type.kind()) - static_cast<size_t>(TypeKind::kByte);
  std::vector<BoundPtr> operands{coerce(first, type, context.settings),
                                 coerce(second, type, context.settings)};
  if (checked && runs.checked[slot] != nullptr)
    return make_call(context.function, runs.checked[slot], type, std::move(operands));
  const bool nullable = first->nullable || second->nullable || runs.checked[5] != nullptr ||
                        !first->type.is_numeric() || !second->type.is_numeric();
  return make_operation(context.function, *runs.by_kind[slot], type, std::move(operands), nullable);
}

template <class Operation, Overflow kOverflow>
Result<BoundPtr> build_overflowing(const BuildContext& context, const Arguments& arguments) {
  static constexpr NumericRuns kRuns = with_overflow<Operation, kOverflow>(
      plain_runs<Operation>(strict<&decimal_operation<Operation, false>>));
  const BoundPtr& a = arguments[0].value;
  const BoundPtr& b = arguments[1].value;
  if (auto built = build_time_arithmetic(context, Operation::kName[0], a, b)) return *built;
  return build_numeric(context, a, b, kRuns, Operation::decimal_type,
                       kOverflow == Overflow::kNull || context.settings.ansi);
}

template <class Operation, bool kTry>
Result<BoundPtr> build_dividing(const BuildContext& context, const Arguments& arguments) {
  static constexpr NumericRuns kRuns = with_zero_check<Operation>(
      plain_runs<Operation>(strict<&decimal_operation<Operation, true>>));
  return build_numeric(context, arguments[0].value, arguments[1].value, kRuns,
                       Operation::decimal_type, !kTry && context.settings.ansi);
}

// Integers are divided as doubles, which also makes 1 / 0 a null of type double.
template <bool kTry>
Result<BoundPtr> build_divide(const BuildContext& context, const Arguments& arguments) {
  BoundPtr a = arguments[0].value;
  BoundPtr b = arguments[1].value;
  if (auto built = build_time_arithmetic(context, '/', a, b)) return *built;
  if (!operand_type(a->type).is_numeric() || !operand_type(b->type).is_numeric())
    return not_numbers(context, a, b);
  const bool decimal = (a->type.is(TypeKind::kDecimal) || b->type.is(TypeKind::kDecimal)) &&
                       !operand_type(a->type).is_fractional() &&
                       !operand_type(b->type).is_fractional();
  if (decimal) {
    a = as_decimal(a, context.settings);
    b = as_decimal(b, context.settings);
    return make_call("/", strict<&decimal_operation<Divide, true>>,
                     decimal_quotient_type(a->type, b->type), {a, b});
  }
  std::vector<BoundPtr> operands{coerce(a, TypeKind::kDouble, context.settings),
                                 coerce(b, TypeKind::kDouble, context.settings)};
  if (context.settings.ansi && !kTry)
    return make_call("/", strict<&divided<Divide, double>>, TypeKind::kDouble, std::move(operands));
  return make_operation("/", operand_forms<Divide, double>, TypeKind::kDouble, std::move(operands));
}

Result<BoundPtr> build_positive_modulus(const BuildContext& context, const Arguments& arguments) {
  static constexpr NumericRuns kRuns = with_zero_check<PositiveModulus>(
      plain_runs<PositiveModulus>(strict<&decimal_positive_modulus>));
  return build_numeric(context, arguments[0].value, arguments[1].value, kRuns,
                       &decimal_remainder_type, context.settings.ansi);
}

Result<BoundPtr> build_integral_division(const BuildContext& context, const Arguments& arguments) {
  BoundPtr a = arguments[0].value;
  BoundPtr b = arguments[1].value;
  if (!operand_type(a->type).is_numeric() || !operand_type(b->type).is_numeric())
    return not_numbers(context, a, b);
  if (a->type.is(TypeKind::kDecimal) || b->type.is(TypeKind::kDecimal)) {
    a = as_decimal(a, context.settings);
    b = as_decimal(b, context.settings);
    return make_call("div", strict<&decimal_integral_division>, TypeKind::kLong, {a, b});
  }
  a = coerce(a, TypeKind::kLong, context.settings);
  b = coerce(b, TypeKind::kLong, context.settings);
  return make_call("div", strict<&integral_division>, TypeKind::kLong, {a, b});
}

template <bool kAbsolute>
Result<BoundPtr> build_sign_change(const BuildContext& context, const Arguments& arguments) {
  BoundPtr value = arguments[0].value;
  if (value->type.is(TypeKind::kString) || value->type.is(TypeKind::kNull))
    value = coerce(value, TypeKind::kDouble, context.settings);
  const TypeKind kind = value->type.kind();
  Run run = nullptr;
  switch (kind) {
    case TypeKind::kByte:
      run = kAbsolute ? strict<&absolute<int8_t>> : strict<&negate<int8_t>>;
      break;
    case TypeKind::kShort:
      run = kAbsolute ? strict<&absolute<int16_t>> : strict<&negate<int16_t>>;
      break;
    case TypeKind::kInt:
    case TypeKind::kYearMonthInterval:
      run = kAbsolute ? strict<&absolute<int32_t>> : strict<&negate<int32_t>>;
      break;
    case TypeKind::kLong:
    case TypeKind::kDayTimeInterval:
      run = kAbsolute ? strict<&absolute<int64_t>> : strict<&negate<int64_t>>;
      break;
    case TypeKind::kFloat:
      run = kAbsolute ? strict<&absolute<float>> : strict<&negate<float>>;
      break;
    case TypeKind::kDouble:
      run = kAbsolute ? strict<&absolute<double>> : strict<&negate<double>>;
      break;
    case TypeKind::kDecimal:
      run = strict<&decimal_sign_change<kAbsolute>>;
      break;
    default:
      return function_error(context,
                            "takes a number, not " + value->type.to_string() + "; cast it");
  }
  return make_call(context.function, run, value->type, {value});
}

Result<BoundPtr> build_positive(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& value = arguments[0].value;
  if (value->type.is_numeric() || value->type.is(TypeKind::kNull)) return value;
  return make_cast(value, TypeKind::kDouble, context.settings);
}

const FunctionEntry kFunctions[] = {
    {"+",
     "a + b",
     "Sum; a date and days, a time and an interval.",
     2,
     2,
     {},
     &build_overflowing<Add, Overflow::kFail>},
    {"-",
     "a - b",
     "Difference; two dates or times give an interval.",
     2,
     2,
     {},
     &build_overflowing<Subtract, Overflow::kFail>},
    {"*", "a * b", "Product.", 2, 2, {}, &build_overflowing<Multiply, Overflow::kFail>},
    {"/",
     "a / b",
     "Quotient as double or decimal; null when b is 0.",
     2,
     2,
     {},
     &build_divide<false>},
    {"% mod",
     "a % b",
     "Remainder with the sign of a; null when b is 0.",
     2,
     2,
     {},
     &build_dividing<Remainder, false>},
    {"div",
     "a div b",
     "Whole quotient as bigint; null when b is 0.",
     2,
     2,
     {},
     &build_integral_division},
    {"pmod", "pmod(a, b)", "Remainder with the sign of b.", 2, 2, {}, &build_positive_modulus},
    {"negative", "-a", "The opposite number.", 1, 1, {}, &build_sign_change<false>},
    {"positive", "+a", "The number itself.", 1, 1, {}, &build_positive},
    {"abs", "abs(a)", "Without its sign.", 1, 1, {}, &build_sign_change<true>},
    {"try_add",
     "try_add(a, b)",
     "Sum, null on overflow.",
     2,
     2,
     {},
     &build_overflowing<Add, Overflow::kNull>},
    {"try_subtract",
     "try_subtract(a, b)",
     "Difference, null on overflow.",
     2,
     2,
     {},
     &build_overflowing<Subtract, Overflow::kNull>},
    {"try_multiply",
     "try_multiply(a, b)",
     "Product, null on overflow.",
     2,
     2,
     {},
     &build_overflowing<Multiply, Overflow::kNull>},
    {"try_divide",
     "try_divide(a, b)",
     "Quotient, null when b is 0.",
     2,
     2,
     {},
     &build_divide<true>},
    {"try_mod",
     "try_mod(a, b)",
     "Remainder, null when b is 0.",
     2,
     2,
     {},
     &build_dividing<Remainder, true>},
};

}  // namespace

std::span<const FunctionEntry> arithmetic_functions() { return kFunctions; }

}  // namespace penstock::expression
