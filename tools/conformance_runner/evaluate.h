// tools/conformance_runner/evaluate.h -- expressions over rows, for scripts that compare them with another engine.
//
// Rows are lines of JSON, read by a schema. For each line of expressions comes one line of JSON:
//   {"type":"bigint","values":[1,null,{"error":"..."}]}      or {"error":"..."} when it cannot be compiled
#pragma once

#include <iosfwd>
#include <string>

#include "penstock/core/base/status.h"
#include "penstock/operators/expression/instruction.h"

namespace penstock::conformance {

// An error when the schema or the rows cannot be read.
Status evaluate_lines(const std::string& schema, const std::string& rows_path,
                      const expression::Settings& settings, std::istream& expressions,
                      std::ostream& out);

}  // namespace penstock::conformance
