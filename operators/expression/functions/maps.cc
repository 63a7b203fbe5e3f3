// Maps and structs: made, taken apart, put together.
#include <algorithm>
#include <string>

#include "penstock/core/row/cell_list.h"
#include "penstock/operators/expression/functions/cell_set.h"
#include "penstock/operators/expression/functions/families.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

// A map of these entries; the call fails when a key is null or there twice.
Cell checked_map(Call& call, std::span<const Cell> keys, std::span<const Cell> values) {
  const DataType& type = call.type();
  CellSet seen(keys.size(), type.key(), call.arena());
  for (const Cell& key : keys) {
    if (key.null) return call.fail("a key of a map is null; leave such entries out");
    if (!seen.insert(key))
      return call.fail("a key is there twice in a map; leave one of the entries out");
  }
  return make_map(keys, cell_form(type.key()), values, cell_form(type.value()), call.arena());
}

Cell map_of(Call& call) {
  CellList keys(call.arena());
  CellList values(call.arena());
  for (std::size_t i = 0; i + 1 < call.size(); i += 2) {
    keys.push_back(call[i]);
    values.push_back(call[i + 1]);
  }
  return checked_map(call, keys, values);
}
Result<BoundPtr> build_map(const BuildContext& context, const Arguments& arguments) {
  if (arguments.size() % 2 != 0)
    return function_error(context, "takes keys and values in turn; one value is missing");
  std::vector<BoundPtr> parts[2];
  for (std::size_t i = 0; i < arguments.size(); ++i) parts[i % 2].push_back(arguments[i].value);
  std::optional<DataType> types[2];
  for (std::size_t i = 0; i < 2; ++i) {
    types[i] = parts[i].empty() ? DataType(TypeKind::kNull) : common_type(parts[i]);
    if (!types[i])
      return function_error(context, std::string("no type holds all ") +
                                         (i == 0 ? "keys" : "values") + "; cast them to one type");
  }
  if (contains_map(*types[0])) return function_error(context, "a map cannot be a key");
  std::vector<BoundPtr> values;
  for (std::size_t i = 0; i < arguments.size(); ++i)
    values.push_back(coerce(arguments[i].value, *types[i % 2], context.settings));
  return make_call(context.function, lenient<&map_of>, DataType::map(*types[0], *types[1]),
                   std::move(values), {.nullable = false});
}

Cell keys_of(Call&, const Cell& map) { return MapView(map).keys_cell(); }
Cell values_of_map(Call&, const Cell& map) { return MapView(map).values_cell(); }
Cell entries_of(Call& call, const Cell& map) {
  const DataType& type = call.type_of(0);
  const MapView view(map);
  const CellForm forms[] = {cell_form(type.key()), cell_form(type.value())};
  Cell* cells = call.arena().allocate_array<Cell>(view.size());
  for (std::size_t i = 0; i < view.size(); ++i) {
    const Cell entry[] = {view.keys().cell(i, forms[0]), view.values().cell(i, forms[1])};
    cells[i] = make_struct(entry, forms, call.arena());
  }
  return make_array({cells, view.size()}, CellForm::kBytes, call.arena());
}
Status check_map(const BuildContext& context, const BoundPtr& value) {
  if (value->type.is(TypeKind::kMap)) return {};
  return function_error(context,
                        "takes a map, not " + value->type.to_string() + "; make one with map()");
}
Result<BoundPtr> build_parts(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& map = arguments[0].value;
  PENSTOCK_RETURN_IF_ERROR(check_map(context, map));
  const DataType& key = map->type.key();
  const DataType& value = map->type.value();
  if (context.function == "map_keys")
    return make_call(context.function, strict<&keys_of>, DataType::array(key, false), {map});
  if (context.function == "map_values")
    return make_call(context.function, strict<&values_of_map>, DataType::array(value), {map});
  const DataType entry = DataType::structure({{"key", key, false}, {"value", value}});
  return make_call(context.function, strict<&entries_of>, DataType::array(entry, false), {map});
}

Cell contains_key(Call& call, const Cell& map, const Cell& key) {
  const MapView view(map);
  const DataType& type = call.type_of(0).key();
  for (std::size_t i = 0; i < view.size(); ++i)
    if (equal_cells(view.keys().cell(i, type), key, type)) return Cell::of_boolean(true);
  return Cell::of_boolean(false);
}
Result<BoundPtr> build_contains_key(const BuildContext& context, const Arguments& arguments) {
  const BoundPtr& map = arguments[0].value;
  PENSTOCK_RETURN_IF_ERROR(check_map(context, map));
  if (implicit_cast_cost(arguments[1].value->type, map->type.key()) < 0)
    return function_error(context, "the keys are " + map->type.key().to_string() + ", not " +
                                       arguments[1].value->type.to_string());
  return make_call(context.function, strict<&contains_key>, TypeKind::kBoolean,
                   {map, coerce(arguments[1].value, map->type.key(), context.settings)});
}

