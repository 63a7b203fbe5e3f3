#include "penstock/core/row/decimal128.h"

#include <gtest/gtest.h>

#include <random>

namespace penstock {
namespace {

Int128 read(std::string_view text, const DataType& type) {
  Int128 value = 0;
  EXPECT_TRUE(parse_decimal(text, type, value)) << text;
  return value;
}
std::string shown(Int128 value, const DataType& type) { return decimal_text(value, type.scale()); }

const DataType kMoney = DataType::decimal(10, 2);
const DataType kWide = DataType::decimal(38, 10);

TEST(Decimal128Test, ResultsHaveSparksTypes) {
  const DataType a = DataType::decimal(10, 2);
  const DataType b = DataType::decimal(5, 3);
  EXPECT_EQ(decimal_sum_type(a, b).to_string(), "decimal(12,3)");
  EXPECT_EQ(decimal_product_type(a, b).to_string(), "decimal(16,5)");
  EXPECT_EQ(decimal_quotient_type(a, b).to_string(), "decimal(19,8)");
  EXPECT_EQ(decimal_remainder_type(a, b).to_string(), "decimal(5,3)");
  EXPECT_EQ(decimal_product_type(kWide, kWide).to_string(), "decimal(38,6)");
  EXPECT_EQ(decimal_common_type(kWide, a).to_string(), "decimal(38,10)");
}

TEST(Decimal128Test, QuotientsAreRoundedHalfUpAwayFromZero) {
  Int128 out = 0;
  const DataType type = DataType::decimal(10, 2);
  ASSERT_TRUE(divide_decimals(1, 0, 8, 0, type, out));
  EXPECT_EQ(shown(out, type), "0.13");
  ASSERT_TRUE(divide_decimals(-1, 0, 8, 0, type, out));
  EXPECT_EQ(shown(out, type), "-0.13");
}

TEST(Decimal128Test, ProductsBeyond128BitsAreExactOrAnOverflow) {
  Int128 out = 0;
  const Int128 big = read("9999999999999999999999999999.9999999999", kWide);
  EXPECT_FALSE(multiply_decimals(big, 10, big, 10, kWide, out));
  ASSERT_TRUE(multiply_decimals(big, 10, read("0.0000000001", kWide), 10, kWide, out));
  EXPECT_EQ(shown(out, kWide), "1000000000000000000.0000000000");
}

TEST(Decimal128Test, SmallArithmeticAgreesWithIntegers) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 2000; ++i) {
    const auto a = static_cast<std::int64_t>(random() % 2'000'000) - 1'000'000;
    const auto b = static_cast<std::int64_t>(random() % 2'000'000) - 1'000'000;
    Int128 out = 0;
    ASSERT_TRUE(add_decimals(a, 2, b, 2, kMoney, out));
    ASSERT_TRUE(out == a + b);
    ASSERT_TRUE(subtract_decimals(a, 2, b, 2, kWide, out));
    ASSERT_TRUE(out == Int128{a - b} * 100'000'000);
    if (b == 0) continue;
    ASSERT_TRUE(remainder_decimals(a, 2, b, 2, kMoney, out));
    ASSERT_TRUE(out == a % b);
    ASSERT_EQ(compare_decimals(a, 2, b, 2), (a > b) - (a < b));
    ASSERT_EQ(compare_decimals(a, 2, Int128{b} * 1000, 5), (a > b) - (a < b));
  }
}

TEST(Decimal128Test, TextIsReadByJavasRules) {
  EXPECT_EQ(shown(read("1.005", kMoney), kMoney), "1.01");
  EXPECT_EQ(shown(read("-.5", kMoney), kMoney), "-0.50");
  EXPECT_EQ(shown(read("12e-1", kMoney), kMoney), "1.20");
  EXPECT_EQ(shown(read("1e-400", kMoney), kMoney), "0.00");
  Int128 out = 0;
  for (const std::string_view text :
       {"", ".", "-", "1e", "1e+", "1.2.3", "1x", "123456789", "1e400", "0x10"})
    EXPECT_FALSE(parse_decimal(text, kMoney, out)) << text;
}

TEST(Decimal128Test, TextOfSmallNumbersHasAnExponentWhereJavaHasOne) {
  char text[kDecimalTextMax];
  EXPECT_EQ(std::string_view(text, write_java_decimal(1, 8, text)), "1E-8");
  EXPECT_EQ(std::string_view(text, write_java_decimal(-125, 9, text)), "-1.25E-7");
  EXPECT_EQ(std::string_view(text, write_java_decimal(1, 6, text)), "0.000001");
}

TEST(Decimal128Test, RoundingKnowsItsKinds) {
  Int128 out = 0;
  const auto rounded = [&](Int128 value, int digits, DecimalRounding rounding) {
    EXPECT_TRUE(round_decimal(value, 2, digits, rounding, out));
    return decimal_text(out, 2);
  };
  EXPECT_EQ(rounded(250, 0, DecimalRounding::kHalfUp), "3.00");
  EXPECT_EQ(rounded(250, 0, DecimalRounding::kHalfEven), "2.00");
  EXPECT_EQ(rounded(-201, 0, DecimalRounding::kFloor), "-3.00");
  EXPECT_EQ(rounded(201, 0, DecimalRounding::kCeiling), "3.00");
  EXPECT_EQ(rounded(12345, -2, DecimalRounding::kHalfUp), "100.00");
  EXPECT_EQ(rounded(1, -60, DecimalRounding::kHalfUp), "0.00");
}

TEST(Decimal128Test, DoublesGoThroughTheirShortestText) {
  Int128 out = 0;
  ASSERT_TRUE(decimal_from_double(0.1, DataType::decimal(38, 20), out));
  EXPECT_EQ(decimal_text(out, 20), "0.10000000000000000000");
  EXPECT_EQ(decimal_to_double(out, 20), 0.1);
  EXPECT_FALSE(decimal_from_double(1e40, kWide, out));
}

}  // namespace
}  // namespace penstock
