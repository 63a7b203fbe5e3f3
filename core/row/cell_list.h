// core/row/cell_list.h -- cells one after the other, in an arena: what an array or a map is made of.
//
// Ownership   The cells live as long as the arena's pieces; the list borrows the arena.
// Cost        No allocation but from the arena. What it has outgrown stays there until reset().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>

#include "penstock/core/row/arena.h"
#include "penstock/core/row/cell.h"

namespace penstock {

class CellList {
 public:
  explicit CellList(Arena& arena) noexcept : arena_(&arena) {}

  void push_back(const Cell& cell) noexcept {
    if (size_ == capacity_) grow();
    cells_[size_++] = cell;
  }
  // Without the i-th.
  void erase(std::size_t i) noexcept {
    std::copy(cells_ + i + 1, cells_ + size_, cells_ + i);
    --size_;
  }

  std::size_t size() const noexcept { return size_; }
  Cell& operator[](std::size_t i) noexcept { return cells_[i]; }
  const Cell& operator[](std::size_t i) const noexcept { return cells_[i]; }
  operator std::span<const Cell>() const noexcept { return {cells_, size_}; }  // NOLINT

 private:
  void grow() noexcept {
    capacity_ = std::max<std::size_t>(2 * capacity_, 8);
    Cell* larger = arena_->allocate_array<Cell>(capacity_);
    std::copy(cells_, cells_ + size_, larger);
    cells_ = larger;
  }

  Arena* arena_;
  Cell* cells_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace penstock
