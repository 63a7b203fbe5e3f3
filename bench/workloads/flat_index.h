// bench/workloads/flat_index.h -- the hash table of the bare loops: numbers keys from 0 in the order they come.
//
// What belongs to a key lies in arrays of the caller, at the key's number: what is read together lies together there,
// and closing a window is a pass over an array. Probing is linear from a multiplicative hash, and at most half of the
// slots are taken, so that a key is mostly found at its first slot. There is no erasing.
// Threads    One owner.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace penstock::bench {

struct MultiplicativeHash {
  template <std::unsigned_integral Key>
  constexpr std::uint64_t operator()(Key key) const noexcept {
    return key * std::uint64_t{0x9e3779b97f4a7c15};  // The high bits are the good ones.
  }
};

template <class Key, class Hash = MultiplicativeHash>
class FlatIndex {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  FlatIndex() : slots_(kSlotsMin) {}

  std::size_t size() const noexcept { return size_; }

  // The number of `key`, or kNone.
  [[gnu::always_inline]] std::uint32_t find(const Key& key) const noexcept {
    for (std::size_t at = home(key);; at = next(at)) {
      const Slot& slot = slots_[at];
      if (slot.number == kNone || slot.key == key) return slot.number;
    }
  }

  // The number of `key`; that is what size() was before, when the key is new.
  [[gnu::always_inline]] std::uint32_t find_or_insert(const Key& key) {
    std::size_t at = home(key);
    for (; slots_[at].number != kNone; at = next(at)) {
      if (slots_[at].key == key) [[likely]]
        return slots_[at].number;
    }
    return insert(key, at);
  }

  // Brings the slot near where `key` is to be looked up soon.
  [[gnu::always_inline]] void prefetch(const Key& key) const noexcept {
    __builtin_prefetch(&slots_[home(key)], 1);
  }

  // Forgets all keys and numbers these instead, from 0. REQUIRES: no two are equal.
  void assign(std::span<const Key> keys) {
    slots_.assign(slots_.size(), Slot{});
    size_ = 0;
    for (const Key& key : keys) find_or_insert(key);
  }

 private:
  struct Slot {
    Key key{};
    std::uint32_t number = kNone;
  };
  static constexpr std::size_t kSlotsMin = 64;

  std::size_t home(const Key& key) const noexcept { return Hash{}(key) >> shift_; }
  std::size_t next(std::size_t at) const noexcept { return (at + 1) & (slots_.size() - 1); }

  [[gnu::noinline]] std::uint32_t insert(const Key& key, std::size_t at) {
    const std::uint32_t number = size_++;
    slots_[at] = {key, number};
    if (std::size_t{2} * size_ > slots_.size()) grow();
    return number;
  }

  void grow() {
    std::vector<Slot> old(2 * slots_.size());
    old.swap(slots_);
    --shift_;
    for (const Slot& slot : old) {
      if (slot.number == kNone) continue;
      std::size_t at = home(slot.key);
      while (slots_[at].number != kNone) at = next(at);
      slots_[at] = slot;
    }
  }

  std::vector<Slot> slots_;
  int shift_ = 64 - std::countr_zero(kSlotsMin);
  std::uint32_t size_ = 0;
};

}  // namespace penstock::bench
