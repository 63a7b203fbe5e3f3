// operators/expression/functions/rounding.h -- round, bround, floor and ceil, of numbers of all types.
#pragma once

#include "penstock/operators/expression/function_table.h"

namespace penstock::expression {

Result<BoundPtr> build_round(const BuildContext& context, const Arguments& arguments);
Result<BoundPtr> build_round_even(const BuildContext& context, const Arguments& arguments);
Result<BoundPtr> build_floor(const BuildContext& context, const Arguments& arguments);
Result<BoundPtr> build_ceil(const BuildContext& context, const Arguments& arguments);

}  // namespace penstock::expression
