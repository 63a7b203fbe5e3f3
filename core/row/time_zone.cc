#include <absl/time/time.h>

#include <cstdio>

#include "penstock/core/row/calendar.h"

namespace penstock {

struct TimeZone::Rules {
  absl::TimeZone zone;
};

namespace {

struct ShortName {
  std::string_view name;
  const char* zone;
};

// Names of Java's that zone files do not know, or know as something else.
constexpr ShortName kShortNames[] = {
    {"ACT", "Australia/Darwin"},
    {"AET", "Australia/Sydney"},
    {"AGT", "America/Argentina/Buenos_Aires"},
    {"ART", "Africa/Cairo"},
    {"AST", "America/Anchorage"},
    {"BET", "America/Sao_Paulo"},
    {"BST", "Asia/Dhaka"},
    {"CAT", "Africa/Harare"},
    {"CNT", "America/St_Johns"},
    {"CST", "America/Chicago"},
    {"CTT", "Asia/Shanghai"},
    {"EAT", "Africa/Addis_Ababa"},
    {"ECT", "Europe/Paris"},
    {"EST", "-05:00"},
    {"HST", "-10:00"},
    {"IET", "America/Indiana/Indianapolis"},
    {"IST", "Asia/Kolkata"},
    {"JST", "Asia/Tokyo"},
    {"MIT", "Pacific/Apia"},
    {"MST", "-07:00"},
    {"NET", "Asia/Yerevan"},
    {"NST", "Pacific/Auckland"},
    {"PLT", "Asia/Karachi"},
    {"PNT", "America/Phoenix"},
    {"PRT", "America/Puerto_Rico"},
    {"PST", "America/Los_Angeles"},
    {"SST", "Pacific/Guadalcanal"},
    {"VST", "Asia/Ho_Chi_Minh"},
};

constexpr std::int32_t kOffsetSecondsMax = 18 * 3600;

// One or two digits.
bool take_two(std::string_view& text, std::int32_t max, std::int32_t& out) noexcept {
  std::size_t size = 0;
  out = 0;
  for (; size < 2 && size < text.size() && text[size] >= '0' && text[size] <= '9'; ++size)
    out = out * 10 + (text[size] - '0');
  text.remove_prefix(size);
  return size > 0 && out <= max;
}

// "+5", "+05:30", "-0800", "+01:02:03".
bool parse_offset(std::string_view text, std::int32_t& seconds) noexcept {
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const bool negative = text[0] == '-';
  text.remove_prefix(1);
  std::int32_t parts[3] = {0, 0, 0};
  if (!take_two(text, 18, parts[0])) return false;
  for (int i = 1; i < 3 && !text.empty(); ++i) {
    if (text[0] == ':') text.remove_prefix(1);
    if (!take_two(text, 59, parts[i])) return false;
  }
  const std::int32_t all = parts[0] * 3600 + parts[1] * 60 + parts[2];
  if (!text.empty() || all > kOffsetSecondsMax) return false;
  seconds = negative ? -all : all;
  return true;
}

// "UTC", "GMT+2", "UT-08:00", "Z", "+05:30".
bool parse_fixed(std::string_view name, std::int32_t& seconds) noexcept {
  seconds = 0;
  if (name == "Z" || name == "z") return true;
  for (const std::string_view prefix : {"UTC", "GMT", "UT"}) {
    if (!name.starts_with(prefix)) continue;
    return name.size() == prefix.size() || parse_offset(name.substr(prefix.size()), seconds);
  }
  return parse_offset(name, seconds);
}

absl::Time instant_of(std::int64_t micros) { return absl::FromUnixMicros(micros); }

}  // namespace

TimeZone TimeZone::fixed(std::int32_t offset_seconds) noexcept {
  TimeZone zone;
  zone.offset_seconds_ = offset_seconds;
  return zone;
}

bool TimeZone::lookup(std::string_view name, TimeZone& zone) noexcept {
  std::int32_t seconds = 0;
  if (parse_fixed(name, seconds)) {
    zone = fixed(seconds);
    return true;
  }
  for (const ShortName& known : kShortNames)
    if (name == known.name) return lookup(known.zone, zone);
  // Zones are files below one folder: nothing else may be opened by a name.
  constexpr std::size_t kNameMax = 64;
  if (name.empty() || name.size() > kNameMax || name[0] < 'A' || name[0] > 'Z') return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '/' && c != '_' && c != '-' && c != '+')
      return false;
  }
  absl::TimeZone loaded;
  if (!absl::LoadTimeZone({name.data(), name.size()}, &loaded)) return false;
  zone = {};
  zone.rules_ = std::make_shared<const Rules>(Rules{loaded});
  return true;
}

Result<TimeZone> TimeZone::find(std::string_view name) {
  TimeZone zone;
  if (lookup(name, zone)) return zone;
  return Status::invalid_argument(
      "time zone '" + std::string(name.substr(0, 80)) +
      "' is not known; write an offset such as +01:00, or a name such as "
      "Europe/Berlin that stands in the system's zone files");
}

std::int32_t TimeZone::offset_seconds(std::int64_t micros) const noexcept {
  return rules_ == nullptr ? offset_seconds_ : rules_->zone.At(instant_of(micros)).offset;
}

std::int64_t TimeZone::to_instant(std::int64_t local_micros) const noexcept {
  if (rules_ == nullptr) return local_micros - offset_seconds_ * kMicrosPerSecond;
  const absl::CivilSecond second =
      absl::CivilSecond(1970, 1, 1) + floor_divide(local_micros, kMicrosPerSecond);
  return absl::ToUnixSeconds(rules_->zone.At(second).pre) * kMicrosPerSecond +
         floor_modulo(local_micros, kMicrosPerSecond);
}

std::string TimeZone::name() const {
  if (rules_ != nullptr) return rules_->zone.name();
  if (offset_seconds_ == 0) return "UTC";
  const int all = offset_seconds_ < 0 ? -offset_seconds_ : offset_seconds_;
  char text[24];
  int size = std::snprintf(text, sizeof text, "%c%02d:%02d", offset_seconds_ < 0 ? '-' : '+',
                           all / 3600, all / 60 % 60);
  if (all % 60 != 0) {
    size +=
        std::snprintf(text + size, sizeof text - static_cast<std::size_t>(size), ":%02d", all % 60);
  }
  return std::string(text, static_cast<std::size_t>(size));
}

std::string TimeZone::abbreviation(std::int64_t micros) const {
  return rules_ == nullptr ? name() : rules_->zone.At(instant_of(micros)).zone_abbr;
}

}  // namespace penstock
