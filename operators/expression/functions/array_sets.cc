// Arrays as sets, and arrays that are joined, repeated or flattened.
#include <algorithm>
#include <string>

#include "penstock/core/row/cell_list.h"
#include "penstock/operators/expression/functions/array_support.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

Cell distinct(Call& call, const Cell& array) {
  const std::span<Cell> cells = elements_of(array, element_form(call), call.arena());
  CellSet seen(cells.size(), element_type(call), call.arena());
  CellList out(call.arena());
  for (const Cell& cell : cells)
    if (seen.insert(cell)) out.push_back(cell);
  return array_cell(call, out);
}
enum class SetRule { kUnion, kIntersection, kDifference };
template <SetRule kRule>
Cell combine_sets(Call& call, const Cell& a, const Cell& b) {
  const std::span<Cell> left = elements_of(a, element_form(call), call.arena());
  const std::span<Cell> right = elements_of(b, element_form(call), call.arena());
  CellSet seen(left.size() + right.size(), element_type(call), call.arena());
  CellSet others(right.size(), element_type(call), call.arena());
  for (const Cell& cell : right) others.insert(cell);
  CellList out(call.arena());
  for (const Cell& cell : left) {
    const bool wanted =
        kRule == SetRule::kUnion || others.contains(cell) == (kRule == SetRule::kIntersection);
    if (wanted && seen.insert(cell)) out.push_back(cell);
  }
  if (kRule == SetRule::kUnion) {
    for (const Cell& cell : right)
      if (seen.insert(cell)) out.push_back(cell);
  }
  return array_cell(call, out);
}
Cell overlap(Call& call, const Cell& a, const Cell& b) {
  const std::span<Cell> left = elements_of(a, element_form(call), call.arena());
  const std::span<Cell> right = elements_of(b, element_form(call), call.arena());
  CellSet others(right.size(), element_type(call), call.arena());
  bool nulls = false;
  for (const Cell& cell : right) {
    nulls = nulls || cell.null;
    others.insert(cell);
  }
  for (const Cell& cell : left) {
    if (!cell.null && others.contains(cell)) return Cell::of_boolean(true);
    nulls = nulls || cell.null;
  }
  return nulls && !left.empty() && !right.empty() ? Cell::of_null() : Cell::of_boolean(false);
}
template <auto kRun, bool kGivesArray>
Result<BoundPtr> build_two_arrays(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  for (const BoundPtr& value : values) PENSTOCK_RETURN_IF_ERROR(check_array(context, value));
  const auto type = common_type(values);
  if (!type) return function_error(context, "no type holds the elements of both; cast one of them");
  for (BoundPtr& value : values) value = coerce(value, *type, context.settings);
  return make_call(context.function, kRun, kGivesArray ? *type : DataType(TypeKind::kBoolean),
                   std::move(values));
}

Cell repeat(Call& call) {
  if (call[1].null) return Cell::of_null();
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(call[1].number, 0));
  const std::size_t bytes = call.type_of(0).is_nested() || call.type_of(0).is(TypeKind::kString)
                                ? call[0].size + std::size_t{16}
                                : 16;
  if (count > kValueBytesMax / bytes) return call.fail("array_repeat: the array would be too long");
  Cell* cells = call.arena().allocate_array<Cell>(count);
  std::fill_n(cells, count, call[0]);
  return make_array({cells, count}, cell_form(call.type_of(0)), call.arena());
}
Result<BoundPtr> build_repeat(const BuildContext& context, const Arguments& arguments) {
  if (implicit_cast_cost(arguments[1].value->type, TypeKind::kInt) < 0)
    return function_error(context, "the count is a whole number");
  const BoundPtr& value = arguments[0].value;
  return make_call(context.function, lenient<&repeat>, DataType::array(value->type),
                   {value, coerce(arguments[1].value, TypeKind::kInt, context.settings)});
}

