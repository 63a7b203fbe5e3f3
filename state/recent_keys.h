// state/recent_keys.h -- which entries the keys of the last records had: those that come again are found at once.
//
// A small table from some bits of a key's hash to the number of its entry, which may be stale: whoever gets one
// compares the key. While most records are of few keys, nothing else is looked up, and what they touch is in the
// nearest cache; else each look is in vain, and batches are worked off with look-ahead (state/lookahead.h). It is tried
// again now and then.
// Threads    The task's worker.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "penstock/state/current_key.h"
#include "penstock/state/state_table.h"

namespace penstock {

class RecentKeys {
 public:
  // Whether to use it for the next batch, of which end_batch() tells.
  bool serve() noexcept {
    if (rest_ == 0) return true;
    --rest_;
    return false;
  }
  std::uint32_t candidate(std::uint64_t hash) const noexcept {
    return places_[place_of(hash)].number;
  }
  // Whether the candidate is probably the right one.
  bool knows(std::uint64_t hash) const noexcept {
    return places_[place_of(hash)].hash_bits == bits_of(hash);
  }
  // What the candidate of the hash should have been.
  void missed(std::uint64_t hash, std::uint32_t number) noexcept {
    places_[place_of(hash)] = {number, bits_of(hash)};
    ++misses_;
  }
  void end_batch(std::size_t records) noexcept {
    records_ += records;
    if (records_ < kSample) return;
    const bool in_vain = misses_ > records_ / 4;
    bad_samples_ = in_vain ? bad_samples_ + 1 : 0;
    if (bad_samples_ > 1) {  // The first one fills it.
      rest_ = kRest;
      bad_samples_ = 0;
    }
    records_ = misses_ = 0;
  }

 private:
  static constexpr std::size_t kPlaces = 1024;
  static constexpr std::size_t kSample = 512;   // Records.
  static constexpr std::uint32_t kRest = 1024;  // Batches.

  struct Place {
    std::uint32_t number = StateTable::kNone;
    std::uint32_t hash_bits = 0;
  };

  // Bits that neither choose the task nor are given up to the element's kind.
  static std::size_t place_of(std::uint64_t hash) noexcept { return (hash >> 24) % kPlaces; }
  static std::uint32_t bits_of(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32);
  }

  std::array<Place, kPlaces> places_{};
  std::size_t records_ = 0;
  std::size_t misses_ = 0;
  std::uint32_t bad_samples_ = 0;
  std::uint32_t rest_ = 0;
};

// Calls process(i, candidate) for i in [0, count), in order, until it returns false; returns for how many it was true.
// It sets `current` to the key, as that of for_each_ahead() may. The index is fetched ahead for keys that are unknown.
// REQUIRES: recent.serve() was true.
template <class HashOf, class Process>
[[gnu::always_inline]] inline std::size_t for_each_recent(RecentKeys& recent,
                                                          const StateTable& table,
                                                          const CurrentKey& current,
                                                          std::size_t count, HashOf hash_of,
                                                          Process process) {
  constexpr std::size_t kBlock = 32;
  const auto fetch_unknown = [&](std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
      const std::uint64_t hash = hash_of(i);
      if (!recent.knows(hash)) [[unlikely]]
        table.prefetch_index_at(table.tag_of(hash));
    }
    return to;
  };
  std::size_t fetched = 0;
  std::size_t done = 0;
  for (; done < count; ++done) {
    if (done == fetched) fetched = fetch_unknown(done, std::min(count, done + kBlock));
    const std::uint64_t hash = hash_of(done);
    const std::uint32_t candidate = recent.candidate(hash);
    if (!process(done, candidate)) break;
    if (current.number() != candidate) [[unlikely]]
      recent.missed(hash, current.number());
  }
  recent.end_batch(done);
  return done;
}

}  // namespace penstock
