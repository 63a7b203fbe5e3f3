#include "penstock/sql/parser/expression_parser.h"

#include <algorithm>
#include <array>

#include "penstock/sql/parser/primary_parser.h"

namespace penstock::sql {
namespace {

struct Binary {
  std::string_view symbol;
  std::string_view function;
  int precedence;
};
constexpr int kComparison = 1;
constexpr int kTightest = 7;
constexpr std::array<Binary, 22> kBinaries = {{
    {"=", "=", 1},           {"==", "=", 1},
    {"<>", "!=", 1},         {"!=", "!=", 1},
    {"<", "<", 1},           {"<=", "<=", 1},
    {">", ">", 1},           {">=", ">=", 1},
    {"!<", ">=", 1},         {"<=>", "<=>", 1},
    {"|", "|", 2},           {"^", "^", 3},
    {"&", "&", 4},           {"<<", "shiftleft", 5},
    {">>", "shiftright", 5}, {">>>", "shiftrightunsigned", 5},
    {"+", "+", 6},           {"-", "-", 6},
    {"||", "concat", 6},     {"*", "*", 7},
    {"/", "/", 7},           {"%", "%", 7},
}};

const Binary* binary_at(const TokenCursor& cursor) {
  static constexpr Binary kDiv{"div", "div", 7};
  if (cursor.at_word("DIV")) return &kDiv;
  if (!cursor.at(TokenKind::kSymbol)) return nullptr;
  for (const Binary& binary : kBinaries) {
    if (binary.symbol == cursor.peek().text) return &binary;
  }
  return nullptr;
}

}  // namespace

ExpressionPtr ExpressionParser::parse_or() {
  return chain("OR", "or", &ExpressionParser::parse_and);
}
ExpressionPtr ExpressionParser::parse_and() {
  return chain("AND", "and", &ExpressionParser::parse_not);
}

// a AND b AND c is one call of three arguments: long conditions are flat, not deep.
ExpressionPtr ExpressionParser::chain(std::string_view keyword, const char* function,
                                      ExpressionPtr (ExpressionParser::*operand)()) {
  std::vector<ExpressionPtr> operands{(this->*operand)()};
  while (cursor_.skip_word(keyword)) operands.push_back((this->*operand)());
  if (operands.size() == 1 || cursor_.failed()) return operands[0];
  return call(function, std::move(operands));
}

ExpressionPtr ExpressionParser::parse_not() {
  const Depth depth(*this);
  const SourceRange from = cursor_.peek().place;
  if (cursor_.failed() || !(cursor_.skip_word("NOT") || cursor_.skip_symbol("!")))
    return parse_predicate();
  return call("not", {parse_not()}, from);
}

ExpressionPtr ExpressionParser::parse_predicate() {
  ExpressionPtr value = parse_value(kComparison);
  for (;;) {
    if (cursor_.failed()) return value;
    const size_t before = cursor_.position();
    const bool negated = cursor_.skip_word("NOT");
    ExpressionPtr predicate = cursor_.skip_word("IS") ? parse_is(value) : parse_membership(value);
    if (predicate == nullptr) {
      cursor_.go_back(before);
      return value;
    }
    value = negated ? call("not", {predicate}) : predicate;
  }
}

ExpressionPtr ExpressionParser::parse_is(const ExpressionPtr& value) {
  const bool negated = cursor_.skip_word("NOT");
  const auto finish = [&](ExpressionPtr test) {
    return negated ? call("not", {std::move(test)}) : test;
  };
  if (cursor_.skip_word("NULL")) return call(negated ? "isnotnull" : "isnull", {value});
  if (cursor_.skip_word("UNKNOWN")) return call(negated ? "isnotnull" : "isnull", {value});
  if (cursor_.skip_word("TRUE")) return finish(call("<=>", {value, boolean(true)}));
  if (cursor_.skip_word("FALSE")) return finish(call("<=>", {value, boolean(false)}));
  if (cursor_.skip_word("DISTINCT")) {
    cursor_.expect_word("FROM");
    ExpressionPtr same = call("<=>", {value, parse_value(kComparison)});
    return negated ? same : call("not", {same});
  }
  cursor_.unexpected("NULL, TRUE, FALSE, UNKNOWN or DISTINCT FROM");
  return value;
}

// IN, BETWEEN, LIKE, ILIKE, RLIKE; nullptr when none of them stands here.
ExpressionPtr ExpressionParser::parse_membership(const ExpressionPtr& value) {
  if (cursor_.skip_word("IN")) {
    std::vector<ExpressionPtr> arguments{value};
    cursor_.expect_symbol("(");
    do {
      arguments.push_back(parse_or());
    } while (cursor_.skip_symbol(","));
    cursor_.expect_symbol(")");
    return call("in", std::move(arguments));
  }
  if (cursor_.skip_word("BETWEEN")) {
    ExpressionPtr low = parse_value(kComparison);
    cursor_.expect_word("AND");
    ExpressionPtr high = parse_value(kComparison);
    if (cursor_.failed()) return value;
    return call("and", {call(">=", {value, low}), call("<=", {value, high})});
  }
  if (cursor_.skip_word("LIKE")) return parse_like("like", value);
  if (cursor_.skip_word("ILIKE")) return parse_like("ilike", value);
  if (cursor_.skip_word("RLIKE") || cursor_.skip_word("REGEXP"))
    return call("rlike", {value, parse_value(kComparison)});
  return nullptr;
}

ExpressionPtr ExpressionParser::parse_like(const char* function, const ExpressionPtr& value) {
  for (const auto& [word, joined] :
       {std::pair{"ANY", "or"}, std::pair{"SOME", "or"}, std::pair{"ALL", "and"}}) {
    if (!cursor_.at_word(word) || !cursor_.at_symbol("(", 1)) continue;
    cursor_.take();
    std::vector<ExpressionPtr> tests;
    cursor_.expect_symbol("(");
    do {
      tests.push_back(call(function, {value, parse_or()}));
    } while (cursor_.skip_symbol(","));
    cursor_.expect_symbol(")");
    return tests.size() == 1 ? tests[0] : call(joined, std::move(tests));
  }
  std::vector<ExpressionPtr> arguments{value, parse_value(kComparison)};
  if (cursor_.skip_word("ESCAPE")) arguments.push_back(parse_primary());
  return call(function, std::move(arguments));
}

ExpressionPtr ExpressionParser::parse_value(int precedence) {
  ExpressionPtr left = precedence > kTightest ? parse_sign() : parse_value(precedence + 1);
  if (precedence > kTightest) return left;
  for (;;) {
    const Binary* binary = binary_at(cursor_);
    if (cursor_.failed() || binary == nullptr || binary->precedence != precedence) return left;
    cursor_.take();
    ExpressionPtr right = parse_value(precedence + 1);
    if (cursor_.failed()) return left;
    left = call(std::string(binary->function), {left, right});
  }
}

ExpressionPtr ExpressionParser::parse_sign() {
  const Depth depth(*this);
  const SourceRange from = cursor_.peek().place;
  if (cursor_.failed()) return boolean(false);
  if (cursor_.skip_symbol("-")) {
    // A number keeps its sign, or the smallest integers could not be written.
    if (cursor_.at(TokenKind::kNumber)) return postfix(number("-", from));
    return call("negative", {parse_sign()}, from);
  }
  if (cursor_.skip_symbol("+")) return call("positive", {parse_sign()}, from);
  if (cursor_.skip_symbol("~")) return call("~", {parse_sign()}, from);
  return parse_primary();
}

ExpressionPtr ExpressionParser::parse_all() {
  ExpressionPtr expression = parse_alias();
  if (!cursor_.at(TokenKind::kEnd) && !cursor_.failed())
    cursor_.unexpected("an operator or the end of the expression");
  return expression;
}

ExpressionPtr ExpressionParser::parse_alias() {
  ExpressionPtr expression = parse_or();
  const bool named = (cursor_.at(TokenKind::kWord) && !cursor_.at_word("NOT")) ||
                     cursor_.at(TokenKind::kQuotedName);
  if (!cursor_.skip_word("AS") && !(named && expression->kind != ExpressionKind::kStar))
    return expression;
  if (cursor_.failed()) return expression;
  const SourceRange from = cursor_.peek().place;
  std::string name = identifier();
  return make(ExpressionKind::kAlias, std::move(name), {expression}, from);
}

Result<ExpressionPtr> parse_expression(std::string_view text) {
  Result<std::vector<Token>> tokens = tokenize(text);
  if (!tokens.ok()) return tokens.status();
  ExpressionParser parser(text, std::move(*tokens));
  ExpressionPtr expression = parser.parse_all();
  if (!parser.error().ok()) return parser.error();
  return expression;
}

}  // namespace penstock::sql
