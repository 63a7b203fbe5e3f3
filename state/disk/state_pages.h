// state/disk/state_pages.h -- the keyed state of one operator in one task, of which memory holds the keys that are in
// use and a disk the rest.
//
// Records    Before a record is worked off its key must be here: admit() says how many of the next records may be, and
//            asks the disk for the keys of the others; until they have come the task takes no more records.
// Room       Past its share of the backend's memory, keys that were not used for longest go, changed ones through the
//            disk's queue first. Keys that something in memory points at stay: those with timers or windows.
// Epochs     What has changed since it was last written goes to the disk at the cut of an epoch, slice by slice as any
//            snapshot, and the disk keeps that; the part says under which name. So an epoch costs what has changed.
// Erased     A key without state stays here as an empty entry until the disk knows; erased elements of maps are noted.
// Restore    From the same groups of the same schema the disk goes on as it was kept. Otherwise, and from snapshots of
//            state in memory, all is read once, brought over (state/state_snapshot.h) and written to the new disk.
// Threads    The task's worker. No call waits but open() and those of a restore.
// Errors     See StateDisk; damaged records are errors of the same kind.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/core/base/ids.h"
#include "penstock/core/base/status.h"
#include "penstock/core/stream/snapshot.h"
#include "penstock/state/disk/disk_records.h"
#include "penstock/state/disk/page_stamp.h"
#include "penstock/state/disk/state_backend.h"
#include "penstock/state/state_items.h"

namespace penstock {

class StateSnapshot;

class StatePages {
 public:
  static constexpr std::string_view kSection = "penstock.state.disk";

  // `items` and `snapshot` outlive it.
  StatePages(StateItems* items, StateSnapshot* snapshot) noexcept;
  ~StatePages();
  StatePages(const StatePages&) = delete;
  StatePages& operator=(const StatePages&) = delete;

  // Why the states cannot be kept on a disk, if so.
  static Status check(const StateItems& items);
  // `pinning`: bits of StateEntry::present that keep a key in memory. The backend outlives it.
  Status open(StateBackend& backend, StateDiskOptions options, std::uint32_t pinning);

  // How many of the next `count` records may be worked off now.
  template <class HashOf, class KeyOf>
  std::size_t admit(std::size_t count, HashOf hash_of, KeyOf key_of) noexcept {
    std::size_t ready = count;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint64_t hash = hash_of(i);
      const auto& key = key_of(i);
      StateEntry* entry = table_.find(hash, key);
      if (entry != nullptr && !PageStamp::is_asked_for(entry->stamp)) [[likely]] {
        entry->stamp = PageStamp::used(entry->stamp);
        continue;
      }
      if (ready == count) ready = i;
      if (entry == nullptr && !ask(hash, &key)) break;
    }
    send_request();
    waits_ = ready == 0 && count > 0;
    return ready;
  }
  // Takes what has come and makes room. False: the next record still waits. The disk then wakes the worker.
  bool ready() noexcept;
  bool failed() const noexcept { return !failure_.ok() || disk_->failed(); }
  Status status() const { return failure_.ok() ? disk_->status() : failure_; }
  void tell_time(TimeDomain domain, EventTime now) noexcept { disk_->tell_time(domain, now); }

  // ---- for state/state_snapshot.h ----
  bool has_room() const noexcept { return disk_->has_room(); }
  void begin_capture() noexcept;
  void give_key(const StateEntry& entry);
  void give_element(std::uint32_t position, const StateEntry& element);
  void end_capture(Epoch epoch, SnapshotWriter& out);
  void cancel_capture() noexcept;

  // ---- of a restore ----
  // An item of this section, or a key or element that has just been restored into memory.
  Status restore(const SnapshotItem& item);
  Status move_out_key(std::string_view item);
  Status move_out_element(std::string_view item);
  // After the last one: brings in what belongs to the keys that stay in memory.
  Status restored();

 private:
  static constexpr std::size_t kBlockBytes = std::size_t{256} << 10;
  static constexpr std::size_t kLookedAt = 1024;  // Entries, when room is made.
  static constexpr std::size_t kOverhead = 32;    // Of an entry, in its index.
  static constexpr std::size_t kRequestKeys = 256;

  std::uint64_t resident_bytes() const noexcept;
  std::uint64_t bytes_max() const noexcept { return backend_->memory_bytes(); }
  bool ask(std::uint64_t hash, const void* key) noexcept;
  void send_request();
  void take_answers();
  bool bring_in_key(std::uint64_t hash, std::string_view prefix);
  bool bring_in_record(std::string_view name, std::string_view value);
  bool bring_in_values(std::string_view item);
  bool bring_in_element(std::uint32_t position, std::string_view item);
  void make_room();
  bool let_go(StateEntry* entry);
  void write_changed(StateEntry* entry, bool& all_written);
  template <class Visit>
  void for_each_element(StateEntry* entry, Visit visit);
  void write_key(const StateEntry& entry);
  void name_element(std::uint32_t position, const StateEntry& element);
  void note_erased(std::uint32_t position, const StateEntry& element);
  void mark_written(const StateEntry& entry, StateTable& table) noexcept;
  void prefix_of(const StateEntry& entry);
  std::uint64_t next_block() const noexcept { return blocks_ + 1; }
  void flush_erased();
  void write_block();
  void write_block_if_full() {
    if (block_.bytes() >= kBlockBytes) write_block();
  }
  Status import(const SnapshotItem& item, const std::string& name, Epoch epoch,
                KeyGroupRange groups);
  Status bring_in_pinned();
  void fail(std::string what);

  StateItems& items_;
  StateSnapshot& snapshot_;
  StateTable& table_;
  StateBackend* backend_ = nullptr;
  std::unique_ptr<StateDisk> disk_;
  std::string disk_name_;
  std::uint32_t values_ = 0;      // Positions of values that go to the disk...
  std::uint32_t value_bits_ = 0;  // ...and their bits in StateEntry::present.
  std::uint32_t maps_ = 0;        // Positions of maps that do.
  std::uint32_t pinning_ = 0;     // Bits of StateEntry::present.
  std::size_t prefix_bytes_ = 0;
  DiskBlock block_;
  DiskBlock erased_;  // Of elements, since the cut or the last block that says so.
  std::uint64_t blocks_ = 0;
  std::string name_;
  std::string request_;
  std::string answer_;
  std::uint64_t asked_ = 0;  // Keys that have not come.
  StateEntry* incoming_ = nullptr;
  std::uint64_t hand_ = 0;       // Where room is looked for next.
  std::uint64_t fruitless_ = 0;  // Entries looked at in vain since something could be done.
  bool waits_ = false;
  bool capturing_ = false;
  bool moved_out_ = false;
  Status failure_;
};

}  // namespace penstock
