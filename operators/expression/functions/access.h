// operators/expression/functions/access.h -- fields of structs, elements of arrays, values of maps.
#pragma once

#include <string>

#include "penstock/operators/expression/function_table.h"

namespace penstock::expression {

// value.name: the field of a struct, of each struct of an array, or the value of a map.
Result<BoundPtr> build_field(const BoundPtr& value, const std::string& name,
                             const Settings& settings);
// value[index].
Result<BoundPtr> build_subscript(const BoundPtr& value, const BoundPtr& index,
                                 const Settings& settings);

}  // namespace penstock::expression
