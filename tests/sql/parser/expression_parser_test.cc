#include "penstock/sql/parser/expression_parser.h"

#include <gtest/gtest.h>

#include <string>

#include "penstock/sql/parser/lexer.h"

namespace penstock::sql {
namespace {

// The tree with all parentheses.
std::string shape(const Expression& expression) {
  switch (expression.kind) {
    case ExpressionKind::kLiteral:
      return expression.literal == LiteralKind::kNull ? "null" : expression.text;
    case ExpressionKind::kStar:
      return "*";
    case ExpressionKind::kName: {
      std::string name;
      for (const std::string& part : expression.names) name += (name.empty() ? "" : ".") + part;
      return name;
    }
    default:
      break;
  }
  std::string text = expression.kind == ExpressionKind::kCast
                         ? expression.text + ":" + expression.type.to_string()
                         : expression.text;
  if (expression.kind == ExpressionKind::kSubscript) text = "[]";
  if (expression.kind == ExpressionKind::kField) text = "." + expression.text;
  if (expression.kind == ExpressionKind::kLambda)
    text = "->" + std::to_string(expression.names.size());
  text += "(";
  for (size_t i = 0; i < expression.arguments.size(); ++i)
    text += (i == 0 ? "" : " ") + shape(*expression.arguments[i]);
  return text + ")";
}

std::string parsed(std::string_view text) {
  Result<ExpressionPtr> expression = parse_expression(text);
  return expression.ok() ? shape(**expression) : std::string(expression.status().message());
}

TEST(ExpressionParser, BindsFromSignToOr) {
  EXPECT_EQ(parsed("a or b and not c = -d * e + f"),
            "or(a and(b not(=(c +(*(negative(d) e) f)))))");
  EXPECT_EQ(parsed("a | b ^ c & d << 1"), "|(a ^(b &(c shiftleft(d 1))))");
  EXPECT_EQ(parsed("1 - 2 - 3"), "-(-(1 2) 3)");
  EXPECT_EQ(parsed("a || b || c"), "concat(concat(a b) c)");
  EXPECT_EQ(parsed("a div b % c"), "%(div(a b) c)");
}

TEST(ExpressionParser, FlattensLongConditions) { EXPECT_EQ(parsed("a and b and c"), "and(a b c)"); }

TEST(ExpressionParser, ReadsPredicates) {
  EXPECT_EQ(parsed("a not in (1, 2)"), "not(in(a 1 2))");
  EXPECT_EQ(parsed("a between 1 and 2 and b"), "and(and(>=(a 1) <=(a 2)) b)");
  EXPECT_EQ(parsed("a is not null"), "isnotnull(a)");
  EXPECT_EQ(parsed("a is not distinct from b"), "<=>(a b)");
  EXPECT_EQ(parsed("a like 'x%' escape '/'"), "like(a x% /)");
  EXPECT_EQ(parsed("a not rlike 'x'"), "not(rlike(a x))");
  EXPECT_EQ(parsed("a like any ('x', 'y')"), "or(like(a x) like(a y))");
}

TEST(ExpressionParser, ReadsOperands) {
  EXPECT_EQ(parsed("a.b[1].c::int"), "cast:int(.c([](a.b 1)))");
  EXPECT_EQ(parsed("try_cast(a as array<array<int>>)"), "try_cast:array<array<int>>(a)");
  EXPECT_EQ(parsed("case a when 1 then 'x' else 'y' end"), "case(=(a 1) x y)");
  EXPECT_EQ(parsed("transform(a, (x, i) -> x + i)"), "transform(a ->2(+(x i)))");
  EXPECT_EQ(parsed("(1, 2)"), "struct(1 2)");
  EXPECT_EQ(parsed("extract(year from t)"), "extract(year t)");
  EXPECT_EQ(parsed("trim(both 'x' from s)"), "btrim(s x)");
  EXPECT_EQ(parsed("overlay(s placing 'x' from 2 for 3)"), "overlay(s x 2 3)");
  EXPECT_EQ(parsed("position('a' in s)"), "position(a s)");
  EXPECT_EQ(parsed("timestampadd(HOUR, 5, t)"), "timestampadd(HOUR 5 t)");
  EXPECT_EQ(parsed("current_date"), "current_date()");
  EXPECT_EQ(parsed("`a b`.`c``d`"), "a b.c`d");
  EXPECT_EQ(parsed("count(*)"), "count(*)");
}

TEST(ExpressionParser, KeepsTheSignOfTheSmallestNumbers) {
  EXPECT_EQ(parsed("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(parsed("1.5e-3"), "1.5e-3");
  EXPECT_EQ(parsed("12L"), "12l");
}

TEST(ExpressionParser, ReadsEscapesOfStrings) {
  EXPECT_EQ(parsed(R"('a\n\t\'b''c\u00e9\101')"),
            "a\n\t'b'c\xC3\xA9"
            "A");
  EXPECT_EQ(parsed(R"('50\%')"), R"(50\%)");
  EXPECT_EQ(parsed(R"(r'a\d')"), R"(a\d)");
  EXPECT_EQ(parsed(R"('a' "b")"), "ab");
}

TEST(ExpressionParser, PassesOverComments) {
  EXPECT_EQ(parsed("1 /* one */ + -- two\n 2"), "+(1 2)");
}

TEST(ExpressionParser, ShowsThePlaceOfAnError) {
  const std::string message = parsed("price > \n  (1 + ]");
  EXPECT_EQ(message,
            "line 2, column 8: \"]\" was not expected; expected a value, a column or a function\n"
            "    (1 + ]\n"
            "         ^");
}

TEST(ExpressionParser, CountsCharactersNotBytes) {
  EXPECT_TRUE(parsed("'žluťoučký' ]").starts_with("line 1, column 13:")) << parsed("'žluťoučký' ]");
}

TEST(ExpressionParser, RefusesTextsWithoutMeasure) {
  for (const std::string& text :
       {std::string(100'000, '('), std::string(100'000, '-'), "1" + std::string(200'000, '+'),
        std::string(10 << 20, 'x'), std::string(10 << 20, ' ') + "1"}) {
    const Result<ExpressionPtr> expression = parse_expression(text);
    ASSERT_FALSE(expression.ok());
    EXPECT_LT(expression.status().message().size(), 1000U);
    EXPECT_NE(expression.status().message().find(';'), std::string::npos)
        << expression.status().message();
  }
  std::string nots;
  for (int i = 0; i < 10'000; ++i) nots += "not ";
  EXPECT_FALSE(parse_expression(nots + "true").ok());
  std::string sum = "1";
  for (int i = 0; i < 10'000; ++i) sum += " + 1";
  EXPECT_FALSE(parse_expression(sum).ok());
}

TEST(ExpressionParser, TakesAThousandConditions) {
  std::string text = "a = 0";
  for (int i = 1; i < 1000; ++i) text += " or a = " + std::to_string(i);
  EXPECT_TRUE(parse_expression(text).ok());
}

}  // namespace
}  // namespace penstock::sql
