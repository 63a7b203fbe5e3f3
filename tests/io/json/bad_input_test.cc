// What a decoder does with what it cannot read: never a crash, always the right word for it.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>

#include "penstock/core/base/random.h"
#include "penstock/io/json/decoder.h"
#include "penstock/tests/harness/rounds.h"
#include "penstock/tests/io/json/padded_record.h"
#include "penstock/tests/io/json/sample.h"

namespace penstock::json {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using Code = DecodeErrorCode;
using sample::Everything;
using sample::One;
using sample::Payment;

template <class T>
DecodeError error_of(std::string_view text, DecodeLimits limits = {}) {
  T value{};
  DecodeError error;
  EXPECT_FALSE(decoder<T>(limits).decode(PaddedRecord(text).raw(), value, error)) << text;
  return error;
}

template <class T>
void expect_error(std::string_view text, Code code) {
  const DecodeError error = error_of<T>(text);
  EXPECT_EQ(decode_error_name(error.code), decode_error_name(code)) << text;
}

template <class Member>
void expect_errors(Code code, std::initializer_list<std::string> values) {
  for (const std::string& value : values) expect_error<One<Member>>("{\"v\":" + value + "}", code);
}

using Number = One<std::int64_t>;

TEST(JsonBadInput, EmptyRecords) {
  for (const char* text :
       {"", " ", "\t\r\n",
        "                                                                        "}) {
    expect_error<Number>(text, Code::kEmpty);
  }
}

TEST(JsonBadInput, EverySingleByte) {
  for (int c = 0; c < 256; ++c) {
    const char byte = static_cast<char>(c);
    Number value;
    DecodeError error;
    EXPECT_FALSE(
        decoder<Number>().decode(PaddedRecord(std::string_view(&byte, 1)).raw(), value, error))
        << c;
    EXPECT_FALSE(error.message().empty());
  }
}

TEST(JsonBadInput, OtherDocumentsThanObjects) {
  for (const char* text :
       {"1", "null", "true", "\"v\"", "[]", "[{\"v\":1}]", "v", "1,2", "}", ":", "card;amount"}) {
    expect_error<Number>(text, Code::kNotAnObject);
  }
}

TEST(JsonBadInput, AByteOrderMarkWithoutAnObject) {
  expect_error<Number>("\xef\xbb\xbf", Code::kNotAnObject);
  expect_error<Number>("\xef\xbb\xbf ", Code::kNotAnObject);
  expect_error<Number>("\xef\xbb\xbf[1]", Code::kNotAnObject);
  expect_error<Number>("\xef\xbb\xbf\xef\xbb\xbf{\"v\":1}", Code::kNotAnObject);
  expect_error<Number>("\xef\xbb\xbf {\"v\":1}", Code::kNotAnObject);
}

TEST(JsonBadInput, NulBytes) {
  expect_error<Number>("{\"v\":1\0}"sv, Code::kNotJson);
  expect_error<Number>("{\"v\0\":1}"sv, Code::kNotJson);
  expect_error<Number>("\0{\"v\":1}"sv, Code::kNotAnObject);
  expect_error<Number>("{\"v\":1}\0"sv, Code::kTrailingText);
  expect_error<One<InlineString<9>>>("{\"v\":\"a\0b\"}"sv, Code::kNotJson);
}

TEST(JsonBadInput, ControlCharactersInText) {
  expect_error<One<InlineString<9>>>("{\"v\":\"a\nb\"}", Code::kNotJson);
  expect_error<One<InlineString<9>>>("{\"v\":\"a\", \"x\":\"\x1f\"}", Code::kNotJson);
}

TEST(JsonBadInput, InvalidUtf8Anywhere) {
  for (const char* bad : {"\x80", "\xff", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf",
                          "\xf0\x80\x80\xaf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80",
                          "\xf8\x88\x80\x80\x80", "\xe2\x82", "\xf0\x9f\x98"}) {
    const std::string text(bad);
    expect_error<One<InlineString<19>>>("{\"v\":\"a" + text + "b\"}", Code::kInvalidUtf8);
    expect_error<One<InlineString<19>>>("{\"v\":\"a\",\"" + text + "\":1}", Code::kInvalidUtf8);
    expect_error<One<InlineString<19>>>("{\"v\":\"a\",\"x\":[\"" + text + "\"]}",
                                        Code::kInvalidUtf8);
  }
}

TEST(JsonBadInput, EscapesThatAreNone) {
  expect_errors<InlineString<19>>(
      Code::kBadEscape, {R"("\x")", R"("\u12")", R"("\ud800")", R"("\udc00")", R"("\ud800\u0041")",
                         R"("\uD83D\uD83D")"});
}

// Goal: no prefix of a record passes for a record. Method: cut at every byte.
TEST(JsonBadInput, RecordsCutAtEveryByte) {
  const std::string whole =
      R"( {"card":"4\u0031\"1","x":{"y":[1,{"z":"é"}]},"amount":-1.5e1,"ts":"2024-01-02T03:04:05Z","tip":null})";
  Payment payment;
  DecodeError error;
  auto decode = decoder<Payment>();
  ASSERT_TRUE(decode.decode(PaddedRecord(whole).raw(), payment, error)) << error.message();
  for (std::size_t size = 2; size < whole.size(); ++size) {
    const std::string_view cut = std::string_view(whole).substr(0, size);
    for (const char padding : {'9', '"', '}'}) {
      ASSERT_FALSE(decode.decode(PaddedRecord(cut, padding).raw(), payment, error)) << cut;
      const bool after_bracket =
          cut.back() == '}' || cut.back() == ']';  // Looks complete but is not.
      EXPECT_TRUE(error.code == Code::kTruncated || (after_bracket && error.code == Code::kNotJson))
          << cut << ": " << error.message();
    }
  }
}

