// state/state_table.h -- the keyed state of one operator in one task: a dense array of entries and an index into it.
//
// Layout     Entries stand in insertion order in one array that grows in place; erasing moves the last entry into the
//            gap. The index is ordered by key group. Entry sizes are known when the table opens, key types when it is
//            called: Key must be the type, or have the shape, that it was opened with; keys are compared by ==.
// Gaps       With keeps_gaps, erasing leaves gaps, which insertions fill first; maintain() only those that are most.
// Pointers   Growth moves nothing. Erasing and maintain() move entries: version() then changes.
// Stamps     Whoever changes an entry calls touch() first. A walk gives out the state as of begin_walk(); while it
//            runs no entry moves: erased ones stay as gaps, which insertions and maintain() fill.
// Floods     A key whose hash finds no place near its home goes to a second index, which is ordered by seeded bytes
//            of the key. Keys that do not compare as bytes and share one whole hash are limited to about 4000.
// Memory     maintain() gives back, in steps, what the entries and the index no longer need.
// Threads    One owner. Errors: fault() says why an insertion returned null; it never goes away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "penstock/core/base/hash.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/key_group.h"
#include "penstock/core/base/prefetch.h"
#include "penstock/core/base/status.h"
#include "penstock/state/hash_index.h"
#include "penstock/state/state_entry.h"
#include "penstock/state/state_walk.h"

namespace penstock {

enum class StateFault : std::uint8_t { kNone, kNoMemory, kTooManyKeys, kFlood };

struct StateTableOptions {
  KeyGroupRange groups;
  std::uint64_t seed = 0;
  bool ordered_by_group =
      true;  // Else by the whole hash, for tables whose keys crowd into few groups.
  std::uint64_t max_keys = ~std::uint64_t{0};
  std::uint64_t expected_keys = 0;  // Room, with pages present, that is made when the table opens.
  std::uint64_t bytes_max =
      0;  // Of the array of entries, and of each index; 0: what the machine has.
  MemoryBudget* budget = nullptr;  // Shared with others, which it outlives as this one.
  // A key whose last value goes stays until whoever opened the table erases it.
  bool keeps_empty_keys = false;
  // Half of the entries may be gaps. For tables whose keys come and go in step: it costs less than moving others there.
  bool keeps_gaps = false;
};

// Told that the entry `from` is now `to`; its bytes are there already.
struct StateMoveListener {
  void (*moved)(void* context, std::uint32_t from, std::uint32_t to) noexcept = nullptr;
  void* context = nullptr;
};

class StateTable {
 public:
  static constexpr std::uint32_t kNone = HashIndex::kNone;

  Status open(const StateLayout& layout, const StateTableOptions& options);
  void set_move_listener(StateMoveListener listener) noexcept { listener_ = listener; }

  template <class Key>
  StateEntry* find(std::uint64_t hash, const Key& key) const noexcept {
    return find_equal(hash, &key,
                      [&key](const StateEntry& entry) { return key_equal(entry, key); });
  }
  // As find(), but the number of the entry, or kNone. Tries first what guess() gave some records ago.
  template <class Key>
  std::uint32_t find_number(std::uint32_t candidate, std::uint64_t hash,
                            const Key& key) const noexcept {
    if (candidate < used_) [[likely]] {
      const StateEntry& entry = *entry_at(candidate);
      if (entry.hash_and_state == masked(hash) && key_equal(entry, key)) [[likely]]
        return candidate;
    }
    const StateEntry* entry = find(hash, key);
    return entry != nullptr ? number_of(entry) : kNone;
  }
  // Null when there is no room: see fault().
  template <class Key>
  StateEntry* find_or_insert(std::uint64_t hash, const Key& key, bool* inserted) noexcept {
    StateEntry* entry = find(hash, key);
    *inserted = entry == nullptr;
    return entry != nullptr ? entry : insert_new(hash, &key);
  }
  // Finds by any test of equality; `key` points to the bytes of the key, should the second index need them.
  template <class Equal>
  StateEntry* find_equal(std::uint64_t hash, const void* key, Equal equal) const noexcept {
    PENSTOCK_DCHECK(owns(hash));
    const auto match = [&](std::uint32_t number) {
      if (number >= used_) [[unlikely]]
        return false;
      const StateEntry& entry = *entry_at(number);
      return entry.hash_and_state == masked(hash) && equal(entry);
    };
    std::uint32_t number = index_.find(tag_of(hash), match);
    if (number == kNone && crowd_.size() > 0) [[unlikely]] {
      number = crowd_.find(crowd_tag(hash, key), match);
    }
    return number == kNone ? nullptr : entry_at(number);
  }
  // Of a key that equals these bytes, as a snapshot has them.
  StateEntry* find_bytes(std::uint64_t hash, const void* key) const noexcept {
    return find_equal(hash, key, [&](const StateEntry& entry) {
      return std::memcmp(entry.key(), key, layout_.key().bytes) == 0;
    });
  }
  // Adds a key that is not there. Its values are absent, their bytes undefined. Null: see fault().
  StateEntry* insert_new(std::uint64_t hash, const void* key) noexcept;
  void erase(StateEntry* entry) noexcept;

