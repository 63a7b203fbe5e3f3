// operators/window/pane_store.h -- the panes of all keys of a window, by entry number, in blocks of columns.
//
// Layout     256 entries make a block; in it each slot of the ring is a column, and so are the running totals and the
//            keys' places in time. A walk over all keys reads the few columns it needs, one after the other, and the
//            keys that come often, which have the low numbers, share cache lines.
// Cells      Those of an entry that has no windows, kNowhere, are all Cell{}.
// Growth     In place, a block at a time; nothing moves.
// Threads    One owner.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "penstock/core/base/prefetch.h"
#include "penstock/state/growable_memory.h"

namespace penstock {

template <class Cell>
class PaneStore {
 public:
  static constexpr std::uint32_t kBlock = 256;
  static constexpr std::int64_t kNowhere = std::numeric_limits<std::int64_t>::min();

  PaneStore() noexcept = default;
  // A copy is closed: prototypes of operators are copied before they are opened.
  PaneStore(const PaneStore&) noexcept : PaneStore() {}
  PaneStore& operator=(const PaneStore&) = delete;
  ~PaneStore() = default;

  // Has memory for the first `expected` entries at once. REQUIRES: ring_slots is a power of two.
  [[nodiscard]] bool open(std::uint32_t ring_slots, MemoryBudget* budget = nullptr,
                          std::uint64_t expected = 0) noexcept {
    columns_ = ring_slots + 1;
    block_bytes_ = kPlacesBytes + columns_ * kColumnBytes;
    const std::uint64_t blocks = std::min(kEntriesMax / kBlock, kBytesMax / block_bytes_);
    const std::uint64_t present = std::min((expected + kBlock - 1) / kBlock, blocks);
    return memory_.reserve(blocks * block_bytes_, present * block_bytes_, budget);
  }

  std::uint32_t ring_slots() const noexcept { return columns_ == 0 ? 0 : columns_ - 1; }
  // Entries below it have cells.
  std::uint32_t entries() const noexcept { return entries_; }
  // Makes entries() exceed `number`. False: no memory.
  [[nodiscard]] bool reach(std::uint32_t number) noexcept {
    if (number < entries_) return true;
    for (; blocks_ <= number / kBlock; ++blocks_) {
      if (!memory_.extend((blocks_ + std::uint64_t{1}) * block_bytes_)) return false;
      set_up_block(blocks_ * kBlock);
    }
    entries_ = number + 1;
    return true;
  }
  // REQUIRES: both < entries().
  void move(std::uint32_t from, std::uint32_t to) noexcept {
    place_of(to) = std::exchange(place_of(from), kNowhere);
    for (std::uint32_t column = 0; column < columns_; ++column)
      cell(to, column) = std::exchange(cell(from, column), Cell{});
  }

  // Where a key stands in time; see WindowPanes.
  std::int64_t& place_of(std::uint32_t number) const noexcept {
    return places(number)[number % kBlock];
  }
  Cell& cell(std::uint32_t number, std::uint64_t column) const noexcept {
    return cells(number, column)[number % kBlock];
  }
  std::uint64_t column_of(std::int64_t pane) const noexcept {
    return static_cast<std::uint64_t>(pane) & (columns_ - 2);  // A ring is a power of two.
  }
  void merge_panes(Cell& into, std::uint32_t number, std::int64_t from,
                   std::int64_t to) const noexcept {
    for (std::int64_t pane = from; pane < to; ++pane) {
      const Cell& each = cell(number, column_of(pane));
      if (!each.empty()) into.merge(each);
    }
  }
  Cell& total(std::uint32_t number) const noexcept { return cell(number, columns_ - 1); }
  std::uint64_t total_column() const noexcept { return columns_ - 1; }

  // How far a column is from that of the block before.
  std::uint64_t block_bytes() const noexcept { return block_bytes_; }

  // The columns of the block that holds `number`.
  std::int64_t* places(std::uint32_t number) const noexcept {
    return reinterpret_cast<std::int64_t*>(block(number));
  }
  Cell* cells(std::uint32_t number, std::uint64_t column) const noexcept {
    return reinterpret_cast<Cell*>(block(number) + kPlacesBytes + column * kColumnBytes);
  }
  // `number` may be anything.
  void prefetch(std::uint32_t number, std::uint64_t column) const noexcept {
    internal::prefetch_for_write(&cell(number, column));
  }
  void prefetch_place(std::uint32_t number) const noexcept {
    internal::prefetch_for_write(&place_of(number));
  }

  std::uint64_t resident_bytes() const noexcept { return memory_.resident_bytes(); }

 private:
  // A line longer than its cells: columns a multiple of 4 KiB apart would crowd into one set of the nearest cache.
  static constexpr std::uint64_t kLine = 64;
  static constexpr std::uint64_t kPlacesBytes = kBlock * sizeof(std::int64_t) + kLine;
  static constexpr std::uint64_t kColumnBytes =
      (kBlock * sizeof(Cell) + kLine - 1) / kLine * kLine + kLine;
  static constexpr std::uint64_t kEntriesMax = std::uint64_t{1} << 31;
  static constexpr std::uint64_t kBytesMax = std::uint64_t{256} << 30;

  std::byte* block(std::uint32_t number) const noexcept {
    return memory_.data() + number / kBlock * block_bytes_;
  }
  void set_up_block(std::uint32_t first) noexcept {
    std::fill_n(places(first), kBlock, kNowhere);
    for (std::uint32_t column = 0; column < columns_; ++column)
      std::uninitialized_fill_n(cells(first, column), kBlock, Cell{});
  }

  GrowableMemory memory_;
  std::uint64_t block_bytes_ = 0;
  std::uint32_t columns_ = 0;
  std::uint32_t blocks_ = 0;
  std::uint32_t entries_ = 0;
};

}  // namespace penstock
