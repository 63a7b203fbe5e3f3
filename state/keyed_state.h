// state/keyed_state.h -- the keyed state of one operator in one task, and the key that its handles act on.
//
// Life       An operator asks for handles while it opens; the task seals the store with its key type; then, for each
//            record, it sets the current key before the operator sees it. Handles are small and copyable and point to
//            the store, which must stay where it is.
// Keys       A key has an entry while one of its values exists: reading creates nothing, clearing the last value
//            removes it.
// Threads    The task's worker. Errors: running out of memory or past max_keys never stops a call: writes then go to
//            a scratch value, and status() fails, which the task checks after each batch.
// Cost       Nothing is allocated per record; growth works in small steps (state_table.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/status.h"
#include "penstock/state/current_key.h"
#include "penstock/state/disk/state_pages.h"
#include "penstock/state/expiring_map.h"
#include "penstock/state/expiring_value.h"
#include "penstock/state/key_group_load.h"
#include "penstock/state/map_state.h"
#include "penstock/state/map_table.h"
#include "penstock/state/recent_keys.h"
#include "penstock/state/state_fields.h"
#include "penstock/state/state_snapshot.h"
#include "penstock/state/state_sweep.h"
#include "penstock/state/state_table.h"
#include "penstock/state/value_state.h"

namespace penstock {

class Notices;
struct TaskContext;
struct TaskCounters;

struct KeyedStateOptions {
  KeyGroupRange groups{};
  std::uint64_t seed = 0;                      // Of the process; unknown to whoever sends keys.
  std::uint64_t max_keys = ~std::uint64_t{0};  // Of each table: keys, and elements of each map.
  std::uint64_t expected_keys = 0;
  std::uint64_t bytes_max = 0;  // Of each table; 0: what the machine has.
  // States of a snapshot that a restore may drop, by name, where the operator has them no more; "*": any.
  std::vector<std::string> may_drop{};
  bool on_disk = false;  // keep_on() follows.
};

struct KeyedStateMetrics {
  std::uint64_t keys = 0;
  std::uint64_t map_elements = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t growths = 0;
  std::uint64_t crowded_keys =
      0;  // Placed in a second index, because their hashes crowd: skew or a flood.
};

class KeyedStateStore {
 public:
  // `place` names the operator in errors. The budget, if any, outlives the store.
  explicit KeyedStateStore(std::string place, MemoryBudget* budget = nullptr);
  ~KeyedStateStore();
  KeyedStateStore(const KeyedStateStore&) = delete;
  KeyedStateStore& operator=(const KeyedStateStore&) = delete;

  // While the operator opens. Names are unique within it.
  template <class T>
  Result<ValueState<T>> value_state(std::string_view name);
  template <class T>
  Result<ExpiringValue<T>> value_state(std::string_view name, const Ttl& ttl);
  template <class K, class V>
  Result<MapState<K, V>> map_state(std::string_view name);
  template <class K, class V>
  Result<ExpiringMap<K, V>> map_state(std::string_view name, const Ttl& ttl);
  // Bytes beside the key whose meaning is the caller's; index of its slot in table().layout(), placed once sealed.
  Result<std::uint32_t> raw_slot(std::string_view name, std::size_t bytes, std::size_t alignment) {
    auto slot = add_slot(name, bytes, alignment, false);  // Snapshots leave it to the caller too.
    if (slot.ok()) pinning_.push_back(*slot);
    return slot;
  }
  // The state that was asked for last is gone through by other ways than its key: no backend takes it out of memory,
  // nor keys that have it.
  void keep_newest_in_memory() noexcept { items_.newest().stays_in_memory = true; }
  // Keys come and go in step: see StateTableOptions::keeps_gaps. Before seal().
  void keep_gaps() noexcept { keeps_gaps_ = true; }
  // Told when an entry of table() has moved.
  void add_move_listener(StateMoveListener listener) { move_listeners_.push_back(listener); }

