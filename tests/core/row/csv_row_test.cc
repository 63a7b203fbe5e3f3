// Goal: lines of CSV become the rows that Spark's reader makes of them, and rows the lines that its writer makes.
#include "penstock/core/row/csv_row.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "penstock/core/row/csv_text.h"
#include "penstock/core/row/type_text.h"
#include "penstock/core/row/value_text.h"

namespace penstock {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Named = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> values_of(std::string_view line, const Named& named = {}) {
  const CsvOptions options = CsvOptions::of(named, TimeZone()).value();
  Arena arena;
  CsvLine values(line, options, arena);
  std::vector<std::string> all;
  for (CsvValue value; values.next(value);) all.emplace_back(value.text);
  return all;
}

// "{1, a}" as CAST AS STRING shows it, or "bad: WHY".
std::string read(std::string_view schema_text, std::string_view line, const Named& named = {},
                 const RowProjection& projection = RowProjection()) {
  const Schema schema = parse_schema(schema_text).value();
  Result<CsvRowReader> reader =
      CsvRowReader::make(schema, CsvOptions::of(named, TimeZone()).value());
  if (!reader.ok()) return std::string(reader.status().message());
  Arena arena;
  std::string_view row;
  std::string fault;
  if (!reader->read(line, arena, row, fault, projection)) return "bad: " + fault;
  EXPECT_TRUE(check_row(row, reader->schema()).ok());
  std::string shown;
  append_text(Cell::of_bytes(row), schema.type(), TimeZone(), shown);
  return shown;
}

TEST(CsvRowReader, AProjectionReadsItsColumnsAndCountsNoValues) {
  const Named strict{{"mode", "FAILFAST"}};
  const RowProjection second({false, true, false});
  EXPECT_EQ(read("a INT, b INT, c INT", "x,2,y", strict, second), "{null, 2, null}");
  EXPECT_EQ(read("a INT, b INT, c INT", "1,2", strict, second), "{null, 2, null}");
  EXPECT_EQ(read("a INT, b INT, c INT", "1", strict, second), "{null, null, null}");
  EXPECT_EQ(read("a INT, b INT, c INT", "1,2,3,4", strict, second), "{null, 2, null}");
  EXPECT_THAT(read("a INT, b INT, c INT", "1,x,3", strict, second), HasSubstr("column \"b\""));
  EXPECT_EQ(read("a INT, b INT", "\"1,2", strict, RowProjection({false, false})), "{null, null}");
}

TEST(CsvLine, CutsAtSeparators) {
  EXPECT_THAT(values_of("a,b,,c"), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(values_of(""), ElementsAre(""));
  EXPECT_THAT(values_of("a,"), ElementsAre("a", ""));
  EXPECT_THAT(values_of("a\tb", {{"sep", "\\t"}}), ElementsAre("a", "b"));
  EXPECT_THAT(values_of("a||b|c", {{"delimiter", "||"}}), ElementsAre("a", "b|c"));
  EXPECT_THAT(values_of(" a , b "), ElementsAre(" a ", " b "));
  EXPECT_THAT(values_of(" a , b ", {{"ignoreLeadingWhiteSpace", "true"},
                                    {"ignoreTrailingWhiteSpace", "true"}}),
              ElementsAre("a", "b"));
}

TEST(CsvLine, TakesQuotesAndEscapesAsSparkDoes) {
  EXPECT_THAT(values_of(R"("a,b",c)"), ElementsAre("a,b", "c"));
  EXPECT_THAT(values_of(R"("a\"b",c)"), ElementsAre("a\"b", "c"));
  EXPECT_THAT(values_of(R"("a\\",c)"), ElementsAre("a\\", "c"));
  EXPECT_THAT(values_of(R"("a\nb")"), ElementsAre("a\\nb"));
  EXPECT_THAT(values_of(R"("a" ,c)"), ElementsAre("a", "c"));
  EXPECT_THAT(values_of(R"("")"), ElementsAre(""));
  EXPECT_THAT(values_of(R"(a"b",c)"), ElementsAre("a\"b\"", "c"));
  EXPECT_THAT(values_of(R"("a""b",c)", {{"escape", "\""}}), ElementsAre("a\"b", "c"));
  EXPECT_THAT(values_of(R"('a,b',"c")", {{"quote", "'"}}), ElementsAre("a,b", "\"c\""));
  EXPECT_THAT(values_of(R"("a,b")", {{"quote", ""}}), ElementsAre("\"a", "b\""));
}

TEST(CsvLine, AValueWhoseQuoteDoesNotCloseItStandsAsItIsWritten) {
  EXPECT_THAT(values_of(R"("a"b,c)"), ElementsAre("\"a\"b", "c"));
  EXPECT_THAT(values_of(R"("a""b",c)"), ElementsAre("\"a\"\"b\"", "c"));
  EXPECT_THAT(values_of(R"("a" b,c)"), ElementsAre("\"a\" b", "c"));
  EXPECT_THAT(values_of(R"("a,b)"), ElementsAre("a,b"));
  EXPECT_THAT(values_of(R"("a,"b,c)"), ElementsAre("\"a,\"b", "c"));
}

// Spark's reader finds what lines of a file end with, and reads that as "\n".
TEST(CsvLine, LineEndsInQuotesAreThoseOfTheRecordOrStayAsTheyAre) {
  const Named multi{{"multiLine", "true"}};
  EXPECT_THAT(values_of("a,\"b\r\nc\nd\re\"\r", multi), ElementsAre("a", "b\nc\nd\re"));
  EXPECT_THAT(values_of("a,\"b\r\nc\nd\re\"", multi), ElementsAre("a", "b\r\nc\nd\re"));
  EXPECT_THAT(values_of("\"b\r\n\\\"\"\r", multi), ElementsAre("b\n\""));
  EXPECT_THAT(values_of("\"b\r\n\"c,d\r", multi), ElementsAre("\"b\n\"c", "d"));
  EXPECT_THAT(values_of("\r", multi), ElementsAre(""));
  EXPECT_THAT(values_of("a,\"b\r\nc\"d\r"), ElementsAre("a", "\"b\r\nc\"d\r"));
}

TEST(CsvRow, TheLineEndOfARecordIsNoPartOfItsText) {
  EXPECT_EQ(
      read("i INT, s STRING, _corrupt_record STRING", "x,\"a\r\nb\"\r", {{"multiLine", "true"}}),
      "{null, a\nb, x,\"a\r\nb\"}");
}

TEST(CsvRow, ConvertsEachTypeAndNothingElse) {
  EXPECT_EQ(read("b BOOLEAN, i INT, l BIGINT, d DOUBLE, s STRING",
                 "TRUE,+5,-9223372036854775808,1.5e3,x"),
            "{true, 5, -9223372036854775808, 1500.0, x}");
  EXPECT_EQ(read("c DECIMAL(5,2), w DECIMAL(30,1), f FLOAT", "1.005,12345678901234567890.15,0.1"),
            "{1.01, 12345678901234567890.2, 0.1}");
  EXPECT_EQ(read("d DATE, t TIMESTAMP, n TIMESTAMP_NTZ",
                 "2024-03-01,2024-03-01T10:00:00+02:00,2024-03-01 10:00:00.5"),
            "{2024-03-01, 2024-03-01 08:00:00, 2024-03-01 10:00:00.5}");
  EXPECT_EQ(read("x DOUBLE, y DOUBLE, z DOUBLE", "NaN,Inf,-Inf"), "{NaN, Infinity, -Infinity}");
  EXPECT_EQ(read("t TINYINT", "128"), "{null}");
  EXPECT_EQ(read("i INT", " 5"), "{null}");
  EXPECT_EQ(read("i INT", "5.0"), "{null}");
  EXPECT_EQ(read("b BOOLEAN", "yes"), "{null}");
  EXPECT_EQ(read("d DATE", "01.03.2024", {{"dateFormat", "dd.MM.yyyy"}}), "{2024-03-01}");
  EXPECT_EQ(read("d DATE", "2024-03-01", {{"dateFormat", "dd.MM.yyyy"}}), "{null}");
}

TEST(CsvRow, KnowsNullsFromEmptyTexts) {
  EXPECT_EQ(read("a STRING, b STRING", R"(,"")"), "{null, null}");
  EXPECT_EQ(read("a STRING, b STRING, c INT", R"(-,"",-)", {{"nullValue", "-"}}), "{null, , null}");
  EXPECT_EQ(read("a STRING, b STRING", R"(,"")", {{"nullValue", "-"}, {"emptyValue", "e"}}),
            "{null, e}");
  EXPECT_EQ(read("i INT NOT NULL", ""), "{null}");
}

TEST(CsvRow, TreatsBadLinesByTheMode) {
  const char* schema = "i INT, s STRING, _corrupt_record STRING";
  EXPECT_EQ(read(schema, "1,a"), "{1, a, null}");
  EXPECT_EQ(read(schema, "x,a"), "{null, a, x,a}");
  EXPECT_EQ(read(schema, "1"), "{1, null, 1}");
  EXPECT_EQ(read(schema, "1,a,b"), "{1, a, 1,a,b}");
  EXPECT_EQ(read("i INT, bad STRING", "x", {{"columnNameOfCorruptRecord", "bad"}}), "{null, x}");
  EXPECT_EQ(read("i INT, s STRING", "x,a"), "{null, a}");
  for (const char* mode : {"FAILFAST", "DROPMALFORMED"}) {
    EXPECT_EQ(read(schema, "x,a", {{"mode", mode}}),
              "bad: cannot read column \"i\" (INT) from \"x\"");
    EXPECT_EQ(read(schema, "1", {{"mode", mode}}),
              "bad: the line has fewer values than the schema has columns");
    EXPECT_EQ(read(schema, "1,a,b", {{"mode", mode}}),
              "bad: the line has more values than the schema has columns");
    EXPECT_EQ(read(schema, "1,a", {{"mode", mode}}), "{1, a, null}");
  }
}

TEST(CsvRow, PassesOverBlankLinesAndComments) {
  const Schema schema = parse_schema("a STRING").value();
  const CsvRowReader reader =
      CsvRowReader::make(schema, CsvOptions::of({{"comment", "#"}}, TimeZone()).value()).value();
  EXPECT_TRUE(reader.passes_over("# a"));
  EXPECT_TRUE(reader.passes_over(" \t"));
  EXPECT_FALSE(reader.passes_over(" # a"));
  EXPECT_FALSE(reader.passes_over("\"\""));
}

TEST(CsvRow, RefusesOptionsAndColumnsThatCannotWork) {
  EXPECT_THAT(read("a ARRAY<INT>", ""), HasSubstr("read it as STRING"));
  EXPECT_THAT(read("_corrupt_record INT", ""), HasSubstr("must be a STRING"));
  EXPECT_THAT(read("d DATE", "", {{"dateFormat", "QQQQQQ{"}}), testing::Not(HasSubstr("{null}")));
  const auto refusal = [](const Named& named) {
    return std::string(CsvOptions::of(named, TimeZone()).status().message());
  };
  EXPECT_EQ(refusal({{"header", "maybe"}}), "option header is 'maybe'; write 'true' or 'false'");
  EXPECT_EQ(refusal({{"quote", "ab"}}), "option quote is 'ab'; give one character");
  EXPECT_THAT(refusal({{"sep", ""}}), HasSubstr("at least one"));
  EXPECT_THAT(refusal({{"sep", "\n"}}), HasSubstr("line break"));
  EXPECT_THAT(refusal({{"sep", "\\q"}}), HasSubstr("after a backslash"));
  EXPECT_THAT(refusal({{"mode", "x"}}), HasSubstr("PERMISSIVE"));
  EXPECT_THAT(refusal({{"quote", "\n"}}), HasSubstr("give no line end"));
  EXPECT_THAT(refusal({{"multiLine", "yes"}}), HasSubstr("'true' or 'false'"));
  EXPECT_EQ(refusal({{"unknown", "x"}, {"MultiLine", "FALSE"}}), "");
}

std::string written(std::string_view schema_text, const std::vector<Cell>& cells,
                    const Named& named = {}) {
  const Schema schema = parse_schema(schema_text).value();
  Result<CsvRowWriter> writer =
      CsvRowWriter::make(schema, CsvOptions::of(named, TimeZone()).value());
  if (!writer.ok()) return std::string(writer.status().message());
  Arena arena;
  std::string out;
  writer->write(RowWriter(schema).write(cells, arena), out);
  return out;
}

TEST(CsvText, WritesAsSparkDoes) {
  const auto text = [](std::string_view bytes) { return Cell::of_bytes(bytes); };
  EXPECT_EQ(written("a STRING, b STRING, c INT", {text(""), Cell::of_null(), Cell::of_number(3)}),
            R"("",,3)");
  EXPECT_EQ(written("a STRING", {text("x,y")}), R"("x,y")");
  EXPECT_EQ(written("a STRING", {text("x\"y\\")}), R"("x\"y\\")");
  EXPECT_EQ(written("a STRING", {text("x\\y")}), R"(x\y)");
  EXPECT_EQ(written("a STRING", {text(" x ")}), "x");
  EXPECT_EQ(written("a STRING", {text(" x ")}, {{"ignoreLeadingWhiteSpace", "false"}}), " x");
  EXPECT_EQ(written("a STRING, b INT", {text("x;"), Cell::of_number(1)},
                    {{"sep", ";"}, {"quoteAll", "true"}}),
            R"("x;";"1")");
  EXPECT_EQ(written("t TIMESTAMP, d DATE", {Cell::of_number(0), Cell::of_number(1)}),
            "1970-01-01T00:00:00.000Z,1970-01-02");
  EXPECT_EQ(written("x DOUBLE, y DOUBLE", {Cell::of_real(0.1), Cell::of_real(-1.0 / 0.0)}),
            "0.1,-Inf");
  EXPECT_EQ(written("d DATE", {Cell::of_number(INT32_MAX)}), "+5881580-07-11");
  EXPECT_EQ(written("a STRING", {Cell::of_null()}, {{"nullValue", "NULL"}}), "NULL");
  EXPECT_THAT(written("a MAP<STRING,INT>", {Cell::of_null()}), HasSubstr("to_json(a)"));
}

TEST(CsvText, WhatIsWrittenIsReadBack) {
  const Named named{{"ignoreLeadingWhiteSpace", "false"}, {"ignoreTrailingWhiteSpace", "false"}};
  const char* kTexts[] = {"a",   ",",     "\"",      "\\",    "\\\"",   "\"\"", "a\"b",
                          "\\,", "a\\\\", "\"a\",b", " a, b", "\\\\\"", "ž,\"", "a\"\\"};
  for (const char* first : kTexts) {
    for (const char* second : kTexts) {
      const std::string line =
          written("a STRING, b STRING", {Cell::of_bytes(first), Cell::of_bytes(second)}, named);
      EXPECT_EQ(read("a STRING, b STRING", line, named),
                "{" + std::string(first) + ", " + second + "}")
          << line;
    }
  }
}

}  // namespace
}  // namespace penstock
