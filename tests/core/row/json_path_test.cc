#include "penstock/core/row/json_path.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

// What the path leads to, or "none"; both ways to ask must agree.
std::string found(std::string_view json, std::string_view path) {
  const JsonPath parsed = *JsonPath::parse(path);
  std::string buffer = "what was there before";
  const auto view = parsed.find(json, buffer);
  std::string copy;
  const bool good = parsed.extract(json, copy);
  EXPECT_EQ(view.has_value(), good) << json << " " << path;
  if (view && good) {
    EXPECT_EQ(*view, copy) << json << " " << path;
  }
  return view ? std::string(*view) : "none";
}

TEST(JsonPath, FindsMembersHoweverTheyAreWritten) {
  EXPECT_EQ(found(R"({"a":"x","b":1})", "$.a"), "x");
  EXPECT_EQ(found(R"({"a":"x","b":1})", "$.b"), "1");
  EXPECT_EQ(found(R"(  { "a" : "x" ,  "b" : 1.50 } )", "$.b"), "1.5");
  EXPECT_EQ(found("{\n\t\"a\":\t\"x\",\n\t\"b\": true\n}", "$.b"), "true");
  EXPECT_EQ(found(R"({'a':'x'})", "$.a"), "x");
  EXPECT_EQ(found(R"({"\u0061":"x\n\"y"})", "$.a"), "x\n\"y");
  EXPECT_EQ(found(R"({"a longer name than a word":"a longer text than a word"})",
                  "$['a longer name than a word']"),
            "a longer text than a word");
  EXPECT_EQ(found(R"({"a":""})", "$.a"), "");
  EXPECT_EQ(found(R"({"a":{"b":[1,{"c":"deep"}]}})", "$.a.b[1].c"), "deep");
  EXPECT_EQ(found(R"({"a":{"b":[1, 2]}})", "$.a"), R"({"b":[1,2]})");
  EXPECT_EQ(found(R"({"a":null,"a":"second"})", "$.a"), "second");
  EXPECT_EQ(found(R"({"a":"first","a":"second"})", "$.a"), "first");
  EXPECT_EQ(found("{\"a\":\"x\ty\"}", "$.a"), "x\ty");
}

TEST(JsonPath, FindsNothingInWhatIsBroken) {
  for (const char* json : {R"({"a":"x")", R"({"a":"x",})", R"({"a":"x" "b":1})", R"({"a":"x","b"})",
                           R"({"a":"x","b":})", R"({"a":"x","b":tru})", R"({"a":"x)", R"({"a)",
                           R"({"a":"x","b":"\q"})", "{", "", "[]", R"({,"a":"x"})", R"({"b":1})"})
    EXPECT_EQ(found(json, "$.a"), "none") << json;
}

}  // namespace
}  // namespace penstock
