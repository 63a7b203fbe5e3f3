// operators/window/pane_capture.h -- the panes of all keys as of a cut, captured in slices while records go on.
//
// Copies     Whoever changes the panes of a key, a record or a walk, calls before_change(); what the cut had of them is
//            then put aside, once, and comes out with the next slice. The others are read where they stand.
// Item       {hash, place, panes, whether there is a total}, key, [total], then {pane, cell} of each that is not empty
// Errors     No memory for copies: failed(), and the capture is over.
// Threads    The task's worker.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "penstock/core/stream/snapshot.h"
#include "penstock/operators/window/pane_store.h"
#include "penstock/state/growable_memory.h"
#include "penstock/state/state_table.h"
#include "penstock/state/type_change.h"

namespace penstock {

// How the cells of a snapshot become those of this program.
struct StoredCells {
  std::size_t bytes = 0;
  TypeChange change;

  // False: a text in it is longer than it can be.
  template <class Cell>
  [[nodiscard]] bool read(const char* from, Cell& into) const noexcept {
    if (!change.any()) {
      std::memcpy(&into, from, sizeof(Cell));
      return true;
    }
    into = Cell{};
    return change.convert(from, reinterpret_cast<char*>(&into));
  }
};

// One key of a snapshot, as it comes back.
template <class Cell>
struct KeptPanes {
  std::uint64_t hash = 0;
  std::int64_t place = 0;
  std::uint32_t panes = 0;
  bool has_total = false;
  std::string_view key;
  const char* cells = nullptr;  // The total, if there is one, and the panes.
  std::size_t cell_bytes = sizeof(Cell);

  static constexpr std::size_t kHeader = 8 + 8 + 4 + 4;
  static constexpr std::size_t kPaneBytes = sizeof(std::int64_t) + sizeof(Cell);

  // False: the bytes are not those of one key.
  [[nodiscard]] bool parse(std::string_view bytes, std::size_t key_bytes,
                           const StoredCells& stored) noexcept {
    if (bytes.size() < kHeader + key_bytes) return false;
    std::uint32_t totals = 0;
    std::memcpy(&hash, bytes.data(), 8);
    std::memcpy(&place, bytes.data() + 8, 8);
    std::memcpy(&panes, bytes.data() + 16, 4);
    std::memcpy(&totals, bytes.data() + 20, 4);
    has_total = totals == 1;
    key = bytes.substr(kHeader, key_bytes);
    cells = bytes.data() + kHeader + key_bytes;
    cell_bytes = stored.bytes;
    const std::uint64_t rest = bytes.size() - kHeader - key_bytes;
    const std::uint64_t pane_bytes = sizeof(std::int64_t) + cell_bytes;
    return totals <= 1 && rest == totals * cell_bytes + panes * pane_bytes;
  }
  std::int64_t pane(std::uint32_t i) const noexcept {
    std::int64_t pane = 0;
    std::memcpy(&pane, at(i), sizeof(pane));
    return pane;
  }
  const char* cell(std::uint32_t i) const noexcept { return at(i) + sizeof(std::int64_t); }

 private:
  const char* at(std::uint32_t i) const noexcept {
    return cells + (has_total ? cell_bytes : 0) + i * (sizeof(std::int64_t) + cell_bytes);
  }
};

template <class Cell>
class PaneCapture {
 public:
  using Kept = KeptPanes<Cell>;
  // Where keys stood: at `next`; while a walk fired the windows that end at `fire`, at their own place or there.
  struct Cut {
    bool walking = false;
    std::int64_t fire = 0;
    std::int64_t next = 0;
    std::int64_t behind = 0;  // How many panes before its place a key keeps.
  };

  PaneCapture() noexcept = default;
  // A copy captures nothing: prototypes of operators are copied before they are opened.
  PaneCapture(const PaneCapture&) noexcept : PaneCapture() {}
  PaneCapture& operator=(const PaneCapture&) = delete;
  ~PaneCapture() = default;

  void begin(const PaneStore<Cell>& store, const StateTable& table, const Cut& cut) {
    store_ = &store;
    table_ = &table;
    cut_ = cut;
    entries_ = store.entries();
    cursor_ = 0;
    copied_bytes_ = 0;
    item_max_ = Kept::kHeader + table.layout().key().bytes + sizeof(Cell) +
                store.ring_slots() * Kept::kPaneBytes;
    seen_.assign((entries_ + 63) / 64, 0);
    item_.resize(item_max_);
    running_ = reserve();
    failed_ = !running_;
  }
  bool running() const noexcept { return running_; }
  bool failed() const noexcept { return failed_; }
  void cancel() noexcept { running_ = failed_ = false; }
  std::size_t waiting_bytes() const noexcept { return running_ ? copied_bytes_ : 0; }

