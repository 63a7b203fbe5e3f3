// tests/sql/analyzer/expression_kit.h -- rows and expressions for tests, in a line each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/operators/expression/program.h"

namespace penstock::sql {

// The value as text, "null", or "error: MESSAGE".
std::string evaluated(std::string_view text, const expression::Settings& settings = {});
// Over one row.
std::string evaluated(std::string_view text, const Schema& schema, const std::vector<Cell>& cells,
                      const expression::Settings& settings = {});

}  // namespace penstock::sql