  template <class Key>
  Status seal(const KeyedStateOptions& options) {
    return seal(KeyShape::of<Key>(), options);
  }
  Status seal(const KeyShape& key, const KeyedStateOptions& options);
  bool has_handles() const noexcept { return !names_.empty(); }

  // Once sealed: memory holds what is in use, and a disk of the backend, which outlives the store, the rest. Nothing
  // happens where there is no state of which a disk could hold some.
  Status keep_on(StateBackend& backend, const StateDiskOptions& options);
  // That of the task, if it has one.
  Status keep_on_disk(const TaskContext& context);
  // Null: all is in memory.
  StatePages* pages() noexcept { return pages_.get(); }

  // `key` must outlive the record. `candidate` comes from table().locate(hash), or is kNone.
  template <class Key>
  void set_current_key(std::uint64_t hash, const Key& key,
                       std::uint32_t candidate = StateTable::kNone) noexcept {
    current_.set(hash, key, candidate);
  }

  CurrentKey& current_key() noexcept { return current_; }
  RecentKeys& recent_keys() noexcept { return recent_; }
  StateTable& table() noexcept { return table_; }
  const StateTable& table() const noexcept { return table_; }
  // Table of the i-th map handle, for snapshots.
  StateTable& map_table(std::size_t index) noexcept { return maps_[index]->table(); }
  std::size_t maps() const noexcept { return maps_.size(); }

  // Where the records of the task fall, for whoever hands them over to note.
  KeyGroupLoad& load() noexcept { return load_; }

  // What snapshots keep: all but raw slots. Errors of restores name the operator.
  void capture(Epoch epoch, SnapshotWriter& out) { snapshot_.begin(epoch, out); }
  bool capture_more(std::size_t budget, SnapshotWriter& out) { return snapshot_.more(budget, out); }
  void cancel_capture() noexcept { snapshot_.cancel(); }
  std::size_t copied_bytes() const noexcept { return snapshot_.waiting_bytes(); }
  static bool is_of_state(const SnapshotItem& item) noexcept {
    return StateSnapshot::is_of_state(item);
  }
  Status restore(const SnapshotItem& item) { return with_place(snapshot_.restore(item)); }
  // After restored(): which states of the snapshot were dropped, and which have another type now.
  void tell_changes(Notices& notices) const;
  Status restored();
  // The entry of a key of a snapshot, for what is kept beside it. Null: the key is another task's.
  Result<StateEntry*> restored_entry(std::uint64_t hash, std::string_view key) {
    auto entry = snapshot_.entry_of(hash, key);
    if (!entry.ok()) return with_place(entry.status());
    return entry;
  }
  Status with_place(const Status& status) const;

  // What state expires by: the time of day, and for what is used from now on the watermark and its own time.
  void set_now(EventTime now) noexcept {
    TtlClock& clock = sweep_.clock(TimeDomain::kProcessingTime);
    clock.now = clock.used = now;
  }
  void set_event_time(EventTime watermark, EventTime used) noexcept {
    TtlClock& clock = sweep_.clock(TimeDomain::kEventTime);
    clock.now = watermark;
    clock.used = used;
  }
  // Lets go of some of what has expired, by the time of day and by the watermark that has come out in full, after so
  // many records.
  void sweep(std::size_t records, EventTime wall, EventTime passed) noexcept;
  // What the metrics say of it; `beside`: bytes of what others keep with it.
  void report(TaskCounters& counters, std::uint64_t beside) const noexcept;
  // Removes what has expired; tells which kinds of time there is anything for, and when to come again.
  StateSweep& expiry() noexcept { return sweep_; }
  const StateSweep& expiry() const noexcept { return sweep_; }

  MemoryBudget* memory_budget() const noexcept { return budget_; }

  bool failed() const noexcept;
  Status status() const;
  KeyedStateMetrics metrics() const noexcept;
  // Between batches or when idle; true: there is more to do.
  bool maintain(std::size_t budget) noexcept;

