// CASE, IF, COALESCE and what else chooses between values.
#include <cmath>
#include <string>

#include "penstock/core/row/value_order.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

Status no_common_type(const BuildContext& context, std::span<const BoundPtr> values) {
  std::string types;
  for (const BoundPtr& value : values)
    types += (types.empty() ? "" : ", ") + value->type.to_string();
  return function_error(context,
                        "no type holds all of (" + types + "); cast the values to one type");
}

Result<BoundPtr> build_case(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> results;
  for (size_t i = 1; i < arguments.size(); i += 2) results.push_back(arguments[i].value);
  if (arguments.size() % 2 == 1) results.push_back(arguments.back().value);
  const auto type = common_type(results);
  if (!type) return no_common_type(context, results);
  std::vector<BoundPtr> parts;
  for (size_t i = 0; i + 1 < arguments.size(); i += 2) {
    const BoundPtr& condition = arguments[i].value;
    if (implicit_cast_cost(condition->type, TypeKind::kBoolean) < 0) {
      return function_error(context, "a condition has the type " + condition->type.to_string() +
                                         "; compare it with something");
    }
    if (condition->is_constant() && (condition->value.null || condition->value.number == 0))
      continue;
    parts.push_back(coerce(condition, TypeKind::kBoolean, context.settings));
    parts.push_back(coerce(arguments[i + 1].value, *type, context.settings));
  }
  parts.push_back(arguments.size() % 2 == 1
                      ? coerce(arguments.back().value, *type, context.settings)
                      : make_null(*type));
  if (parts.size() == 1) return parts[0];
  return make_flow(BoundKind::kCase, *type, std::move(parts));
}

Result<BoundPtr> build_coalesce(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  const auto type = common_type(values);
  if (!type) return no_common_type(context, values);
  for (BoundPtr& value : values) value = coerce(value, *type, context.settings);
  return make_flow(BoundKind::kCoalesce, *type, std::move(values));
}

Result<BoundPtr> build_nullif(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& value = arguments[0].value;
  Result<BoundPtr> same = build_function("=", {value, arguments[1].value}, context.settings);
  if (!same.ok()) return same;
  return make_flow(BoundKind::kCase, value->type, {*same, make_null(value->type), value});
}

Result<BoundPtr> build_nvl2(const BuildContext& context, const Arguments& arguments) {
  Result<BoundPtr> present = build_function("isnotnull", {arguments[0].value}, context.settings);
  if (!present.ok()) return present;
  return build_case(context, {{*present, nullptr, ""}, arguments[1], arguments[2]});
}

Result<BoundPtr> build_nanvl(const BuildContext& context, const Arguments& arguments) {
  Result<BoundPtr> nan = build_function("isnan", {arguments[0].value}, context.settings);
  if (!nan.ok()) return nan;
  const auto type = common_type(arguments[0].value->type, arguments[1].value->type);
  const DataType real = type && type->is_fractional() ? *type : DataType(TypeKind::kDouble);
  const BoundPtr first = coerce(arguments[0].value, real, context.settings);
  return make_flow(BoundKind::kCase, real,
                   {*nan, coerce(arguments[1].value, real, context.settings), first});
}

template <int kSign>
Cell extreme(Call& call) {
  Cell best = Cell::of_null();
  for (size_t i = 0; i < call.size(); ++i) {
    const Cell& cell = call[i];
    if (!cell.null && (best.null || kSign * compare_cells(cell, best, call.type()) > 0))
      best = cell;
  }
  return best;
}

template <int kSign>
Result<BoundPtr> build_extreme(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  const auto type = common_type(values);
  if (!type || !is_orderable(*type)) return no_common_type(context, values);
  for (BoundPtr& value : values) value = coerce(value, *type, context.settings);
  return make_call(context.function, lenient<&extreme<kSign>>, *type, std::move(values));
}

