// state/current_key.h -- the key that an operator's state handles act on, with its entry.
//
// The task sets it before each record; handles read and change the entry through it, so they need no key themselves.
// Threads    The task's worker.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "penstock/state/state_table.h"

namespace penstock {

class CurrentKey {
 public:
  explicit CurrentKey(StateTable* table) : table_(table) { need_scratch(1); }
  CurrentKey(const CurrentKey&) = delete;
  CurrentKey& operator=(const CurrentKey&) = delete;

  // `key` must outlive the record. `candidate` comes from StateTable::guess(), or is kNone.
  template <class Key>
  void set(std::uint64_t hash, const Key& key, std::uint32_t candidate) noexcept {
    hash_ = hash;
    key_ = &key;
    number_ = table_->find_number(candidate, hash, key);
    entry_ = number_ == StateTable::kNone ? nullptr : table_->entry_at(number_);
  }
  // The key of an entry, for a walk over all of them.
  // Reads nothing of the entry, which may be far away. REQUIRES: its state is not cleared to the last while it is set.
  void set_entry(StateEntry* entry) noexcept { set_number(table_->number_of(entry)); }
  void set_number(std::uint32_t number) noexcept {
    number_ = number;
    entry_ = table_->entry_at(number);
    key_ = entry_->key();
  }
  void forget() noexcept { entry_ = nullptr; }  // Entries are about to move.

  std::uint64_t hash() const noexcept { return hash_; }
  const void* key() const noexcept { return key_; }
  // Null when the key has no state.
  StateEntry* entry() const noexcept { return entry_; }
  // Of the entry. REQUIRES: there is one.
  std::uint32_t number() const noexcept { return number_; }
  // Creates the entry when it is missing. Null when there is no room.
  StateEntry* entry_for_write() noexcept {
    if (entry_ == nullptr) [[unlikely]]
      return create();
    table_->touch(entry_);
    return entry_;
  }
  // The value of the slot is gone; the entry as well, when it was the last. REQUIRES: there is an entry.
  void drop(const StateSlot& slot) noexcept {
    table_->touch(entry_);
    entry_->present &= ~slot.bit;
    if (entry_->present != 0 || table_->keeps_empty_keys()) return;
    table_->erase(entry_);
    entry_ = nullptr;
  }
  const StateSlot& slot(std::uint32_t index) const noexcept { return table_->layout().slot(index); }

  // Where writes go that have no room; as large as the largest value asked for.
  void* scratch() noexcept { return scratch_.data(); }
  void need_scratch(std::size_t bytes) {
    scratch_.resize(std::max(scratch_.size(), bytes / sizeof(ScratchUnit) + 1));
  }

 private:
  struct alignas(kStateAlignmentMax) ScratchUnit {
    std::byte bytes[kStateAlignmentMax];
  };

  [[gnu::noinline]] StateEntry* create() noexcept {
    entry_ = table_->insert_new(hash_, key_);
    if (entry_ != nullptr) number_ = table_->number_of(entry_);
    return entry_;
  }

  StateTable* table_;
  std::uint64_t hash_ = 0;
  const void* key_ = nullptr;
  StateEntry* entry_ = nullptr;
  std::uint32_t number_ = StateTable::kNone;
  std::vector<ScratchUnit> scratch_;
};

namespace internal {

template <class T>
constexpr void check_state_type() noexcept {
  static_assert(std::is_trivially_copyable_v<T>,
                "a type kept in keyed state must be trivially copyable: InlineString<N> for text, "
                "MapState for lists");
  static_assert(std::is_default_constructible_v<T>,
                "a type kept in keyed state needs a default constructor");
  static_assert(alignof(T) <= kStateAlignmentMax,
                "a type kept in keyed state may be aligned to at most 16 bytes");
}

}  // namespace internal

}  // namespace penstock
