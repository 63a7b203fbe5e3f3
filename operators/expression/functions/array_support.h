// operators/expression/functions/array_support.h -- what the functions of arrays share.
#pragma once

#include <initializer_list>

#include "penstock/operators/expression/function_table.h"
#include "penstock/operators/expression/functions/cell_set.h"

namespace penstock::expression {

inline constexpr std::size_t kElementsMax = kValueBytesMax / sizeof(Cell);

// Of calls whose first argument is an array.
inline const DataType& element_type(const Call& call) { return call.type_of(0).element(); }
inline CellForm element_form(const Call& call) { return cell_form(element_type(call)); }
inline Cell array_cell(Call& call, std::span<const Cell> cells) {
  return make_array(cells, element_form(call), call.arena());
}

Status check_array(const BuildContext& context, const BoundPtr& value);
// A call on one array, and perhaps values behind it that are cast as `wanted` says.
Result<BoundPtr> build_on_array(const BuildContext& context, const Arguments& arguments, Run run,
                                const DataType& type, std::initializer_list<TypeKind> wanted = {});
// A call that gives an array of the same type.
template <auto kRun>
Result<BoundPtr> build_same(const BuildContext& context, const Arguments& arguments) {
  return build_on_array(context, arguments, kRun, arguments[0].value->type);
}

}  // namespace penstock::expression
