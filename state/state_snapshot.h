// state/state_snapshot.h -- what a snapshot holds of the keyed state of one operator, and how it comes back.
//
// Sections   penstock.state.schema    the key's bytes and type; each state's kind, bytes, name, type of its values and
//                                     of its map keys; before all else of a task. Version 1 has no types.
//            penstock.state.keys      hash, which states the key has, key, values of these
//            penstock.state.elements  of maps: which map, hash, key and map key, value
//            penstock.state.disk      where a disk keeps what is not here: state/disk/state_pages.h
// Capture    As of begin(), in slices: keys and elements that change meanwhile are copied before (state/state_walk.h).
//            Where there is no memory for copies the epoch is given up; the state itself is unharmed.
// Restore    Keys of the task's own groups, by the hash that they were captured with. States are matched by name: those
//            that are new are absent; those that are gone must be allowed to be dropped; those of another type come
//            over as state/type_change.h says, or are refused.
//            Deadlines of what expires are part of its values. Within a map elements come back in another order.
// Trust      Lengths, counts, groups and repeated keys are checked. What the bytes of a value mean is its type's.
// Threads    The task's worker; restore() whoever restores.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/core/base/bytes.h"
#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/state/state_items.h"
#include "penstock/state/type_change.h"

namespace penstock {

class StatePages;

class StateSnapshot {
 public:
  // `items` outlives it.
  explicit StateSnapshot(StateItems* items) noexcept : items_(items), table_(&items->table()) {}
  StateSnapshot(const StateSnapshot&) = delete;
  StateSnapshot& operator=(const StateSnapshot&) = delete;

  // What does not stay in memory goes to the disk behind these pages instead. They outlive it.
  void keep_on_disk(StatePages* pages) noexcept;
  // A restore may drop the states of these names; "*": any.
  void may_drop(std::vector<std::string> names) { may_drop_ = std::move(names); }
  // Those that a restore has dropped.
  const std::vector<std::string>& dropped() const noexcept { return dropped_; }
  // Those whose values have come over from another type.
  struct Changed {
    std::string name;
    TypeChange change;
  };
  const std::vector<Changed>& changed() const noexcept { return changed_; }

  void begin(Epoch epoch, SnapshotWriter& out);
  // About `budget` keys and elements, and what has been copied since the last slice. True: there is more.
  bool more(std::size_t budget, SnapshotWriter& out);
  void cancel() noexcept;
  // Bytes of copies that wait for the next slice.
  std::size_t waiting_bytes() const noexcept;

  static bool is_of_state(const SnapshotItem& item) noexcept {
    return item.section.starts_with("penstock.state.");
  }
  // REQUIRES: is_of_state(item).
  Status restore(const SnapshotItem& item);
  // A record of the disk that `disk` names, as an item of that part.
  Status restore_record(const SnapshotItem& disk, std::string_view record, bool is_element);
  // Which state of the operator the one at a position of that part is; kAll: none.
  std::uint32_t own_position(std::uint32_t position) const noexcept;
  // Whether the part that is read has exactly the states of this operator.
  bool has_same_schema() const noexcept { return same_schema_; }
  // After the last item.
  Status restored();
  // The entry of a key, without any state where it is new, for those who keep more beside it. Null: another task's.
  Result<StateEntry*> entry_of(std::uint64_t hash, std::string_view key);

 private:
  struct Stored {  // A state of the part that is read; its position is its bit.
    const KeptState* own = nullptr;
    StateKind kind = StateKind::kValue;
    std::uint32_t value_bytes = 0;
    std::uint32_t key_bytes = 0;  // Of an element: key and map key.
    StateType type;
    StateType map_key;
    TypeChange change;
  };

  template <class Give>
  bool slice(StateTable& table, std::size_t budget, SnapshotWriter& out, Give give);
  void give_up(Status why, SnapshotWriter& out);

  Status restore_schema(const SnapshotItem& item);
  Status restore_key_type(ByteCursor& from, std::uint32_t version);
  static bool read_state(ByteCursor& from, std::uint32_t version, std::string_view& name,
                         Stored& stored);
  Status match(std::string_view name, Stored& stored);
  Status match_types(const KeptState& own, Stored& stored);
  void note_change(const KeptState& own, const TypeChange& change);
  Status restore_key(std::string_view bytes);
  // False: a text in the value is longer than it can be.
  static bool bring_over(const Stored& stored, std::string_view value, char* to);
  Status restore_element(std::string_view bytes);

  StateItems* items_;
  StateTable* table_;
  StatePages* pages_ = nullptr;
  std::uint32_t positions_ = StateItems::kAll;  // Of what goes into snapshots.
  std::vector<std::string> may_drop_;
  std::vector<std::string> dropped_;
  std::vector<Changed> changed_;
  Epoch epoch_;
  bool capturing_ = false;
  bool restoring_ = false;
  bool same_schema_ = false;
  std::uint32_t restoring_task_ = 0;
  std::vector<Stored> stored_;
  std::string converted_;  // An element's value.
};

// The epoch is given up; everything else goes on.
void give_up_epoch(Status why, SnapshotWriter& out);

}  // namespace penstock
