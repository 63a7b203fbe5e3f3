// sql/analyzer/generators.h -- selections in which one expression may make several rows.
//
//   card, explode(tags) AS tag       posexplode(m)       inline(arrays_zip(a, b))       stack(2, 1, 'a', 2, 'b')
//
// Names       As Spark's: col, or key and value; pos; the fields of inline; col0, col1, ... of stack; c0, c1, ... of
//             json_tuple. An alias names the one column of explode.
// Errors      As of sql/analyzer/analyzer.h. One generator at most, and not inside of another expression.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "penstock/operators/row/row_generator.h"
#include "penstock/sql/analyzer/analyzer.h"

namespace penstock::sql {

struct Selection {
  expression::Program program;
  std::optional<RowGenerator> generator;  // Without one, result i is column i.
  Schema output;
};

// The columns of all texts, one behind the other.
Result<Selection> compile_selection(std::span<const std::string> texts, const Schema& schema,
                                    const expression::Settings& settings);

bool is_generator(std::string_view function) noexcept;

}  // namespace penstock::sql