TEST(JsonBadInput, BrokenGrammar) {
  for (const char* text : {"{\"v\":1,}",
                           "{,\"v\":1}",
                           "{\"v\"1}",
                           "{\"v\":1 \"x\":2}",
                           "{v:1}",
                           "{'v':1}",
                           "{\"v\":}",
                           "{\"v\"}",
                           "{\"v\",1}",
                           "{1:2}",
                           "{\"v\":1]",
                           "{\"v\":,\"x\":1}",
                           "{\"v\"::1}",
                           "{\"v\":1,,\"x\":1}",
                           "{\"v\":1 2}",
                           "{\"v\" x:1}",
                           "{\"v\"x:1}",
                           "{\"v\"\"v\":1}",
                           "{\"v\":1\"x\":2}",
                           "{\"x\":[},\"v\":1}",
                           "{\"x\":{],\"v\":1}",
                           "{\"x\":[{]},\"v\":1}",
                           "{\"v\":tru}",
                           "{\"v\":01}",
                           "{\"v\":+1}",
                           "{\"v\":1a}",
                           "{\"v\":nul}",
                           "{\"v\":1.}",
                           "{\"v\":.1}",
                           "{\"v\":0x1}",
                           "{\"v\":NaN}",
                           "{\"v\":Infinity}",
                           "{\"x\":},\"v\":1}",
                           "{\"x\":],\"v\":1}",
                           "{{\"v\":1}}",
                           "{[\"v\"]:1}",
                           "{\"v\":// one\n1}"}) {
    expect_error<Number>(text, Code::kNotJson);
  }
}

TEST(JsonBadInput, TextAfterTheObject) {
  for (const char* text : {"{\"v\":1}}", "{\"v\":1}{\"v\":2}", "{\"v\":1},", "{\"v\":1} x",
                           "{\"v\":1}\n{\"v\":2}", "{\"x\":1}}", "{}}", "{\"v\":1}[]"}) {
    expect_error<Number>(text, Code::kTrailingText);
  }
}

TEST(JsonBadInput, MissingAndNullFields) {
  for (const char* text :
       {"{}", "{ }", "{\"w\":1}", "{\"x\":{\"v\":1}}", "{\"V\":1}", "{\"\":1}", "{\"vv\":1}"}) {
    expect_error<Number>(text, Code::kMissingField);
  }
  expect_error<Number>("{\"v\":null}", Code::kNullField);
  expect_error<Number>("{\"v\":1,\"v\":null}", Code::kNullField);
  expect_error<One<InlineString<9>>>("{\"v\":null}", Code::kNullField);
  expect_error<One<bool>>("{\"v\":null}", Code::kNullField);
}

TEST(JsonBadInput, NamesTheFirstMissingField) {
  EXPECT_EQ(error_of<Payment>(R"({"card":"x","tip":1})").field, "amount");
  EXPECT_EQ(error_of<Payment>(R"({"card":"x","amount":1})").field, "ts");
}