 private:
  Status check_ttl(std::string_view name, const Ttl& ttl) const;
  bool has_pages() const noexcept;
  Status add_name(std::string_view name);
  Result<std::uint32_t> add_slot(std::string_view name, std::size_t bytes, std::size_t alignment,
                                 bool derived);
  Status check_size(std::size_t bytes) const;
  template <class T>
  Result<StateValues> values_of(std::string_view name) const;
  Status check_type(std::string_view name, const StateType& type) const;
  void moved(std::uint32_t from, std::uint32_t to) noexcept;

  StateTable table_;
  CurrentKey current_{&table_};
  RecentKeys recent_;
  std::vector<std::unique_ptr<MapTable>> maps_;
  std::vector<StateMoveListener> move_listeners_;
  StateSweep sweep_{&current_, &table_};
  StateItems items_{&table_, &maps_};
  StateSnapshot snapshot_{&items_};
  std::unique_ptr<StatePages> pages_;
  std::vector<std::uint32_t> pinning_;  // Slots.
  bool keeps_gaps_ = false;
  MemoryBudget* budget_;
  KeyGroupLoad load_;
  StateLayout layout_;
  std::string place_;
  std::vector<std::string> names_;
};

template <class T>
Result<StateValues> KeyedStateStore::values_of(std::string_view name) const {
  internal::check_state_type<T>();
  StateValues values{state_type_of<T>(), {}, &internal::default_state<T>()};
  PENSTOCK_RETURN_IF_ERROR(check_type(name, values.type));
  return values;
}

template <class T>
Result<ValueState<T>> KeyedStateStore::value_state(std::string_view name) {
  auto index = add_slot(name, sizeof(T), alignof(T), false);
  if (!index.ok()) return index.status();
  auto values = values_of<T>(name);
  if (!values.ok()) return values.status();
  items_.add({std::string(name), StateKind::kValue, *index, std::move(*values)});
  return ValueState<T>(&current_, *index);
}

template <class T>
Result<ExpiringValue<T>> KeyedStateStore::value_state(std::string_view name, const Ttl& ttl) {
  using Stored = typename ExpiringValue<T>::Cell;
  PENSTOCK_RETURN_IF_ERROR(check_ttl(name, ttl));
  auto index = add_slot(name, sizeof(Stored), alignof(Stored), false);
  if (!index.ok()) return index.status();
  auto values = values_of<Stored>(name);
  if (!values.ok()) return values.status();
  items_.add({std::string(name), StateKind::kExpiringValue, *index, std::move(*values), ttl});
  sweep_.add_value(*index, ttl);
  return ExpiringValue<T>(ValueState<Stored>(&current_, *index), &sweep_.clock(ttl.time), ttl);
}

template <class K, class V>
Result<MapState<K, V>> KeyedStateStore::map_state(std::string_view name) {
  auto head = add_slot(name, sizeof(MapHead), alignof(MapHead), true);
  if (!head.ok()) return head.status();
  PENSTOCK_RETURN_IF_ERROR(check_size(sizeof(V)));
  current_.need_scratch(sizeof(V));
  auto values = values_of<V>(name);
  if (!values.ok()) return values.status();
  values->map_key = state_type_of<K>();
  items_.add({std::string(name), StateKind::kMap, *head, std::move(*values)});
  maps_.push_back(std::make_unique<MapTable>(MapElementShape::of<K, V>(), *head));
  return MapState<K, V>(&current_, maps_.back().get());
}

template <class K, class V>
Result<ExpiringMap<K, V>> KeyedStateStore::map_state(std::string_view name, const Ttl& ttl) {
  PENSTOCK_RETURN_IF_ERROR(check_ttl(name, ttl));
  auto cells = map_state<K, typename ExpiringMap<K, V>::Cell>(name);
  if (!cells.ok()) return cells.status();
  items_.newest().kind = StateKind::kExpiringMap;
  items_.newest().ttl = ttl;
  sweep_.add_map(maps_.back().get(), ttl);
  return ExpiringMap<K, V>(*cells, &sweep_.clock(ttl.time), ttl);
}

}  // namespace penstock
