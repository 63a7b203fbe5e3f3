// state/lookahead.h -- works off a batch of records while the memory of later ones is on its way.
//
// Per record the index slot is fetched 2 * kAhead records early, the entry kAhead early; a miss that would cost 80 ns
// then costs about 5. The largest single gain on keyed work.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "penstock/state/state_table.h"

namespace penstock {

inline constexpr std::size_t kLookahead = 16;
inline constexpr std::size_t kNear = 8;

// Calls process(i, candidate) for i in [0, count), in order, until it returns false; returns for how many it was true.
// candidate goes to find_at() or set_current_key() with the same hash, and may be stale or null: both check it.
// `hash_of(i)` may be called up to three times and may return any number for what is not a record. near(i, candidate)
// comes kNear records before process(i), for further memory of an entry whose address is known by then.
template <class HashOf, class Near, class Process>
std::size_t for_each_ahead(const StateTable& table, std::size_t count, HashOf hash_of, Near near,
                           Process process) {
  StateEntry* candidates[kLookahead];
  const std::size_t lead = std::min(count, 2 * kLookahead);
  for (std::size_t i = 0; i < lead; ++i) table.prefetch_index(hash_of(i));
  const std::size_t located = std::min(count, kLookahead);
  for (std::size_t i = 0; i < located; ++i) candidates[i] = table.locate(hash_of(i));
  for (std::size_t i = 0; i < std::min(count, kNear); ++i) near(i, candidates[i]);
  for (std::size_t i = 0; i < count; ++i) {
    StateEntry* candidate = candidates[i % kLookahead];
    if (i + 2 * kLookahead < count) table.prefetch_index(hash_of(i + 2 * kLookahead));
    if (i + kLookahead < count) candidates[i % kLookahead] = table.locate(hash_of(i + kLookahead));
    if (i + kNear < count) near(i + kNear, candidates[(i + kNear) % kLookahead]);
    if (!process(i, candidate)) return i;
  }
  return count;
}

// The same where nothing further is fetched and nothing stops: process(i, candidate) returns nothing.
template <class HashOf, class Process>
void for_each_ahead(const StateTable& table, std::size_t count, HashOf hash_of, Process process) {
  for_each_ahead(
      table, count, hash_of, [](std::size_t, StateEntry*) {},
      [&process](std::size_t i, StateEntry* candidate) {
        process(i, candidate);
        return true;
      });
}

}  // namespace penstock
