#include "penstock/io/json/number.h"

#include <gtest/gtest.h>

#include <cfloat>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>

#include "penstock/core/base/random.h"

namespace penstock::json {
namespace {

constexpr std::size_t kPaddingBytes = 8;

template <class Number>
NumberOutcome parse(const std::string& text, Number& value) {
  const std::string padded =
      text + std::string(kPaddingBytes, '7');  // Digits behind the end must not matter.
  return parse_number(std::string_view(padded).substr(0, text.size()), value);
}

template <class Number>
void expect_value(const std::string& text, Number expected) {
  Number value = 42;
  EXPECT_EQ(parse(text, value), NumberOutcome::kOk) << text;
  EXPECT_EQ(value, expected) << text;
}

template <class Number>
void expect_outcome(const std::string& text, NumberOutcome expected) {
  Number value = 42;
  EXPECT_EQ(parse(text, value), expected) << text;
  EXPECT_EQ(value, Number{42}) << text;
}

const char* const kNoNumbers[] = {"",
                                  "-",
                                  "+1",
                                  "01",
                                  "-01",
                                  "00",
                                  "1a",
                                  "a1",
                                  "0x10",
                                  "1 ",
                                  " 1",
                                  "1_0",
                                  "--1",
                                  "1-1",
                                  "12:34",
                                  "1/2",
                                  "\xb1",
                                  "1\xff",
                                  "NaN",
                                  "inf",
                                  "Infinity",
                                  "-inf",
                                  "nan",
                                  "true",
                                  "\"1\"",
                                  "1e",
                                  "1e+",
                                  "1.e1",
                                  ".5",
                                  "5.",
                                  "-.5",
                                  "1.5.5",
                                  "1e1e1",
                                  "1e1.0",
                                  "123456789a",
                                  "12345678901234567a",
                                  "0123456789012345678901"};

TEST(JsonNumber, RefusesWhatIsNoNumberForEveryType) {
  for (const char* text : kNoNumbers) {
    expect_outcome<std::int64_t>(text, NumberOutcome::kNotThis);
    expect_outcome<std::uint64_t>(text, NumberOutcome::kNotThis);
    expect_outcome<double>(text, NumberOutcome::kNotThis);
    expect_outcome<float>(text, NumberOutcome::kNotThis);
  }
}

TEST(JsonNumber, DoesNotTakeFractionsAndExponentsForIntegers) {
  for (const char* text : {"1.0", "1e3", "1E3", "-2.0", "0.0", "0e0", "10000000000000000000.0"}) {
    expect_outcome<std::int64_t>(text, NumberOutcome::kNotThis);
    expect_outcome<std::uint64_t>(text, NumberOutcome::kNotThis);
  }
}

TEST(JsonNumber, ReadsIntegersOfEveryLength) {
  std::string text;
  std::uint64_t expected = 0;
  for (std::size_t digits = 1; digits <= 19; ++digits) {
    text += static_cast<char>('0' + digits % 10);
    expected = expected * 10 + digits % 10;
    expect_value<std::uint64_t>(text, expected);
    if (digits < 19) expect_value<std::int64_t>("-" + text, -static_cast<std::int64_t>(expected));
  }
  expect_value<std::int64_t>("0", 0);
  expect_value<std::int64_t>("-0", 0);
  expect_value<std::uint64_t>("-0", 0);
}

TEST(JsonNumber, KnowsTheLimitsOfIntegers) {
  expect_value<std::int64_t>("9223372036854775807", std::numeric_limits<std::int64_t>::max());
  expect_value<std::int64_t>("-9223372036854775808", std::numeric_limits<std::int64_t>::min());
  expect_value<std::uint64_t>("18446744073709551615", std::numeric_limits<std::uint64_t>::max());
  expect_outcome<std::int64_t>("9223372036854775808", NumberOutcome::kOverflow);
  expect_outcome<std::int64_t>("-9223372036854775809", NumberOutcome::kOverflow);
  expect_outcome<std::uint64_t>("18446744073709551616", NumberOutcome::kOverflow);
  expect_outcome<std::uint64_t>("100000000000000000000000", NumberOutcome::kOverflow);
  expect_outcome<std::uint64_t>("-1", NumberOutcome::kOverflow);
}

TEST(JsonNumber, AgreesWithTheStandardLibraryOnRandomIntegers) {
  Random random(2);
  for (int i = 0; i < 200'000; ++i) {
    const auto number = static_cast<std::int64_t>(random.next_u64()) >> random.below(64);
    expect_value(std::to_string(number), number);
  }
}

TEST(JsonNumber, ReadsFloatingPointInEveryNotation) {
  expect_value<double>("0", 0);
  expect_value<double>("12.5", 12.5);
  expect_value<double>("-12.50", -12.5);
  expect_value<double>("1e3", 1000);
  expect_value<double>("1E+3", 1000);
  expect_value<double>("25e-2", 0.25);
  expect_value<double>("0.1", 0.1);
  expect_value<double>("1.7976931348623157e308", DBL_MAX);
  expect_value<double>("2.2250738585072014e-308", DBL_MIN);
  expect_value<double>("4.9406564584124654e-324", 4.9406564584124654e-324);
  expect_value<float>("3.4028234663852886e38", FLT_MAX);
  expect_value<float>("0.1", 0.1f);
  double negative_zero = 1;
  ASSERT_EQ(parse("-0.0", negative_zero), NumberOutcome::kOk);
  EXPECT_TRUE(std::signbit(negative_zero));
}

TEST(JsonNumber, TellsTooLargeFromTooSmall) {
  for (const char* text : {"1e309", "-1e309", "1e99999999999999999999", "17976931348623159e292"}) {
    expect_outcome<double>(text, NumberOutcome::kOverflow);
  }
  expect_outcome<double>(std::string(400, '9'), NumberOutcome::kOverflow);
  expect_outcome<float>("1e39", NumberOutcome::kOverflow);
  expect_value<double>("1e-400", 0);
  expect_value<double>("1e-99999999999999999999", 0);
  expect_value<double>("0e99999999999999999999", 0);
  expect_value<double>("0." + std::string(400, '0') + "1", 0);
  expect_value<double>("0." + std::string(400, '0') + "1e401", 1);
  expect_value<float>("1e-60", 0);
  double negative = 1;
  ASSERT_EQ(parse("-1e-400", negative), NumberOutcome::kOk);
  EXPECT_TRUE(std::signbit(negative));
}

// strtod of glibc is correctly rounded.
TEST(JsonNumber, RoundsCorrectly) {
  Random random(3);
  for (int i = 0; i < 200'000; ++i) {
    const std::string text = std::to_string(random.next_u64() >> random.below(64)) + "." +
                             std::to_string(random.next_u64() >> random.below(64)) + "e" +
                             std::to_string(random.between(-40, 40));
    expect_value<double>(text, std::strtod(text.c_str(), nullptr));
    const float single = std::strtof(text.c_str(), nullptr);
    if (std::isfinite(single)) {
      expect_value<float>(text, single);
    } else {
      expect_outcome<float>(text, NumberOutcome::kOverflow);
    }
  }
}

TEST(JsonNumber, RoundsHalfwayCasesCorrectly) {
  for (const char* text :
       {"9007199254740993", "9007199254740992.5", "1.00000005960464477539062", "16777217",
        "16777219", "8388609.5", "7.0064923216240854e-46", "123456789012345678901234567890"}) {
    expect_value<double>(text, std::strtod(text, nullptr));
    expect_value<float>(text, std::strtof(text, nullptr));
  }
}

}  // namespace
}  // namespace penstock::json