  // Must precede every change of an entry's values or presence.
  void touch(StateEntry* entry) noexcept {
    if (entry->stamp == stamp_) return;
    if (walk_.running()) [[unlikely]]
      walk_.before_change(*entry, number_of(entry));
    entry->stamp = stamp_;
  }

  // ---- look-ahead: see state/lookahead.h ----

  // Where the index has a hash of this table: 10 bits of group and 22 of the seeded rest, or 32 of the seeded whole.
  std::uint32_t tag_of(std::uint64_t hash) const noexcept {
    PENSTOCK_DCHECK(owns(hash));
    const std::uint64_t rest = masked(hash) << rest_shift_;
    const std::uint64_t mixed = (rest ^ (rest >> 32)) * multiplier_;
    const std::uint64_t group = (hash >> 54) - first_group_;
    return (static_cast<std::uint32_t>(group << HashIndex::kTagBitsPerRange) & group_mask_) |
           static_cast<std::uint32_t>(mixed >> mixed_shift_);
  }
  void prefetch_index_at(std::uint32_t tag) const noexcept { index_.prefetch(tag); }
  // The number of the entry that this tag probably has, a candidate for find_at(); or kNone.
  std::uint32_t guess(std::uint32_t tag) const noexcept {
    const std::uint32_t number = index_.guess(tag);
    return number < used_ ? number : kNone;
  }
  void prefetch_entry(std::uint64_t number) const noexcept {
    internal::prefetch_for_write(entry_at(number));
  }
  // Fetches what changes when the entry `ahead` places behind `number` is erased, and its place taken by the last one
  // where no gaps are kept; and the entry that is asked for next.
  void prefetch_erase(std::uint64_t number, std::uint64_t ahead) const noexcept {
    if (number + ahead >= used_) return;
    prefetch_entry(number + 2 * ahead);
    const StateEntry& later = *entry_at(number + ahead);
    if (!later.alive()) return;
    index_.prefetch(tag_of(later.hash_and_state));
    if (options_.keeps_gaps) return;
    index_.prefetch(tag_of(entry_at(used_ - 1 - ahead)->hash_and_state));
  }
  // The number that the next new key gets.
  std::uint64_t next_number() const noexcept { return gaps_ > 0 ? first_gap_ - 1 : used_; }
  // The two steps for a hash that may be anybody's.
  void prefetch_index(std::uint64_t hash) const noexcept {
    if (owns(hash)) index_.prefetch(tag_of(hash));
  }
  std::uint32_t locate(std::uint64_t hash) const noexcept {
    if (!owns(hash)) [[unlikely]]
      return kNone;
    const std::uint32_t number = guess(tag_of(hash));
    if (number != kNone) prefetch_entry(number);
    return number;
  }

  // The state as of now is what the walk gives out, under this epoch; later changes belong to the next.
  // Fails when a walk runs, or the epoch is older than what the entries carry.
  Status begin_walk(Epoch epoch);
  // Gives about `budget` entries to consumer(const StateEntry&), in no order that matters.
  template <class Consumer>
  WalkState walk(std::size_t budget, Consumer&& consumer) {
    if (!walk_.running()) return walk_.state();
    return walk_.advance(budget, memory_.data(), stamp_, consumer);
  }
  void cancel_walk() noexcept { walk_.end(WalkState::kNone); }
  WalkState walk_state() const noexcept { return walk_.state(); }
  std::size_t walk_waiting_bytes() const noexcept { return walk_.waiting_bytes(); }

