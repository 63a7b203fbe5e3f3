// state/ttl.h -- when state is forgotten that nobody uses any more, and by which clock.
//
// Processing time: a value is gone once `after` has passed, by the time of day as of the step, since it was written, or
// with kOnReadAndWrite since it was used. Where the time of day steps back, values live longer by as much.
// Event time: a value bears the time of the latest record (or timer, or window) of its key that wrote or used it, and
// is gone once the watermark has reached that time plus `after`. What is due by a watermark still sees the values as of
// its own time. At the end of time nothing is swept.
// Memory     Becomes free for other keys at most about a quarter of `after` later, and goes back to the system as the
//            tables shrink: see state/state_sweep.h.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "penstock/core/base/time.h"

namespace penstock {

enum class TtlRefresh : std::uint8_t { kOnWrite, kOnReadAndWrite };

struct Ttl {
  std::chrono::microseconds after{};
  TtlRefresh refresh = TtlRefresh::kOnWrite;
  TimeDomain time = TimeDomain::kProcessingTime;
};

// What values expire by. Its owner sets it before each use of state.
struct TtlClock {
  EventTime now = kMinEventTime;
  EventTime used = kMinEventTime;  // What is used now bears this time...
  bool never_back = false;         // ...or the one that it bears, if that is later.

  bool past(std::int64_t used_micros, std::chrono::microseconds after) const noexcept {
    return now.micros > used_micros &&
           static_cast<std::uint64_t>(now.micros) - static_cast<std::uint64_t>(used_micros) >=
               static_cast<std::uint64_t>(after.count());
  }
  void refresh(std::int64_t& used_micros) const noexcept {
    used_micros = never_back ? std::max(used_micros, used.micros) : used.micros;
  }
};

// How an expiring value lies in memory.
template <class T>
struct ExpiringCell {
  std::int64_t used_micros = kMinEventTime.micros;  // First, where the sweep looks for it.
  T value{};
};

}  // namespace penstock