TEST(JsonBadInput, WrongTypesForEveryKind) {
  const auto not_an_integer = {R"("1")"s, "true"s, "{}"s, "[1]"s, "1.0"s, "1e3"s, R"("")"s};
  expect_errors<std::int8_t>(Code::kWrongType, not_an_integer);
  expect_errors<std::int16_t>(Code::kWrongType, not_an_integer);
  expect_errors<std::int32_t>(Code::kWrongType, not_an_integer);
  expect_errors<std::int64_t>(Code::kWrongType, not_an_integer);
  expect_errors<std::uint8_t>(Code::kWrongType, not_an_integer);
  expect_errors<std::uint16_t>(Code::kWrongType, not_an_integer);
  expect_errors<std::uint32_t>(Code::kWrongType, not_an_integer);
  expect_errors<std::uint64_t>(Code::kWrongType, not_an_integer);
  expect_errors<std::optional<std::int32_t>>(Code::kWrongType, not_an_integer);
  expect_errors<float>(Code::kWrongType, {R"("1.5")", "false", "{}", "[1.5]"});
  expect_errors<double>(Code::kWrongType, {R"("12,50")", "false", "{\"a\":1}", "[]"});
  expect_errors<bool>(Code::kWrongType, {"0", "1", R"("true")", "{}", "[true]"});
  expect_errors<InlineString<9>>(Code::kWrongType, {"1", "true", "{}", "[\"a\"]"});
  expect_error<One<EventTime, iso8601>>("{\"v\":1704164645}", Code::kWrongType);
  expect_error<One<EventTime, epoch_millis>>(R"({"v":"2024-01-02T03:04:05Z"})", Code::kWrongType);
  expect_error<One<EventTime, epoch_seconds>>("{\"v\":1.5}", Code::kWrongType);
}

TEST(JsonBadInput, NumbersThatDoNotFit) {
  expect_errors<std::int8_t>(Code::kOverflow,
                             {"128", "-129", "9223372036854775807", "99999999999999999999"});
  expect_errors<std::int16_t>(Code::kOverflow, {"32768", "-32769"});
  expect_errors<std::int32_t>(Code::kOverflow, {"2147483648", "-2147483649"});
  expect_errors<std::int64_t>(Code::kOverflow, {"9223372036854775808", "-9223372036854775809"});
  expect_errors<std::uint8_t>(Code::kOverflow, {"256", "-1"});
  expect_errors<std::uint16_t>(Code::kOverflow, {"65536", "-1"});
  expect_errors<std::uint32_t>(Code::kOverflow, {"4294967296", "-1"});
  expect_errors<std::uint64_t>(Code::kOverflow, {"18446744073709551616", "-1"});
  expect_errors<float>(Code::kOverflow, {"1e39", "-1e39"});
  expect_errors<double>(Code::kOverflow, {"1e309", "-1e400"});
}

TEST(JsonBadInput, TextThatDoesNotFitIsNeverCut) {
  expect_errors<InlineString<3>>(Code::kTextTooLong, {R"("abcd")", R"("ab\u00e9")", R"("éé")"});
  expect_errors<InlineString<19>>(Code::kTextTooLong, {"\"" + std::string(20, 'x') + "\"",
                                                       "\"" + std::string(1 << 20, 'x') + "\""});
}

TEST(JsonBadInput, TimesOutsideOfTheYears) {
  expect_error<One<EventTime, iso8601>>(R"({"v":"10000-01-01T00:00:00Z"})", Code::kBadTime);
  expect_error<One<EventTime, iso8601>>(R"({"v":"2024-02-30T00:00:00Z"})", Code::kBadTime);
  expect_error<One<EventTime, iso8601>>(R"({"v":""})", Code::kBadTime);
  expect_error<One<EventTime, iso8601>>(R"({"v":"\u0032"})", Code::kBadTime);
  expect_error<One<EventTime, epoch_seconds>>("{\"v\":253402300800}", Code::kBadTime);
  expect_error<One<EventTime, epoch_seconds>>("{\"v\":-62135596801}", Code::kBadTime);
  expect_error<One<EventTime, epoch_seconds>>("{\"v\":99999999999999999999}", Code::kBadTime);
  expect_error<One<EventTime, epoch_millis>>("{\"v\":253402300800000}", Code::kBadTime);
  expect_error<One<EventTime, epoch_micros>>("{\"v\":253402300800000000}", Code::kBadTime);
}

