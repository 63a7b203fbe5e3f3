// state/state_entry.h -- what one key's state looks like in memory, decided at run time while an operator opens.
//
// Layout     16 bytes of header, the key, then one slot per value. The stride is 32, 64, or the next multiple of 16:
//            entries of up to 64 bytes do not straddle cache lines.
// Presence   Bit i of `present` tells whether the value of slot i exists for this key.
// Derived    slots hold what a restore rebuilds (links between entries): their changes need no stamp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "penstock/core/base/hash.h"
#include "penstock/core/base/status.h"
#include "penstock/state/state_fields.h"

namespace penstock {

inline constexpr std::size_t kStateAlignmentMax = 16;
inline constexpr std::size_t kEntryBytesMax = std::size_t{64} << 10;

inline constexpr std::uint32_t kEpochStampMask = 0x7fffffff;

struct StateEntry {
  std::uint64_t
      hash_and_state;  // Key hash without its low byte, which is 0 while the entry is alive.
  std::uint32_t
      stamp;  // Low bits of the epoch of the last change; the top bit is for state/disk/state_pages.h.
  std::uint32_t present;

  std::uint64_t key_hash() const noexcept { return hash_and_state & ~std::uint64_t{0xff}; }
  bool alive() const noexcept { return (hash_and_state & 0xff) == 0; }
  std::byte* key() noexcept { return reinterpret_cast<std::byte*>(this) + sizeof(StateEntry); }
  const std::byte* key() const noexcept {
    return reinterpret_cast<const std::byte*>(this) + sizeof(StateEntry);
  }
  template <class T>
  T* at(std::size_t offset) noexcept {
    return reinterpret_cast<T*>(reinterpret_cast<std::byte*>(this) + offset);
  }
  template <class T>
  const T* at(std::size_t offset) const noexcept {
    return reinterpret_cast<const T*>(reinterpret_cast<const std::byte*>(this) + offset);
  }
};
static_assert(sizeof(StateEntry) == 16);

// What a table must know of its key type.
struct KeyShape {
  std::size_t bytes = 0;
  std::size_t alignment = 1;
  bool equal_keys_are_equal_bytes =
      false;  // Then a flood of keys with one public hash is told apart by seeded bytes.
  std::uint64_t (*hash)(const void* key) noexcept = nullptr;  // key_hash(); null: it has none.
  StateType (*type)() = nullptr;                              // What snapshots say of it.

  template <class Key>
  static constexpr KeyShape of() noexcept {
    static_assert(std::is_trivially_copyable_v<Key>,
                  "a key of keyed state must be trivially copyable: use InlineString<N> for text");
    static_assert(alignof(Key) <= kStateAlignmentMax, "a key may be aligned to at most 16 bytes");
    KeyShape shape{sizeof(Key), alignof(Key), std::has_unique_object_representations_v<Key>};
    shape.type = &state_type_of<Key>;
    if constexpr (Hashable<Key>) {
      shape.hash = [](const void* key) noexcept { return key_hash(*static_cast<const Key*>(key)); };
    }
    return shape;
  }
};

struct StateSlot {
  std::uint32_t offset = 0;  // From the start of the entry.
  std::uint32_t bytes = 0;
  std::uint32_t bit = 0;
  bool derived = false;
};

class StateLayout {
 public:
  static constexpr std::uint32_t kSlotsMax = 31;

  // Adds a slot, whose offset is known once sealed. Its index, or an error when there are too many.
  Result<std::uint32_t> add_slot(std::size_t bytes, std::size_t alignment, bool derived);
  // Fixes all offsets.
  Status seal(const KeyShape& key);

  const StateSlot& slot(std::uint32_t index) const noexcept { return slots_[index]; }
  std::uint32_t slots() const noexcept { return slots_used_; }
  const KeyShape& key() const noexcept { return key_; }
  std::size_t stride() const noexcept { return stride_; }  // 0 until sealed.

 private:
  std::array<StateSlot, kSlotsMax> slots_{};
  std::array<std::size_t, kSlotsMax> alignments_{};
  std::uint32_t slots_used_ = 0;
  KeyShape key_;
  std::size_t stride_ = 0;
};

}  // namespace penstock