Cell concat_maps(Call& call) {
  CellList keys(call.arena());
  CellList values(call.arena());
  for (std::size_t i = 0; i < call.size(); ++i) {
    if (call[i].null) return Cell::of_null();
    const MapView view(call[i]);
    for (std::size_t j = 0; j < view.size(); ++j) {
      keys.push_back(view.keys().cell(j, call.type().key()));
      values.push_back(view.values().cell(j, call.type().value()));
    }
  }
  return checked_map(call, keys, values);
}
Result<BoundPtr> build_concat(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  for (const BoundPtr& value : values) PENSTOCK_RETURN_IF_ERROR(check_map(context, value));
  const auto type = common_type(values);
  if (!type) return function_error(context, "no type holds all maps; cast them to one type");
  for (BoundPtr& value : values) value = coerce(value, *type, context.settings);
  return make_call(context.function, lenient<&concat_maps>, *type, std::move(values));
}

Cell map_from_arrays(Call& call, const Cell& a, const Cell& b) {
  const std::span<Cell> keys = elements_of(a, cell_form(call.type().key()), call.arena());
  const std::span<Cell> values = elements_of(b, cell_form(call.type().value()), call.arena());
  if (keys.size() != values.size())
    return call.fail("map_from_arrays: there are not as many keys as values");
  return checked_map(call, keys, values);
}
Result<BoundPtr> build_from_arrays(const BuildContext& context, const Arguments& arguments) {
  const DataType& keys = arguments[0].value->type;
  const DataType& values = arguments[1].value->type;
  if (!keys.is(TypeKind::kArray) || !values.is(TypeKind::kArray))
    return function_error(context, "takes an array of keys and one of values");
  if (contains_map(keys.element())) return function_error(context, "a map cannot be a key");
  return make_call(context.function, strict<&map_from_arrays>,
                   DataType::map(keys.element(), values.element()), values_of(arguments));
}

Cell map_from_entries(Call& call, const Cell& array) {
  const ArrayView view(array);
  CellList keys(call.arena());
  CellList values(call.arena());
  for (std::size_t i = 0; i < view.size(); ++i) {
    if (view.is_null(i)) return Cell::of_null();
    const RowView entry(view.cell(i, CellForm::kBytes), 2);
    keys.push_back(entry.cell(0, call.type().key()));
    values.push_back(entry.cell(1, call.type().value()));
  }
  return checked_map(call, keys, values);
}
Result<BoundPtr> build_from_entries(const BuildContext& context, const Arguments& arguments) {
  const DataType& type = arguments[0].value->type;
  if (!type.is(TypeKind::kArray) || !type.element().is(TypeKind::kStruct) ||
      type.element().fields().size() != 2)
    return function_error(context,
                          "takes an array of structs of two fields, not " + type.to_string());
  const auto fields = type.element().fields();
  return make_call(context.function, strict<&map_from_entries>,
                   DataType::map(fields[0].type, fields[1].type), values_of(arguments));
}

// The text cut at one separator after the other; both are taken as they are.
Cell map_of_text(Call& call, const Cell& text, const Cell& between, const Cell& inside) {
  CellList keys(call.arena());
  CellList values(call.arena());
  std::string_view rest = text.bytes();
  for (bool more = true; more;) {
    const std::size_t end = between.size == 0 ? rest.npos : rest.find(between.bytes());
    const std::string_view entry = rest.substr(0, end);
    more = end != rest.npos;
    if (more) rest.remove_prefix(end + between.size);
    const std::size_t cut = inside.size == 0 ? entry.npos : entry.find(inside.bytes());
    keys.push_back(Cell::of_bytes(entry.substr(0, cut)));
    values.push_back(cut == entry.npos ? Cell::of_null()
                                       : Cell::of_bytes(entry.substr(cut + inside.size)));
  }
  return checked_map(call, keys, values);
}
Result<BoundPtr> build_map_of_text(const BuildContext& context, const Arguments& arguments) {
  std::vector<BoundPtr> values = values_of(arguments);
  if (values.size() < 2) values.push_back(make_text(","));
  if (values.size() < 3) values.push_back(make_text(":"));
  for (BoundPtr& value : values) {
    if (implicit_cast_cost(value->type, TypeKind::kString) < 0)
      return function_error(context, "takes texts, not " + value->type.to_string());
    value = coerce(value, TypeKind::kString, context.settings);
  }
  return make_call(context.function, strict<&map_of_text>,
                   DataType::map(TypeKind::kString, TypeKind::kString), std::move(values));
}

