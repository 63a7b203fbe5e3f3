#include "penstock/io/json/encoder.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "penstock/core/base/random.h"
#include "penstock/io/json/decoder.h"
#include "penstock/io/json/iso8601.h"
#include "penstock/tests/harness/alloc_count.h"
#include "penstock/tests/io/json/padded_record.h"
#include "penstock/tests/io/json/sample.h"

namespace penstock::json {
namespace {

using sample::Everything;
using sample::One;
using sample::Payment;

template <class T>
std::string encoded(const T& value) {
  std::string out;
  encoder<T>().encode(value, out);
  return out;
}

template <class Member>
std::string encoded_value(Member value) {
  return encoded(One<Member>{value});
}

TEST(JsonEncoder, WritesFieldsInDeclaredOrderWithoutMetadata) {
  Payment payment{.card = "4111",
                  .amount = 12.5,
                  .at = {1'704'164'645'000'000},
                  .attempts = 2,
                  .tip = 0.25,
                  .origin = {},
                  .arrived = {}};
  EXPECT_EQ(encoded(payment),
            R"({"card":"4111","amount":12.5,"ts":"2024-01-02T03:04:05Z","attempts":2,"tip":0.25})");
  payment.tip.reset();
  EXPECT_EQ(encoded(payment),
            R"({"card":"4111","amount":12.5,"ts":"2024-01-02T03:04:05Z","attempts":2})");
}

TEST(JsonEncoder, Appends) {
  std::string out = "before ";
  encoder<One<bool>>().encode({true}, out);
  EXPECT_EQ(out, R"(before {"v":true})");
}

TEST(JsonEncoder, WritesAnEmptyObjectWhenNothingIsThere) {
  EXPECT_EQ(encoded_value(std::optional<bool>()), "{}");
}

TEST(JsonEncoder, WritesNumbersInFull) {
  EXPECT_EQ(encoded_value(std::numeric_limits<std::int64_t>::min()),
            R"({"v":-9223372036854775808})");
  EXPECT_EQ(encoded_value(std::numeric_limits<std::uint64_t>::max()),
            R"({"v":18446744073709551615})");
  EXPECT_EQ(encoded_value(std::int8_t{-128}), R"({"v":-128})");
  EXPECT_EQ(encoded_value(std::uint8_t{65}), R"({"v":65})");
  EXPECT_EQ(encoded_value(0.1), R"({"v":0.1})");
  EXPECT_EQ(encoded_value(0.1f), R"({"v":0.1})");
  EXPECT_EQ(encoded_value(-0.0), R"({"v":-0})");
  EXPECT_EQ(encoded_value(1e300), R"({"v":1e+300})");
}

TEST(JsonEncoder, WritesNullForWhatJsonCannotSay) {
  EXPECT_EQ(encoded_value(std::nan("")), R"({"v":null})");
  EXPECT_EQ(encoded_value(-std::numeric_limits<double>::infinity()), R"({"v":null})");
  EXPECT_EQ(encoded_value(std::numeric_limits<float>::infinity()), R"({"v":null})");
  EXPECT_EQ(encoded(One<EventTime, iso8601>{kMaxEventTime}), R"({"v":null})");
}

TEST(JsonEncoder, CutsTimesDownToTheirUnit) {
  EXPECT_EQ(encoded(One<EventTime, epoch_seconds>{{1'999'999}}), R"({"v":1})");
  EXPECT_EQ(encoded(One<EventTime, epoch_seconds>{{-1}}), R"({"v":-1})");
  EXPECT_EQ(encoded(One<EventTime, epoch_millis>{{-1'000}}), R"({"v":-1})");
  EXPECT_EQ(encoded(One<EventTime, epoch_micros>{{-1}}), R"({"v":-1})");
  EXPECT_EQ(encoded(One<EventTime, epoch_millis>{kMinEventTime}), R"({"v":-9223372036854776})");
}

TEST(JsonEncoder, EscapesTextAndReplacesInvalidUtf8) {
  EXPECT_EQ(encoded_value(InlineString<19>("a\"\\\n\x01")), R"({"v":"a\"\\\n\u0001"})");
  EXPECT_EQ(encoded_value(InlineString<19>("\xc3\xa9\xff")), "{\"v\":\"\xc3\xa9\xef\xbf\xbd\"}");
}

TEST(JsonEncoder, AllocatesNothingOnceTheTextHasItsSize) {
  const auto encode = encoder<Everything>();
  Everything value;
  value.maybe_text = "x\n\xff";
  std::string out;
  encode.encode(value, out);
  const std::uint64_t before = thread_allocations_so_far();
  for (int i = 0; i < 100; ++i) {
    out.clear();
    encode.encode(value, out);
  }
  EXPECT_EQ(thread_allocations_so_far() - before, 0u);
}

// Valid text of any bytes that fit: ASCII with all that needs an escape, and characters of two to four bytes.
template <std::size_t N>
InlineString<N> random_text(Random& random) {
  constexpr std::string_view kCharacters[] = {
      "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\"", "\\", "\n", "/"};
  std::string text;
  for (std::uint64_t wanted = random.below(N + 1); text.size() < wanted;) {
    if (random.chance(0.2))
      text += kCharacters[random.below(std::size(kCharacters))];
    else
      text += static_cast<char>(random.below(128));
  }
  if (text.size() > N) text.assign(N, 'x');
  return InlineString<N>::of(text);
}

EventTime random_time(Random& random, std::int64_t unit_micros) {
  return {random.between(kIso8601Min.micros / unit_micros, kIso8601Max.micros / unit_micros) *
          unit_micros};
}

template <class Float, class Bits>
Float random_float(Random& random) {
  for (;;) {
    const auto value = std::bit_cast<Float>(static_cast<Bits>(random.next_u64()));
    if (std::isfinite(value)) return value;
  }
}

Everything random_everything(Random& random) {
  Everything all;
  all.flag = random.chance(0.5);
  all.i8 = static_cast<std::int8_t>(random.next_u64());
  all.i16 = static_cast<std::int16_t>(random.next_u64());
  all.i32 = static_cast<std::int32_t>(random.next_u64());
  all.i64 = static_cast<std::int64_t>(random.next_u64()) >> random.below(64);
  all.u8 = static_cast<std::uint8_t>(random.next_u64());
  all.u16 = static_cast<std::uint16_t>(random.next_u64());
  all.u32 = static_cast<std::uint32_t>(random.next_u64());
  all.u64 = random.next_u64() >> random.below(64);
  all.single = random_float<float, std::uint32_t>(random);
  all.real = random.chance(0.5) ? random_float<double, std::uint64_t>(random)
                                : static_cast<double>(random.between(-1'000'000, 1'000'000)) / 100;
  all.tiny = random_text<3>(random);
  all.word = random_text<8>(random);
  all.text = random_text<19>(random);
  all.longest = random_text<255>(random);
  all.at = random_time(random, 1);
  all.seconds = random_time(random, 1'000'000);
  all.millis = random_time(random, 1'000);
  all.micros = random_time(random, 1);
  if (random.chance(0.5)) all.maybe_number = static_cast<std::int32_t>(random.next_u64());
  if (random.chance(0.5)) all.maybe_text = random_text<5>(random);
  if (random.chance(0.5)) all.maybe_time = random_time(random, 1);
  return all;
}

void expect_equal(const Everything& a, const Everything& b) {
  EXPECT_EQ(a.flag, b.flag);
  EXPECT_EQ(a.i8, b.i8);
  EXPECT_EQ(a.i16, b.i16);
  EXPECT_EQ(a.i32, b.i32);
  EXPECT_EQ(a.i64, b.i64);
  EXPECT_EQ(a.u8, b.u8);
  EXPECT_EQ(a.u16, b.u16);
  EXPECT_EQ(a.u32, b.u32);
  EXPECT_EQ(a.u64, b.u64);
  EXPECT_EQ(a.single, b.single);
  EXPECT_EQ(a.real, b.real);
  EXPECT_EQ(a.tiny, b.tiny);
  EXPECT_EQ(a.word, b.word);
  EXPECT_EQ(a.text, b.text);
  EXPECT_EQ(a.longest, b.longest);
  EXPECT_EQ(a.at, b.at);
  EXPECT_EQ(a.seconds, b.seconds);
  EXPECT_EQ(a.millis, b.millis);
  EXPECT_EQ(a.micros, b.micros);
  EXPECT_EQ(a.maybe_number, b.maybe_number);
  EXPECT_EQ(a.maybe_text, b.maybe_text);
  EXPECT_EQ(a.maybe_time, b.maybe_time);
}

TEST(JsonEncoder, DecodesBackToTheSameValue) {
  Random random(5);
  auto decode = decoder<Everything>();
  Everything read;  // Reused, so that rests of an earlier record would show.
  for (int i = 0; i < 20'000; ++i) {
    const Everything written = random_everything(random);
    const std::string text = encoded(written);
    DecodeError error;
    ASSERT_TRUE(decode.decode(PaddedRecord(text).raw(), read, error)) << text << "\n"
                                                                      << error.message();
    expect_equal(written, read);
    ASSERT_FALSE(testing::Test::HasFailure()) << text;
  }
}

}  // namespace
}  // namespace penstock::json
