// Goal: whatever is wrong with the text of an expression, the answer names the place, the cause and the remedy, and
// comes at once: also for texts that are made to do harm.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/row/type_text.h"
#include "penstock/operators/expression/function_table.h"
#include "penstock/sql/analyzer/generators.h"

namespace penstock::sql {
namespace {

std::string refusal(const std::string& text) {
  const Schema schema =
      parse_schema("amount INT, country STRING, tags ARRAY<STRING>, m MAP<STRING, INT>").value();
  const std::string texts[] = {text};
  const Result<Selection> selection = compile_selection(texts, schema, {});
  return selection.ok() ? "" : std::string(selection.status().message());
}

// A message is for people: it shows the line, not all of a long text.
constexpr size_t kMessageBytesMax = 1000;

void expect_place_cause_remedy(const std::string& text) {
  const std::string message = refusal(text);
  const std::string shown = text.substr(0, 100);
  ASSERT_FALSE(message.empty()) << "is accepted: " << shown;
  EXPECT_TRUE(message.starts_with("line ")) << shown << "\n" << message;
  EXPECT_NE(message.find(", column "), std::string::npos) << shown << "\n" << message;
  EXPECT_NE(message.find(": "), std::string::npos) << shown << "\n" << message;
  EXPECT_NE(message.find("; "), std::string::npos) << shown << "\n" << message;
  EXPECT_NE(message.find('^'), std::string::npos) << shown << "\n" << message;
  EXPECT_LE(message.size(), kMessageBytesMax) << shown;
}

std::string repeated(std::string_view text, size_t times) {
  std::string all;
  for (size_t i = 0; i < times; ++i) all += text;
  return all;
}

TEST(WrongExpressions, QuotesThatAreNotClosedAreShownWhereTheyOpen) {
  for (const char* text : {"'", "\"", "`", "country = 'US", "country = 'it\\'s", "upper(\"a)",
                           "'a' || 'b", "country = 'a''", "r'a", "x'0", "date'2024-01-01", "/*",
                           "amount /* > 5", "amount -- /*\n > 'x"}) {
    expect_place_cause_remedy(text);
  }
  EXPECT_TRUE(refusal("amount > 1 and\n country = 'US").starts_with("line 2, column 12: "));
}

TEST(WrongExpressions, TextsWithoutMeasureAreRefusedAtOnce) {
  const size_t kMany = 100'000;
  expect_place_cause_remedy(std::string(kMany, '('));
  expect_place_cause_remedy(std::string(kMany, '(') + "1" + std::string(kMany, ')'));
  expect_place_cause_remedy(std::string(kMany, ')'));
  expect_place_cause_remedy(std::string(kMany, '['));
  expect_place_cause_remedy(std::string(kMany, '-') + "\n1 +");
  expect_place_cause_remedy(repeated("- ", kMany) + "amount");
  expect_place_cause_remedy(repeated("not ", kMany) + "true");
  expect_place_cause_remedy(repeated("upper(", kMany));
  expect_place_cause_remedy(repeated("case when true then ", kMany));
  expect_place_cause_remedy("amount" + repeated("[0]", kMany));
  expect_place_cause_remedy("amount" + repeated(".a", kMany));
  expect_place_cause_remedy(repeated("x -> ", kMany) + "x");
  expect_place_cause_remedy("cast(amount as " + repeated("array<", kMany));
  expect_place_cause_remedy("'" + std::string(10'000'000, 'a') + "'");
  expect_place_cause_remedy(std::string(10'000'000, ' '));
  expect_place_cause_remedy(repeated("amount + ", 2'000'000) + "1");
  expect_place_cause_remedy(std::string(500'000, 'a') + " > 1");
  expect_place_cause_remedy(std::string(500'000, '9'));
}

TEST(WrongExpressions, PatternsPathsAndFormatsAreReadWhenTheyAreConstant) {
  for (const char* text :
       {"country rlike '['", "country rlike '(a'", "regexp_extract(country, '(', 1)",
        "regexp_replace(country, '*', 'x')", "regexp_extract_all(country, 'a{2,1}', 0)",
        "split(country, '[')", "date_format(current_timestamp(), 'QQQQQQQ{')",
        "to_timestamp(country, 'YYYY')", "from_json(country, 'a NOTHING')",
        "from_json(country, 'a INT', map('mode', 'STRICT'))", "to_number(country, 'abc')",
        "cast(amount as decimal(39, 0))", "cast(amount as decimal(5, 6))"}) {
    expect_place_cause_remedy(text);
  }
}

// Words of the grammar, which do not take their arguments in brackets.
bool is_operator(const std::string& name) {
  static const std::vector<std::string> kWords = {"and",  "or",    "not", "in",    "case",
                                                  "like", "ilike", "div", "rlike", "between"};
  return !std::isalpha(static_cast<unsigned char>(name[0])) ||
         std::find(kWords.begin(), kWords.end(), name) != kWords.end();
}

std::string call_with(const std::string& function, size_t arguments) {
  std::string text = function + "(";
  for (size_t i = 0; i < arguments; ++i) text += i == 0 ? "1" : ", 1";
  return text + ")";
}

TEST(WrongExpressions, EveryFunctionKnowsHowManyArgumentsItTakes) {
  size_t checked = 0;
  for (const std::string& name : expression::function_names()) {
    if (is_operator(name)) continue;
    const expression::FunctionEntry* entry = expression::find_function(name);
    ASSERT_NE(entry, nullptr) << name;
    if (entry->arguments_min > 0)
      expect_place_cause_remedy(call_with(name, entry->arguments_min - 1));
    if (entry->arguments_max < expression::kAnyCount)
      expect_place_cause_remedy(call_with(name, entry->arguments_max + 1));
    ++checked;
  }
  EXPECT_GT(checked, 250U);
}

// Also where a value must stand in those that do take one.
TEST(WrongExpressions, NoFunctionTakesALambdaForAValue) {
  for (const std::string& name : expression::function_names()) {
    if (is_operator(name)) continue;
    const expression::FunctionEntry* entry = expression::find_function(name);
    for (size_t arguments = std::max<size_t>(entry->arguments_min, 1);
         arguments <= std::min<size_t>(entry->arguments_max, 4); ++arguments) {
      std::string text = name + "(x -> x";
      for (size_t i = 1; i < arguments; ++i) text += ", x -> x";
      expect_place_cause_remedy(text + ")");
      std::string last = name + "(";
      for (size_t i = 1; i < arguments; ++i) last += "'1', ";
      expect_place_cause_remedy(last + "x -> x)");
    }
  }
}

TEST(WrongExpressions, WhereNothingElseIsToBeSaidTheUsageIsTheRemedy) {
  EXPECT_TRUE(
      refusal("zip_with(1, 2, x -> x)")
          .starts_with(
              "line 1, column 1: zip_with: the first argument must be an array; write zip_with("));
}

TEST(WrongExpressions, GeneratorsStandAlone) {
  for (const char* text : {"explode(tags) + 1",
                           "upper(explode(tags))",
                           "explode(explode(tags))",
                           "explode()",
                           "explode(amount)",
                           "explode(tags, tags)",
                           "explode(m) as x",
                           "posexplode(tags) as x",
                           "inline(tags)",
                           "inline(m)",
                           "stack()",
                           "stack(2)",
                           "stack(0, 1)",
                           "stack(amount, 1, 2)",
                           "stack(2, 1, 'a')",
                           "json_tuple(country)",
                           "json_tuple(country, country)",
                           "json_tuple(tags, 'a')",
                           "explode(nothing)",
                           "stack(200000, 1)"}) {
    expect_place_cause_remedy(text);
  }
  const Schema schema = parse_schema("tags ARRAY<STRING>").value();
  const std::string two[] = {"explode(tags)", "explode(tags) as again"};
  EXPECT_TRUE(compile_selection(two, schema, {})
                  .status()
                  .message()
                  .starts_with("line 1, column 1: a selection has one generator at most; "));
}

}  // namespace
}  // namespace penstock::sql
