#include "penstock/operators/expression/functions/access.h"

#include <algorithm>
#include <memory>

#include "penstock/core/row/value_order.h"
#include "penstock/operators/expression/type_rules.h"

namespace penstock::expression {
namespace {

struct FieldPlace {
  size_t index;
  size_t count;
  CellForm form;
};

Cell field_of(Call& call, const Cell& value) {
  const auto& place = *call.prepared<FieldPlace>();
  return RowView(value, place.count).cell(place.index, place.form);
}

Cell field_of_elements(Call& call, const Cell& value) {
  const auto& place = *call.prepared<FieldPlace>();
  const ArrayView array(value);
  Cell* cells = call.arena().allocate_array<Cell>(array.size());
  for (size_t i = 0; i < array.size(); ++i) {
    const Cell element = array.cell(i, CellForm::kBytes);
    cells[i] = element.null ? element : RowView(element, place.count).cell(place.index, place.form);
  }
  return make_array({cells, array.size()}, place.form, call.arena());
}

Cell element_of(Call& call, const Cell& value, const Cell& index) {
  const ArrayView array(value);
  if (index.number < 0 || static_cast<uint64_t>(index.number) >= array.size()) {
    return call.fail_or_null("the index " + std::to_string(index.number) +
                             " is outside of an array of " + std::to_string(array.size()) +
                             "; use get() to get null instead");
  }
  return array.cell(static_cast<size_t>(index.number), call.type());
}

Cell value_of(Call& call, const Cell& value, const Cell& key) {
  const MapView map(value);
  const DataType& type = call.type_of(0);
  for (size_t i = map.size(); i > 0; --i) {
    if (equal_cells(map.keys().cell(i - 1, type.key()), key, type.key()))
      return map.values().cell(i - 1, type.value());
  }
  return Cell::of_null();
}

Status no_field(const DataType& type, const std::string& name) {
  std::string names;
  for (const Field& field : type.fields()) names += (names.empty() ? "" : ", ") + field.name;
  return Status::invalid_argument("there is no field \"" + name.substr(0, 60) + "\" in " +
                                  type.to_string() + "; it has " + names);
}

}  // namespace

Result<BoundPtr> build_field(const BoundPtr& value, const std::string& name,
                             const Settings& settings) {
  if (value->type.is(TypeKind::kMap)) return build_subscript(value, make_text(name), settings);
  const bool array =
      value->type.is(TypeKind::kArray) && value->type.element().is(TypeKind::kStruct);
  if (!array && !value->type.is(TypeKind::kStruct)) {
    return Status::invalid_argument("a value of type " + value->type.to_string() +
                                    " has no field \"" + name.substr(0, 60) +
                                    "\"; only structs have fields");
  }
  const DataType& structure = array ? value->type.element() : value->type;
  const auto index = structure.find_field(name);
  if (!index) return no_field(structure, name);
  const auto same = [&](const Field& field) { return same_name(field.name, name); };
  if (std::count_if(structure.fields().begin(), structure.fields().end(), same) > 1) {
    return Status::invalid_argument("the field \"" + name + "\" is there more than once in " +
                                    structure.to_string() + "; rename one of them");
  }
  const Field& field = structure.fields()[*index];
  auto place = std::make_shared<const FieldPlace>(
      FieldPlace{*index, structure.fields().size(), cell_form(field.type)});
  const DataType type = array ? DataType::array(field.type, true) : field.type;
  return fold(make_call(".", array ? strict<&field_of_elements> : strict<&field_of>, type, {value},
                        {.prepared = std::move(place)}),
              settings);
}

Result<BoundPtr> build_subscript(const BoundPtr& value, const BoundPtr& index,
                                 const Settings& settings) {
  if (value->type.is(TypeKind::kArray) && implicit_cast_cost(index->type, TypeKind::kInt) >= 0 &&
      !index->type.is(TypeKind::kString)) {
    return fold(make_call("[]", strict<&element_of>, value->type.element(),
                          {value, coerce(index, TypeKind::kLong, settings)}),
                settings);
  }
  if (value->type.is(TypeKind::kMap) && implicit_cast_cost(index->type, value->type.key()) >= 0) {
    return fold(make_call("[]", strict<&value_of>, value->type.value(),
                          {value, coerce(index, value->type.key(), settings)}),
                settings);
  }
  if (value->type.is(TypeKind::kStruct) && index->is_constant() &&
      index->type.is(TypeKind::kString) && !index->is_null()) {
    return build_field(value, std::string(index->value.bytes()), settings);
  }
  return Status::invalid_argument("a value of type " + value->type.to_string() +
                                  " has no element [" + index->type.to_string() +
                                  "]; arrays take whole numbers, maps their keys");
}

}  // namespace penstock::expression