Cell raise(Call& call) { return call.fail(call[0].null ? "raise_error" : call[0].bytes()); }
Cell null_or_fail(Call& call) {
  if (!call[0].null && call[0].number != 0) return Cell::of_null();
  return call.fail(call.size() > 1 && !call[1].null ? call[1].bytes()
                                                    : "assert_true: the condition is not true");
}
Cell now(Call& call) { return Cell::of_number(call.now_micros()); }
Cell type_name(Call& call) { return call.arena().copy_cell(call.type_of(0).to_string()); }

Result<BoundPtr> build_now(const BuildContext& context, const Arguments&) {
  return make_call(context.function, lenient<&now>, TypeKind::kTimestamp, {},
                   {.deterministic = false, .nullable = false});
}
Result<BoundPtr> build_today(const BuildContext& context, const Arguments& arguments) {
  return make_cast(*build_now(context, arguments), TypeKind::kDate, context.settings);
}
Result<BoundPtr> build_local_now(const BuildContext& context, const Arguments& arguments) {
  return make_cast(*build_now(context, arguments), TypeKind::kTimestampNtz, context.settings);
}

const FunctionEntry kFunctions[] = {
    {"case when",
     "case when c then a [when ...] [else b] end",
     "The value behind the first condition that is true.",
     2,
     kAnyCount,
     {},
     &build_case},
    {"if iff", "if(c, a, b)", "a when c is true, b otherwise.", 3, 3, {}, &build_case},
    {"coalesce",
     "coalesce(a, ...)",
     "The first that is not null.",
     1,
     kAnyCount,
     {},
     &build_coalesce},
    {"nvl ifnull", "nvl(a, b)", "a, or b when it is null.", 2, 2, {}, &build_coalesce},
    {"nvl2", "nvl2(a, b, c)", "b when a is not null, c otherwise.", 3, 3, {}, &build_nvl2},
    {"nullif", "nullif(a, b)", "a, or null when it equals b.", 2, 2, {}, &build_nullif},
    {"nullifzero",
     "nullifzero(a)",
     "a, or null when it is 0.",
     1,
     1,
     {},
     [](const BuildContext& context, const Arguments& arguments) {
       return build_nullif(context, {arguments[0], {make_int(0), nullptr, ""}});
     }},
    {"zeroifnull",
     "zeroifnull(a)",
     "a, or 0 when it is null.",
     1,
     1,
     {},
     [](const BuildContext& context, const Arguments& arguments) {
       return build_coalesce(context, {arguments[0], {make_int(0), nullptr, ""}});
     }},
    {"nanvl", "nanvl(a, b)", "a, or b when it is NaN.", 2, 2, {}, &build_nanvl},
    {"greatest",
     "greatest(a, b, ...)",
     "The greatest; nulls do not count.",
     2,
     kAnyCount,
     {},
     &build_extreme<1>},
    {"least",
     "least(a, b, ...)",
     "The least; nulls do not count.",
     2,
     kAnyCount,
     {},
     &build_extreme<-1>},
    {"current_timestamp now",
     "current_timestamp()",
     "The time of the batch.",
     0,
     0,
     {},
     &build_now},
    {"current_date curdate", "current_date()", "The day of the batch.", 0, 0, {}, &build_today},
    {"localtimestamp",
     "localtimestamp()",
     "The time of the batch on the clock of the session's zone.",
     0,
     0,
     {},
     &build_local_now},
    {"raise_error",
     "raise_error(text)",
     "Fails with the text.",
     1,
     1,
     {{"string > null", lenient<&raise>}},
     nullptr,
     false},
    {"assert_true",
     "assert_true(c[, text])",
     "Null, or an error when c is not true.",
     1,
     2,
     {{"boolean > null", lenient<&null_or_fail>},
      {"boolean, string > null", lenient<&null_or_fail>}},
     nullptr,
     false},
    {"typeof", "typeof(a)", "The name of the type.", 1, 1, {{"any > string", lenient<&type_name>}}},
};

}  // namespace

std::span<const FunctionEntry> conditional_functions() { return kFunctions; }

}  // namespace penstock::expression
