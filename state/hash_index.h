// state/hash_index.h -- open-addressing index from a 32-bit tag to the number of an entry, ordered by tag.
//
// Layout     8-byte slots {number + 1, tag}, 8 to a cache line. A tag's home is the line of slot `tag >> shift`, so
//            lines are ordered by tag, which starts with the key group: a group is a range of slots, and neither
//            growth nor deletion reads an entry. A line fills from its front: it has room while its last slot is empty.
// Probing    Line by line, forward, at most `reach` slots; what finds no place there is refused as kTooFar and
//            belongs into another index. So a flood aimed at one group costs a bounded number of slots per call.
//            At the highest load, 19 of 32, more than 98 of 100 tags stand in their home line.
// Growth     Old and new array stand side by side; homes below a cursor live in the new one. Each insertion moves the
//            next kMoveSlots homes, so that no call takes long.
// Threads    One owner. Errors: kNoMemory when no array could be had and the present one is nearly full.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "penstock/state/growable_memory.h"
#include "penstock/state/prefetch.h"

namespace penstock {

struct IndexSlot {
  std::uint32_t number_plus_one;  // 0 is an empty slot.
  std::uint32_t tag;
};

class HashIndex {
 public:
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint32_t kTagBitsPerRange = 22;

  enum class Outcome : std::uint8_t { kDone, kTooFar, kNoMemory };

  struct Options {
    std::uint32_t ranges = 1;      // Tags lie below ranges << kTagBitsPerRange; at most 1024.
    std::uint32_t reach = 128;     // Slots looked at from home on; a multiple of 8.
    std::uint64_t expected = 0;    // Entries it has room for, pages present, before it first grows.
    std::uint64_t bytes_max = ~std::uint64_t{0};  // Of one array.
  };

  [[nodiscard]] bool open(const Options& options) noexcept;

  // The number with this tag for which `match(number)` holds, or kNone.
  template <class Match>
  std::uint32_t find(std::uint32_t tag, Match match) const noexcept {
    const IndexSlot* line = home_of(tag);
    for (const IndexSlot* end = line + reach_; line != end; line += kLineSlots) {
      for (std::uint32_t mask = slots_with(line, tag); mask != 0; mask &= mask - 1) {
        const std::uint32_t number = line[std::countr_zero(mask)].number_plus_one - 1;
        if (number != kNone && match(number)) return number;
      }
      if (line[kLineSlots - 1].number_plus_one == 0) return kNone;
    }
    return kNone;
  }
  // A number with this tag, unproven; or kNone. Looks at the home line only.
  std::uint32_t guess(std::uint32_t tag) const noexcept {
    const IndexSlot* line = home_of(tag);
    std::uint32_t found = 0;
    for (std::uint32_t i = 0; i < kLineSlots; ++i) found = line[i].tag == tag ? line[i].number_plus_one : found;
    return found - 1;
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
  // Removes or renames a number. False when it is not there.
  bool erase(std::uint32_t tag, std::uint32_t number) noexcept;
  bool renumber(std::uint32_t tag, std::uint32_t from, std::uint32_t to) noexcept;

  template <class OnTooFar>
  void move_some(OnTooFar on_too_far) noexcept {
    Move move = next_move();
    while (next_moved(move)) {
      if (place_in(next_, move.slot.tag, move.slot.number_plus_one - 1) != Outcome::kDone) {
        --size_;
        on_too_far(move.slot.number_plus_one - 1);
      }
    }
    finish_move(move);
  }

  bool growing() const noexcept { return next_.slots != nullptr; }
  std::uint64_t size() const noexcept { return size_; }
  std::uint64_t capacity() const noexcept { return current_.capacity; }
  std::uint64_t growths() const noexcept { return growths_; }
  std::uint64_t resident_bytes() const noexcept {
    return current_.memory.resident_bytes() + next_.memory.resident_bytes();
  }

 private:
  static constexpr std::uint64_t kMoveSlots = 16;  // Homes moved by one insertion; 2 would be enough to be in time.
  static constexpr std::uint32_t kLineSlots = 8;

  struct Array {
    IndexSlot* slots = nullptr;
    std::uint32_t shift = 0;
    std::uint64_t capacity = 0;  // Homes; the array is `reach` slots longer, so that probing needs no wrap.
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

  // Bit i is set when slot i has this tag; all eight are compared at once, as which one it is cannot be predicted.
  static std::uint32_t slots_with(const IndexSlot* line, std::uint32_t tag) noexcept {
    std::uint32_t mask = 0;
    for (std::uint32_t i = 0; i < kLineSlots; ++i) mask |= static_cast<std::uint32_t>(line[i].tag == tag) << i;
    return mask;
  }
  const IndexSlot* home_of(std::uint32_t tag) const noexcept {
    const std::uint64_t home = current_.home(tag);
    if (home < cursor_) [[unlikely]] return next_.slots + next_.home(tag);
    return current_.slots + home;
  }
  Array& array_of(std::uint32_t tag) noexcept { return current_.home(tag) < cursor_ ? next_ : current_; }
  IndexSlot* slot_of(std::uint32_t tag, std::uint32_t number) noexcept;
  Outcome place(std::uint32_t tag, std::uint32_t number) noexcept;
  Outcome place_in(Array& array, std::uint32_t tag, std::uint32_t number) noexcept;
  Outcome full_outcome() const noexcept;
  bool make_array(Array& array, std::uint32_t bits, bool present) noexcept;
  void start_growth() noexcept;
  Move next_move() noexcept;
  bool next_moved(Move& move) const noexcept;
  void finish_move(const Move& move) noexcept;
  void set_limits() noexcept;

  Array current_;
  std::uint64_t cursor_ = 0;  // Homes of current_ below it have moved to next_; 0 when nothing grows.
  std::uint64_t reach_ = 0;
  Array next_;
  std::uint64_t size_ = 0;
  std::uint64_t grow_at_ = 0;
  std::uint64_t full_at_ = 0;
  std::uint64_t growths_ = 0;
  std::uint64_t bytes_max_ = 0;
  std::uint32_t ranges_ = 0;
};

}  // namespace penstock
