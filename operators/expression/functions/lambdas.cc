// Functions that take a lambda: transform, filter, aggregate.
#include <algorithm>
#include <string>

#include "penstock/operators/expression/functions/cell_set.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

// The bound lambda of an argument; with `result` its value must be of that type.
Result<BoundPtr> bind(const BuildContext& context, const Argument& argument,
                      std::vector<DataType> types, const DataType* result = nullptr) {
  if (argument.lambda == nullptr)
    return function_error(context, "takes a lambda; write x -> x + 1");
  if (argument.lambda->variables > types.size())
    return function_error(context,
                          "gives its lambda at most " + std::to_string(types.size()) + " values");
  types.resize(argument.lambda->variables);
  Result<BoundPtr> bound = argument.lambda->bind(types);
  if (!bound.ok() || result == nullptr) return bound;
  const BoundPtr& body = (*bound)->arguments[0];
  if (implicit_cast_cost(body->type, *result) < 0)
    return function_error(context, "the lambda gives " + body->type.to_string() +
                                       ", it must give " + result->to_string());
  return make_lambda(coerce(body, *result, context.settings), (*bound)->variables);
}
const DataType& result_type(const BoundPtr& lambda) { return lambda->arguments[0]->type; }

Status check_kind(const BuildContext& context, const Argument& argument, TypeKind kind) {
  if (argument.value != nullptr && argument.value->type.is(kind)) return {};
  return function_error(context, std::string("the first argument must be ") +
                                     (kind == TypeKind::kMap ? "a map" : "an array"));
}
Cell index_cell(std::size_t i) { return Cell::of_number(static_cast<std::int64_t>(i)); }
bool is_true(const Cell& cell) { return !cell.null && cell.number != 0; }

Cell transform(Call& call, const Cell& array) {
  const ArrayView view(array);
  const DataType& type = call.type_of(0).element();
  Cell* cells = call.arena().allocate_array<Cell>(view.size());
  for (std::size_t i = 0; i < view.size() && !call.failed(); ++i)
    cells[i] = call.apply(0, view.cell(i, type), index_cell(i));
  return call.failed()
             ? Cell::of_null()
             : make_array({cells, view.size()}, cell_form(call.type().element()), call.arena());
}
Cell filter(Call& call, const Cell& array) {
  const std::span<Cell> cells = elements_of(array, cell_form(call.type().element()), call.arena());
  std::size_t count = 0;
  for (std::size_t i = 0; i < cells.size() && !call.failed(); ++i) {
    const Cell cell = cells[i];
    if (is_true(call.apply(0, cell, index_cell(i)))) cells[count++] = cell;
  }
  return make_array(cells.subspan(0, count), cell_form(call.type().element()), call.arena());
}
// kWanted decides: exists ends at the first true, forall at the first false; nulls leave it open.
template <bool kWanted>
Cell any_is(Call& call, const Cell& array) {
  const ArrayView view(array);
  bool nulls = false;
  for (std::size_t i = 0; i < view.size() && !call.failed(); ++i) {
    const Cell answer = call.apply(0, view.cell(i, call.type_of(0).element()));
    if (!answer.null && (answer.number != 0) == kWanted) return Cell::of_boolean(kWanted);
    nulls = nulls || answer.null;
  }
  return nulls ? Cell::of_null() : Cell::of_boolean(!kWanted);
}

Result<BoundPtr> build_transform(const BuildContext& context, const Arguments& arguments) {
  PENSTOCK_RETURN_IF_ERROR(check_kind(context, arguments[0], TypeKind::kArray));
  const BoundPtr& array = arguments[0].value;
  Result<BoundPtr> lambda = bind(context, arguments[1], {array->type.element(), TypeKind::kInt});
  if (!lambda.ok()) return lambda;
  return make_call(context.function, strict<&transform>, DataType::array(result_type(*lambda)),
                   {array, *lambda});
}
template <auto kRun, bool kGivesArray>
Result<BoundPtr> build_condition(const BuildContext& context, const Arguments& arguments) {
  static const DataType kBoolean = TypeKind::kBoolean;
  PENSTOCK_RETURN_IF_ERROR(check_kind(context, arguments[0], TypeKind::kArray));
  const BoundPtr& array = arguments[0].value;
  std::vector<DataType> types = kGivesArray
                                    ? std::vector<DataType>{array->type.element(), TypeKind::kInt}
                                    : std::vector<DataType>{array->type.element()};
  Result<BoundPtr> lambda = bind(context, arguments[1], std::move(types), &kBoolean);
  if (!lambda.ok()) return lambda;
  return make_call(context.function, kRun, kGivesArray ? array->type : kBoolean, {array, *lambda});
}

