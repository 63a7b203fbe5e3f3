// state/lookahead.h -- works off a batch of records while the memory of later ones is on its way.
//
// Blocks of kLookaheadBlock records go through three steps: their index slots are fetched two blocks early, their
// entries one block early; a miss that would cost 80 ns then costs about 5. The largest single gain on keyed work.
// Each step is a loop of its own, so that what it needs of the table stays in registers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "penstock/state/state_table.h"

namespace penstock {

inline constexpr std::size_t kLookaheadBlock = 16;

namespace internal {

// Tags and candidates of the blocks under way.
class Lookahead {
 public:
  explicit Lookahead(const StateTable& table) : table_(table) {}

  template <class HashOf>
  [[gnu::always_inline]] void fetch_index(std::size_t from, std::size_t to,
                                          HashOf hash_of) noexcept {
    for (std::size_t i = from; i < to; ++i) {
      const std::uint32_t tag = table_.tag_of(hash_of(i));
      tags_[i % kPlaces] = tag;
      table_.prefetch_index_at(tag);
    }
  }
  template <class Near>
  [[gnu::always_inline]] void fetch_entries(std::size_t from, std::size_t to, Near near) noexcept {
    for (std::size_t i = from; i < to; ++i) {
      const std::uint32_t number = table_.guess(tags_[i % kPlaces]);
      numbers_[i % kPlaces] = number;
      if (number == StateTable::kNone) [[unlikely]]
        continue;
      table_.prefetch_entry(number);
      near(i, number);
    }
  }
  std::uint32_t number(std::size_t i) const noexcept { return numbers_[i % kPlaces]; }

 private:
  static constexpr std::size_t kPlaces = 2 * kLookaheadBlock;

  const StateTable& table_;
  std::uint32_t tags_[kPlaces];
  std::uint32_t numbers_[kPlaces];
};

}  // namespace internal

// Calls process(i, candidate) for i in [0, count), in order, until it returns false; returns for how many it was true.
// candidate goes to find_at() or set_current_key() with the same hash, and may be stale or kNone: both check it.
// near(i, candidate) comes about a block before process(i), for further memory of an entry; it is never kNone there.
// REQUIRES: the table owns each hash_of(i).
template <class HashOf, class Near, class Process>
std::size_t for_each_ahead(const StateTable& table, std::size_t count, HashOf hash_of, Near near,
                           Process process) {
  constexpr std::size_t kBlock = kLookaheadBlock;
  internal::Lookahead ahead(table);
  const auto until = [count](std::size_t i) { return std::min(i, count); };
  ahead.fetch_index(0, until(2 * kBlock), hash_of);
  ahead.fetch_entries(0, until(kBlock), near);
  for (std::size_t block = 0; block < count; block += kBlock) {
    const std::size_t next = until(block + kBlock);
    const std::size_t after = until(next + kBlock);
    ahead.fetch_entries(next, after, near);
    ahead.fetch_index(after, until(after + kBlock), hash_of);
    for (std::size_t i = block; i < next; ++i) {
      if (!process(i, ahead.number(i))) return i;
    }
  }
  return count;
}

// The same where nothing further is fetched and nothing stops: process(i, candidate) returns nothing.
template <class HashOf, class Process>
void for_each_ahead(const StateTable& table, std::size_t count, HashOf hash_of, Process process) {
  for_each_ahead(
      table, count, hash_of, [](std::size_t, std::uint32_t) {},
      [&process](std::size_t i, std::uint32_t candidate) {
        process(i, candidate);
        return true;
      });
}

}  // namespace penstock
