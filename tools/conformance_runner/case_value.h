// tools/conformance_runner/case_value.h -- values of the case files: into cells, and compared with cells.
#pragma once

#include <simdjson.h>

#include <string>

#include "penstock/core/base/status.h"
#include "penstock/core/row/arena.h"
#include "penstock/core/row/cell.h"

namespace penstock::conformance {

// A column of the input row.
Result<Cell> read_value(simdjson::dom::element value, const DataType& type, Arena& arena);
// Doubles may differ by 1e-9 of their size; `unordered` compares arrays as multisets.
bool same_value(const Cell& cell, const DataType& type, simdjson::dom::element expected,
                bool unordered);
// For the list of differences.
std::string show(const Cell& cell, const DataType& type);

}  // namespace penstock::conformance
