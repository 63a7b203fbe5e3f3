#include "penstock/core/row/time_pattern.h"

#include <gtest/gtest.h>

#include <string>

namespace penstock {
namespace {

std::string written(const TimePattern& pattern, std::int64_t micros, const TimeZone& zone = {}) {
  std::string text(pattern.text_bytes_max(), '\0');
  text.resize(pattern.write(micros, zone, text.data()));
  return text;
}
TimePattern writing(std::string_view pattern) {
  return *TimePattern::compile(pattern, TimePattern::Use::kWriting);
}

TEST(TimePattern, WritesTheDaysOfTheCalendar) {
  const TimePattern pattern = writing("yyyy-MM-dd HH:mm:ss.SSSSSS");
  const std::int64_t first = days_of_date({-2, 1, 1});
  const std::int64_t last = days_of_date({10'002, 1, 1});
  for (std::int64_t day = first; day < last; day += 1 + (day & 1) * 16) {
    // No zero at the end of the fraction, which a cast would leave out.
    const std::int64_t micros =
        day * kMicrosPerDay + floor_modulo(day * 7'919'000'011, kMicrosPerDay / 10) * 10 + 1;
    char text[kTimeTextMax];
    const std::string cast(text, write_timestamp(micros, text));
    ASSERT_EQ(written(pattern, micros), cast);
  }
}

TEST(TimePattern, RecentDaysAreThoseOfTheCalendar) {
  const TimePattern pattern = writing("yyyy-MM-dd HH:mm:ss");
  TimePattern::RecentDays recent;
  constexpr std::int64_t kDays = TimePattern::RecentDays::kDays;
  // Days that share a place, in turns, and days before 1970.
  for (std::int64_t i = 0; i < 86'400; ++i) {
    const std::int64_t day = i % 3 * kDays * 5 + i % 7 - 4 * kDays;
    const std::int64_t micros = day * kMicrosPerDay + i * kMicrosPerSecond;
    std::string text(pattern.text_bytes_max(), '\0');
    text.resize(pattern.write(micros, {}, text.data(), &recent));
    char cast[kTimeTextMax];
    ASSERT_EQ(text, std::string_view(cast, write_timestamp(micros, cast)));
  }
}

TEST(TimePattern, FillsTemplatesLikeOtherPatterns) {
  const std::int64_t micros = 1'709'210'096'012'345;  // 2024-02-29 12:34:56.012345
  EXPECT_EQ(written(writing("yy/MM/dd"), micros), "24/02/29");
  EXPECT_EQ(written(writing("HH:mm:ss.SSS"), micros), "12:34:56.012");
  EXPECT_EQ(written(writing("'at' HH 'o''clock'[ dd]"), micros), "at 12 o'clock 29");
  EXPECT_EQ(written(writing("yyyy-M-d"), micros), "2024-2-29");  // No template.
  EXPECT_EQ(written(writing("HH:mm"), micros, TimeZone::fixed(-19'800)), "07:04");
  EXPECT_EQ(written(writing("yyyy"), INT64_MAX), "+294247");
  EXPECT_EQ(written(writing("yyyy"), INT64_MIN), "-290308");
}

}  // namespace
}  // namespace penstock
