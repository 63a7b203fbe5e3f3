// core/base/time.h -- the two kinds of time, as types that cannot be mixed up.
//
// EventTime says when something happened in the world (microseconds since 1970, may be negative). Instant is a
// reading of the monotonic clock (nanoseconds, meaningful only within one process). Wall-clock time of day is an
// EventTime as well: it is compared with event times and never used to measure how long something took.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace penstock {

struct EventTime {
  std::int64_t micros = 0;

  friend constexpr auto operator<=>(EventTime, EventTime) = default;
  friend constexpr EventTime operator+(EventTime time, std::chrono::microseconds by) noexcept {
    return {time.micros + by.count()};
  }
  friend constexpr EventTime operator-(EventTime time, std::chrono::microseconds by) noexcept {
    return {time.micros - by.count()};
  }
  friend constexpr std::chrono::microseconds operator-(EventTime a, EventTime b) noexcept {
    return std::chrono::microseconds(a.micros - b.micros);
  }
};

// Before every event and after every event: the watermark before the first record, and at the true end of input.
inline constexpr EventTime kMinEventTime{std::numeric_limits<std::int64_t>::min()};
inline constexpr EventTime kMaxEventTime{std::numeric_limits<std::int64_t>::max()};

struct Instant {
  std::int64_t nanos = 0;

  friend constexpr auto operator<=>(Instant, Instant) = default;
  friend constexpr Instant operator+(Instant at, std::chrono::nanoseconds by) noexcept {
    return {at.nanos + by.count()};
  }
  friend constexpr Instant operator-(Instant at, std::chrono::nanoseconds by) noexcept {
    return {at.nanos - by.count()};
  }
  friend constexpr std::chrono::nanoseconds operator-(Instant a, Instant b) noexcept {
    return std::chrono::nanoseconds(a.nanos - b.nanos);
  }
};

// Which of the two something in event-time's unit goes by: what records bear, or the time of day.
enum class TimeDomain : std::uint8_t { kEventTime, kProcessingTime };

inline constexpr Instant kNever{std::numeric_limits<std::int64_t>::max()};

}  // namespace penstock
