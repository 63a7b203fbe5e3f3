// operators/expression/functions/interval_arithmetic.h -- + - * / of dates, times and intervals.
#pragma once

#include <optional>

#include "penstock/operators/expression/function_table.h"

namespace penstock::expression {

// Nothing when no operand is a date, a time or an interval.
std::optional<Result<BoundPtr>> build_time_arithmetic(const BuildContext& context, char operation,
                                                      const BoundPtr& a, const BoundPtr& b);

}  // namespace penstock::expression
