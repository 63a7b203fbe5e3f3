// state/state_sweep.h -- lets go of state that has expired, a few entries at a time.
//
// Rounds     A round looks at every key, and every element of the maps that expire, once. It begins a quarter of the
//            shortest time to live after the one before, for each kind of time by itself.
// Cost       A call looks at no more entries than it is told, and fewer where it has to remove some.
// Threads    The task's worker, between records.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "penstock/state/current_key.h"
#include "penstock/state/map_table.h"
#include "penstock/state/ttl.h"

namespace penstock {

class StateSweep {
 public:
  StateSweep(CurrentKey* current, StateTable* table);
  StateSweep(const StateSweep&) = delete;
  StateSweep& operator=(const StateSweep&) = delete;

  // `slot` of the keys' entries begins with used_micros; so do the values of `map`.
  void add_value(std::uint32_t slot, const Ttl& ttl) {
    of(ttl.time).values.push_back({slot, ttl.after});
  }
  void add_map(MapTable* map, const Ttl& ttl) { of(ttl.time).maps.push_back({map, ttl.after}); }
  bool sweeps(TimeDomain time) const noexcept { return !of(time).empty(); }

  // What readers and writers go by; it stays where it is.
  TtlClock& clock(TimeDomain time) noexcept { return of(time).clock; }

  // Looks at the next `budget` entries, where a round is due: at `now` of its time.
  void sweep(TimeDomain time, EventTime now, std::size_t budget) noexcept;
  // Of processing time: when sweep() must be called again though nothing happens; kMaxEventTime: it need not.
  EventTime due_at() const noexcept;
  // Whether a round of either time is under way.
  bool under_way() const noexcept;

 private:
  struct Value {
    std::uint32_t slot;
    std::chrono::microseconds after;
  };
  struct Map {
    MapTable* table;
    std::chrono::microseconds after;
  };
  static constexpr std::uint64_t kNoRound = ~std::uint64_t{0};
  // Removing costs more than looking.
  static constexpr std::size_t kRemovalCost = 8;
  static constexpr std::uint64_t kAhead = 8;

  struct Domain {
    TtlClock clock;
    std::vector<Value> values;
    std::vector<Map> maps;
    EventTime round_at = kMinEventTime;  // When the next round begins.
    std::uint64_t next = kNoRound;       // The first entry that this round has not seen...
    std::size_t map = 0;                 // ...of this map; maps.size(): of the keys.

    bool empty() const noexcept { return values.empty() && maps.empty(); }
  };

  Domain& of(TimeDomain time) noexcept { return domains_[static_cast<std::size_t>(time)]; }
  const Domain& of(TimeDomain time) const noexcept {
    return domains_[static_cast<std::size_t>(time)];
  }
  // Fetches what removing an entry changes, where the one kAhead behind `number` has expired.
  static void fetch_removal(const StateTable& table, std::uint64_t number, auto expired) noexcept;
  bool begin_round(Domain& domain, EventTime now) const noexcept;
  // Each returns whether the entry with that number has gone.
  bool sweep_key(const Domain& domain, const TtlClock& clock, std::uint64_t number) noexcept;
  bool sweep_element(const Map& map, const TtlClock& clock, std::uint64_t number) noexcept;

  CurrentKey* current_;
  StateTable* table_;
  Domain domains_[2];
};

}  // namespace penstock
