#include "penstock/core/row/value_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "penstock/core/row/interval_text.h"
#include "penstock/core/row/time_pattern.h"
#include "penstock/core/row/type_text.h"

namespace penstock {
namespace {

std::string double_text(double value) {
  char text[kNumberTextMax];
  return std::string(text, write_double(value, text));
}
std::string shown(std::int64_t number, std::string_view type) {
  Arena arena;
  return std::string(
      cell_to_text(Cell::of_number(number), parse_type(type).value(), TimeZone(), arena));
}

TEST(ValueTextTest, DoublesArePrintedAsJavaPrintsThem) {
  EXPECT_EQ(double_text(1), "1.0");
  EXPECT_EQ(double_text(1e7), "1.0E7");
  EXPECT_EQ(double_text(9999999), "9999999.0");
  EXPECT_EQ(double_text(0.001), "0.001");
  EXPECT_EQ(double_text(0.00012), "1.2E-4");
  EXPECT_EQ(double_text(-0.0), "-0.0");
  EXPECT_EQ(double_text(1.7976931348623157e308), "1.7976931348623157E308");
  EXPECT_EQ(double_text(-INFINITY), "-Infinity");
}

TEST(ValueTextTest, IntegersAreReadAsCastReadsThem) {
  std::int64_t out = 0;
  EXPECT_TRUE(parse_integer(" 12\t", INT32_MIN, INT32_MAX, out) && out == 12);
  EXPECT_TRUE(parse_integer("-1.9", INT32_MIN, INT32_MAX, out) && out == -1);
  EXPECT_TRUE(parse_integer("-9223372036854775808", INT64_MIN, INT64_MAX, out) && out == INT64_MIN);
  for (const std::string_view text : {"", "12L", "1e2", "0x1F", "2147483648", "+", "1.x"})
    EXPECT_FALSE(parse_integer(text, INT32_MIN, INT32_MAX, out)) << text;
}

TEST(ValueTextTest, DoublesAreReadWithTheirNamesAndBounds) {
  double out = 0;
  EXPECT_TRUE(parse_double(" 1.5d", out) && out == 1.5);
  for (const char* text : {"0", "-0", "0.1", "417.25", ".5", "5.", "00012.50", "123456789012345",
                           "0.00000000000001", "99999999999.9999", "9007199254740993",
                           "0.3333333333333333333", "-1.7976931348623157e308"}) {
    EXPECT_TRUE(parse_double(text, out)) << text;
    const double expected = std::strtod(text, nullptr);
    EXPECT_EQ(std::memcmp(&out, &expected, sizeof out), 0) << text;
  }
  for (const char* text : {".", "1.2.3", "-", "1-", "..1"})
    EXPECT_FALSE(parse_double(text, out)) << text;
  EXPECT_TRUE(parse_double("-inf", out) && out == -INFINITY);
  EXPECT_TRUE(parse_double("1e400", out) && out == INFINITY);
  EXPECT_TRUE(parse_double("1e-400", out) && out == 0);
  EXPECT_TRUE(parse_double("NaN", out) && std::isnan(out));
  for (const std::string_view text : {"", "abc", "1.5x", "--1", "."})
    EXPECT_FALSE(parse_double(text, out)) << text;
}

TEST(ValueTextTest, DatesAndTimestampsAreReadBackFromTheirText) {
  for (const std::string_view text : {"1969-12-31 23:59:59.999999", "2024-02-29 00:00:00",
                                      "-0044-03-15 01:02:03", "+12024-01-01 00:00:00.5"}) {
    std::int64_t micros = 0;
    ASSERT_TRUE(parse_timestamp(text, TimeZone(), micros)) << text;
    EXPECT_EQ(shown(micros, "timestamp"), text);
  }
  std::int64_t out = 0;
  EXPECT_TRUE(parse_date("2024-3-1 anything", out));
  EXPECT_EQ(shown(out, "date"), "2024-03-01");
  for (const std::string_view text :
       {"2023-02-29", "24-01-01", "2024-13-01", "2024/01/01", "", "2024-01-01x"})
    EXPECT_FALSE(parse_date(text, out)) << text;
  for (const std::string_view text :
       {"2024-01-01 25:00:00", "2024-01-01 00:00:00 Nowhere/Land", "12:30", "2024-01-01 "})
    EXPECT_EQ(parse_timestamp(text, TimeZone(), out), text == "2024-01-01 ") << text;
}

TEST(ValueTextTest, EveryDayOfFourCenturiesIsReadBack) {
  for (std::int64_t day = -100'000; day < 50'000; day += 7) {
    const CivilDate date = date_of_days(day);
    ASSERT_EQ(days_of_date(date), day);
    ASSERT_LE(date.day, days_in_month(date.year, date.month));
    ASSERT_EQ(floor_modulo(day + 3, 7) + 1, iso_day_of_week(day));
  }
}

TEST(ValueTextTest, ZonesOfRulesShiftGapsForwardAndTakeTheFirstOfTwoTimes) {
  const TimeZone berlin = TimeZone::find("Europe/Berlin").value();
  std::int64_t local = 0;
  ASSERT_TRUE(parse_timestamp_ntz("2024-03-31 02:30:00", local));
  EXPECT_EQ(shown(berlin.to_local(berlin.to_instant(local)), "timestamp"), "2024-03-31 03:30:00");
  ASSERT_TRUE(parse_timestamp_ntz("2024-10-27 02:30:00", local));
  EXPECT_EQ(shown(berlin.to_instant(local), "timestamp"), "2024-10-27 00:30:00");
  EXPECT_EQ(TimeZone::find("+05:30")->name(), "+05:30");
  for (const std::string_view name : {"../etc/passwd", "", "Mars/Base", "+19:00", "utc/../x"})
    EXPECT_FALSE(TimeZone::find(name).ok()) << name;
}

TEST(IntervalTextTest, IntervalsAreReadAndWritten) {
  const DataType day_time = TypeKind::kDayTimeInterval;
  std::int64_t micros = 0;
  ASSERT_TRUE(parse_interval_fields("-1 02:03:04.5", day_time, micros));
  EXPECT_EQ(interval_text(Cell::of_number(micros), day_time),
            "INTERVAL '-1 02:03:04.5' DAY TO SECOND");
  EXPECT_FALSE(parse_interval_fields("1 24:00:00", day_time, micros));
  CalendarInterval interval;
  ASSERT_TRUE(parse_calendar_interval("interval 1 year -2 days 1.5 seconds", interval));
  EXPECT_EQ(interval, (CalendarInterval{12, -2, 1'500'000}));
  Arena arena;
  EXPECT_EQ(interval_text(arena.copy_value(interval), TypeKind::kCalendarInterval),
            "1 years -2 days 1.5 seconds");
  for (const std::string_view text :
       {"", "1", "day", "1 dayz", "1.5 days", "99999999999999999999 days"})
    EXPECT_FALSE(parse_calendar_interval(text, interval)) << text;
}

TEST(TimePatternTest, PatternsWriteAndReadTheSameTime) {
  constexpr std::int64_t kTime = 1'709'251'199'987'654;
  for (const std::string_view text :
       {"yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "dd MMM yyyy hh:mm:ss.SSSSSS a", "yyyyMMddHHmmssSSSSSS",
        "yyyy-DDD HH:mm:ss.SSSSSS"}) {
    const TimePattern writing = TimePattern::compile(text, TimePattern::Use::kWriting).value();
    const TimePattern reading = TimePattern::compile(text, TimePattern::Use::kReading).value();
    std::string buffer(writing.text_bytes_max(), ' ');
    buffer.resize(writing.write(kTime, TimeZone(), buffer.data()));
    std::int64_t micros = 0;
    ASSERT_TRUE(reading.read(buffer, TimeZone(), micros)) << text << ": " << buffer;
    EXPECT_EQ(micros, kTime) << text;
  }
}

TEST(TimePatternTest, PatternsThatMeanNothingAreRefusedWithTheirPlace) {
  for (const std::string_view text :
       {"YYYY", "uuuu", "invalid-b", "'open", "[yyyy", "yyyy]", "MMMMM", "{"})
    EXPECT_FALSE(TimePattern::compile(text, TimePattern::Use::kWriting).ok()) << text;
  EXPECT_FALSE(TimePattern::compile("EEE", TimePattern::Use::kReading).ok());
  EXPECT_FALSE(TimePattern::compile(std::string(10'000, ' '), TimePattern::Use::kReading).ok());
}

}  // namespace
}  // namespace penstock
