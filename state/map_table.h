// state/map_table.h -- the elements of one MapState of all keys: a table of (key, map key), and a list for each key.
//
// Layout     Each element is an entry of its own, so a snapshot copies elements, never a whole map. Its key is the
//            primary key's bytes, as its primary entry holds them, then the map key; its list links are derived.
// Lists      Doubly linked by entry number: the head and the count stand in the primary entry, and the first element
//            points back to it, so either table may move entries in O(1).
// Threads    One owner.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "penstock/state/state_table.h"

namespace penstock {

struct MapHead {            // Slot of the primary entry.
  std::uint32_t first = 0;  // Number + 1.
  std::uint32_t count = 0;
};

struct MapLinks {  // Slot of each element.
  static constexpr std::uint32_t kOwner = 0x80000000;
  std::uint32_t next = 0;      // Number + 1.
  std::uint32_t previous = 0;  // Number + 1; or kOwner | the number of the primary entry.
};

struct MapElementShape {
  std::size_t key_bytes = 0;
  std::size_t key_alignment = 1;
  bool equal_keys_are_equal_bytes = false;
  std::size_t value_bytes = 0;
  std::size_t value_alignment = 1;

  template <class K, class V>
  static constexpr MapElementShape of() noexcept {
    return {sizeof(K), alignof(K), std::has_unique_object_representations_v<K>, sizeof(V),
            alignof(V)};
  }
};

class MapTable {
 public:
  MapTable(const MapElementShape& shape, std::uint32_t head_slot) noexcept
      : shape_(shape), head_slot_(head_slot) {}

  Status open(StateTable* primary, const StateTableOptions& options);

  StateTable& table() noexcept { return table_; }
  const StateTable& table() const noexcept { return table_; }
  std::uint32_t head_slot() const noexcept { return head_slot_; }
  MapHead& head_of(StateEntry* primary) const noexcept {
    return *primary->at<MapHead>(head_offset_);
  }
  MapLinks& links_of(StateEntry* element) const noexcept {
    return *element->at<MapLinks>(links_offset_);
  }
  const MapLinks& links_of(const StateEntry* element) const noexcept {
    return *element->at<MapLinks>(links_offset_);
  }
  template <class K>
  const K& key_of(const StateEntry* element) const noexcept {
    return *element->at<K>(map_key_offset_);
  }
  template <class V>
  V* value_of(StateEntry* element) const noexcept {
    return element->at<V>(value_offset_);
  }

  // Of the element `hash` of the primary key `outer`, whose group it shares.
  static std::uint64_t element_hash(std::uint64_t outer, std::uint64_t hash) noexcept {
    constexpr std::uint64_t kGroupBits = ~std::uint64_t{0} << 54;
    static_assert(kKeyGroups == 1024);
    return (outer & kGroupBits) | (hash_combine(outer, hash) & ~kGroupBits);
  }
  template <class K>
  StateEntry* find(const StateEntry* primary, const K& key) noexcept {
    const std::uint64_t hash = prepare(primary, &key, key_hash(key));
    return table_.find_equal(hash, probe_.data(), [&](const StateEntry& element) {
      return key_of<K>(&element) == key && same_primary(element, *primary);
    });
  }
  // Adds an element that is not there, first in the list. Null when there is no room.
  template <class K>
  StateEntry* insert(StateEntry* primary, const K& key) noexcept {
    return insert_prepared(primary, prepare(primary, &key, key_hash(key)));
  }
  // The element that was added last of those of the primary entry `number`, which may be any number; null: it has none.
  StateEntry* newest_of(std::uint32_t number) const noexcept;
  // The primary entry whose list an element is in.
  StateEntry* owner_of(const StateEntry* element) const noexcept;
  // ---- for snapshots: an element is its hash, its key with the primary key in front, and its value ----
  std::size_t element_key_bytes() const noexcept { return probe_.size(); }
  std::size_t value_bytes() const noexcept { return shape_.value_bytes; }
  std::size_t value_offset() const noexcept { return value_offset_; }
  // An element of a snapshot, in no list yet. REQUIRES: both are as long as above, the table owns the hash.
  Status restore(std::uint64_t hash, std::string_view key, std::string_view value);
  // Once all keys and elements are there: makes the lists.
  Status link_restored();
  // visit(StateEntry* primary, StateEntry* element) for each element of each key.
  template <class Visit>
  void for_each_of_all(Visit visit) {
    const std::uint32_t bit = primary_->layout().slot(head_slot_).bit;
    for (std::uint64_t number = 0; number < primary_->slots(); ++number) {
      StateEntry* primary = primary_->entry_at(number);
      if (!primary->alive() || (primary->present & bit) == 0) continue;
      for (std::uint32_t at = head_of(primary).first; at != 0;) {
        StateEntry* element = table_.entry_at(at - 1);
        visit(primary, element);
        at = links_of(element).next;
      }
    }
  }

  // Takes an element out of its list and erases it.
  void erase(StateEntry* primary, StateEntry* element) noexcept;

  // ---- where a disk stands behind the table ----
  // Told of each element that is about to be erased; `primary` then counts as changed.
  struct EraseListener {
    void (*erasing)(void* context, std::uint32_t position,
                    const StateEntry& element) noexcept = nullptr;
    void* context = nullptr;
    std::uint32_t position = 0;
  };
  void set_erase_listener(EraseListener listener) noexcept { erase_listener_ = listener; }
  bool equal_keys_are_equal_bytes() const noexcept { return shape_.equal_keys_are_equal_bytes; }
  // An element of that key as it lies on the disk. Null: no room.
  StateEntry* bring_in(StateEntry* primary, std::uint64_t hash, std::string_view key,
                       std::string_view value) noexcept;
  // As erase(), but the disk keeps it.
  void put_out(StateEntry* primary, StateEntry* element) noexcept;
  // The primary entry `to` has moved there.
  void primary_moved(std::uint32_t to) noexcept;

 private:
  // Builds the bytes of (primary key, key) in probe_ and returns their hash.
  std::uint64_t prepare(const StateEntry* primary, const void* key, std::uint64_t hash) noexcept;
  bool same_primary(const StateEntry& element, const StateEntry& primary) const noexcept {
    return std::memcmp(element.key(), primary.key(), primary_key_bytes_) == 0;
  }
  StateEntry* insert_prepared(StateEntry* primary, std::uint64_t hash) noexcept;
  void element_moved(std::uint32_t to) noexcept;
  StateEntry* find_owner(const StateEntry* element) const noexcept;
  void link(StateEntry* primary, StateEntry* element) noexcept;

  StateTable table_;
  StateTable* primary_ = nullptr;
  MapElementShape shape_;
  std::uint32_t head_slot_ = 0;
  std::size_t primary_key_bytes_ = 0;
  std::size_t map_key_offset_ = 0;  // From the start of the entry, as all offsets here.
  std::size_t links_offset_ = 0;
  std::size_t value_offset_ = 0;
  std::size_t head_offset_ = 0;
  std::vector<std::byte> probe_;
  EraseListener erase_listener_;
};

}  // namespace penstock
