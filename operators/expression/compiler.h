// operators/expression/compiler.h -- bound expressions become one flat program.
//
// Equal parts run once where the first of them is sure to have run. AND, OR, CASE and COALESCE jump over what is not
// needed. Operands of arithmetic and comparisons are read where they stand (operand_forms.h).
// It compiles twice: as the expressions are, and on the promise that the columns it asks about are not null, with no
// look for nulls in what is made of them. CASE among numbers that stand there becomes a choice without a jump.
#pragma once

#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/operators/expression/bound.h"
#include "penstock/operators/expression/program.h"

namespace penstock::expression {

inline constexpr size_t kInstructionsMax = 100'000;

// Result i is that of expressions[i].
Result<Program> compile_program(const std::vector<BoundPtr>& expressions, const Settings& settings);

}  // namespace penstock::expression
