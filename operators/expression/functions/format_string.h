// operators/expression/functions/format_string.h -- what Java's String.format does with a pattern and values.
#pragma once

#include "penstock/operators/expression/instruction.h"

namespace penstock::expression {

// The pattern is argument 0. Conversions d s f e E g x X o c b % n with index, flags, width and precision.
Cell format_string(Call& call);

}  // namespace penstock::expression
