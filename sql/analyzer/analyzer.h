// sql/analyzer/analyzer.h -- gives the names, functions and types of an expression their meaning for one schema.
//
// Names       Upper and lower case are the same. A variable of a lambda hides a column; a.b is a field of the column a.
// Errors      Invalid argument with line, column, a caret, cause and remedy; unknown names get the nearest.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/operators/expression/bound.h"
#include "penstock/operators/expression/program.h"
#include "penstock/sql/parser/ast.h"

namespace penstock::sql {

struct Output {
  std::string name;
  expression::BoundPtr value;
};

// `text` is what `expression` was parsed from. A star becomes all that it stands for, everything else one output.
// Outputs that go into one program are analyzed with one `next_variable`, which counts the variables of their lambdas.
Result<std::vector<Output>> analyze(std::string_view text, const ExpressionPtr& expression,
                                    const Schema& schema, const expression::Settings& settings,
                                    uint32_t* next_variable = nullptr);

// From the text to the program. REQUIRES one value: a star of several columns is refused.
Result<expression::Program> compile(std::string_view text, const Schema& schema,
                                    const expression::Settings& settings = {});
// Result i of the program is column i of `output`.
Result<expression::Program> compile_columns(std::string_view text, const Schema& schema,
                                            const expression::Settings& settings, Schema& output);
// From the text of a condition: refuses what is no BOOLEAN.
Result<expression::Program> compile_condition(std::string_view text, const Schema& schema,
                                              const expression::Settings& settings = {});

}  // namespace penstock::sql
