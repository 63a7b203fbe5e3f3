#include "penstock/io/json/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "penstock/tests/harness/alloc_count.h"
#include "penstock/tests/io/json/padded_record.h"
#include "penstock/tests/io/json/sample.h"

namespace penstock::json {
namespace {

using namespace std::string_view_literals;
using sample::Everything;
using sample::One;
using sample::Payment;

constexpr std::string_view kPayment =
    R"({"card":"4111","amount":12.5,"ts":"2024-01-02T03:04:05Z","attempts":2,"tip":0.5})";

template <class T>
T decoded(std::string_view text, char padding = '9') {
  T value{};
  DecodeError error;
  EXPECT_TRUE(decoder<T>().decode(PaddedRecord(text, padding).raw(), value, error))
      << text << "\n"
      << error.message();
  return value;
}

TEST(JsonDecoder, FillsFieldsAndMetadata) {
  const auto payment = decoded<Payment>(kPayment);
  EXPECT_EQ(payment.card, "4111");
  EXPECT_EQ(payment.amount, 12.5);
  EXPECT_EQ(payment.at.micros, 1'704'164'645'000'000);
  EXPECT_EQ(payment.attempts, 2);
  EXPECT_EQ(payment.tip, 0.5);
  EXPECT_EQ(payment.origin, (Origin{SplitId{3}, 77}));
  EXPECT_EQ(payment.arrived, Instant{123456});
  EXPECT_EQ(payment.not_a_field, 41);
}

TEST(JsonDecoder, FillsEveryKindAtItsLimits) {
  const auto all = decoded<Everything>(
      R"({"flag":true,"i8":-128,"i16":-32768,"i32":-2147483648,"i64":-9223372036854775808,"u8":255,"u16":65535,)"
      R"("u32":4294967295,"u64":18446744073709551615,"single":0.1,"real":-1e-5,"tiny":"abc","word":"12345678",)"
      R"("text":"1234567890123456789","longest":"","at":"1969-12-31T23:59:59.999999Z","seconds":253402300799,)"
      R"("millis":-1,"micros":253402300799999999,"maybe_number":5,"maybe_text":null})");
  EXPECT_TRUE(all.flag);
  EXPECT_EQ(all.i8, INT8_MIN);
  EXPECT_EQ(all.i16, INT16_MIN);
  EXPECT_EQ(all.i32, INT32_MIN);
  EXPECT_EQ(all.i64, INT64_MIN);
  EXPECT_EQ(all.u8, UINT8_MAX);
  EXPECT_EQ(all.u16, UINT16_MAX);
  EXPECT_EQ(all.u32, UINT32_MAX);
  EXPECT_EQ(all.u64, UINT64_MAX);
  EXPECT_EQ(all.single, 0.1f);
  EXPECT_EQ(all.real, -1e-5);
  EXPECT_EQ(all.tiny, "abc");
  EXPECT_EQ(all.word, "12345678");
  EXPECT_EQ(all.text, "1234567890123456789");
  EXPECT_EQ(all.longest, "");
  EXPECT_EQ(all.at.micros, -1);
  EXPECT_EQ(all.seconds.micros, 253'402'300'799'000'000);
  EXPECT_EQ(all.millis.micros, -1000);
  EXPECT_EQ(all.micros.micros, 253'402'300'799'999'999);
  EXPECT_EQ(all.maybe_number, 5);
  EXPECT_EQ(all.maybe_text, std::nullopt);
  EXPECT_EQ(all.maybe_time, std::nullopt);
}

TEST(JsonDecoder, TakesFieldsInAnyOrderWithAnyWhiteSpace) {
  const auto payment = decoded<Payment>(
      " \t{\r\n \"tip\" : 1 , \"ts\"\t:\"2024-01-02 03:04:05\" ,\"amount\":\n2\n,\"card\" : \"x\" "
      "}\r\n ");
  EXPECT_EQ(payment.card, "x");
  EXPECT_EQ(payment.amount, 2);
  EXPECT_EQ(payment.tip, 1);
}

TEST(JsonDecoder, DoesNotDependOnWhatStandsBehindTheRecord) {
  for (const char padding : {'9', '"', '}', '\\', ' ', '\0', '{', '\xff'}) {
    EXPECT_EQ(decoded<One<std::int64_t>>(R"({"v":1})", padding).value, 1);
    EXPECT_EQ(decoded<One<InlineString<255>>>(R"({"v":"a"})", padding).value, "a");
  }
}

TEST(JsonDecoder, SkipsUnknownFieldsOfEveryShape) {
  const auto one = decoded<One<std::int32_t>>(
      R"({"a":{"v":2,"x":[{"v":[]}]},"b":[1,"}",{"v":3}],"c":"v","d":-1.5e3,"e":null,"v":1,"f":{},"g":[],"":0,)"
      R"("vv":5,"long name that is not known":"\ud83d\ude00 \"v\":9"})");
  EXPECT_EQ(one.value, 1);
}

TEST(JsonDecoder, SkipsNestingUpToItsBound) {
  const std::size_t depth = DecodeLimits::kDepthMax;
  const std::string nested =
      R"({"x":)" + std::string(depth, '[') + std::string(depth, ']') + R"(,"v":1})";
  EXPECT_EQ(decoded<One<std::int32_t>>(nested).value, 1);
}

TEST(JsonDecoder, TheLastOfDuplicateKeysWins) {
  EXPECT_EQ(decoded<One<std::int32_t>>(R"({"v":1,"v":2,"x":0,"v":3})").value, 3);
  EXPECT_EQ(decoded<One<std::optional<std::int32_t>>>(R"({"v":1,"v":null})").value, std::nullopt);
  EXPECT_EQ(decoded<One<std::optional<std::int32_t>>>(R"({"v":null,"v":1})").value, 1);
}

TEST(JsonDecoder, MatchesNamesThatAreWrittenWithEscapes) {
  EXPECT_EQ(decoded<One<std::int32_t>>(R"({"\u0076":1})").value, 1);
  EXPECT_EQ(
      decoded<Payment>(R"({"c\u0061rd":"x","am\u006funt":1,"ts":"2024-01-02T03:04:05Z"})").card,
      "x");
  EXPECT_EQ(decoded<One<std::int32_t>>(R"({"\q":2,"\ud800":3,"v":1})").value, 1);
}

struct Names {
  int a = 0, eight = 0, nine = 0, sixteen = 0, seventeen = 0, twin = 0, empty = 0, utf8 = 0;
};
constexpr auto penstock_json_fields(Tag<Names>) {
  return fields(field("a", &Names::a), field("sixsix", &Names::eight),
                field("sevenxx", &Names::nine), field("fourteenfourte", &Names::sixteen),
                field("seventeenseventeen_x", &Names::seventeen),
                field("seventeenSeventeen_x", &Names::twin), field("", &Names::empty),
                field("\xc3\xa9", &Names::utf8));
}

TEST(JsonDecoder, TellsNamesOfEveryLengthApart) {
  const auto names = decoded<Names>(
      R"({"sixsiX":9,"sevenxX":9,"sevenyx":9,"fourteenfourtE":9,"fourteeNfourte":9,"seventeen_eventeen_x":9,"b":9,)"
      R"("seventeenSeventeen_x":6,"seventeenseventeen_x":5,"fourteenfourte":4,"sevenxx":3,"sixsix":2,"a":1,"":7,)"
      "\"\xc3\xa9\":8}");
  EXPECT_EQ(names.a, 1);
  EXPECT_EQ(names.eight, 2);
  EXPECT_EQ(names.nine, 3);
  EXPECT_EQ(names.sixteen, 4);
  EXPECT_EQ(names.seventeen, 5);
  EXPECT_EQ(names.twin, 6);
  EXPECT_EQ(names.empty, 7);
  EXPECT_EQ(names.utf8, 8);
}

TEST(JsonDecoder, UndoesEscapesInText) {
  const auto one = decoded<One<InlineString<19>>>(R"({"v":"a\u00e9\ud83d\ude00\n\u0000"})");
  EXPECT_EQ(one.value.view(), "a\xc3\xa9\xf0\x9f\x98\x80\n\0"sv);
  EXPECT_EQ(decoded<One<InlineString<1>>>(R"({"v":"\u0041"})").value, "A");
  EXPECT_EQ((decoded<One<EventTime, iso8601>>(R"({"v":"1970\u002d01-01T00:00:01Z"})").value),
            EventTime{1'000'000});
}

// Records are hashed and compared as memory, so a shorter text must leave no rest of a longer one.
TEST(JsonDecoder, ZeroesTheUnusedBytesOfText) {
  auto decode = decoder<One<InlineString<19>>>();
  for (const std::string_view text : {R"({"v":"abc"})"sv, R"({"v":"a\u0062c"})"sv}) {
    One<InlineString<19>> value;
    DecodeError error;
    ASSERT_TRUE(decode.decode(PaddedRecord(R"({"v":"1234567890123456789"})").raw(), value, error));
    ASSERT_TRUE(decode.decode(PaddedRecord(text).raw(), value, error));
    const InlineString<19> fresh("abc");
    EXPECT_EQ(std::memcmp(&value.value, &fresh, sizeof fresh), 0) << text;
  }
}

template <std::size_t N>
void expect_all_lengths() {
  for (std::size_t size = 0; size <= N; ++size) {
    const std::string text(size, 'k');
    EXPECT_EQ(decoded<One<InlineString<N>>>(R"({"v":")" + text + "\"}").value.view(), text);
    for (std::size_t i = 0; i < size; ++i) {  // An escape at each place must be seen.
      std::string raw = text;
      raw.replace(i, 1, "\\u006b");
      EXPECT_EQ(decoded<One<InlineString<N>>>(R"({"v":")" + raw + "\"}").value.view(), text);
    }
  }
}

TEST(JsonDecoder, ReadsTextOfEveryLength) {
  expect_all_lengths<1>();
  expect_all_lengths<7>();
  expect_all_lengths<8>();
  expect_all_lengths<9>();
  expect_all_lengths<16>();
  expect_all_lengths<19>();
}

TEST(JsonDecoder, ResetsWhatIsNullOrMissingInAReusedValue) {
  auto decode = decoder<Payment>();
  Payment payment;
  DecodeError error;
  for (const char* rest : {"", R"(,"attempts":null,"tip":null)"}) {
    ASSERT_TRUE(decode.decode(PaddedRecord(kPayment).raw(), payment, error));
    ASSERT_EQ(payment.attempts, 2);
    const std::string sparse =
        R"({"card":"1","amount":1,"ts":"2024-01-02T03:04:05Z")" + std::string(rest) + "}";
    ASSERT_TRUE(decode.decode(PaddedRecord(sparse).raw(), payment, error)) << error.message();
    EXPECT_EQ(payment.attempts, Payment{}.attempts);
    EXPECT_EQ(payment.tip, std::nullopt);
  }
}

TEST(JsonDecoder, IgnoresAByteOrderMark) {
  EXPECT_EQ(decoded<One<std::int32_t>>("\xef\xbb\xbf{\"v\":1}").value, 1);
}

TEST(JsonDecoder, CopiesAreIndependent) {
  auto first = decoder<One<std::int32_t>>();
  auto second = first;
  One<std::int32_t> value;
  DecodeError error;
  const PaddedRecord large(R"({"x":")" + std::string(100'000, 'x') + R"(","v":5})");
  EXPECT_TRUE(second.decode(large.raw(), value, error));
  first = second;
  EXPECT_TRUE(first.decode(large.raw(), value, error));
  const auto moved = [decode = std::move(first)](const RawRecord& raw) mutable {
    One<std::int32_t> inner;
    DecodeError failure;
    return decode.decode(raw, inner, failure) ? inner.value : -1;
  };
  auto copy = moved;
  EXPECT_EQ(copy(large.raw()), 5);
}

TEST(JsonDecoder, AllocatesNothingForRecordsOfKnownSize) {
  auto decode = decoder<Everything>();
  Everything value;
  DecodeError error;
  const PaddedRecord record(
      R"({"flag":true,"i8":1,"i16":1,"i32":1,"i64":1,"u8":1,"u16":1,"u32":1,"u64":18446744073709551615,)"
      R"("single":0.1234567890123,"real":1.2345678901234567e-200,"tiny":"\u0041","word":"1","text":"1","longest":"x",)"
      R"("at":"2024-01-02T03:04:05Z","seconds":1,"millis":1,"micros":1,"maybe_number":5,"maybe_text":"x","z":[{}]})");
  const PaddedRecord bad(R"({"flag":true,"i8":1000})");
  ASSERT_TRUE(decode.decode(record.raw(), value, error)) << error.message();
  const std::uint64_t before = thread_allocations_so_far();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(decode.decode(record.raw(), value, error));
    ASSERT_FALSE(decode.decode(bad.raw(), value, error));
  }
  EXPECT_EQ(thread_allocations_so_far() - before, 0u);
}

}  // namespace
}  // namespace penstock::json