Cell fold_elements(Call& call) {
  if (call[0].null) return Cell::of_null();
  const ArrayView view(call[0]);
  const DataType type = call.type_of(0).element();
  Cell sum = call[1];
  for (std::size_t i = 0; i < view.size() && !call.failed(); ++i)
    sum = call.apply(0, sum, view.cell(i, type));
  return call.failed() ? Cell::of_null() : call.apply(1, sum);
}
Result<BoundPtr> build_aggregate(const BuildContext& context, const Arguments& arguments) {
  PENSTOCK_RETURN_IF_ERROR(check_kind(context, arguments[0], TypeKind::kArray));
  const BoundPtr& array = arguments[0].value;
  const BoundPtr& start = arguments[1].value;
  if (start == nullptr)
    return function_error(context, "the second argument is the value to start with");
  Result<BoundPtr> merge =
      bind(context, arguments[2], {start->type, array->type.element()}, &start->type);
  if (!merge.ok()) return merge;
  Result<BoundPtr> finish = make_lambda(make_variable(UINT32_MAX, start->type), {UINT32_MAX});
  if (arguments.size() > 3) finish = bind(context, arguments[3], {start->type});
  if (!finish.ok()) return finish;
  return make_call(context.function, lenient<&fold_elements>, result_type(*finish),
                   {array, start, *merge, *finish});
}

Cell zip_with(Call& call, const Cell& a, const Cell& b) {
  const ArrayView left(a);
  const ArrayView right(b);
  const std::size_t size = std::max(left.size(), right.size());
  Cell* cells = call.arena().allocate_array<Cell>(size);
  for (std::size_t i = 0; i < size && !call.failed(); ++i) {
    const Cell x = i < left.size() ? left.cell(i, call.type_of(0).element()) : Cell::of_null();
    const Cell y = i < right.size() ? right.cell(i, call.type_of(1).element()) : Cell::of_null();
    cells[i] = call.apply(0, x, y);
  }
  return call.failed() ? Cell::of_null()
                       : make_array({cells, size}, cell_form(call.type().element()), call.arena());
}
Result<BoundPtr> build_zip_with(const BuildContext& context, const Arguments& arguments) {
  for (std::size_t i = 0; i < 2; ++i)
    PENSTOCK_RETURN_IF_ERROR(check_kind(context, arguments[i], TypeKind::kArray));
  Result<BoundPtr> lambda =
      bind(context, arguments[2],
           {arguments[0].value->type.element(), arguments[1].value->type.element()});
  if (!lambda.ok()) return lambda;
  return make_call(context.function, strict<&zip_with>, DataType::array(result_type(*lambda)),
                   {arguments[0].value, arguments[1].value, *lambda});
}

Cell map_filter(Call& call, const Cell& map) {
  const MapView view(map);
  const DataType& type = call.type_of(0);
  const std::span<Cell> keys = elements_of(view.keys_cell(), cell_form(type.key()), call.arena());
  const std::span<Cell> values =
      elements_of(view.values_cell(), cell_form(type.value()), call.arena());
  std::size_t count = 0;
  for (std::size_t i = 0; i < keys.size() && !call.failed(); ++i) {
    const Cell key = keys[i];
    const Cell value = values[i];
    if (is_true(call.apply(0, key, value))) keys[count] = key, values[count++] = value;
  }
  return make_map(keys.subspan(0, count), cell_form(type.key()), values.subspan(0, count),
                  cell_form(type.value()), call.arena());
}
// The lambda's values in place of the keys or the values.
template <bool kKeys>
Cell transform_map(Call& call, const Cell& map) {
  const MapView view(map);
  const DataType& from = call.type_of(0);
  const DataType& to = call.type();
  const std::span<Cell> keys = elements_of(view.keys_cell(), cell_form(from.key()), call.arena());
  const std::span<Cell> values =
      elements_of(view.values_cell(), cell_form(from.value()), call.arena());
  for (std::size_t i = 0; i < keys.size() && !call.failed(); ++i)
    (kKeys ? keys : values)[i] = call.apply(0, keys[i], values[i]);
  if (call.failed()) return Cell::of_null();
  if (kKeys) {
    CellSet seen(keys.size(), to.key(), call.arena());
    for (const Cell& key : keys) {
      if (key.null) return call.fail("transform_keys: a key is null; keys of maps are not");
      if (!seen.insert(key))
        return call.fail("transform_keys: a key is there twice; make the keys different");
    }
  }
  return make_map(keys, cell_form(to.key()), values, cell_form(to.value()), call.arena());
}
enum class MapResult { kSame, kKeys, kValues };
template <auto kRun, MapResult kResult>
Result<BoundPtr> build_on_map(const BuildContext& context, const Arguments& arguments) {
  static const DataType kBoolean = TypeKind::kBoolean;
  PENSTOCK_RETURN_IF_ERROR(check_kind(context, arguments[0], TypeKind::kMap));
  const BoundPtr& map = arguments[0].value;
  Result<BoundPtr> lambda = bind(context, arguments[1], {map->type.key(), map->type.value()},
                                 kResult == MapResult::kSame ? &kBoolean : nullptr);
  if (!lambda.ok()) return lambda;
  DataType type = map->type;
  if (kResult == MapResult::kKeys) type = DataType::map(result_type(*lambda), map->type.value());
  if (kResult == MapResult::kValues) type = DataType::map(map->type.key(), result_type(*lambda));
  return make_call(context.function, kRun, type, {map, *lambda});
}

