// Goal: files of lines become rows by a format and go back into lines; what is no record is passed over, uncounted.
#include "penstock/io/row/row_formats.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "penstock/core/row/type_text.h"

namespace penstock {
namespace {

using testing::ElementsAre;

template <class Format>
std::vector<std::string> through(const Format& format, std::string_view schema,
                                 const std::vector<std::string>& lines,
                                 const std::vector<bool>& wanted = {}) {
  auto decoder = format.decoder(schema, TimeZone());
  if (!decoder.ok()) return {std::string(decoder.status().message())};
  if (!wanted.empty()) decoder->narrow(wanted);
  auto encoder = format.encoder(decoder->schema(), TimeZone());
  if (!encoder.ok()) return {std::string(encoder.status().message())};
  std::vector<std::string> out;
  std::uint64_t offset = 0;
  for (const std::string& line : lines) {
    const RawRecord raw{.bytes = line, .origin = {SplitId{0}, offset}, .arrival = {}};
    offset += line.size() + 1;
    if (decoder->passes_over(raw)) continue;
    Row row;
    RowFault fault;
    out.emplace_back();
    if (decoder->decode(raw, row, fault)) {
      encoder->encode(row, out.back());
    } else {
      out.back() = "bad: " + fault.message();
    }
  }
  return out;
}

TEST(RowFormats, CsvPassesOverItsHeaderAndNothingElse) {
  EXPECT_THAT(
      through(CsvRows{{{"header", "true"}}}, "a INT, b STRING", {"a,b", "1,x", "", "a,b", "2,y"}),
      ElementsAre("1,x", ",b", "2,y"));
  EXPECT_THAT(through(CsvRows{}, "a STRING, b STRING", {"a,b"}), ElementsAre("a,b"));
}

TEST(RowFormats, JsonKeepsWhatFitsAndSaysWhatDoesNot) {
  EXPECT_THAT(through(JsonRows{}, "a INT, b ARRAY<STRING>",
                      {R"({"b":["x",null],"a":1})", " ", R"({"a":"x"})", "{"}),
              ElementsAre(R"({"a":1,"b":["x",null]})", "{}", "{}"));
  EXPECT_THAT(through(JsonRows{{{"mode", "FAILFAST"}}}, "a INT", {R"({"a":"x"})", "{"}),
              ElementsAre(R"(bad: cannot read "{"a":"x"}": it does not fit the schema)",
                          R"(bad: cannot read "{": it is no JSON)"));
}

TEST(RowFormats, TextIsOneColumn) {
  EXPECT_THAT(through(TextRows{}, "", {"a b", "", ",\""}), ElementsAre("a b", "", ",\""));
  EXPECT_THAT(through(TextRows{}, "line STRING", {"x"}), ElementsAre("x"));
  EXPECT_THAT(through(TextRows{}, "a INT", {"x"}),
              ElementsAre("text has one STRING column, not a INT; write \"value STRING\""));
}

TEST(RowFormats, ColumnsThatNobodyWantsAreNotReadUnlessSomethingIsSaidOfTheRecord) {
  const std::vector<std::string> lines{"x,1", "2,y"};
  const std::string schema = "a INT, b INT, bad STRING";
  const RowFormatOptions options{{"columnNameOfCorruptRecord", "bad"}};
  EXPECT_THAT(through(CsvRows{options}, schema, lines, {false, true, false}),
              ElementsAre(",1,", ",,\"2,y\""));
  EXPECT_THAT(through(CsvRows{options}, schema, lines, {false, true, true}),
              ElementsAre(",1,\"x,1\"", "2,,\"2,y\""));
  RowFormatOptions whole = options;
  whole.emplace_back("columnPruning", "false");
  EXPECT_THAT(through(CsvRows{whole}, schema, lines, {false, true, false}),
              ElementsAre(",1,\"x,1\"", "2,,\"2,y\""));
  const std::vector<std::string> objects{R"({"a":"x","b":1})"};
  EXPECT_THAT(through(JsonRows{options}, schema, objects, {false, true, true}),
              ElementsAre(R"({"b":1})"));
  EXPECT_THAT(through(JsonRows{options}, schema, objects, {false, false, true}),
              ElementsAre(R"({"b":1,"bad":"{\"a\":\"x\",\"b\":1}"})"));
}

TEST(RowFormats, ACopyOfADecoderHasRowsOfItsOwn) {
  RowDecoder<CsvRecordReader> first = CsvRows{}.decoder("a STRING", TimeZone()).value();
  RowDecoder<CsvRecordReader> second = first;
  const std::string line = R"("x\"y")";
  const std::string other = R"("z\"\"")";
  Row a;
  Row b;
  RowFault fault;
  ASSERT_TRUE(first.decode({.bytes = line, .origin = {}, .arrival = {}}, a, fault));
  ASSERT_TRUE(second.decode({.bytes = other, .origin = {}, .arrival = {}}, b, fault));
  EXPECT_EQ(RowView(a.bytes, 1).bytes_cell(0).bytes(), "x\"y");
  EXPECT_EQ(RowView(b.bytes, 1).bytes_cell(0).bytes(), "z\"\"");
}

}  // namespace
}  // namespace penstock
