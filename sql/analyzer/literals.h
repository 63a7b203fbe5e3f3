// sql/analyzer/literals.h -- the constants that numbers, dates, times and intervals of the text stand for.
//
// Errors      "cause; remedy", without the place.
#pragma once

#include "penstock/operators/expression/bound.h"
#include "penstock/sql/parser/ast.h"

namespace penstock::sql {

Result<expression::BoundPtr> literal_value(const Expression& literal,
                                           const expression::Settings& settings);
// INTERVAL '1-2' YEAR TO MONTH, INTERVAL 3 HOURS 4 MINUTES, INTERVAL '10 minutes'.
Result<expression::BoundPtr> interval_value(const Expression& interval);

}  // namespace penstock::sql
