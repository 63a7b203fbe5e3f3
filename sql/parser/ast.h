// sql/parser/ast.h -- an expression as written: a small closed set of nodes with their places in the text.
//
// Operators and special forms are calls of functions ("+", "and", "in", "case"), so that what follows knows one rule
// for all of them.
// Ownership   Nodes are immutable and shared.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "penstock/core/row/data_type.h"
#include "penstock/sql/parser/source_error.h"

namespace penstock::sql {

enum class ExpressionKind : uint8_t {
  kLiteral,    // text, literal
  kName,       // names: a.b.c
  kStar,       // names: the part before ".*", may be empty
  kCall,       // text: the function in lower case; arguments
  kLambda,     // names: the variables; arguments[0]: the body
  kCast,       // arguments[0]; type; text: "cast" or "try_cast"
  kField,      // arguments[0].text
  kSubscript,  // arguments[0][arguments[1]]
  kAlias,      // arguments[0] AS text
  kInterval,  // arguments: values; names: their units; or one text value with names {"day", "to", "second"}
};

enum class LiteralKind : uint8_t {
  kNull,
  kBoolean,
  kString,
  kBinary,
  kNumber,
  kDate,
  kTimestamp,
  kTimestampNtz
};

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

struct Expression {
  ExpressionKind kind = ExpressionKind::kLiteral;
  LiteralKind literal = LiteralKind::kNull;
  SourceRange place;
  std::string text;
  std::vector<std::string> names;
  std::vector<ExpressionPtr> arguments;
  DataType type;
  uint32_t height = 1;  // Of the tree below; bounded, so that walks may recurse.
};

}  // namespace penstock::sql
