// io/json/iso8601.h -- times of day as text: `2024-01-02T03:04:05.678Z` to EventTime and back.
//
// Read       YYYY-MM-DD, 'T' or a space, hh:mm:ss, then optionally '.' with 1 to 9 digits (cut to microseconds), then
//            'Z', +hh:mm or -hh:mm. Without a zone it is UTC. The proleptic Gregorian calendar from year 1 to 9999;
//            no leap seconds, no hour 24. What lies outside of these years after the zone is applied is refused.
// Cost       No allocation, no locale: about 5 ns to read.
#pragma once

#include <cstddef>
#include <string_view>

#include "penstock/core/base/time.h"

namespace penstock::json {

// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999999Z: the times that can be written.
inline constexpr EventTime kIso8601Min{-62'135'596'800'000'000};
inline constexpr EventTime kIso8601Max{253'402'300'799'999'999};

inline constexpr std::size_t kIso8601BytesMax = 27;  // What format_iso8601 writes at most.

// Returns false and changes nothing when `text` is not such a time.
[[nodiscard]] bool parse_iso8601(std::string_view text, EventTime& time) noexcept;

// Writes UTC with 'Z' and no fraction, three or six digits, whichever is the shortest that is exact. Returns how many
// bytes; 0 when the time lies outside of the years above.
[[nodiscard]] std::size_t format_iso8601(EventTime time, char* out) noexcept;

}  // namespace penstock::json
