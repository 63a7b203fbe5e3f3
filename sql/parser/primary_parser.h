// sql/parser/primary_parser.h -- the recursive descent behind parse_expression(), one function per rule of the grammar.
//
// Errors      Kept in the cursor; after the first one the functions return what they have, never nullptr.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "penstock/sql/parser/expression_parser.h"
#include "penstock/sql/parser/token_cursor.h"

namespace penstock::sql {

class ExpressionParser {
 public:
  ExpressionParser(std::string_view text, std::vector<Token> tokens)
      : cursor_(text, std::move(tokens)) {}

  ExpressionPtr parse_all();
  const Status& error() const { return cursor_.error(); }

 private:
  // Counts how deep the rules call each other.
  class Depth {
   public:
    explicit Depth(ExpressionParser& parser) : parser_(parser) {
      if (++parser_.depth_ > kDepthMax) parser_.too_deep(parser_.cursor_.peek().place);
    }
    ~Depth() { --parser_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    ExpressionParser& parser_;
  };

  // expression_parser.cc: operators.
  ExpressionPtr parse_alias();
  ExpressionPtr parse_or();
  ExpressionPtr parse_and();
  ExpressionPtr parse_not();
  ExpressionPtr chain(std::string_view keyword, const char* function,
                      ExpressionPtr (ExpressionParser::*operand)());
  ExpressionPtr parse_predicate();
  ExpressionPtr parse_is(const ExpressionPtr& value);
  ExpressionPtr parse_membership(const ExpressionPtr& value);
  ExpressionPtr parse_like(const char* function, const ExpressionPtr& value);
  ExpressionPtr parse_value(int precedence);
  ExpressionPtr parse_sign();

  // primary_parser.cc: operands.
  ExpressionPtr parse_primary();
  ExpressionPtr parse_operand();
  ExpressionPtr postfix(ExpressionPtr value);
  ExpressionPtr parse_word();
  ExpressionPtr parse_parenthesis();
  ExpressionPtr parse_case();
  ExpressionPtr parse_cast(const char* function);
  ExpressionPtr parse_call();
  bool parse_special_arguments(std::string& function, std::vector<ExpressionPtr>& arguments);
  ExpressionPtr parse_argument();
  ExpressionPtr parse_name();
  ExpressionPtr lambda(std::vector<std::string> variables, SourceRange from);
  bool at_lambda_list() const;
  ExpressionPtr number(std::string_view sign, SourceRange from);
  ExpressionPtr string_literal();
  ExpressionPtr parse_interval();
  bool at_interval() const;

  ExpressionPtr make(ExpressionKind kind, std::string text, std::vector<ExpressionPtr> arguments,
                     SourceRange from);
  ExpressionPtr call(std::string function, std::vector<ExpressionPtr> arguments);
  ExpressionPtr call(std::string function, std::vector<ExpressionPtr> arguments, SourceRange from);
  ExpressionPtr finish(Expression expression, SourceRange from);
  ExpressionPtr literal(LiteralKind kind, std::string text, SourceRange from);
  ExpressionPtr boolean(bool value) {
    return literal(LiteralKind::kBoolean, value ? "true" : "false", cursor_.peek().place);
  }
  DataType type_here();
  std::string identifier();
  void too_deep(SourceRange place);

  TokenCursor cursor_;
  uint32_t depth_ = 0;
};

}  // namespace penstock::sql
