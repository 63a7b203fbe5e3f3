// state/map_state.h -- a map from K to V for each key: a handle that acts on the current key.
//
// Pointers   References stay valid until the operator erases or clears state, or returns.
// Order      for_each and erase_if visit elements in no order to rely on; it may differ after a restart.
// Cost       As one entry of a table per element; erasing is O(1), clear() is linear in the key's elements.
#pragma once

#include <cstdint>
#include <new>

#include "penstock/state/current_key.h"
#include "penstock/state/map_table.h"

namespace penstock {

template <class K, class V>
class MapState {
  static_assert(Hashable<K>,
                "a map key needs a penstock_hash(const K&) noexcept, or to be a number or text");

 public:
  MapState() noexcept = default;  // Of no store: may only be assigned to.
  // Made by KeyedStateStore::map_state().
  MapState(CurrentKey* current, MapTable* map) noexcept : current_(current), map_(map) {
    internal::check_state_type<K>();
    internal::check_state_type<V>();
  }

  // Which bit of StateEntry::present tells that a key's map has elements. REQUIRES: the store is sealed.
  std::uint32_t presence_bit() const noexcept { return head_slot().bit; }

  // Look-ahead for an element of a key whose hash, without its low byte, is `owner`: first its index, later its entry.
  void prefetch_index(std::uint64_t owner, const K& key) const noexcept {
    map_->table().prefetch_index(MapTable::element_hash(owner, key_hash(key)));
  }
  void prefetch_entry(std::uint64_t owner, const K& key) const noexcept {
    static_cast<void>(map_->table().locate(MapTable::element_hash(owner, key_hash(key))));
  }

  // Look-ahead for the element that was added last to the map of the key with entry `number`, which may be any number:
  // first its entry, later its index, with visit(const V&).
  void prefetch_newest(std::uint32_t number) const noexcept {
    const StateEntry* newest = map_->newest_of(number);
    if (newest != nullptr) internal::prefetch_for_write(newest);
  }
  template <class Visit>
  void prefetch_newest_index(std::uint32_t number, Visit visit) const noexcept {
    StateEntry* newest = map_->newest_of(number);
    if (newest == nullptr) return;
    map_->table().prefetch_index(newest->key_hash());
    visit(*map_->template value_of<const V>(newest));
  }

  // Whether any key's map has an element.
  bool any_of_all_keys() const noexcept { return map_->table().keys() > 0; }

  // Calls visit(const K&) for each element of any key's map. It must not change one.
  template <class Visit>
  void for_each_key_of_all(Visit visit) const {
    StateTable& table = map_->table();
    for (std::uint64_t number = 0; number < table.slots(); ++number) {
      StateEntry* element = table.entry_at(number);
      if (element->alive()) visit(map_->template key_of<K>(element));
    }
  }

  // Calls visit(const StateEntry& owner, const K&, V&) for each element of each key's map: of what was restored, to
  // put in what is derived.
  template <class Visit>
  void for_each_restored(Visit visit) {
    map_->for_each_of_all([&](StateEntry* owner, StateEntry* element) {
      visit(*owner, map_->template key_of<K>(element), *map_->template value_of<V>(element));
    });
  }

  // Null when the current key's map has no such element.
  const V* get(const K& key) const noexcept {
    StateEntry* primary = owner();
    if (primary == nullptr) return nullptr;
    StateEntry* element = map_->find(primary, key);
    return element != nullptr ? map_->template value_of<V>(element) : nullptr;
  }

  // The value to change; V{} when there was none.
  V& get_or_create(const K& key) noexcept {
    StateEntry* primary = owner_for_write();
    if (primary == nullptr) [[unlikely]]
      return *new (current_->scratch()) V{};
    if (StateEntry* element = map_->find(primary, key)) {
      map_->table().touch(element);
      return *map_->template value_of<V>(element);
    }
    StateEntry* element = map_->insert(primary, key);
    if (element == nullptr) [[unlikely]] {
      drop_if_empty();
      return *new (current_->scratch()) V{};
    }
    return *new (map_->template value_of<V>(element)) V{};
  }

  void put(const K& key, const V& value) noexcept { get_or_create(key) = value; }

  // False when there was none.
  bool erase(const K& key) noexcept {
    StateEntry* primary = owner();
    StateEntry* element = primary != nullptr ? map_->find(primary, key) : nullptr;
    if (element == nullptr) return false;
    map_->erase(primary, element);
    drop_if_empty();
    return true;
  }

  void clear() noexcept {
    erase_if([](const K&, const V&) { return true; });
  }

  std::uint32_t size() const noexcept {
    StateEntry* primary = owner();
    return primary != nullptr ? map_->head_of(primary).count : 0;
  }

  // Calls visit(const K&, const V&) for each element. It must not change this map.
  template <class Visit>
  void for_each(Visit visit) const {
    StateEntry* primary = owner();
    if (primary == nullptr) return;
    for (std::uint32_t at = map_->head_of(primary).first; at != 0;) {
      StateEntry* element = map_->table().entry_at(at - 1);
      visit(map_->template key_of<K>(element), *map_->template value_of<const V>(element));
      at = map_->links_of(element).next;
    }
  }

  // Erases the elements for which test(const K&, const V&) holds. It must not change this map.
  template <class Test>
  void erase_if(Test test) {
    StateEntry* primary = owner();
    if (primary == nullptr) return;
    StateTable& table = map_->table();
    for (std::uint32_t at = map_->head_of(primary).first; at != 0;) {
      StateEntry* element = table.entry_at(at - 1);
      const std::uint32_t next = map_->links_of(element).next;
      const bool erased =
          test(map_->template key_of<K>(element), *map_->template value_of<const V>(element));
      if (erased) map_->erase(primary, element);
      // The gap is filled by the last entry, which may be the one that is next.
      at = erased && next != 0 && next > table.slots() ? at : next;
    }
    drop_if_empty();
  }

 private:
  // The current entry when it has elements.
  StateEntry* owner() const noexcept {
    StateEntry* primary = current_->entry();
    if (primary == nullptr || (primary->present & head_slot().bit) == 0) return nullptr;
    return primary;
  }
  StateEntry* owner_for_write() noexcept {
    if (StateEntry* primary = owner()) return primary;
    StateEntry* primary = current_->entry_for_write();
    if (primary == nullptr) return nullptr;
    map_->head_of(primary) = {};
    primary->present |= head_slot().bit;
    return primary;
  }
  const StateSlot& head_slot() const noexcept { return current_->slot(map_->head_slot()); }
  void drop_if_empty() noexcept {
    if (map_->head_of(current_->entry()).count == 0) current_->drop(head_slot());
  }

  CurrentKey* current_ = nullptr;
  MapTable* map_ = nullptr;
};

}  // namespace penstock