  // REQUIRES: running. The panes, total or place of this entry are about to change; it is alive or has none.
  void before_change(std::uint32_t number) noexcept {
    if (number >= entries_ || was_seen(number)) return;
    note_seen(number);
    if (store_->place_of(number) != PaneStore<Cell>::kNowhere) copy(number);
  }
  void before_change(std::uint32_t first, std::uint32_t count) noexcept {
    if (first + std::uint64_t{count} <= cursor_) return;
    for (std::uint32_t i = 0; i < count && running_; ++i) before_change(first + i);
  }
  // What was put aside, and about `budget` keys. True: there is more.
  bool more(std::size_t budget, SnapshotWriter& out) {
    give_copies(out);
    for (; running_ && budget > 0 && cursor_ < entries_; ++cursor_) {
      const auto number = static_cast<std::uint32_t>(cursor_);
      if (was_seen(number)) continue;
      note_seen(number);
      if (store_->place_of(number) == PaneStore<Cell>::kNowhere) continue;
      out.add({item_.data(), write(number, item_.data())});
      --budget;
    }
    running_ = running_ && cursor_ < entries_;
    return running_;
  }

 private:
  static constexpr std::size_t kFirstBytes = std::size_t{64} << 10;
  static constexpr std::size_t kBytesMax = std::size_t{64} << 30;

  bool was_seen(std::uint32_t number) const noexcept {
    return (seen_[number / 64] >> (number % 64) & 1) != 0;
  }
  void note_seen(std::uint32_t number) noexcept {
    seen_[number / 64] |= std::uint64_t{1} << (number % 64);
  }
  bool reserve() noexcept {
    const std::size_t most =
        std::clamp(entries_ * (item_max_ + sizeof(std::uint32_t)), kFirstBytes, kBytesMax);
    if (most <= copies_max_) return true;
    copies_max_ = std::min(most * 2, kBytesMax);
    if (copies_.reserve(copies_max_, 0)) return true;
    copies_max_ = 0;
    return false;
  }
  // Its length, then the item.
  void copy(std::uint32_t number) noexcept {
    if (!copies_.extend(copied_bytes_ + sizeof(std::uint32_t) + item_max_)) {
      running_ = false;
      failed_ = true;
      return;
    }
    char* to = reinterpret_cast<char*>(copies_.data()) + copied_bytes_;
    const auto bytes = static_cast<std::uint32_t>(write(number, to + sizeof(std::uint32_t)));
    std::memcpy(to, &bytes, sizeof(bytes));
    copied_bytes_ += sizeof(bytes) + bytes;
  }
  void give_copies(SnapshotWriter& out) {
    const char* from = reinterpret_cast<const char*>(copies_.data());
    for (std::size_t at = 0; running_ && at < copied_bytes_;) {
      std::uint32_t bytes = 0;
      std::memcpy(&bytes, from + at, sizeof(bytes));
      out.add({from + at + sizeof(bytes), bytes});
      at += sizeof(bytes) + bytes;
    }
    copied_bytes_ = 0;
  }
  std::int64_t place_at_cut(std::uint32_t number) const noexcept {
    return cut_.walking ? std::max(store_->place_of(number), cut_.fire) : cut_.next;
  }
  // How many bytes.
  std::size_t write(std::uint32_t number, char* const item) const noexcept {
    const StateEntry* entry = table_->entry_at(number);
    const std::uint64_t hash = entry->key_hash();
    const std::int64_t place = place_at_cut(number);
    const std::size_t key_bytes = table_->layout().key().bytes;
    std::memcpy(item, &hash, sizeof(hash));
    std::memcpy(item + 8, &place, sizeof(place));
    std::memcpy(item + Kept::kHeader, entry->key(), key_bytes);
    char* to = item + Kept::kHeader + key_bytes;
    const Cell& total = store_->total(number);
    const std::uint32_t totals = total.empty() ? 0 : 1;
    if (totals != 0) {
      std::memcpy(to, &total, sizeof(Cell));
      to += sizeof(Cell);
    }
    std::uint32_t panes = 0;
    // Around the ring from the first pane that it keeps; at the ends of time numbers wrap, where all is empty.
    auto pane = static_cast<std::uint64_t>(place) - static_cast<std::uint64_t>(cut_.behind);
    for (std::uint32_t i = 0; i < store_->ring_slots(); ++i, ++pane) {
      const auto number_of_pane = static_cast<std::int64_t>(pane);
      const Cell& cell = store_->cell(number, store_->column_of(number_of_pane));
      if (cell.empty()) continue;
      std::memcpy(to, &number_of_pane, sizeof(number_of_pane));
      std::memcpy(to + sizeof(number_of_pane), &cell, sizeof(Cell));
      to += Kept::kPaneBytes;
      ++panes;
    }
    std::memcpy(item + 16, &panes, sizeof(panes));
    std::memcpy(item + 20, &totals, sizeof(totals));
    return static_cast<std::size_t>(to - item);
  }

  const PaneStore<Cell>* store_ = nullptr;
  const StateTable* table_ = nullptr;
  Cut cut_;
  bool running_ = false;
  bool failed_ = false;
  std::uint64_t entries_ = 0;  // That the cut had.
  std::uint64_t cursor_ = 0;
  std::vector<std::uint64_t> seen_;  // A bit for each: it is captured or put aside.
  GrowableMemory copies_;
  std::size_t copies_max_ = 0;
  std::size_t copied_bytes_ = 0;
  std::size_t item_max_ = 0;
  std::vector<char> item_;
};

}  // namespace penstock
