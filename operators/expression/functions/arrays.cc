// Arrays: made, searched, sorted and cut.
#include <algorithm>
#include <string>

#include "penstock/operators/expression/functions/array_support.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {

Status check_array(const BuildContext& context, const BoundPtr& value) {
  if (value->type.is(TypeKind::kArray)) return {};
  return function_error(
      context, "takes an array, not " + value->type.to_string() + "; make one with array()");
}

Result<BoundPtr> build_on_array(const BuildContext& context, const Arguments& arguments, Run run,
                                const DataType& type, std::initializer_list<TypeKind> wanted) {
  std::vector<BoundPtr> values = values_of(arguments);
  PENSTOCK_RETURN_IF_ERROR(check_array(context, values[0]));
  std::size_t i = 1;
  for (const TypeKind kind : wanted) {
    if (i == values.size()) break;
    if (implicit_cast_cost(values[i]->type, kind) < 0)
      return function_error(context, "argument " + std::to_string(i + 1) + " is " +
                                         values[i]->type.to_string() + "; cast it to " +
                                         DataType(kind).to_string());
    values[i] = coerce(values[i], kind, context.settings);
    ++i;
  }
  return make_call(context.function, run, type, std::move(values));
}

namespace {

Cell array_of(Call& call) {
  Cell* cells = call.arena().allocate_array<Cell>(call.size());
  for (std::size_t i = 0; i < call.size(); ++i) cells[i] = call[i];
  return make_array({cells, call.size()}, cell_form(call.type().element()), call.arena());
}
Result<BoundPtr> build_array(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  const auto type = values.empty() ? std::optional<DataType>(TypeKind::kNull) : common_type(values);
  if (!type) return function_error(context, "no type holds all elements; cast them to one type");
  for (BoundPtr& value : values) value = coerce(value, *type, context.settings);
  return make_call(context.function, lenient<&array_of>, DataType::array(*type), std::move(values),
                   {.nullable = false});
}

// The array and the value at `place` get one type of elements.
Result<std::vector<BoundPtr>> with_element(const BuildContext& context, const Arguments& arguments,
                                           std::size_t place) {
  std::vector<BoundPtr> values = values_of(arguments);
  PENSTOCK_RETURN_IF_ERROR(check_array(context, values[0]));
  const auto type = common_type(values[0]->type.element(), values[place]->type);
  if (!type) {
    return function_error(context, "an array of " + values[0]->type.element().to_string() +
                                       " holds no " + values[place]->type.to_string() +
                                       "; cast one of them");
  }
  values[0] = coerce(values[0], DataType::array(*type), context.settings);
  values[place] = coerce(values[place], *type, context.settings);
  return values;
}
template <auto kRun, TypeKind kResult>
Result<BoundPtr> build_search(const BuildContext& context, const Arguments& arguments) {
  auto values = with_element(context, arguments, 1);
  if (!values.ok()) return values.status();
  return make_call(context.function, kRun, kResult, std::move(*values));
}
template <auto kRun>
Result<BoundPtr> build_with_element(const BuildContext& context, const Arguments& arguments) {
  auto values = with_element(context, arguments, 1);
  if (!values.ok()) return values.status();
  const DataType type = (*values)[0]->type;
  return make_call(context.function, kRun, type, std::move(*values));
}

Cell size_or_minus_one(Call& call) {
  if (call[0].null) return call.settings().ansi ? Cell::of_null() : Cell::of_number(-1);
  const bool map = call.type_of(0).is(TypeKind::kMap);
  return Cell::of_number(
      static_cast<std::int64_t>(map ? MapView(call[0]).size() : ArrayView(call[0]).size()));
}
Result<BoundPtr> build_size(const BuildContext& context, const Arguments& arguments) {
  const DataType& type = arguments[0].value->type;
  if (!type.is(TypeKind::kArray) && !type.is(TypeKind::kMap))
    return function_error(
        context, "takes an array or a map, not " + type.to_string() + "; length() is for text");
  return make_call(context.function, lenient<&size_or_minus_one>, TypeKind::kInt,
                   values_of(arguments));
}
Cell array_size(Call&, const Cell& array) {
  return Cell::of_number(static_cast<std::int64_t>(ArrayView(array).size()));
}

Cell contains(Call& call, const Cell& array, const Cell& value) {
  const ArrayView view(array);
  bool nulls = false;
  for (std::size_t i = 0; i < view.size(); ++i) {
    const Cell cell = view.cell(i, element_type(call));
    if (!cell.null && equal_cells(cell, value, element_type(call))) return Cell::of_boolean(true);
    nulls = nulls || cell.null;
  }
  return nulls ? Cell::of_null() : Cell::of_boolean(false);
}
Cell position(Call& call, const Cell& array, const Cell& value) {
  const ArrayView view(array);
  for (std::size_t i = 0; i < view.size(); ++i)
    if (equal_cells(view.cell(i, element_type(call)), value, element_type(call)))
      return Cell::of_number(static_cast<std::int64_t>(i) + 1);
  return Cell::of_number(0);
}

Cell element_from_zero(Call& call, const Cell& array, const Cell& index) {
  const ArrayView view(array);
  if (index.number < 0 || index.number >= static_cast<std::int64_t>(view.size()))
    return Cell::of_null();
  return view.cell(static_cast<std::size_t>(index.number), element_type(call));
}
template <bool kTry>
Cell element_from_one(Call& call, const Cell& array, const Cell& index) {
  const ArrayView view(array);
  const auto size = static_cast<std::int64_t>(view.size());
  if (index.number == 0)
    return call.fail("element_at: the index is 0; the first element is 1, the last -1");
  const std::int64_t at = index.number > 0 ? index.number - 1 : size + index.number;
  if (at >= 0 && at < size) return view.cell(static_cast<std::size_t>(at), element_type(call));
  if (kTry) return Cell::of_null();
  return call.fail_or_null("element_at: an array of " + std::to_string(size) + " has no element " +
                           std::to_string(index.number) + "; use try_element_at()");
}
Cell value_of_key(Call& call, const Cell& map, const Cell& key) {
  const MapView view(map);
  const DataType& type = call.type_of(0);
  for (std::size_t i = 0; i < view.size(); ++i)
    if (equal_cells(view.keys().cell(i, type.key()), key, type.key()))
      return view.values().cell(i, type.value());
  return Cell::of_null();
}
template <bool kTry>
Result<BoundPtr> build_element_at(const BuildContext& context, const Arguments& arguments) {
  const DataType& type = arguments[0].value->type;
  if (!type.is(TypeKind::kMap)) {
    if (!type.is(TypeKind::kArray)) return check_array(context, arguments[0].value);
    return build_on_array(context, arguments, strict<&element_from_one<kTry>>, type.element(),
                          {TypeKind::kInt});
  }
  if (implicit_cast_cost(arguments[1].value->type, type.key()) < 0)
    return function_error(context, "the keys are " + type.key().to_string() + ", not " +
                                       arguments[1].value->type.to_string());
  return make_call(context.function, strict<&value_of_key>, type.value(),
                   {arguments[0].value, coerce(arguments[1].value, type.key(), context.settings)});
}
Result<BoundPtr> build_get(const BuildContext& context, const Arguments& arguments) {
  PENSTOCK_RETURN_IF_ERROR(check_array(context, arguments[0].value));
  return build_on_array(context, arguments, strict<&element_from_zero>,
                        arguments[0].value->type.element(), {TypeKind::kInt});
}

// Nulls first upwards and last downwards, or always last.
Cell sorted(Call& call, const Cell& array, bool upwards, bool nulls_last) {
  const std::span<Cell> cells = elements_of(array, element_form(call), call.arena());
  const DataType& type = element_type(call);
  const auto after = [&](const Cell& a, const Cell& b) {
    if (nulls_last && a.null != b.null) return a.null;
    return upwards ? compare_cells(a, b, type) > 0 : compare_cells(a, b, type) < 0;
  };
  return array_cell(call, sorted_cells(cells, call.arena(), after));
}
Cell sort_upwards(Call& call, const Cell& array) { return sorted(call, array, true, false); }
Cell sort_either(Call& call, const Cell& array, const Cell& upwards) {
  return sorted(call, array, upwards.number != 0, false);
}
Result<BoundPtr> build_sort(const BuildContext& context, const Arguments& arguments) {
  PENSTOCK_RETURN_IF_ERROR(check_array(context, arguments[0].value));
  const DataType& type = arguments[0].value->type;
  if (!is_orderable(type.element()))
    return function_error(context, "values of " + type.element().to_string() + " have no order");
  return build_on_array(context, arguments,
                        arguments.size() == 1 ? strict<&sort_upwards> : strict<&sort_either>, type,
                        {TypeKind::kBoolean});
}

template <int kSign>
Cell extreme(Call& call, const Cell& array) {
  const ArrayView view(array);
  Cell best = Cell::of_null();
  for (std::size_t i = 0; i < view.size(); ++i) {
    const Cell cell = view.cell(i, element_type(call));
    if (!cell.null && (best.null || kSign * compare_cells(cell, best, element_type(call)) > 0))
      best = cell;
  }
  return best;
}
template <int kSign>
Result<BoundPtr> build_extreme(const BuildContext& context, const Arguments& arguments) {
  PENSTOCK_RETURN_IF_ERROR(check_array(context, arguments[0].value));
  return build_on_array(context, arguments, strict<&extreme<kSign>>,
                        arguments[0].value->type.element());
}

// The elements that `keeps(cell)` wants.
template <class Keeps>
Cell kept(Call& call, const Cell& array, const Keeps& keeps) {
  const std::span<Cell> cells = elements_of(array, element_form(call), call.arena());
  std::size_t count = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell cell = cells[i];
    if (keeps(cell)) cells[count++] = cell;
  }
  return array_cell(call, cells.subspan(0, count));
}
Cell compact(Call& call, const Cell& array) {
  return kept(call, array, [](const Cell& cell) { return !cell.null; });
}
Cell remove_value(Call& call, const Cell& array, const Cell& value) {
  return kept(call, array, [&](const Cell& cell) {
    return cell.null || !equal_cells(cell, value, element_type(call));
  });
}
Cell slice(Call& call, const Cell& array, const Cell& start, const Cell& length) {
  const std::span<Cell> cells = elements_of(array, element_form(call), call.arena());
  const auto size = static_cast<std::int64_t>(cells.size());
  if (start.number == 0)
    return call.fail("slice: the start is 0; the first element is 1, the last -1");
  if (length.number < 0) return call.fail("slice: the length is below 0");
  const std::int64_t from = start.number > 0 ? start.number - 1 : size + start.number;
  if (from < 0 || from >= size) return array_cell(call, {});
  return array_cell(call,
                    cells.subspan(static_cast<std::size_t>(from),
                                  static_cast<std::size_t>(std::min(length.number, size - from))));
}
Result<BoundPtr> build_slice(const BuildContext& context, const Arguments& arguments) {
  return build_on_array(context, arguments, strict<&slice>, arguments[0].value->type,
                        {TypeKind::kInt, TypeKind::kInt});
}

