// sql/parser/expression_parser.h -- the text of an expression as a tree, after Spark's grammar.
//
// Precedence  tight to loose: subscript, field, ::type; sign and ~; * / % DIV; + - ||; << >> >>>; &; ^; |; comparison;
//             IS, IN, LIKE, BETWEEN; NOT; AND; OR.
// Errors      Invalid argument with line, column, the text with a caret, cause and remedy. Bytes, tokens and depth are
//             bounded, so text of strangers does no harm.
#pragma once

#include <string_view>

#include "penstock/sql/parser/ast.h"

namespace penstock::sql {

inline constexpr uint32_t kDepthMax = 250;

// One expression, with an alias or without.
Result<ExpressionPtr> parse_expression(std::string_view text);

}  // namespace penstock::sql