TEST(JsonBadInput, DeepNesting) {
  for (const std::size_t depth : {std::size_t{65}, std::size_t{10'000}}) {
    expect_error<Number>(
        "{\"x\":" + std::string(depth, '[') + std::string(depth, ']') + ",\"v\":1}",
        Code::kTooDeep);
  }
  std::string objects;
  for (int i = 0; i < 10'000; ++i) objects += "{\"a\":";
  expect_error<Number>("{\"x\":" + objects, Code::kTooDeep);
  expect_error<Number>(objects, Code::kTooDeep);
}

TEST(JsonBadInput, ALongTextInAnUnknownFieldIsSkipped) {
  Number value;
  DecodeError error;
  const PaddedRecord record("{\"x\":\"" + std::string(1 << 20, 'y') + "\",\"v\":1}");
  EXPECT_TRUE(decoder<Number>().decode(record.raw(), value, error)) << error.message();
  EXPECT_EQ(value.value, 1);
}

TEST(JsonBadInput, RecordsPastTheBound) {
  const std::string exact = "{\"v\":1}";
  Number value;
  DecodeError error;
  EXPECT_TRUE(
      decoder<Number>({.record_bytes_max = 7}).decode(PaddedRecord(exact).raw(), value, error));
  error = error_of<Number>(exact + " ", {.record_bytes_max = 7});
  EXPECT_EQ(error.code, Code::kTooLong);
  EXPECT_EQ(error.message(), "cannot read JSON from {\"v\":1} : the record is longer than 7 bytes");
}

TEST(JsonBadInput, MessagesNameTheFieldItsTypeAndTheValue) {
  EXPECT_EQ(error_of<Payment>(R"({"card":"4","amount":"12,50"})").message(),
            R"(cannot read field "amount" (DOUBLE) from "12,50": wrong type)");
  EXPECT_EQ(error_of<Payment>(R"({"card":"4"})").message(),
            R"(cannot read field "amount" (DOUBLE): the record does not have it)");
  EXPECT_EQ(
      error_of<Payment>(R"({"card":"12345678901234567890"})").message(),
      R"(cannot read field "card" (STRING) from "12345678901234567890": longer than 19 bytes)");
  EXPECT_EQ(error_of<Payment>(R"({"card":{"n":1}, "amount":1})").message(),
            R"(cannot read field "card" (STRING) from {"n":1}, "amount":1}: wrong type)");
  EXPECT_EQ(error_of<Number>("hello").message(), "cannot read JSON from hello: not a JSON object");
}

TEST(JsonBadInput, MessagesAreShortAndPrintable) {
  const DecodeError longer = error_of<Number>("{\"v\":\"" + std::string(62, 'x') + "é" +
                                              std::string(1 << 16, 'y') + "\"}");
  EXPECT_EQ(longer.message(),
            "cannot read field \"v\" (BIGINT) from \"" + std::string(62, 'x') + "...: wrong type");
  EXPECT_EQ(error_of<Number>("\x1b[31m").message(),
            "cannot read JSON from \\u001b[31m: not a JSON object");
  EXPECT_EQ(error_of<Number>("{\"\xff\":1}").message(),
            "cannot read JSON from {\"\xef\xbf\xbd\":1}: not valid UTF-8");
}

TEST(JsonBadInput, ADecoderIsUsableAfterEveryError) {
  auto decode = decoder<Number>();
  Number value;
  DecodeError error;
  for (const char* text : {"", "{", "{\"v\":", "{\"v\":\"\xff\"}", "{\"v\":[[[[", "{}"}) {
    EXPECT_FALSE(decode.decode(PaddedRecord(text).raw(), value, error));
    EXPECT_TRUE(decode.decode(PaddedRecord("{\"v\":1}").raw(), value, error)) << text;
  }
}

// Goal: no crash, no read outside of the record and its padding. Method: good records with random damage; a sanitizer
// watches the bounds.
TEST(JsonBadInput, SurvivesRandomDamage) {
  const std::string good =
      R"({"flag":true,"i8":-12,"text":"h\u00e9llo","x":{"a":[1,{"b":"c"}]},"real":-1.5e1,"at":"2024-01-02T03:04:05Z"})";
  constexpr std::string_view kPieces = "{}[]:,\"\\u0 \t-+.eE19tfn\x00\x80\xff"sv;
  Random random(11);
  auto decode = decoder<Everything>();
  for (std::uint64_t i = 0; i < rounds(100'000); ++i) {
    std::string text = good;
    for (std::uint64_t changes = 1 + random.below(4); changes > 0; --changes) {
      const std::size_t at = random.below(text.size());
      if (random.chance(0.5))
        text[at] = kPieces[random.below(kPieces.size())];
      else if (random.chance(0.5))
        text.erase(at, random.below(8));
      else
        text.insert(at, 1, kPieces[random.below(kPieces.size())]);
    }
    Everything value;
    DecodeError error;
    ASSERT_FALSE(decode.decode(PaddedRecord(text).raw(), value, error))
        << text;  // Fields are missing anyhow.
    ASSERT_FALSE(error.message().empty());
  }
}

}  // namespace
}  // namespace penstock::json
