#include "penstock/core/row/type_text.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(TypeTextTest, TypesAreWrittenAsTheyAreRead) {
  for (const std::string_view text :
       {"int", "decimal(10,2)", "array<struct<a:int,b:string>>", "map<string,array<double>>",
        "interval day to second", "interval year", "interval", "timestamp_ntz", "void",
        "struct<>"}) {
    const auto type = parse_type(text);
    ASSERT_TRUE(type.ok()) << type.status().to_string();
    EXPECT_EQ(type->to_string(), text);
  }
}

TEST(TypeTextTest, NamesOfTypesHaveOtherSpellings) {
  EXPECT_EQ(parse_type(" Long ")->to_string(), "bigint");
  EXPECT_EQ(parse_type("NUMERIC(5)")->to_string(), "decimal(5,0)");
  EXPECT_EQ(parse_type("varchar(20)")->to_string(), "string");
}

TEST(TypeTextTest, ASchemaIsReadBackFromItsOwnText) {
  const auto schema =
      parse_schema("id BIGINT NOT NULL, `a b` ARRAY<STRING> COMMENT 'it\\'s', s STRUCT<x: INT>");
  ASSERT_TRUE(schema.ok()) << schema.status().to_string();
  EXPECT_EQ(schema->size(), 3U);
  EXPECT_FALSE((*schema)[0].nullable);
  EXPECT_EQ((*schema)[1].name, "a b");
  EXPECT_EQ(parse_schema(schema->to_sql()).value(), *schema);
  EXPECT_EQ(schema->find("ID"), 0U);
  EXPECT_FALSE(schema->find("nowhere").has_value());
}

TEST(TypeTextTest, ErrorsSayWhereAndWhat) {
  const auto wrong = parse_schema("a INT,\n b INTT");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.status().message().find("line 2, column 4"), std::string_view::npos)
      << wrong.status().message();
  EXPECT_NE(wrong.status().message().find("'INTT' is not a type"), std::string_view::npos);
  for (const std::string_view text : {"array<int", "decimal(39,0)", "decimal(5,6)", "map<int>", "a",
                                      "", "interval day to year", "int int"})
    EXPECT_FALSE(parse_type(text).ok()) << text;
  EXPECT_FALSE(parse_schema("`a INT").ok());
}

TEST(TypeTextTest, DepthAndLengthAreBounded) {
  const auto nested = [](int depth) {
    std::string text;
    for (int i = 0; i < depth; ++i) text += "array<";
    return text + "int" + std::string(static_cast<std::size_t>(depth), '>');
  };
  EXPECT_TRUE(parse_type(nested(kTypeDepthMax)).ok());
  EXPECT_FALSE(parse_type(nested(kTypeDepthMax + 1)).ok());
  EXPECT_FALSE(parse_type(nested(100'000)).ok());
  EXPECT_FALSE(parse_type(std::string(2 << 20, ' ')).ok());
}

}  // namespace
}  // namespace penstock