Cell sort_by(Call& call, const Cell& array) {
  const CellForm form = cell_form(call.type().element());
  const auto after = [&](const Cell& a, const Cell& b) {
    if (call.failed()) return false;
    const Cell order = call.apply(0, a, b);
    if (order.null && !call.failed())
      call.fail("array_sort: the lambda gave null; it must give a number");
    return order.number > 0;
  };
  const std::span<Cell> cells = elements_of(array, form, call.arena());
  return make_array(sorted_cells(cells, call.arena(), after), form, call.arena());
}
Cell sort_nulls_last(Call& call, const Cell& array) {
  const DataType& type = call.type().element();
  const auto after = [&](const Cell& a, const Cell& b) {
    return a.null != b.null ? a.null : compare_cells(a, b, type) > 0;
  };
  const std::span<Cell> cells = elements_of(array, cell_form(type), call.arena());
  return make_array(sorted_cells(cells, call.arena(), after), cell_form(type), call.arena());
}
Result<BoundPtr> build_array_sort(const BuildContext& context, const Arguments& arguments) {
  static const DataType kInt = TypeKind::kInt;
  PENSTOCK_RETURN_IF_ERROR(check_kind(context, arguments[0], TypeKind::kArray));
  const BoundPtr& array = arguments[0].value;
  if (arguments.size() == 1) {
    if (!is_orderable(array->type.element()))
      return function_error(context,
                            "values of " + array->type.element().to_string() + " have no order");
    return make_call(context.function, strict<&sort_nulls_last>, array->type, {array});
  }
  Result<BoundPtr> lambda =
      bind(context, arguments[1], {array->type.element(), array->type.element()}, &kInt);
  if (!lambda.ok()) return lambda;
  return make_call(context.function, strict<&sort_by>, array->type, {array, *lambda});
}

const FunctionEntry kFunctions[] = {
    {"transform",
     "transform(a, (x[, i]) -> ...)",
     "The lambda's value for each element; i counts from 0.",
     2,
     2,
     {},
     &build_transform},
    {"filter",
     "filter(a, (x[, i]) -> condition)",
     "The elements for which the condition is true.",
     2,
     2,
     {},
     &build_condition<strict<&filter>, true>},
    {"exists any_match",
     "exists(a, x -> condition)",
     "Whether it is true for an element.",
     2,
     2,
     {},
     &build_condition<strict<&any_is<true>>, false>},
    {"forall all_match",
     "forall(a, x -> condition)",
     "Whether it is true for all elements.",
     2,
     2,
     {},
     &build_condition<strict<&any_is<false>>, false>},
    {"aggregate reduce",
     "aggregate(a, start, (sum, x) -> ...[, sum -> ...])",
     "All elements taken together, one after the other.",
     3,
     4,
     {},
     &build_aggregate},
    {"zip_with",
     "zip_with(a, b, (x, y) -> ...)",
     "The lambda's value for each pair; the shorter array is filled up with nulls.",
     3,
     3,
     {},
     &build_zip_with},
    {"map_filter",
     "map_filter(m, (k, v) -> condition)",
     "The entries for which the condition is true.",
     2,
     2,
     {},
     &build_on_map<strict<&map_filter>, MapResult::kSame>},
    {"transform_keys",
     "transform_keys(m, (k, v) -> ...)",
     "With other keys.",
     2,
     2,
     {},
     &build_on_map<strict<&transform_map<true>>, MapResult::kKeys>},
    {"transform_values",
     "transform_values(m, (k, v) -> ...)",
     "With other values.",
     2,
     2,
     {},
     &build_on_map<strict<&transform_map<false>>, MapResult::kValues>},
    {"array_sort",
     "array_sort(a[, (x, y) -> order])",
     "Sorted, nulls last, or by a lambda that gives -1, 0 or 1.",
     1,
     2,
     {},
     &build_array_sort},
};

}  // namespace

std::span<const FunctionEntry> lambda_functions() { return kFunctions; }

}  // namespace penstock::expression
