// state/hash_index.h -- open-addressing index from a 32-bit tag to the number of an entry, ordered by tag.
//
// Layout     8-byte slots {number + 1, tag}, 8 to a cache line. A tag's home is the line of slot `tag >> shift`, so
//            lines are ordered by tag, which starts with the key group: a group is a range of slots, and neither
//            growth nor deletion reads an entry. A line fills from its front: it has room while its last slot is empty.
// Probing    Line by line, forward, at most `reach` slots; what finds no place there is refused as kTooFar and
//            belongs into another index. So a flood aimed at one group costs a bounded number of slots per call.
//            At the highest load, 19 of 32, more than 98 of 100 tags stand in their home line.
// Growth     Old and new array stand side by side; homes below a cursor live in the new one. Each insertion moves the
//            next kMoveSlots homes, so that no call takes long. An array that has become far too large is halved in the
//            same way, when shrink() and move_some() are called between records.
// Threads    One owner. Errors: kNoMemory when no array could be had and the present one is nearly full.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "penstock/core/base/prefetch.h"
#include "penstock/state/growable_memory.h"

namespace penstock {

struct IndexSlot {
  std::uint32_t number_plus_one;  // 0 is an empty slot.
  std::uint32_t tag;
};
static_assert(std::endian::native == std::endian::little, "slots are compared as 64-bit words");

class HashIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kTagBitsPerRange = 22;

  enum class Outcome : std::uint8_t { kDone, kTooFar, kNoMemory };

  struct Options {
    std::uint32_t ranges = 1;    // Tags lie below ranges << kTagBitsPerRange; at most 1024.
    std::uint32_t reach = 128;   // Slots looked at from home on; a multiple of 8.
    std::uint64_t expected = 0;  // Entries it has room for, pages present, before it first grows.
    std::uint64_t bytes_max = ~std::uint64_t{0};  // Of one array.
    MemoryBudget* budget = nullptr;
  };

  [[nodiscard]] bool open(const Options& options) noexcept;

  // The number with this tag for which `match(number)` holds, or kNone. `match` may be asked about any number.
  template <class Match>
  std::uint32_t find(std::uint32_t tag, Match match) const noexcept {
    const IndexSlot* line = home_of(tag);
    const std::uint32_t likely = joined_numbers(line, tag) - 1;
    if (likely != kNone && match(likely)) [[likely]]
      return likely;
    // None has the tag, and the line has room: a new key, as a rule.
    if (likely == kNone && line[kLineSlots - 1].number_plus_one == 0) return kNone;
    for (const IndexSlot* end = line + reach_; line != end; line += kLineSlots) {
      for (std::uint32_t i = 0; i < kLineSlots; ++i) {
        if (line[i].number_plus_one == 0) return kNone;
        if (line[i].tag == tag && match(line[i].number_plus_one - 1))
          return line[i].number_plus_one - 1;
      }
    }
    return kNone;
  }
  // What is most probably the number with this tag, possibly a number that is not there at all; or kNone.
  std::uint32_t guess(std::uint32_t tag) const noexcept {
    return joined_numbers(home_of(tag), tag) - 1;
  }
  void prefetch(std::uint32_t tag) const noexcept { internal::prefetch(home_of(tag)); }

  // Adds a number that is not there. `on_too_far(number)` takes those that lose their place when the index grows.
  template <class OnTooFar>
  Outcome insert(std::uint32_t tag, std::uint32_t number, OnTooFar on_too_far) noexcept {
    if (size_ >= grow_at_ && !growing()) start_growth();
    if (growing()) move_some(on_too_far);
    if (size_ >= full_at_) return full_outcome();
    return place(tag, number);
  }
  // Begins to move into an array of half the size, when the entries left would fill no more than a third of it.
  void shrink() noexcept {
    if (size_ < shrink_at_ && !growing()) start_shrinking();
  }
  // Removes or renames a number. False when it is not there.
  bool erase(std::uint32_t tag, std::uint32_t number) noexcept;
  bool renumber(std::uint32_t tag, std::uint32_t from, std::uint32_t to) noexcept;

  // False: nothing could be moved.
  template <class OnTooFar>
  bool move_some(OnTooFar on_too_far) noexcept {
    Move move = next_move();
    while (next_moved(move)) {
      if (place_in(next_, move.slot.tag, move.slot.number_plus_one - 1) != Outcome::kDone) {
        --size_;
        on_too_far(move.slot.number_plus_one - 1);
      }
    }
    finish_move(move);
    return move.begin != move.end;
  }

