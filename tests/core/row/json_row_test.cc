#include "penstock/core/row/json_row.h"

#include <gtest/gtest.h>

#include "penstock/core/row/json_path.h"
#include "penstock/core/row/json_text.h"
#include "penstock/core/row/type_text.h"

namespace penstock {
namespace {

// What is read, as JSON again; "bad" for a record that is refused.
std::string reread(std::string_view json, std::string_view schema,
                   BadRecordMode mode = BadRecordMode::kPermissive,
                   const RowProjection& projection = RowProjection()) {
  JsonRowOptions options;
  options.mode = mode;
  const auto type = parse_type(schema);
  const JsonRowReader reader =
      JsonRowReader::make(type.ok() ? *type : parse_schema(schema)->type(), options).value();
  Arena arena;
  Cell out;
  std::string_view fault;
  if (reader.read(json, arena, out, fault, projection) == JsonRowReader::Outcome::kBad)
    return "bad";
  std::string text;
  append_json(out, reader.type(), {}, text);
  return text;
}

TEST(JsonRowTest, ARecordIsReadByItsSchema) {
  EXPECT_EQ(reread(R"({"b":"x","a":1,"z":[{}],"c":[1,null]})", "a INT, b STRING, c ARRAY<INT>"),
            R"({"a":1,"b":"x","c":[1,null]})");
  EXPECT_EQ(reread(R"({"m":{"k":1,"k":2}})", "m MAP<STRING, INT>"), R"({"m":{"k":2}})");
}

TEST(JsonRowTest, ABadFieldIsNullAndTheTextGoesToTheCorruptColumn) {
  EXPECT_EQ(reread(R"({"a":"x","b":2})", "a INT, b INT, _corrupt_record STRING"),
            R"({"b":2,"_corrupt_record":"{\"a\":\"x\",\"b\":2}"})");
  EXPECT_EQ(reread(R"({"a":1)", "a INT, _corrupt_record STRING"),
            R"({"_corrupt_record":"{\"a\":1"})");
  EXPECT_EQ(reread("[1,\"x\"]", "ARRAY<INT>"), "null");
  EXPECT_EQ(reread("  ", "a INT"), "null");
}

TEST(JsonRowTest, ModesRefuseWhatIsBad) {
  EXPECT_EQ(reread(R"({"a":1.5})", "a INT", BadRecordMode::kFailFast), "bad");
  EXPECT_EQ(reread(R"({"a":1} tail)", "a INT", BadRecordMode::kFailFast), R"({"a":1})");
  EXPECT_EQ(reread("[]", "a INT", BadRecordMode::kDropMalformed), "bad");
}

TEST(JsonRowTest, AProjectionPassesOverTheOtherColumnsButNotOverWhatIsNoJson) {
  const RowProjection wanted({false, true, false});
  const auto narrow = [&](std::string_view json) {
    return reread(json, "a INT, b STRING, c ARRAY<INT>", BadRecordMode::kFailFast, wanted);
  };
  EXPECT_EQ(narrow(R"({"a":1,"b":"x","c":[1]})"), R"({"b":"x"})");
  EXPECT_EQ(narrow(R"({"c":{"d":["y"]},"a":"no number","b":"x"})"), R"({"b":"x"})");
  EXPECT_EQ(narrow(R"({"b":"x","a":1e})"), "bad");
  EXPECT_EQ(narrow(R"({"b":"x","c":[1})"), "bad");
  EXPECT_EQ(reread(R"({"a":"z","b":"x"})", "a INT, b STRING", BadRecordMode::kFailFast,
                   RowProjection({true, true})),
            "bad");
  EXPECT_EQ(reread(R"({"a":1})", "a INT", BadRecordMode::kFailFast, RowProjection({false})), "{}");
}

TEST(JsonRowTest, TextIsUnescapedAndEscapedAgain) {
  EXPECT_EQ(reread(R"({"a":"\u00e9\n\"\ud83d\ude00\u0001"})", "a STRING"),
            "{\"a\":\"\u00e9\\n\\\"\U0001F600\\u0001\"}");
}

TEST(JsonRowTest, WhatIsNoJsonIsRefused) {
  for (const std::string_view text :
       {"{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\":01}", "{\"a\":1.}", "{\"a\":\"\\x\"}",
        "{\"a\":\"\\u12\"}", "{\"a\":tru}", "{a:1}", "{\"a\":+1}", "{\"a\":\"\n\"}"})
    EXPECT_EQ(reread(text, "a STRING", BadRecordMode::kFailFast), "bad") << text;
}

TEST(JsonRowTest, DepthIsBounded) {
  const std::string deep(100'000, '[');
  EXPECT_EQ(reread("{\"z\":" + deep, "a INT", BadRecordMode::kFailFast), "bad");
}

TEST(JsonPathTest, PathsLeadWhereSparkLeads) {
  const auto found = [](std::string_view json, std::string_view path) {
    std::string out;
    const auto parsed = JsonPath::parse(path);
    return parsed && parsed->extract(json, out) ? out : "none";
  };
  constexpr std::string_view kJson =
      R"({"a":{"b":[10,{"c":"x"},null],"d e":1.50},"arr":[{"k":1},{"k":2}],"n":null})";
  EXPECT_EQ(found(kJson, "$.a.b[1].c"), "x");
  EXPECT_EQ(found(kJson, "$['a']['d e']"), "1.5");
  EXPECT_EQ(found(kJson, "$.arr[*].k"), "[1,2]");
  EXPECT_EQ(found(kJson, "$.a.b[2]"), "null");
  for (const std::string_view path : {"$.n", "$.zz", "$..a", "a", "$[x]", "$.a["})
    EXPECT_EQ(found(kJson, path), "none") << path;
  EXPECT_EQ(found("{\"a\":1", "$.a"), "none");
}

TEST(JsonTextTest, Base64IsReadBackAndNonsenseIsRefused) {
  for (const std::string_view bytes : {"", "a", "ab", "abc", "abcd"}) {
    std::string text;
    std::string back;
    append_base64(bytes, text);
    ASSERT_TRUE(append_decoded_base64(text, back));
    EXPECT_EQ(back, bytes);
  }
  std::string out;
  EXPECT_FALSE(append_decoded_base64("!!", out));
  EXPECT_FALSE(append_decoded_base64("a", out));
}

}  // namespace
}  // namespace penstock
