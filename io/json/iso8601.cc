#include "penstock/io/json/iso8601.h"

#include <cstdint>

#include "penstock/io/json/word.h"

namespace penstock::json {
namespace {

constexpr std::size_t kDateTimeBytes = 19;  // 2024-01-02T03:04:05
constexpr std::size_t kFractionDigitsMax = 9;
constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

struct DateTime {
  unsigned year, month, day, hour, minute, second;
};

// Days from 1970-01-01. Years begin in March here, so that the leap day is the last of its year.
constexpr std::int64_t days_of(unsigned year, unsigned month, unsigned day) noexcept {
  const unsigned moved_year = month <= 2 ? year - 1 : year;
  const unsigned era = moved_year / 400;
  const unsigned year_of_era = moved_year % 400;
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return std::int64_t{era} * 146'097 + day_of_era - 719'468;
}

constexpr bool is_leap_year(unsigned year) noexcept {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr unsigned days_in_month(unsigned year, unsigned month) noexcept {
  constexpr unsigned char kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && is_leap_year(year) ? 29 : kDays[month - 1];
}

constexpr bool is_valid(const DateTime& at) noexcept {
  return at.year >= 1 && at.month >= 1 && at.month <= 12 && at.day >= 1 &&
         at.day <= days_in_month(at.year, at.month) && at.hour <= 23 && at.minute <= 59 &&
         at.second <= 59;
}

constexpr std::uint64_t word_of(const char (&text)[9]) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = kWordBytes; i > 0; --i) {
    word = word << 8 | static_cast<unsigned char>(text[i - 1]);
  }
  return word;
}

// All ones where the pattern has a separator: there the difference must be 0, elsewhere a digit.
constexpr std::uint64_t separators_of(std::uint64_t pattern) noexcept {
  std::uint64_t mask = 0;
  for (std::size_t i = 0; i < kWordBytes; ++i) {
    const std::uint64_t byte = std::uint64_t{0xff} << (8 * i);
    if ((pattern & byte) != (repeat_byte('0') & byte)) mask |= byte;
  }
  return mask;
}

// Turns the eight characters into digits. False when they do not fit the pattern, in which '0' is any digit.
template <std::uint64_t kPattern>
bool match_digits(const char* at, std::uint64_t& values) noexcept {
  values = load_word(at) ^ kPattern;
  return (values & separators_of(kPattern)) == 0 && all_digits(values);
}

constexpr unsigned digit(std::uint64_t values, unsigned i) noexcept {
  return static_cast<unsigned>(values >> (8 * i)) & 0xff;
}

constexpr unsigned two_digits(std::uint64_t values, unsigned i) noexcept {
  return digit(values, i) * 10 + digit(values, i + 1);
}

// REQUIRES: 19 bytes are readable at `at`.
bool parse_date_time(const char* at, DateTime& out) noexcept {
  if (at[10] != 'T' && at[10] != ' ') return false;
  std::uint64_t date;  // 2024-01-
  std::uint64_t day;   // 24-01-02
  std::uint64_t time;  // 03:04:05
  if (!match_digits<word_of("0000-00-")>(at, date) ||
      !match_digits<word_of("00-00-00")>(at + 2, day) ||
      !match_digits<word_of("00:00:00")>(at + 11, time)) {
    return false;
  }
  out = {two_digits(date, 0) * 100 + two_digits(date, 2),
         two_digits(date, 5),
         two_digits(day, 6),
         two_digits(time, 0),
         two_digits(time, 3),
         two_digits(time, 6)};
  return is_valid(out);
}

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Takes ".678" off the front of `rest`, if there is a fraction.
bool parse_fraction(std::string_view& rest, std::int64_t& micros) noexcept {
  micros = 0;
  if (rest.empty() || rest[0] != '.') return true;
  std::size_t i = 1;
  std::int64_t unit = kMicrosPerSecond / 10;
  for (; i < rest.size() && is_digit(rest[i]); ++i) {
    micros += (rest[i] - '0') * unit;
    unit /= 10;
  }
  if (i == 1 || i > 1 + kFractionDigitsMax) return false;
  rest.remove_prefix(i);
  return true;
}

// All of `rest` must be a zone or nothing.
bool parse_zone(std::string_view rest, std::int64_t& seconds_east) noexcept {
  seconds_east = 0;
  if (rest.empty() || rest == "Z") return true;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return false;
  if (!is_digit(rest[1]) || !is_digit(rest[2]) || !is_digit(rest[4]) || !is_digit(rest[5]))
    return false;
  const std::int64_t hours = (rest[1] - '0') * 10 + (rest[2] - '0');
  const std::int64_t minutes = (rest[4] - '0') * 10 + (rest[5] - '0');
  if (hours > 23 || minutes > 59) return false;
  seconds_east = (hours * 60 + minutes) * 60;
  if (rest[0] == '-') seconds_east = -seconds_east;
  return true;
}

char* put_digits(char* out, std::uint64_t value, int digits) noexcept {
  for (int i = digits; i > 0; --i) {
    out[i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return out + digits;
}

// The inverse of days_of. REQUIRES: from year 1 to 9999.
void put_date(char* out, std::int64_t days) noexcept {
  const auto shifted = static_cast<unsigned>(days + 719'468);
  const unsigned day_of_era = shifted % 146'097;
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned moved_month = (5 * day_of_year + 2) / 153;
  const unsigned month = moved_month < 10 ? moved_month + 3 : moved_month - 9;
  const unsigned year = shifted / 146'097 * 400 + year_of_era + (month <= 2 ? 1 : 0);
  out = put_digits(out, year, 4);
  *out++ = '-';
  out = put_digits(out, month, 2);
  *out++ = '-';
  put_digits(out, day_of_year - (153 * moved_month + 2) / 5 + 1, 2);
}

}  // namespace

bool parse_iso8601(std::string_view text, EventTime& time) noexcept {
  DateTime at;
  if (text.size() < kDateTimeBytes || !parse_date_time(text.data(), at)) return false;
  std::string_view rest = text.substr(kDateTimeBytes);
  std::int64_t fraction_micros;
  std::int64_t seconds_east;
  if (!parse_fraction(rest, fraction_micros) || !parse_zone(rest, seconds_east)) return false;
  const std::int64_t seconds = days_of(at.year, at.month, at.day) * kSecondsPerDay +
                               std::int64_t{at.hour} * 3600 + std::int64_t{at.minute} * 60 +
                               at.second - seconds_east;
  const EventTime parsed{seconds * kMicrosPerSecond + fraction_micros};
  if (parsed < kIso8601Min || parsed > kIso8601Max) return false;
  time = parsed;
  return true;
}

std::size_t format_iso8601(EventTime time, char* out) noexcept {
  if (time < kIso8601Min || time > kIso8601Max) return 0;
  constexpr std::int64_t kMicrosPerDay = kSecondsPerDay * kMicrosPerSecond;
  std::int64_t micros_of_day = time.micros % kMicrosPerDay;
  if (micros_of_day < 0) micros_of_day += kMicrosPerDay;
  put_date(out, (time.micros - micros_of_day) / kMicrosPerDay);
  const auto seconds = static_cast<std::uint64_t>(micros_of_day / kMicrosPerSecond);
  const auto micros = static_cast<std::uint64_t>(micros_of_day % kMicrosPerSecond);
  out[10] = 'T';
  put_digits(out + 11, seconds / 3600, 2);
  out[13] = ':';
  put_digits(out + 14, seconds / 60 % 60, 2);
  out[16] = ':';
  put_digits(out + 17, seconds % 60, 2);
  char* end = out + kDateTimeBytes;
  if (micros != 0) {
    *end++ = '.';
    end = micros % 1000 == 0 ? put_digits(end, micros / 1000, 3) : put_digits(end, micros, 6);
  }
  *end++ = 'Z';
  return static_cast<std::size_t>(end - out);
}

}  // namespace penstock::json
