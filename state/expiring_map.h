// state/expiring_map.h -- a map from K to V for each key, whose elements are forgotten some time after their last use.
//
// Expiry     Of each element by itself, by the time of day or by the watermark: see state/ttl.h. An element that has
//            expired is absent for its readers; it goes when the sweep comes to it, or when it is written again.
// Pointers, Order, Cost as of state/map_state.h, where for_each() and erase_if() refresh nothing, and size() is linear
//            in the key's elements.
#pragma once

#include <chrono>
#include <cstdint>

#include "penstock/state/map_state.h"
#include "penstock/state/ttl.h"

namespace penstock {

template <class K, class V>
class ExpiringMap {
 public:
  using Cell = ExpiringCell<V>;

  ExpiringMap() noexcept = default;  // Of no store: may only be assigned to.
  // Made by KeyedStateStore::map_state().
  ExpiringMap(MapState<K, Cell> cells, const TtlClock* clock, const Ttl& ttl) noexcept
      : cells_(cells), clock_(clock), after_(ttl.after), refresh_(ttl.refresh) {}

  // Null when the current key's map has no such element, or it has expired.
  const V* get(const K& key) noexcept {
    const Cell* cell = cells_.get(key);
    if (cell == nullptr || expired(*cell)) return nullptr;
    if (refresh_ == TtlRefresh::kOnReadAndWrite && cell->used_micros != clock_->used.micros)
      clock_->refresh(cells_.get_or_create(key).used_micros);
    return &cell->value;
  }
  // The value to change; V{} when there was none, or it has expired.
  V& get_or_create(const K& key) noexcept {
    Cell& cell = cells_.get_or_create(key);
    if (expired(cell)) cell = Cell{};
    clock_->refresh(cell.used_micros);
    return cell.value;
  }
  void put(const K& key, const V& value) noexcept { get_or_create(key) = value; }

  // False when there was none, or it has expired.
  bool erase(const K& key) noexcept {
    const Cell* cell = cells_.get(key);
    const bool was_there = cell != nullptr && !expired(*cell);
    cells_.erase(key);
    return was_there;
  }
  void clear() noexcept { cells_.clear(); }

  std::uint32_t size() const noexcept {
    std::uint32_t count = 0;
    for_each([&count](const K&, const V&) { ++count; });
    return count;
  }
  // Calls visit(const K&, const V&) for each element. It must not change this map.
  template <class Visit>
  void for_each(Visit visit) const {
    cells_.for_each([&](const K& key, const Cell& cell) {
      if (!expired(cell)) visit(key, cell.value);
    });
  }
  // Erases the elements for which test(const K&, const V&) holds. It must not change this map.
  template <class Test>
  void erase_if(Test test) {
    cells_.erase_if(
        [&](const K& key, const Cell& cell) { return expired(cell) || test(key, cell.value); });
  }

 private:
  bool expired(const Cell& cell) const noexcept { return clock_->past(cell.used_micros, after_); }

  MapState<K, Cell> cells_;
  const TtlClock* clock_ = nullptr;
  std::chrono::microseconds after_{};
  TtlRefresh refresh_ = TtlRefresh::kOnWrite;
};

}  // namespace penstock
