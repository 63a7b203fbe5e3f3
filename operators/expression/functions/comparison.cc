// = <> < <= > >= <=>, IN, NOT, IS NULL: AND and OR are part of the program itself.
#include <cmath>
#include <cstring>
#include <string>

#include "penstock/core/row/decimal128.h"
#include "penstock/core/row/value_order.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/functions/number.h"
#include "penstock/operators/expression/functions/small_bytes.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

int compare_text(std::string_view a, std::string_view b) noexcept {
  const std::size_t common = a.size() < b.size() ? a.size() : b.size();
  const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
  return order != 0 ? order
                    : compare_numbers(static_cast<std::int64_t>(a.size()),
                                      static_cast<std::int64_t>(b.size()));
}

// NaN is equal to itself and above all numbers: what IEEE's comparisons say, mended without a branch.
template <class T>
bool is_equal(T a, T b) noexcept {
  if constexpr (std::is_floating_point_v<T>) return (a == b) | ((a != a) & (b != b));
  if constexpr (std::is_same_v<T, std::string_view>) return equal_bytes(a, b);
  return a == b;
}
template <class T>
bool is_less(T a, T b) noexcept {
  if constexpr (std::is_floating_point_v<T>) return !(b <= a) & (a == a);
  if constexpr (std::is_same_v<T, std::string_view>) return compare_text(a, b) < 0;
  return a < b;
}

// `order` is what a three-way comparison of the operands gave. holds_of_number(): the second operand is not NaN.
template <class Self>
struct Test {
  template <class T>
  static Cell apply(T a, T b) noexcept {
    return Cell::of_boolean(Self::holds(a, b));
  }
};
struct Equal : Test<Equal> {
  using Mirrored = Equal;
  static bool holds_of(int order) noexcept { return order == 0; }
  static bool holds_of_equality(bool equal) noexcept { return equal; }
  template <class T>
  static bool holds(T a, T b) noexcept {
    return is_equal(a, b);
  }
  template <class T>
  static bool holds_of_number(T a, T b) noexcept {
    return a == b;
  }
};
struct Unequal : Test<Unequal> {
  using Mirrored = Unequal;
  static bool holds_of(int order) noexcept { return order != 0; }
  static bool holds_of_equality(bool equal) noexcept { return !equal; }
  template <class T>
  static bool holds(T a, T b) noexcept {
    return !is_equal(a, b);
  }
  template <class T>
  static bool holds_of_number(T a, T b) noexcept {
    return a != b;
  }
};
struct Greater;
struct Less : Test<Less> {
  using Mirrored = Greater;
  static bool holds_of(int order) noexcept { return order < 0; }
  template <class T>
  static bool holds(T a, T b) noexcept {
    return is_less(a, b);
  }
  template <class T>
  static bool holds_of_number(T a, T b) noexcept {
    return a < b;
  }
};
struct Greater : Test<Greater> {
  using Mirrored = Less;
  static bool holds_of(int order) noexcept { return order > 0; }
  template <class T>
  static bool holds(T a, T b) noexcept {
    return is_less(b, a);
  }
  template <class T>
  static bool holds_of_number(T a, T b) noexcept {
    return !(a <= b);
  }
};
struct GreaterOrEqual;
struct LessOrEqual : Test<LessOrEqual> {
  using Mirrored = GreaterOrEqual;
  static bool holds_of(int order) noexcept { return order <= 0; }
  template <class T>
  static bool holds(T a, T b) noexcept {
    return !is_less(b, a);
  }
  template <class T>
  static bool holds_of_number(T a, T b) noexcept {
    return a <= b;
  }
};
struct GreaterOrEqual : Test<GreaterOrEqual> {
  using Mirrored = LessOrEqual;
  static bool holds_of(int order) noexcept { return order >= 0; }
  template <class T>
  static bool holds(T a, T b) noexcept {
    return !is_less(a, b);
  }
  template <class T>
  static bool holds_of_number(T a, T b) noexcept {
    return !(a < b);
  }
};

