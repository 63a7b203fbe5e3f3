#include "penstock/sql/parser/primary_parser.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "penstock/core/row/type_text.h"

namespace penstock::sql {
namespace {

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return result;
}

template <size_t N>
bool contains(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// What ends an operand; as names they need backquotes.
constexpr std::array<std::string_view, 16> kReserved = {
    "and",     "or", "not",  "in",   "like", "ilike", "rlike", "regexp",
    "between", "is", "then", "when", "else", "from",  "as",    "div"};
constexpr std::array<std::string_view, 8> kWithoutParentheses = {
    "current_date",    "current_timestamp", "current_user", "localtimestamp",
    "current_catalog", "current_schema",    "user",         "session_user"};
constexpr std::array<std::string_view, 9> kUnits = {
    "year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond"};

bool is_unit(std::string_view word) {
  std::string unit = lower(word);
  if (unit == "microsecond" || unit == "microseconds") return true;
  if (!unit.empty() && unit.back() == 's') unit.pop_back();
  return contains(kUnits, unit);
}

}  // namespace

void ExpressionParser::too_deep(SourceRange place) {
  cursor_.fail(place, "the expression is nested more than " + std::to_string(kDepthMax) + " deep",
               "split it into several columns");
}

ExpressionPtr ExpressionParser::finish(Expression expression, SourceRange from) {
  const Token& last = cursor_.position() == 0 ? cursor_.peek() : cursor_.last();
  const uint32_t end = std::max(last.place.offset + last.place.length, from.offset + from.length);
  expression.place = {from.offset, end - from.offset};
  for (const ExpressionPtr& argument : expression.arguments)
    expression.height = std::max(expression.height, argument->height + 1);
  if (expression.height > kDepthMax) too_deep(from);
  return std::make_shared<const Expression>(std::move(expression));
}

ExpressionPtr ExpressionParser::make(ExpressionKind kind, std::string text,
                                     std::vector<ExpressionPtr> arguments, SourceRange from) {
  Expression expression;
  expression.kind = kind;
  expression.text = std::move(text);
  expression.arguments = std::move(arguments);
  return finish(std::move(expression), from);
}

ExpressionPtr ExpressionParser::call(std::string function, std::vector<ExpressionPtr> arguments,
                                     SourceRange from) {
  return make(ExpressionKind::kCall, std::move(function), std::move(arguments), from);
}

ExpressionPtr ExpressionParser::call(std::string function, std::vector<ExpressionPtr> arguments) {
  const SourceRange from = arguments[0]->place;
  return call(std::move(function), std::move(arguments), from);
}

ExpressionPtr ExpressionParser::literal(LiteralKind kind, std::string text, SourceRange from) {
  Expression expression;
  expression.literal = kind;
  expression.text = std::move(text);
  return finish(std::move(expression), from);
}

DataType ExpressionParser::type_here() {
  if (cursor_.failed()) return {};
  const size_t from = cursor_.peek().place.offset;
  size_t used = 0;
  Result<DataType> type = parse_type_prefix(cursor_.text().substr(from), used);
  if (!type.ok()) {
    const std::string_view message = type.status().message();
    cursor_.fail(cursor_.peek().place, "no type can be read here: " + std::string(message),
                 "write a type such as INT or ARRAY<STRING>");
    return {};
  }
  cursor_.skip_to(from + std::max<size_t>(used, 1));
  return *type;
}

std::string ExpressionParser::identifier() {
  if (cursor_.at(TokenKind::kQuotedName)) return cursor_.take().value;
  if (cursor_.at(TokenKind::kWord)) return std::string(cursor_.take().text);
  cursor_.unexpected("a name");
  return {};
}

ExpressionPtr ExpressionParser::parse_primary() { return postfix(parse_operand()); }

ExpressionPtr ExpressionParser::postfix(ExpressionPtr value) {
  for (;;) {
    const SourceRange from = value->place;
    if (cursor_.skip_symbol("[")) {
      ExpressionPtr index = parse_or();
      cursor_.expect_symbol("]");
      value = make(ExpressionKind::kSubscript, "", {value, index}, from);
    } else if (cursor_.at_symbol(".") && !cursor_.at_symbol("*", 1)) {
      cursor_.take();
      std::string field = identifier();
      value = make(ExpressionKind::kField, std::move(field), {value}, from);
    } else if (cursor_.skip_symbol("::")) {
      Expression cast;
      cast.kind = ExpressionKind::kCast;
      cast.text = "cast";
      cast.type = type_here();
      cast.arguments = {value};
      value = finish(std::move(cast), from);
    } else {
      return value;
    }
  }
}

ExpressionPtr ExpressionParser::parse_operand() {
  const Depth depth(*this);
  const SourceRange from = cursor_.peek().place;
  if (cursor_.failed()) return boolean(false);
  if (cursor_.at(TokenKind::kNumber)) return number("", from);
  if (cursor_.at(TokenKind::kString)) return string_literal();
  if (cursor_.at_symbol("(")) return parse_parenthesis();
  if (cursor_.skip_symbol("*")) return make(ExpressionKind::kStar, "", {}, from);
  if (cursor_.at(TokenKind::kQuotedName))
    return cursor_.at_symbol("(", 1) ? parse_call() : parse_name();
  if (cursor_.at(TokenKind::kWord)) return parse_word();
  cursor_.unexpected("a value, a column or a function");
  return boolean(false);
}

ExpressionPtr ExpressionParser::parse_word() {
  const Token& word = cursor_.peek();
  const SourceRange from = word.place;
  const std::string name = lower(word.text);
  if (cursor_.at(TokenKind::kString, 1)) {
    constexpr std::array<std::pair<std::string_view, LiteralKind>, 5> kTyped = {
        {{"date", LiteralKind::kDate},
         {"timestamp", LiteralKind::kTimestamp},
         {"timestamp_ltz", LiteralKind::kTimestamp},
         {"timestamp_ntz", LiteralKind::kTimestampNtz},
         {"x", LiteralKind::kBinary}}};
    for (const auto& [prefix, kind] : kTyped) {
      if (prefix != name) continue;
      cursor_.take();
      return literal(kind, cursor_.take().value, from);
    }
  }
  if (name == "interval" && at_interval()) return parse_interval();
  if (name == "case") return parse_case();
  if (cursor_.at_symbol("(", 1)) {
    if (name == "cast" || name == "try_cast")
      return parse_cast(name == "cast" ? "cast" : "try_cast");
    return parse_call();
  }
  if (name == "null") return cursor_.take(), literal(LiteralKind::kNull, "", from);
  if (name == "true" || name == "false")
    return cursor_.take(), literal(LiteralKind::kBoolean, name, from);
  if (contains(kReserved, name)) {
    cursor_.unexpected(
        "a value, a column or a function (names that are keywords stand in `backquotes`)");
    return boolean(false);
  }
  if (contains(kWithoutParentheses, name) && !cursor_.at_symbol(".", 1))
    return cursor_.take(), call(name, {}, from);
  if (cursor_.at_symbol("->", 1)) {
    std::vector<std::string> variables{identifier()};
    return lambda(std::move(variables), from);
  }
  return parse_name();
}

ExpressionPtr ExpressionParser::parse_name() {
  const SourceRange from = cursor_.peek().place;
  Expression name;
  name.kind = ExpressionKind::kName;
  name.names.push_back(identifier());
  while (cursor_.at_symbol(".")) {
    cursor_.take();
    if (cursor_.skip_symbol("*")) {
      name.kind = ExpressionKind::kStar;
      break;
    }
    name.names.push_back(identifier());
  }
  return finish(std::move(name), from);
}

// "(x, y) ->" stands here.
bool ExpressionParser::at_lambda_list() const {
  size_t ahead = 1;
  for (;; ahead += 2) {
    if (!cursor_.at(TokenKind::kWord, ahead) && !cursor_.at(TokenKind::kQuotedName, ahead))
      return false;
    if (!cursor_.at_symbol(",", ahead + 1)) break;
  }
  return cursor_.at_symbol(")", ahead + 1) && cursor_.at_symbol("->", ahead + 2);
}

ExpressionPtr ExpressionParser::lambda(std::vector<std::string> variables, SourceRange from) {
  cursor_.expect_symbol("->");
  Expression lambda;
  lambda.kind = ExpressionKind::kLambda;
  lambda.names = std::move(variables);
  lambda.arguments = {parse_or()};
  return finish(std::move(lambda), from);
}

ExpressionPtr ExpressionParser::parse_parenthesis() {
  const SourceRange from = cursor_.peek().place;
  if (at_lambda_list()) {
    std::vector<std::string> variables;
    do {
      cursor_.take();
      variables.push_back(identifier());
    } while (cursor_.at_symbol(","));
    cursor_.expect_symbol(")");
    return lambda(std::move(variables), from);
  }
  cursor_.take();
  std::vector<ExpressionPtr> values{parse_alias()};
  while (cursor_.skip_symbol(",")) values.push_back(parse_alias());
  cursor_.expect_symbol(")");
  if (values.size() == 1) return values[0];
  return call("struct", std::move(values), from);
}

// Both forms become call case(condition, value, ..., else); "case a when b" asks a = b.
ExpressionPtr ExpressionParser::parse_case() {
  const SourceRange from = cursor_.take().place;
  const ExpressionPtr operand = cursor_.at_word("WHEN") ? nullptr : parse_or();
  std::vector<ExpressionPtr> arguments;
  cursor_.expect_word("WHEN");
  do {
    ExpressionPtr condition = parse_or();
    if (cursor_.failed()) return condition;
    arguments.push_back(operand == nullptr ? condition : call("=", {operand, condition}));
    cursor_.expect_word("THEN");
    arguments.push_back(parse_or());
  } while (cursor_.skip_word("WHEN"));
  if (cursor_.skip_word("ELSE")) arguments.push_back(parse_or());
  cursor_.expect_word("END");
  return call("case", std::move(arguments), from);
}

ExpressionPtr ExpressionParser::parse_cast(const char* function) {
  const SourceRange from = cursor_.take().place;
  Expression cast;
  cast.kind = ExpressionKind::kCast;
  cast.text = function;
  cursor_.expect_symbol("(");
  cast.arguments = {parse_or()};
  cursor_.expect_word("AS");
  cast.type = type_here();
  cursor_.expect_symbol(")");
  return finish(std::move(cast), from);
}

ExpressionPtr ExpressionParser::parse_argument() {
  if (cursor_.at(TokenKind::kWord) && cursor_.at_symbol("=>", 1)) {
    cursor_.fail(cursor_.peek().place, "arguments by name are not supported",
                 "give the arguments by position");
  }
  return parse_alias();
}

ExpressionPtr ExpressionParser::parse_call() {
  const SourceRange from = cursor_.peek().place;
  std::string function = lower(identifier());
  cursor_.expect_symbol("(");
  std::vector<ExpressionPtr> arguments;
  if (!parse_special_arguments(function, arguments)) {
    if (!cursor_.at_symbol(")")) {
      arguments.push_back(parse_argument());
      while (cursor_.skip_symbol(",")) arguments.push_back(parse_argument());
    }
  }
  cursor_.expect_symbol(")");
  return call(std::move(function), std::move(arguments), from);
}

// SUBSTRING(s FROM a FOR b), TRIM(BOTH x FROM s), OVERLAY(s PLACING x FROM a), POSITION(x IN s), units.
bool ExpressionParser::parse_special_arguments(std::string& function,
                                               std::vector<ExpressionPtr>& arguments) {
  static constexpr std::array<std::string_view, 6> kWithUnit = {
      "timestampadd", "timestampdiff", "dateadd", "date_add", "datediff", "date_diff"};
  const SourceRange from = cursor_.peek().place;
  if (function == "extract") {
    arguments.push_back(literal(LiteralKind::kString, identifier(), from));
    cursor_.expect_word("FROM");
    arguments.push_back(parse_or());
    return true;
  }
  if (contains(kWithUnit, function) && cursor_.at(TokenKind::kWord) && cursor_.at_symbol(",", 1) &&
      is_unit(cursor_.peek().text)) {
    if (function[0] == 'd')
      function = function.find("diff") == std::string::npos ? "timestampadd" : "timestampdiff";
    arguments.push_back(literal(LiteralKind::kString, identifier(), from));
    while (cursor_.skip_symbol(",")) arguments.push_back(parse_or());
    return true;
  }
  if (function == "trim" &&
      (cursor_.at_word("BOTH") || cursor_.at_word("LEADING") || cursor_.at_word("TRAILING"))) {
    const bool leading = cursor_.at_word("LEADING");
    function = cursor_.at_word("BOTH") ? "btrim" : (leading ? "ltrim_of" : "rtrim_of");
    cursor_.take();
    ExpressionPtr characters =
        cursor_.at_word("FROM") ? literal(LiteralKind::kString, " ", from) : parse_or();
    cursor_.expect_word("FROM");
    arguments = {parse_or(), characters};
    return true;
  }
  if (function == "position") {
    arguments.push_back(parse_value(1));
    if (cursor_.skip_word("IN") || cursor_.skip_symbol(",")) arguments.push_back(parse_or());
    if (cursor_.skip_symbol(",")) arguments.push_back(parse_or());
    return true;
  }
  if (function == "substring" || function == "substr" || function == "overlay" ||
      function == "trim") {
    if (cursor_.at_symbol(")")) return false;
    arguments.push_back(parse_or());
    if (function == "trim" && cursor_.skip_word("FROM")) {
      function = "btrim";
      arguments.insert(arguments.begin(), parse_or());
      return true;
    }
    while (cursor_.skip_symbol(",") || cursor_.skip_word("PLACING") || cursor_.skip_word("FROM") ||
           cursor_.skip_word("FOR")) {
      arguments.push_back(parse_or());
    }
    return true;
  }
  return false;
}

ExpressionPtr ExpressionParser::string_literal() {
  const SourceRange from = cursor_.peek().place;
  std::string value;
  while (cursor_.at(TokenKind::kString)) value += cursor_.take().value;  // 'a' 'b' is 'ab'.
  return literal(LiteralKind::kString, std::move(value), from);
}

ExpressionPtr ExpressionParser::number(std::string_view sign, SourceRange from) {
  std::string text = lower(cursor_.take().text);
  size_t digits = text.find_first_not_of("0123456789.");
  if (digits != std::string::npos && text[digits] == 'e')
    digits = text.find_first_not_of("0123456789", digits + 2);
  const std::string suffix = digits == std::string::npos ? "" : text.substr(digits);
  static constexpr std::array<std::string_view, 7> kSuffixes = {"", "l", "s", "y", "d", "f", "bd"};
  if (!contains(kSuffixes, suffix)) {
    cursor_.fail(from, "\"" + text.substr(0, 40) + "\" is no number",
                 "use digits with a suffix L, S, Y, D, F or BD, or put a name in `backquotes`");
  }
  return literal(LiteralKind::kNumber, std::string(sign) + text, from);
}

bool ExpressionParser::at_interval() const {
  if (cursor_.at(TokenKind::kString, 1) || cursor_.at(TokenKind::kNumber, 1) ||
      cursor_.at_symbol("-", 1) || cursor_.at_symbol("+", 1))
    return true;
  if (cursor_.at_symbol("(", 1)) return true;
  return cursor_.at(TokenKind::kWord, 1) && cursor_.at(TokenKind::kWord, 2) &&
         is_unit(cursor_.peek(2).text);
}

ExpressionPtr ExpressionParser::parse_interval() {
  const SourceRange from = cursor_.take().place;
  Expression interval;
  interval.kind = ExpressionKind::kInterval;
  do {
    interval.arguments.push_back(parse_value(7));
    if (cursor_.failed()) break;
    if (!cursor_.at(TokenKind::kWord) || !is_unit(cursor_.peek().text)) break;
    interval.names.push_back(lower(cursor_.take().text));
    if (cursor_.skip_word("TO")) {
      interval.names.emplace_back("to");
      interval.names.push_back(lower(identifier()));
      break;
    }
  } while (cursor_.at(TokenKind::kNumber) || cursor_.at(TokenKind::kString) ||
           cursor_.at_symbol("-"));
  return finish(std::move(interval), from);
}

}  // namespace penstock::sql