Cell append_value(Call& call) {
  if (call[0].null) return call[0];
  const std::span<Cell> cells = elements_of(call[0], element_form(call), call.arena(), 1);
  cells.data()[cells.size()] = call[1];
  return array_cell(call, {cells.data(), cells.size() + 1});
}
Cell prepend_value(Call& call) {
  if (call[0].null) return call[0];
  const std::span<Cell> cells = elements_of(call[0], element_form(call), call.arena(), 1);
  std::copy_backward(cells.begin(), cells.end(), cells.data() + cells.size() + 1);
  cells.data()[0] = call[1];
  return array_cell(call, {cells.data(), cells.size() + 1});
}
Cell insert_value(Call& call) {
  if (call[0].null || call[1].null) return Cell::of_null();
  const auto size = static_cast<std::int64_t>(ArrayView(call[0]).size());
  const std::int64_t place = call[1].number;
  if (place == 0)
    return call.fail("array_insert: the place is 0; the first is 1, behind the last is -1");
  const std::int64_t at = place > 0 ? place - 1 : size + place + 1;
  const std::int64_t room = at < 0 ? size - at + 1 : std::max(size, at) + 1;
  if (room > static_cast<std::int64_t>(kElementsMax))
    return call.fail("array_insert: the array would be too long");
  const std::span<Cell> old = elements_of(call[0], element_form(call), call.arena());
  Cell* cells = call.arena().allocate_array<Cell>(static_cast<std::size_t>(room));
  std::fill_n(cells, room, Cell::of_null());
  const std::int64_t shift = at < 0 ? -at : 0;  // Before the first, nulls fill up.
  for (std::int64_t i = 0; i < size; ++i)
    cells[at < 0 ? i + shift + 1 : i < at ? i : i + 1] = old[static_cast<std::size_t>(i)];
  cells[at < 0 ? 0 : at] = call[2];
  return array_cell(call, {cells, static_cast<std::size_t>(room)});
}
Result<BoundPtr> build_insert(const BuildContext& context, const Arguments& arguments) {
  auto values = with_element(context, arguments, 2);
  if (!values.ok()) return values.status();
  if (implicit_cast_cost((*values)[1]->type, TypeKind::kInt) < 0)
    return function_error(context, "the place is a whole number");
  (*values)[1] = coerce((*values)[1], TypeKind::kInt, context.settings);
  const DataType type = (*values)[0]->type;
  return make_call(context.function, lenient<&insert_value>, type, std::move(*values));
}