// The values as a struct; their names are in the type.
Cell struct_of(Call& call) {
  Cell* cells = call.arena().allocate_array<Cell>(call.size());
  CellForm* forms = call.arena().allocate_array<CellForm>(call.size());
  for (std::size_t i = 0; i < call.size(); ++i) {
    cells[i] = call[i];
    forms[i] = cell_form(call.type_of(i));
  }
  return make_struct({cells, call.size()}, {forms, call.size()}, call.arena());
}
Result<BoundPtr> build_struct(const BuildContext& context, const Arguments& arguments) {
  std::vector<Field> fields;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string name =
        arguments[i].name.empty() ? "col" + std::to_string(i + 1) : arguments[i].name;
    fields.push_back({name, arguments[i].value->type, arguments[i].value->nullable});
  }
  return make_call(context.function, lenient<&struct_of>, DataType::structure(std::move(fields)),
                   values_of(arguments), {.nullable = false});
}
Result<BoundPtr> build_named_struct(const BuildContext& context, const Arguments& arguments) {
  if (arguments.size() % 2 != 0)
    return function_error(context, "takes names and values in turn; one value is missing");
  std::vector<Field> fields;
  std::vector<BoundPtr> values;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    Result<std::string> name = constant_text(context, arguments[i].value, "a name");
    if (!name.ok()) return name.status();
    const BoundPtr& value = arguments[i + 1].value;
    fields.push_back({*name, value->type, value->nullable});
    values.push_back(value);
  }
  return make_call(context.function, lenient<&struct_of>, DataType::structure(std::move(fields)),
                   std::move(values), {.nullable = false});
}

Cell zip_arrays(Call& call) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < call.size(); ++i) {
    if (call[i].null) return Cell::of_null();
    size = std::max(size, ArrayView(call[i]).size());
  }
  const std::span forms(call.arena().allocate_array<CellForm>(call.size()), call.size());
  for (std::size_t j = 0; j < call.size(); ++j) forms[j] = cell_form(call.type_of(j).element());
  const std::span entry(call.arena().allocate_array<Cell>(call.size()), call.size());
  Cell* cells = call.arena().allocate_array<Cell>(size);
  for (std::size_t i = 0; i < size; ++i) {
    for (std::size_t j = 0; j < call.size(); ++j) {
      const ArrayView view(call[j]);
      entry[j] = i < view.size() ? view.cell(i, forms[j]) : Cell::of_null();
    }
    cells[i] = make_struct(entry, forms, call.arena());
  }
  return make_array({cells, size}, CellForm::kBytes, call.arena());
}
Result<BoundPtr> build_zip(const BuildContext& context, const Arguments& arguments) {
  std::vector<Field> fields;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const DataType& type = arguments[i].value->type;
    if (!type.is(TypeKind::kArray))
      return function_error(context, "takes arrays, not " + type.to_string());
    fields.push_back(
        {arguments[i].name.empty() ? std::to_string(i) : arguments[i].name, type.element()});
  }
  return make_call(context.function, lenient<&zip_arrays>,
                   DataType::array(DataType::structure(std::move(fields)), false),
                   values_of(arguments));
}

const FunctionEntry kFunctions[] = {
    {"str_to_map",
     "str_to_map(text[, between[, inside]])",
     "A map of the text 'a:1,b:2'.",
     1,
     3,
     {},
     &build_map_of_text},
    {"map",
     "map(key, value, ...)",
     "A map of the entries; a null key, or one twice, is an error.",
     0,
     kAnyCount,
     {},
     &build_map},
    {"map_keys", "map_keys(m)", "The keys.", 1, 1, {}, &build_parts},
    {"map_values", "map_values(m)", "The values.", 1, 1, {}, &build_parts},
    {"map_entries",
     "map_entries(m)",
     "The entries as structs of key and value.",
     1,
     1,
     {},
     &build_parts},
    {"map_contains_key",
     "map_contains_key(m, key)",
     "Whether the key is there.",
     2,
     2,
     {},
     &build_contains_key},
    {"map_concat",
     "map_concat(m, ...)",
     "One map of all entries.",
     1,
     kAnyCount,
     {},
     &build_concat},
    {"map_from_arrays",
     "map_from_arrays(keys, values)",
     "A map of two arrays.",
     2,
     2,
     {},
     &build_from_arrays},
    {"map_from_entries",
     "map_from_entries(a)",
     "A map of an array of structs of key and value.",
     1,
     1,
     {},
     &build_from_entries},
    {"struct",
     "struct(a, ...)",
     "A struct; its fields are named as the columns or aliases, else col1, col2, ...",
     1,
     kAnyCount,
     {},
     &build_struct},
    {"named_struct",
     "named_struct(name, a, ...)",
     "A struct with these names.",
     2,
     kAnyCount,
     {},
     &build_named_struct},
    {"arrays_zip",
     "arrays_zip(a, ...)",
     "An array of structs of the elements at each place.",
     1,
     kAnyCount,
     {},
     &build_zip},
};

}  // namespace

std::span<const FunctionEntry> map_functions() { return kFunctions; }

}  // namespace penstock::expression
