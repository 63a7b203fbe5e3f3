// tests/sim/naive_windows.h -- what windows, sessions and timers give, computed from all events at once.
//
// Plain loops over vectors and maps, without watermarks, panes, state or order: nothing here is shared with the engine.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <ostream>
#include <set>
#include <vector>

#include "penstock/tests/sim/keyed_input.h"

namespace penstock::sim {

enum class What : std::uint32_t {
  kWindow,
  kUpdatedWindow,
  kBucketTimer,  // Of those below, see Clockwork in keyed_operators.h.
  kChainedTimer,
  kEventTimer,
  kProcessingTimerSet,
  kProcessingTimerFired,
  kClosed,
};
// Of any operator: what comes out of the job.
struct SimRow {
  What what = What::kWindow;
  std::uint32_t key = 0;
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t value = 0;
  friend auto operator<=>(const SimRow&, const SimRow&) = default;
  friend std::ostream& operator<<(std::ostream& out, const SimRow& row) {
    return out << "{what " << static_cast<int>(row.what) << " key " << row.key << " [" << row.start
               << ", " << row.end << ") value " << row.value << "}";
  }
};
using SimRows = std::vector<SimRow>;

// Adds up the values of a window, whatever their order.
using NaiveSum = std::int64_t (*)(const std::vector<std::int64_t>&);
std::int64_t naive_sum(const std::vector<std::int64_t>& values);
std::int64_t naive_max(const std::vector<std::int64_t>& values);
std::int64_t naive_digest(const std::vector<std::int64_t>& values);
std::uint64_t digest_of(std::int64_t value);

struct NaiveSpec {
  std::int64_t size = 0;
  std::int64_t slide = 0;
  std::int64_t offset = 0;
};
SimRows naive_windows(const SimEvents& events, const NaiveSpec& spec, NaiveSum sum);
SimRows naive_sessions(const SimEvents& events, std::int64_t gap, NaiveSum sum);
// `events` in the order in which each source sends them.
SimRows naive_timers(const SimEvents& events, bool with_event_timers);
// Rows as events of the job's next window: at the last moment of theirs.
SimEvents events_of(const SimRows& rows);

// ---- what the timers of Clockwork are set for ----

inline constexpr std::int64_t kBucket = 10 * kTick;
std::int64_t bucket_end(std::int64_t time);
enum class Wish : std::uint8_t { kNone, kSet, kErase };
Wish wish_of(const SimEvent& event);
std::int64_t wished_time(const SimEvent& event);

}  // namespace penstock::sim