const FunctionEntry kFunctions[] = {
    {"array", "array(a, ...)", "An array of the values.", 0, kAnyCount, {}, &build_array},
    {"size cardinality",
     "size(a)",
     "The number of elements or entries; of null -1, under ANSI null.",
     1,
     1,
     {},
     &build_size},
    {"array_size",
     "array_size(a)",
     "The number of elements.",
     1,
     1,
     {},
     [](const BuildContext& context, const Arguments& arguments) {
       return build_on_array(context, arguments, strict<&array_size>, TypeKind::kInt);
     }},
    {"array_contains",
     "array_contains(a, value)",
     "Whether it is an element; null when it is none but there are nulls.",
     2,
     2,
     {},
     &build_search<strict<&contains>, TypeKind::kBoolean>},
    {"array_position",
     "array_position(a, value)",
     "The place of the first such element from 1 on; 0 for none.",
     2,
     2,
     {},
     &build_search<strict<&position>, TypeKind::kLong>},
    {"element_at",
     "element_at(a, i)",
     "The element from 1 on, or from -1 backwards; of a map the value of a key.",
     2,
     2,
     {},
     &build_element_at<false>},
    {"try_element_at",
     "try_element_at(a, i)",
     "element_at() that is null under ANSI too.",
     2,
     2,
     {},
     &build_element_at<true>},
    {"get", "get(a, i)", "The element from 0 on; null outside.", 2, 2, {}, &build_get},
    {"sort_array",
     "sort_array(a[, upwards])",
     "Sorted; nulls are the least.",
     1,
     2,
     {},
     &build_sort},
    {"array_max", "array_max(a)", "The greatest element.", 1, 1, {}, &build_extreme<1>},
    {"array_min", "array_min(a)", "The least element.", 1, 1, {}, &build_extreme<-1>},
    {"array_compact",
     "array_compact(a)",
     "Without nulls.",
     1,
     1,
     {},
     &build_same<strict<&compact>>},
    {"array_remove",
     "array_remove(a, value)",
     "Without the elements that equal the value.",
     2,
     2,
     {},
     &build_with_element<strict<&remove_value>>},
    {"array_append",
     "array_append(a, value)",
     "With one more at the end.",
     2,
     2,
     {},
     &build_with_element<lenient<&append_value>>},
    {"array_prepend",
     "array_prepend(a, value)",
     "With one more at the start.",
     2,
     2,
     {},
     &build_with_element<lenient<&prepend_value>>},
    {"array_insert",
     "array_insert(a, place, value)",
     "With one more at the place, from 1 on or from -1 backwards.",
     3,
     3,
     {},
     &build_insert},
    {"slice",
     "slice(a, start, length)",
     "Some elements, from 1 on or from -1 backwards.",
     3,
     3,
     {},
     &build_slice},
};

}  // namespace

std::span<const FunctionEntry> array_functions() { return kFunctions; }

}  // namespace penstock::expression
