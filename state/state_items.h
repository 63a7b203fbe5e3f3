// state/state_items.h -- the states of one keyed operator, and how a key and an element of a map are written down: the
// one format of snapshots (state/state_snapshot.h) and of disks (state/disk/state_pages.h).
//
// Key        hash, which states the key has (bit i: the i-th), key, values of those that are no maps
// Element    hash, which map, key and map key, value
// Schema     the key's bytes and type; each state's kind, bytes, name, type of its values and of its map keys
// Threads    The task's worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/state/map_table.h"
#include "penstock/state/state_table.h"
#include "penstock/state/state_type.h"
#include "penstock/state/ttl.h"

namespace penstock {

// What must be known of the values of a state to write them down.
struct StateValues {
  StateType type;
  StateType map_key;            // Of maps.
  const void* fresh = nullptr;  // A value of the type: what new fields have. Outlives the state.
};

// Part of the format.
enum class StateKind : std::uint32_t { kValue, kExpiringValue, kMap, kExpiringMap };

constexpr bool is_map(StateKind kind) noexcept {
  return kind == StateKind::kMap || kind == StateKind::kExpiringMap;
}

struct KeptState {
  std::string name;
  StateKind kind = StateKind::kValue;
  std::uint32_t slot = 0;  // Of the layout.
  StateValues values;
  Ttl ttl{};  // Where it expires.
  bool stays_in_memory =
      false;  // Whatever backend there is: what finds keys by other ways than theirs, as timers.
};

class StateItems {
 public:
  using Maps = std::vector<std::unique_ptr<MapTable>>;
  static constexpr std::size_t kKeyHeader = 12;      // Hash, mask.
  static constexpr std::size_t kElementHeader = 12;  // Hash, position.
  static constexpr std::uint32_t kAll = ~std::uint32_t{0};

  // Both outlive it.
  StateItems(StateTable* table, const Maps* maps) noexcept : table_(table), maps_(maps) {}
  StateItems(const StateItems&) = delete;
  StateItems& operator=(const StateItems&) = delete;

  void add(KeptState state) { states_.push_back(std::move(state)); }
  KeptState& newest() noexcept { return states_.back(); }
  const std::vector<KeptState>& all() const noexcept { return states_; }
  StateTable& table() const noexcept { return *table_; }
  const Maps& maps() const noexcept { return *maps_; }

  MapTable& map_of(const KeptState& state) const noexcept;
  std::uint32_t value_bytes_of(const KeptState& state) const noexcept;
  std::uint32_t element_key_bytes_of(const KeptState& state) const noexcept;
  StateType key_type() const;
  std::string schema() const;
  // Bits of the states that stay in memory, by position.
  std::uint32_t kept_in_memory() const noexcept;

  // Writes a key with those of the states `positions` that it has, into room(bytes); false: it has none of them.
  template <class Room>
  bool put_key(const StateEntry& entry, std::uint32_t positions, Room room) const {
    const StateLayout& layout = table_->layout();
    std::uint32_t mask = 0;
    std::size_t bytes = kKeyHeader + layout.key().bytes;
    for (std::uint32_t i = 0; i < states_.size(); ++i) {
      const StateSlot& slot = layout.slot(states_[i].slot);
      if ((positions >> i & 1) == 0 || (entry.present & slot.bit) == 0) continue;
      mask |= std::uint32_t{1} << i;
      if (!is_map(states_[i].kind)) bytes += slot.bytes;
    }
    if (mask == 0) return false;
    char* to = put(put(room(bytes), entry.key_hash()), mask);
    to = put(to, entry.key(), layout.key().bytes);
    for (std::uint32_t i = 0; i < states_.size(); ++i) {
      if ((mask >> i & 1) == 0 || is_map(states_[i].kind)) continue;
      const StateSlot& slot = layout.slot(states_[i].slot);
      to = put(to, entry.at<std::byte>(slot.offset), slot.bytes);
    }
    return true;
  }
  template <class Room>
  void put_element(std::uint32_t position, const StateEntry& element, Room room) const {
    const MapTable& map = map_of(states_[position]);
    char* to = room(kElementHeader + map.element_key_bytes() + map.value_bytes());
    to = put(put(to, element.key_hash()), position);
    to = put(to, element.key(), map.element_key_bytes());
    put(to, element.at<std::byte>(map.value_offset()), map.value_bytes());
  }

 private:
  template <class Number>
  static char* put(char* to, Number value) noexcept {
    std::memcpy(to, &value, sizeof(value));
    return to + sizeof(value);
  }
  static char* put(char* to, const std::byte* from, std::size_t bytes) noexcept {
    if (bytes > 0) std::memcpy(to, from, bytes);
    return to + bytes;
  }

  StateTable* table_;
  const Maps* maps_;
  std::vector<KeptState> states_;
};

}  // namespace penstock
