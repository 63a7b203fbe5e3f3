#include "penstock/sql/analyzer/analyzer.h"

#include <gtest/gtest.h>

#include <string>

#include "penstock/core/row/type_text.h"
#include "penstock/tests/sql/analyzer/expression_kit.h"

namespace penstock::sql {
namespace {

Schema payments() {
  return *parse_schema(
      "amount INT, country STRING, card STRUCT<number: STRING, limit: INT>, tags ARRAY<STRING>, m "
      "MAP<STRING, INT>");
}

TEST(Analyzer, FindsNamesWhateverTheirCase) {
  const Schema schema = *parse_schema("Amount INT");
  EXPECT_EQ(evaluated("AMOUNT + amount", schema, {Cell::of_number(21)}), "42");
}

TEST(Analyzer, HintsAtTheNearestName) {
  const std::string message = evaluated("amuont > 5", payments(), {});
  EXPECT_EQ(message,
            "error: line 1, column 1: there is no column \"amuont\"; did you mean \"amount\"?\n"
            "  amuont > 5\n"
            "  ^^^^^^");
  EXPECT_NE(evaluated("uper('x')").find("did you mean \"upper\"?"), std::string::npos);
  EXPECT_NE(evaluated("card.nmber", payments(), {}).find("it has number, limit"),
            std::string::npos);
}

TEST(Analyzer, FoldsConstants) {
  const Result<expression::Program> program =
      compile("amount > 10 * 10 + length('abc')", payments());
  ASSERT_TRUE(program.ok());
  EXPECT_EQ(program->parts().instructions.size(), 2U);  // The comparison and the end.
}

TEST(Analyzer, ComputesEqualPartsOnce) {
  const Result<expression::Program> once = compile("upper(country)", payments());
  const Result<expression::Program> twice =
      compile("upper(country) = 'US' or upper(country) = 'DE'", payments());
  ASSERT_TRUE(once.ok() && twice.ok());
  EXPECT_EQ(twice->parts().instructions.size(), once->parts().instructions.size() + 4);
}

TEST(Analyzer, StopsAtWhatSettlesTheResult) {
  EXPECT_EQ(evaluated("false and raise_error('reached')"), "false");
  EXPECT_EQ(evaluated("true or raise_error('reached')"), "true");
  EXPECT_EQ(evaluated("if(1 = 1, 'a', raise_error('reached'))"), "a");
  EXPECT_EQ(evaluated("coalesce(1, raise_error('reached'))"), "1");
  EXPECT_EQ(evaluated("true and raise_error('reached')"), "error: reached");
}

TEST(Analyzer, ObeysTheAnsiSwitch) {
  const expression::Settings ansi{.ansi = true, .zone = {}};
  EXPECT_EQ(evaluated("1 / 0"), "null");
  EXPECT_EQ(evaluated("2147483647 + 1"), "-2147483648");
  EXPECT_EQ(evaluated("cast('x' as int)"), "null");
  EXPECT_NE(evaluated("1 / 0", ansi).find("use try_divide"), std::string::npos);
  EXPECT_NE(evaluated("2147483647 + 1", ansi).find("overflow"), std::string::npos);
  EXPECT_NE(evaluated("cast('x' as int)", ansi).find("try_cast"), std::string::npos);
  EXPECT_EQ(evaluated("try_cast('x' as int)", ansi), "null");
}

const char* const kWrong[] = {"",
                              " ",
                              "(",
                              ")",
                              "1 +",
                              "+",
                              "* 2",
                              "a b c",
                              "'open",
                              "\"open",
                              "`open",
                              "``",
                              "/* open",
                              "1 2",
                              "1,2",
                              "a = ",
                              "= 1",
                              "a ==== 1",
                              "not",
                              "and",
                              "amount and",
                              "amount and true",
                              "not amount",
                              "country or true",
                              "amount = tags",
                              "m = m",
                              "m < m",
                              "tags = 1",
                              "card > 5",
                              "amount + tags",
                              "card * 2",
                              "country - m",
                              "- tags",
                              "~ 1.5",
                              "1.5 & 2",
                              "amount.x",
                              "card.x",
                              "card.number.x",
                              "x.amount",
                              "amount[0]",
                              "tags['a']",
                              "tags[",
                              "tags[1",
                              "m[tags]",
                              "amount[",
                              "nothing",
                              "amonut",
                              "`amount `",
                              "card.*",
                              "*",
                              "upper",
                              "uppr(country)",
                              "upper()",
                              "upper(country, country)",
                              "upper(tags)",
                              "substring(country)",
                              "length(1, 2)",
                              "nofunction(1)",
                              "if(amount, 1, 2)",
                              "if(true, 1)",
                              "if(true, 1, tags)",
                              "case when 1 then 2 end",
                              "case end",
                              "case when true then 1",
                              "case amount then 1 end",
                              "case when true 1 end",
                              "coalesce()",
                              "coalesce(1, tags)",
                              "greatest(1)",
                              "greatest(m, m)",
                              "amount in ()",
                              "amount in (1",
                              "amount in 1",
                              "amount in (tags)",
                              "amount between 1",
                              "amount between 1 or 2",
                              "amount is",
                              "amount is not",
                              "amount is 5",
                              "country like",
                              "country not",
                              "country like any ()",
                              "cast(amount)",
                              "cast(amount as)",
                              "cast(amount as nothing)",
                              "cast(amount as int",
                              "cast(tags as int)",
                              "cast(amount as array<int>)",
                              "cast(amount as decimal(50, 2))",
                              "cast(amount as array<int)",
                              "amount::",
                              "amount::nothing",
                              "1e400",
                              "1x",
                              "0x1F",
                              "99999999999999999999L",
                              "300Y",
                              "1e400D",
                              "date'x'",
                              "date'2024-13-01'",
                              "timestamp'x'",
                              "x'0g'",
                              "interval '1' fortnight",
                              "interval 1",
                              "interval 1 month 2 days",
                              "interval 'x' day",
                              "interval '1-2' year to second",
                              "x -> x",
                              "(x, y) -> x",
                              "upper(x -> x)",
                              "f(a => 1)",
                              "hash(m)",
                              "to_number('1', 'Q')",
                              "sum(",
                              "upper(country))",
                              "extract(year)",
                              "trim(both from)",
                              "overlay(country placing)",
                              "a.",
                              ".a",
                              "a..b",
                              "amount @ 5",
                              "amount # 5",
                              "amount $ 5",
                              "amount ? 5",
                              "\\",
                              "{",
                              "select 1",
                              "amount; 1",
                              "round(amount, country, 1)",
                              "floor(1.5, amount)",
                              "pmod(1)"};

TEST(Analyzer, RefusesWhatIsWrongWithPlaceCauseAndRemedy) {
  size_t count = 0;
  for (const char* text : kWrong) {
    const Result<expression::Program> program = compile(text, payments());
    ASSERT_FALSE(program.ok()) << text;
    const std::string_view message = program.status().message();
    EXPECT_TRUE(message.starts_with("line ")) << text << "\n" << message;
    EXPECT_NE(message.find(", column "), std::string_view::npos) << text << "\n" << message;
    EXPECT_NE(message.find("; "), std::string_view::npos) << text << "\n" << message;
    EXPECT_NE(message.find('^'), std::string_view::npos) << text << "\n" << message;
    ++count;
  }
  EXPECT_GE(count, 100U);
}

}  // namespace
}  // namespace penstock::sql