Cell sequence(Call& call) {
  for (std::size_t i = 0; i < call.size(); ++i)
    if (call[i].null) return Cell::of_null();
  const std::int64_t from = call[0].number;
  const std::int64_t to = call[1].number;
  const std::int64_t step = call.size() > 2 ? call[2].number : (from <= to ? 1 : -1);
  if (from != to && (step == 0 || (step > 0) != (to > from)))
    return call.fail("sequence: the step does not lead from the start to the end");
  const std::uint64_t width =
      from <= to ? static_cast<std::uint64_t>(to) - static_cast<std::uint64_t>(from)
                 : static_cast<std::uint64_t>(from) - static_cast<std::uint64_t>(to);
  const std::uint64_t stride =
      step < 0 ? 0 - static_cast<std::uint64_t>(step) : static_cast<std::uint64_t>(step);
  const std::uint64_t more = from == to ? 0 : width / stride;
  if (more >= kElementsMax) return call.fail("sequence: the array would be too long");
  Cell* cells = call.arena().allocate_array<Cell>(more + 1);
  for (std::uint64_t i = 0; i <= more; ++i)
    cells[i] = Cell::of_number(static_cast<std::int64_t>(static_cast<std::uint64_t>(from) +
                                                         i * static_cast<std::uint64_t>(step)));
  return make_array({cells, more + 1}, CellForm::kInline, call.arena());
}
Result<BoundPtr> build_sequence(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  const auto type = common_type(values);
  if (!type || !type->is_integral())
    return function_error(context, "takes whole numbers; cast them to bigint");
  for (BoundPtr& value : values) value = coerce(value, *type, context.settings);
  return make_call(context.function, lenient<&sequence>, DataType::array(*type, false),
                   std::move(values));
}

Cell flatten(Call& call, const Cell& array) {
  const DataType& inner = element_type(call);
  const ArrayView view(array);
  CellList out(call.arena());
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (view.is_null(i)) return Cell::of_null();
    const ArrayView part(view.cell(i, CellForm::kBytes));
    for (std::size_t j = 0; j < part.size(); ++j) out.push_back(part.cell(j, inner.element()));
  }
  return make_array(out, cell_form(inner.element()), call.arena());
}
Result<BoundPtr> build_flatten(const BuildContext& context, const Arguments& arguments) {
  const DataType& type = arguments[0].value->type;
  if (!type.is(TypeKind::kArray) || !type.element().is(TypeKind::kArray))
    return function_error(context, "takes an array of arrays, not " + type.to_string());
  return make_call(context.function, strict<&flatten>, type.element(), values_of(arguments));
}

Cell join_text(Call& call) {
  if (call[0].null || call[1].null || (call.size() > 2 && call[2].null)) return Cell::of_null();
  const ArrayView view(call[0]);
  std::string& out = call.scratch();
  bool first = true;
  for (std::size_t i = 0; i < view.size(); ++i) {
    const Cell cell = view.cell(i, CellForm::kBytes);
    if (cell.null && call.size() < 3) continue;
    if (!first) out += call[1].bytes();
    first = false;
    out += cell.null ? call[2].bytes() : cell.bytes();
    if (out.size() > kValueBytesMax) return call.fail("array_join: the text would be too long");
  }
  return call.arena().copy_cell(out);
}
Result<BoundPtr> build_join(const BuildContext& context, const Arguments& arguments) {
  Arguments cast = arguments;
  PENSTOCK_RETURN_IF_ERROR(check_array(context, cast[0].value));
  cast[0].value = coerce(cast[0].value, DataType::array(TypeKind::kString), context.settings);
  return build_on_array(context, cast, lenient<&join_text>, TypeKind::kString,
                        {TypeKind::kString, TypeKind::kString});
}

const FunctionEntry kFunctions[] = {
    {"sequence",
     "sequence(from, to[, step])",
     "The whole numbers from one to the other.",
     2,
     3,
     {},
     &build_sequence},
    {"array_distinct",
     "array_distinct(a)",
     "Each value once.",
     1,
     1,
     {},
     &build_same<strict<&distinct>>},
    {"array_union",
     "array_union(a, b)",
     "The values of both, each once.",
     2,
     2,
     {},
     &build_two_arrays<strict<&combine_sets<SetRule::kUnion>>, true>},
    {"array_intersect",
     "array_intersect(a, b)",
     "The values that are in both, each once.",
     2,
     2,
     {},
     &build_two_arrays<strict<&combine_sets<SetRule::kIntersection>>, true>},
    {"array_except",
     "array_except(a, b)",
     "The values of a that are not in b, each once.",
     2,
     2,
     {},
     &build_two_arrays<strict<&combine_sets<SetRule::kDifference>>, true>},
    {"arrays_overlap",
     "arrays_overlap(a, b)",
     "Whether a value is in both; null when only nulls could be.",
     2,
     2,
     {},
     &build_two_arrays<strict<&overlap>, false>},
    {"array_repeat", "array_repeat(value, n)", "The value n times.", 2, 2, {}, &build_repeat},
    {"flatten", "flatten(a)", "The elements of the arrays of an array.", 1, 1, {}, &build_flatten},
    {"array_join",
     "array_join(a, between[, null])",
     "The elements as one text.",
     2,
     3,
     {},
     &build_join},
};

}  // namespace

std::span<const FunctionEntry> array_set_functions() { return kFunctions; }

}  // namespace penstock::expression