template <class Test>
Cell compare_decimal(Call& call, const Cell& a, const Cell& b) {
  const Int128 x = decimal_of_cell(a, call.type_of(0));
  const Int128 y = decimal_of_cell(b, call.type_of(1));
  return Cell::of_boolean(
      Test::holds_of(compare_decimals(x, call.type_of(0).scale(), y, call.type_of(1).scale())));
}
template <class Test>
Cell compare_any(Call& call, const Cell& a, const Cell& b) {
  return Cell::of_boolean(Test::holds_of(compare_cells(a, b, call.type_of(0))));
}

// What an order is worth of two values that may be null: both null is equal.
Cell equal_or_both_null(Call& call) {
  const Cell& a = call[0];
  const Cell& b = call[1];
  if (a.null || b.null) return Cell::of_boolean(a.null && b.null);
  return Cell::of_boolean(equal_cells(a, b, call.type_of(0)));
}

Cell is_null(Call& call) { return Cell::of_boolean(call[0].null); }
Cell is_not_null(Call& call) { return Cell::of_boolean(!call[0].null); }
Cell negate(Call&, const Cell& a) { return Cell::of_boolean(a.number == 0); }
Cell is_nan(Call& call) {
  const bool single = call.type_of(0).is(TypeKind::kFloat);
  return Cell::of_boolean(!call[0].null &&
                          (single ? std::isnan(call[0].single) : std::isnan(call[0].real)));
}

Cell in_list(Call& call) {
  const Cell& value = call[0];
  if (value.null) return Cell::of_null();
  bool unknown = false;
  for (size_t i = 1; i < call.size(); ++i) {
    if (call[i].null) {
      unknown = true;
    } else if (equal_cells(value, call[i], call.type_of(0))) {
      return Cell::of_boolean(true);
    }
  }
  return unknown ? Cell::of_null() : Cell::of_boolean(false);
}

Result<DataType> operands_type(const BuildContext& context, const BoundPtr& a, const BoundPtr& b) {
  const auto type = comparison_type(a->type, b->type);
  if (!type) {
    return Status::invalid_argument(std::string(context.function) + " does not compare " +
                                    a->type.to_string() + " with " + b->type.to_string() +
                                    "; cast one of them");
  }
  if (!is_orderable(*type)) {
    return Status::invalid_argument(std::string(context.function) +
                                    " does not compare values of type " + type->to_string() +
                                    "; compare map_entries() or single values of them");
  }
  return *type;
}

template <class Test>
const OperandForms* comparison_forms(const DataType& type) {
  if (type.is(TypeKind::kString) || type.is(TypeKind::kBinary))
    return &operand_forms<Test, std::string_view>;
  if (type.is(TypeKind::kDouble)) return &operand_forms<Test, double>;
  if (type.is(TypeKind::kFloat)) return &operand_forms<Test, float>;
  const bool number = cell_form(type) == CellForm::kInline && !type.is(TypeKind::kNull);
  return number ? &operand_forms<Test, std::int64_t> : nullptr;
}

template <class Test>
Result<BoundPtr> build_comparison(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& a = arguments[0].value;
  const BoundPtr& b = arguments[1].value;
  Result<DataType> type = operands_type(context, a, b);
  if (!type.ok()) return type.status();
  const bool nullable =
      a->nullable || b->nullable || a->type.is(TypeKind::kString) != b->type.is(TypeKind::kString);
  std::vector<BoundPtr> operands{coerce(a, *type, context.settings),
                                 coerce(b, *type, context.settings)};
  if (const OperandForms* forms = comparison_forms<Test>(*type))
    return make_operation(context.function, *forms, TypeKind::kBoolean, std::move(operands),
                          nullable);
  const Run run =
      type->is_wide_decimal() ? strict<&compare_decimal<Test>> : strict<&compare_any<Test>>;
  return make_call(context.function, run, TypeKind::kBoolean, std::move(operands),
                   {.nullable = nullable});
}

Result<BoundPtr> build_null_safe(const BuildContext& context, const Arguments& arguments) {
  Result<DataType> type = operands_type(context, arguments[0].value, arguments[1].value);
  if (!type.ok()) return type.status();
  std::vector<BoundPtr> operands{coerce(arguments[0].value, *type, context.settings),
                                 coerce(arguments[1].value, *type, context.settings)};
  return make_call(context.function, lenient<&equal_or_both_null>, TypeKind::kBoolean,
                   std::move(operands), {.nullable = false});
}

