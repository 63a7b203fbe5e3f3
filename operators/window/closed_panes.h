// operators/window/closed_panes.h -- ends a slide for the keys of one block of a PaneStore, in one pass over columns.
//
// Per key: the newest pane joins the total, which then is the window's value; the oldest leaves it and is emptied.
// Values that are wanted are put aside and given out afterwards, so that the pass itself calls nothing and has no
// branch that depends on the data: whether a key has anything cannot be predicted.
// Cost       Memory: three cells and a place per key, fetched a block ahead, as prefetchers stop at a column's end.
// Threads    The task's worker.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "penstock/core/base/prefetch.h"
#include "penstock/operators/window/pane_store.h"

namespace penstock {

template <class Cell>
class ClosedPanes {
 public:
  struct Slide {
    std::int64_t end = 0;  // Keys that stand at it or before are due, and then stand at end + 1.
    std::uint64_t newest = 0;  // Columns of the store.
    std::uint64_t oldest = 0;
  };

  // Ends `slide` for the `count` keys from number `first` on; they lie in one block.
  // wanted(const Acc&) tells whether the value of a window comes out; remade(number) gives the total of a key, without
  // the oldest pane, whose accumulator could not retract it.
  template <class Wanted, class Remade>
  void close(const PaneStore<Cell>& store, std::uint32_t first, std::uint32_t count,
             const Slide& slide, Wanted& wanted, Remade remade) noexcept {
    const std::uint32_t offset = first % kBlock;
    std::int64_t* const places = store.places(first) + offset;
    Cell* const totals = store.cells(first, store.total_column()) + offset;
    const Cell* const newest = store.cells(first, slide.newest) + offset;
    Cell* const oldest = store.cells(first, slide.oldest) + offset;
    std::uint32_t closed = 0;
    std::uint32_t unused = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i % kPerLine == 0) {
        for (const void* column :
             {static_cast<const void*>(places + i), static_cast<const void*>(totals + i),
              static_cast<const void*>(newest + i), static_cast<const void*>(oldest + i)})
          fetch_next_block(store, column);
      }
      Cell total = totals[i];
      if (stands_at_or_before(places[i], slide.end)) {
        total.merge(newest[i]);
        values_[closed] = total;
        numbers_[closed] = first + i;
        closed += static_cast<std::uint32_t>(!total.empty()) &
                  static_cast<std::uint32_t>(wanted(total.acc()));
        if (!total.retract(oldest[i])) [[unlikely]]
          total = remade(first + i);
        oldest[i] = Cell{};
        places[i] = slide.end + 1;
        totals[i] = total;
      }
      unused += static_cast<std::uint32_t>(total.empty()) &
                static_cast<std::uint32_t>(places[i] != PaneStore<Cell>::kNowhere);
    }
    closed_ = closed;
    unused_ = unused;
  }

  // visit(number, const Cell&) for the values put aside; fetch(number) comes some values before it.
  template <class Fetch, class Visit>
  void for_each(Fetch fetch, Visit visit) const noexcept {
    for (std::uint32_t i = 0; i < closed_; ++i) {
      if (i + kFetchAhead < closed_) fetch(numbers_[i + kFetchAhead]);
      visit(numbers_[i], values_[i]);
    }
  }
  std::uint32_t size() const noexcept { return closed_; }
  // How many of the keys have no total left.
  std::uint32_t unused() const noexcept { return unused_; }

 private:
  static constexpr std::uint32_t kBlock = PaneStore<Cell>::kBlock;
  static constexpr std::uint32_t kFetchAhead = 8;
  static constexpr std::uint32_t kPerLine = std::max<std::uint32_t>(1, 64 / sizeof(Cell));

  static void fetch_next_block(const PaneStore<Cell>& store, const void* at) noexcept {
    internal::prefetch_for_write(static_cast<const std::byte*>(at) + store.block_bytes());
  }
  // Not when the key is nowhere, which is the least number of all.
  static bool stands_at_or_before(std::int64_t place, std::int64_t end) noexcept {
    constexpr auto kFirst = static_cast<std::uint64_t>(PaneStore<Cell>::kNowhere) + 1;
    return static_cast<std::uint64_t>(place) - kFirst <= static_cast<std::uint64_t>(end) - kFirst;
  }

  std::uint32_t closed_ = 0;
  std::uint32_t unused_ = 0;
  std::uint32_t numbers_[kBlock];
  Cell values_[kBlock];
};

}  // namespace penstock