  // Off the record path: fills up to `budget` gaps, moves index slots, makes the next pages present. True: call again.
  bool maintain(std::size_t budget) noexcept;

  std::uint64_t keys() const noexcept { return used_ - gaps_; }
  std::uint64_t growths() const noexcept { return index_.growths() + crowd_.growths(); }
  std::uint64_t crowded_keys() const noexcept { return crowd_.size(); }
  std::uint64_t resident_bytes() const noexcept;
  std::uint64_t version() const noexcept { return version_; }
  Epoch current_epoch() const noexcept { return epoch_; }
  StateFault fault() const noexcept { return fault_; }
  Status status() const;
  const StateLayout& layout() const noexcept { return layout_; }
  MemoryBudget* budget() const noexcept { return options_.budget; }
  std::uint64_t expected_keys() const noexcept { return options_.expected_keys; }
  bool keeps_empty_keys() const noexcept { return options_.keeps_empty_keys; }
  std::size_t stride() const noexcept { return stride_; }
  // Whether this is where the entry stands, not a copy of it.
  bool holds(const StateEntry* entry) const noexcept {
    const auto* at = reinterpret_cast<const std::byte*>(entry);
    return at >= memory_.data() && at < memory_.data() + used_ * stride_;
  }
  KeyGroupRange groups() const noexcept { return options_.groups; }

  // Entries by number: [0, slots()), of which those not alive() are gaps.
  std::uint64_t slots() const noexcept { return used_; }
  StateEntry* entry_at(std::uint64_t number) const noexcept {
    return reinterpret_cast<StateEntry*>(memory_.data() + number * stride_);
  }
  std::uint32_t number_of(const StateEntry* entry) const noexcept {
    const auto distance =
        static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(entry) - memory_.data());
    return static_cast<std::uint32_t>((distance >> stride_shift_) * stride_inverse_);
  }

 private:
  static constexpr std::uint64_t kGap =
      1;  // Low byte of hash_and_state; present and stamp then link the gaps.

  static std::uint64_t masked(std::uint64_t hash) noexcept { return hash & ~std::uint64_t{0xff}; }
  template <class Key>
  static bool key_equal(const StateEntry& entry, const Key& key) noexcept {
    return *reinterpret_cast<const Key*>(entry.key()) == key;
  }
  bool owns(std::uint64_t hash) const noexcept {
    return (hash >> 54) - first_group_ < group_count_;
  }

  std::uint32_t crowd_tag(std::uint64_t hash, const void* key) const noexcept;

  std::uint64_t gaps_kept() const noexcept { return options_.keeps_gaps ? used_ / 2 : 0; }
  std::uint32_t take_slot() noexcept;
  bool enter(StateEntry* entry, std::uint32_t number) noexcept;
  bool enter_crowd(std::uint32_t number) noexcept;
  void leave(const StateEntry* entry, std::uint32_t number) noexcept;
  void remove_slot(std::uint32_t number) noexcept;
  void add_gap(std::uint32_t number) noexcept;
  void unlink_gap(std::uint32_t number) noexcept;
  StateEntry* refuse(StateFault fault) noexcept;

  GrowableMemory memory_;
  std::size_t stride_ = 0;
  std::uint32_t stride_shift_ = 0;  // Twos in the stride, and the inverse of the rest modulo 2^64:
  std::uint64_t stride_inverse_ = 1;  // distances are multiples of it, so a product divides them.
  std::uint64_t multiplier_ = 1;      // Odd, and not known outside.
  std::uint32_t rest_shift_ = 0;
  std::uint32_t mixed_shift_ = 0;
  std::uint32_t group_mask_ = 0;
  HashIndex index_;
  HashIndex crowd_;
  std::uint64_t first_group_ = 0;
  std::uint64_t group_count_ = 0;
  std::uint32_t stamp_ = 1;
  StateWalk walk_;
  Epoch epoch_{1};
  std::uint64_t used_ = 0;
  std::uint64_t max_slots_ = 0;
  std::uint64_t gaps_ = 0;
  std::uint32_t first_gap_ = 0;  // Number + 1.
  std::uint64_t version_ = 0;
  StateFault fault_ = StateFault::kNone;
  StateMoveListener listener_;
  StateLayout layout_;
  StateTableOptions options_;
};

}  // namespace penstock