Result<BoundPtr> build_in(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  const auto type = common_type(values);
  if (!type || !is_orderable(*type)) {
    std::string types;
    for (const BoundPtr& value : values)
      types += (types.empty() ? "" : ", ") + value->type.to_string();
    return Status::invalid_argument("in does not compare (" + types +
                                    "); cast the values to one type");
  }
  for (BoundPtr& value : values) value = coerce(value, *type, context.settings);
  return make_call("in", lenient<&in_list>, TypeKind::kBoolean, std::move(values));
}

Result<BoundPtr> build_flow(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values;
  for (const Argument& argument : arguments) {
    if (implicit_cast_cost(argument.value->type, TypeKind::kBoolean) < 0) {
      return Status::invalid_argument(std::string(context.function) + " takes conditions, not " +
                                      argument.value->type.to_string() +
                                      "; compare the value with something");
    }
    values.push_back(coerce(argument.value, TypeKind::kBoolean, context.settings));
  }
  return make_flow(context.function == "and" ? BoundKind::kAnd : BoundKind::kOr, TypeKind::kBoolean,
                   std::move(values));
}

template <bool kNull>
Result<BoundPtr> build_null_test(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& value = arguments[0].value;
  if (!value->nullable && value->deterministic) return make_boolean(!kNull);
  return make_call(context.function, kNull ? lenient<&is_null> : lenient<&is_not_null>,
                   TypeKind::kBoolean, {value}, {.nullable = false});
}

Result<BoundPtr> build_is_nan(const BuildContext& context, const Arguments& arguments) {
  BoundPtr value = arguments[0].value;
  if (!value->type.is(TypeKind::kFloat)) {
    Result<BoundPtr> cast = make_cast(value, TypeKind::kDouble, context.settings);
    if (!cast.ok()) return cast;
    value = *cast;
  }
  return make_call("isnan", lenient<&is_nan>, TypeKind::kBoolean, {value}, {.nullable = false});
}

const FunctionEntry kFunctions[] = {
    {"= equal", "a = b", "Whether equal; NaN equals NaN.", 2, 2, {}, &build_comparison<Equal>},
    {"!=", "a <> b", "Whether not equal.", 2, 2, {}, &build_comparison<Unequal>},
    {"<",
     "a < b",
     "Whether less; NaN is above all numbers, strings go by bytes.",
     2,
     2,
     {},
     &build_comparison<Less>},
    {"<=", "a <= b", "Whether less or equal.", 2, 2, {}, &build_comparison<LessOrEqual>},
    {">", "a > b", "Whether greater.", 2, 2, {}, &build_comparison<Greater>},
    {">=", "a >= b", "Whether greater or equal.", 2, 2, {}, &build_comparison<GreaterOrEqual>},
    {"<=> equal_null",
     "a <=> b",
     "Whether equal, where null equals null.",
     2,
     2,
     {},
     &build_null_safe},
    {"in",
     "a in (b, ...)",
     "Whether equal to one of them; null when none is and one is null.",
     2,
     kAnyCount,
     {},
     &build_in},
    {"and",
     "a and b",
     "Whether all are true; false wins over null.",
     2,
     kAnyCount,
     {},
     &build_flow},
    {"or", "a or b", "Whether one is true; true wins over null.", 2, kAnyCount, {}, &build_flow},
    {"not", "not a", "Whether false.", 1, 1, {{"boolean > boolean", strict<&negate>}}},
    {"isnull", "a is null", "Whether null.", 1, 1, {}, &build_null_test<true>},
    {"isnotnull", "a is not null", "Whether not null.", 1, 1, {}, &build_null_test<false>},
    {"isnan", "isnan(a)", "Whether NaN; false for null.", 1, 1, {}, &build_is_nan},
};

}  // namespace

std::span<const FunctionEntry> comparison_functions() { return kFunctions; }

}  // namespace penstock::expression
