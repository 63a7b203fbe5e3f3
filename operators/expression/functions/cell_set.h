// operators/expression/functions/cell_set.h -- the different values of one array, its elements as cells, and in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "penstock/core/row/arena.h"
#include "penstock/core/row/row.h"
#include "penstock/core/row/value_order.h"

namespace penstock::expression {

// A table in the arena, so that arrays of strangers cost linear time. Nulls are a value.
class CellSet {
 public:
  // REQUIRES: no more than `count` insertions.
  CellSet(std::size_t count, const DataType& type, Arena& arena) : type_(type) {
    while (mask_ < 2 * count) mask_ = mask_ * 2 + 1;
    slots_ = arena.allocate_array<const Cell*>(mask_ + 1);
    for (std::size_t i = 0; i <= mask_; ++i) slots_[i] = nullptr;
  }

  // False when it is there already. The cell must outlive the set.
  bool insert(const Cell& cell) {
    const Cell** slot = find(cell);
    if (*slot != nullptr) return false;
    *slot = &cell;
    return true;
  }
  bool contains(const Cell& cell) const { return *find(cell) != nullptr; }

 private:
  const Cell** find(const Cell& cell) const {
    std::size_t at = hash_cell(cell, type_) & mask_;
    while (slots_[at] != nullptr && !equal_cells(*slots_[at], cell, type_)) at = (at + 1) & mask_;
    return &slots_[at];
  }

  const DataType& type_;
  std::size_t mask_ = 3;
  const Cell** slots_ = nullptr;
};

// The elements of an array, with room for `extra` more behind them.
inline std::span<Cell> elements_of(const Cell& array, CellForm form, Arena& arena,
                                   std::size_t extra = 0) {
  const ArrayView view(array);
  Cell* cells = arena.allocate_array<Cell>(view.size() + extra);
  for (std::size_t i = 0; i < view.size(); ++i) cells[i] = view.cell(i, form);
  return {cells, view.size()};
}

// Sorts in order, those that are equal as they stand. `after(a, b)`: b goes before a. Merging by hand: an order that
// contradicts itself must do no harm, which std::sort does not promise, and nothing is allocated but from the arena.
template <class After>
std::span<Cell> sorted_cells(std::span<Cell> from, Arena& arena, const After& after) {
  std::span<Cell> to(arena.allocate_array<Cell>(from.size()), from.size());
  for (std::size_t run = 1; run < from.size(); run *= 2) {
    for (std::size_t start = 0; start < from.size(); start += 2 * run) {
      const std::size_t middle = std::min(start + run, from.size());
      const std::size_t end = std::min(start + 2 * run, from.size());
      std::size_t a = start;
      std::size_t b = middle;
      for (std::size_t i = start; i < end; ++i) {
        const bool second = a == middle || (b < end && after(from[a], from[b]));
        to[i] = second ? from[b++] : from[a++];
      }
    }
    std::swap(from, to);
  }
  return from;
}

}  // namespace penstock::expression
