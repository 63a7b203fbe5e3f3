#include "penstock/io/json/iso8601.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "penstock/core/base/random.h"
#include "penstock/tests/harness/rounds.h"

namespace penstock::json {
namespace {

std::optional<std::int64_t> micros_of(const std::string& text) {
  EventTime time;
  if (!parse_iso8601(text, time)) return std::nullopt;
  return time.micros;
}

std::string text_of(std::int64_t micros) {
  char out[kIso8601BytesMax];
  return std::string(out, format_iso8601(EventTime{micros}, out));
}

constexpr std::int64_t kSecond = 1'000'000;

TEST(Iso8601, ReadsEveryFormOfZone) {
  EXPECT_EQ(micros_of("2024-01-02T03:04:05Z"), 1'704'164'645 * kSecond);
  EXPECT_EQ(micros_of("2024-01-02T03:04:05"), 1'704'164'645 * kSecond);
  EXPECT_EQ(micros_of("2024-01-02 03:04:05"), 1'704'164'645 * kSecond);
  EXPECT_EQ(micros_of("2024-01-02T03:04:05+00:00"), 1'704'164'645 * kSecond);
  EXPECT_EQ(micros_of("2024-01-02T03:04:05+05:30"), (1'704'164'645 - 19'800) * kSecond);
  EXPECT_EQ(micros_of("2024-01-02T03:04:05-08:00"), (1'704'164'645 + 28'800) * kSecond);
}

TEST(Iso8601, CutsTheFractionToMicroseconds) {
  EXPECT_EQ(micros_of("1970-01-01T00:00:00.1Z"), 100'000);
  EXPECT_EQ(micros_of("1970-01-01T00:00:00.000001Z"), 1);
  EXPECT_EQ(micros_of("1970-01-01T00:00:00.123456789Z"), 123'456);
  EXPECT_EQ(micros_of("1970-01-01T00:00:00.999999999"), 999'999);
}

TEST(Iso8601, ReadsTimesBefore1970AndToTheEndOfYear9999) {
  EXPECT_EQ(micros_of("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(micros_of("1900-03-01T00:00:00Z"), -2'203'891'200 * kSecond);
  EXPECT_EQ(micros_of("0001-01-01T00:00:00Z"), kIso8601Min.micros);
  EXPECT_EQ(micros_of("9999-12-31T23:59:59.999999Z"), kIso8601Max.micros);
}

TEST(Iso8601, RefusesWhatAZonePushesOutOfTheYears) {
  EXPECT_EQ(micros_of("9999-12-31T23:59:59-00:01"), std::nullopt);
  EXPECT_EQ(micros_of("0001-01-01T00:00:00+00:01"), std::nullopt);
  EXPECT_EQ(micros_of("0000-12-31T23:59:59Z"), std::nullopt);
}

TEST(Iso8601, KnowsLeapYears) {
  EXPECT_TRUE(micros_of("2024-02-29T00:00:00Z"));
  EXPECT_TRUE(micros_of("2000-02-29T00:00:00Z"));
  EXPECT_FALSE(micros_of("2023-02-29T00:00:00Z"));
  EXPECT_FALSE(micros_of("1900-02-29T00:00:00Z"));
  EXPECT_FALSE(micros_of("2024-04-31T00:00:00Z"));
}

TEST(Iso8601, RefusesEverythingElse) {
  for (const char* text : {"",
                           "2024",
                           "2024-01-02",
                           "2024-01-02T03:04",
                           "2024-01-02T03:04Z",
                           "2024-01-02t03:04:05Z",
                           "2024-01-02T03:04:05z",
                           "2024-01-02T03:04:05.Z",
                           "2024-01-02T03:04:05.",
                           "2024-01-02T03:04:05.1234567890Z",
                           "2024-01-02T03:04:05,5Z",
                           "2024-01-02T03:04:05+0100",
                           "2024-01-02T03:04:05+01",
                           "2024-01-02T03:04:05+24:00",
                           "2024-01-02T03:04:05+01:60",
                           "2024-01-02T03:04:05+0a:00",
                           "2024-01-02T24:00:00Z",
                           "2024-01-02T03:60:05Z",
                           "2024-01-02T03:04:60Z",
                           "2024-13-02T03:04:05Z",
                           "2024-00-02T03:04:05Z",
                           "2024-01-00T03:04:05Z",
                           "2024-01-32T03:04:05Z",
                           "2024/01/02T03:04:05Z",
                           "2O24-01-02T03:04:05Z",
                           "-024-01-02T03:04:05Z",
                           " 2024-01-02T03:04:05Z",
                           "2024-01-02T03:04:05Z ",
                           "2024-01-02T03:04:05ZZ",
                           "20240102T030405Z........",
                           "2024-01-02T03:04:05\xc3\xa9",
                           "\xff\xff\xff\xff-\xff\xff-\xff\xffT\xff\xff:\xff\xff:\xff\xffZ"}) {
    EXPECT_EQ(micros_of(text), std::nullopt) << text;
  }
}

// Goal: no character anywhere slips through. Method: a good text with one byte changed to each other value is either
// refused or a time that is written back as it was read.
TEST(Iso8601, NoticesEachChangedByte) {
  const std::string good = "2024-01-02T03:04:05.678901Z";
  int accepted = 0;
  for (std::size_t i = 0; i + 1 < good.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      std::string changed = good;
      changed[i] = static_cast<char>(c);
      const std::optional<std::int64_t> micros = micros_of(changed);
      if (!micros) continue;
      ++accepted;
      if (changed[10] == ' ') changed[10] = 'T';
      EXPECT_EQ(text_of(*micros), changed);
    }
  }
  constexpr int kYear = 40;  // Each digit is free.
  constexpr int kMonth = 2 + 9;
  constexpr int kDay = 3 + 9;
  constexpr int kHour = 3 + 10;
  constexpr int kMinuteAndSecond = 2 * (6 + 10);
  constexpr int kFraction = 60;
  constexpr int kSeparators = 5 + 2;  // Themselves, and a space instead of the 'T'.
  EXPECT_EQ(accepted, kYear + kMonth + kDay + kHour + kMinuteAndSecond + kFraction + kSeparators);
}

TEST(Iso8601, WritesTheShortestExactForm) {
  EXPECT_EQ(text_of(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(text_of(1), "1970-01-01T00:00:00.000001Z");
  EXPECT_EQ(text_of(1'500'000), "1970-01-01T00:00:01.500Z");
  EXPECT_EQ(text_of(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(text_of(kIso8601Min.micros), "0001-01-01T00:00:00Z");
  EXPECT_EQ(text_of(kIso8601Max.micros), "9999-12-31T23:59:59.999999Z");
}

TEST(Iso8601, WritesNothingOutsideOfItsYears) {
  EXPECT_EQ(text_of(kIso8601Min.micros - 1), "");
  EXPECT_EQ(text_of(kIso8601Max.micros + 1), "");
  EXPECT_EQ(text_of(kMinEventTime.micros), "");
  EXPECT_EQ(text_of(kMaxEventTime.micros), "");
}

TEST(Iso8601, AgreesWithTheCalendarOfTheStandardLibraryOnEveryDay) {
  using namespace std::chrono;
  const sys_days last = year{9999} / December / 31;
  for (sys_days day = year{1} / January / 1; day <= last; day += days{kInstrumented ? 7 : 1}) {
    const year_month_day date(day);
    char expected[32];
    std::snprintf(expected, sizeof expected, "%04d-%02u-%02uT00:00:00Z",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()));
    const std::int64_t micros = std::int64_t{day.time_since_epoch().count()} * 86'400 * kSecond;
    ASSERT_EQ(text_of(micros), expected);
    ASSERT_EQ(micros_of(expected), micros) << expected;
  }
}

TEST(Iso8601, ReadsBackWhatItWrites) {
  Random random(1);
  for (int i = 0; i < 200'000; ++i) {
    std::int64_t micros = random.between(kIso8601Min.micros, kIso8601Max.micros);
    if (random.chance(0.3)) micros -= micros % 1000;
    ASSERT_EQ(micros_of(text_of(micros)), micros);
  }
}

}  // namespace
}  // namespace penstock::json