  // Also while it shrinks.
  bool growing() const noexcept { return next_.slots != nullptr; }
  std::uint64_t size() const noexcept { return size_; }
  std::uint64_t capacity() const noexcept { return current_.capacity; }
  std::uint64_t growths() const noexcept { return growths_; }
  std::uint64_t resident_bytes() const noexcept {
    return current_.memory.resident_bytes() + next_.memory.resident_bytes();
  }

 private:
  // Homes moved by one insertion, a line of them: with more, steps full of new keys get long. 4 would be in time, as
  // growth begins at a load of 19/32 and must be over at 28/32.
  static constexpr std::uint64_t kMoveSlots = 8;
  static constexpr std::uint32_t kLineSlots = 8;

  struct Array {
    IndexSlot* slots = nullptr;
    std::uint32_t shift = 0;
    std::uint64_t capacity =
        0;  // Homes; the array is `reach` slots longer, so that probing needs no wrap.
    GrowableMemory memory;

    std::uint64_t home(std::uint32_t tag) const noexcept {
      return (tag >> shift) & ~std::uint64_t{kLineSlots - 1};
    }
  };
  struct Move {  // One step of growth: homes [begin, end), and how far its reading has come.
    std::uint64_t at = 0;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    IndexSlot slot{0, 0};
  };

  // The numbers + 1 of a line's slots with this tag, or'ed: of the one, as a rule. All eight are compared at once, as
  // which one it is cannot be predicted.
  static std::uint32_t joined_numbers(const IndexSlot* line, std::uint32_t tag) noexcept {
    using Words = std::uint32_t __attribute__((vector_size(16)));
    using Slots = std::uint64_t __attribute__((vector_size(16)));
    const auto* pairs = reinterpret_cast<const Words __attribute__((may_alias))*>(line);
    const Words wanted = {tag, tag, tag, tag};
    Slots joined = {0, 0};
    for (std::uint32_t i = 0; i < kLineSlots / 2; ++i) {
      // A tag stands in the upper half of its slot: shifted down, its comparison masks the number.
      const auto equal = reinterpret_cast<Slots>(pairs[i] == wanted) >> 32;
      joined |= reinterpret_cast<Slots>(pairs[i]) & equal;
    }
    return static_cast<std::uint32_t>(joined[0] | joined[1]);
  }
  const IndexSlot* home_of(std::uint32_t tag) const noexcept {
    const std::uint64_t home = current_.home(tag);
    if (home < cursor_) [[unlikely]]
      return next_.slots + next_.home(tag);
    return current_.slots + home;
  }
  Array& array_of(std::uint32_t tag) noexcept {
    return current_.home(tag) < cursor_ ? next_ : current_;
  }
  // How many of a line's slots are taken, from its front on; without a branch, as that cannot be predicted.
  static std::uint32_t taken_of(const IndexSlot* line) noexcept {
    std::uint32_t taken = 0;
    for (std::uint32_t i = 0; i < kLineSlots; ++i) taken += line[i].number_plus_one != 0 ? 1 : 0;
    return taken;
  }
  IndexSlot* slot_of(std::uint32_t tag, std::uint32_t number) noexcept;
  [[gnu::cold]] bool erase_shifting(Array& array, std::uint32_t tag, std::uint32_t number) noexcept;
  Outcome place(std::uint32_t tag, std::uint32_t number) noexcept;
  Outcome place_in(Array& array, std::uint32_t tag, std::uint32_t number) noexcept;
  Outcome full_outcome() const noexcept;
  bool make_array(Array& array, std::uint32_t bits, bool present) noexcept;
  void start_growth() noexcept;
  [[gnu::cold]] void start_shrinking() noexcept;
  Move next_move() noexcept;
  bool next_moved(Move& move) const noexcept;
  void finish_move(const Move& move) noexcept;
  void set_limits() noexcept;

  Array current_;
  std::uint64_t cursor_ =
      0;  // Homes of current_ below it have moved to next_; 0 when nothing grows.
  std::uint64_t reach_ = 0;
  Array next_;
  std::uint64_t size_ = 0;
  std::uint64_t grow_at_ = 0;
  std::uint64_t full_at_ = 0;
  std::uint64_t shrink_at_ = 0;
  std::uint64_t growths_ = 0;
  std::uint64_t bytes_max_ = 0;
  std::uint32_t ranges_ = 0;
  std::uint32_t bits_min_ = 0;
  MemoryBudget* budget_ = nullptr;
};

}  // namespace penstock
