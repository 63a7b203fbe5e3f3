#include "penstock/core/row/arena.h"

#include <algorithm>

namespace penstock {

void Arena::grow(std::size_t bytes) noexcept {
  // Twice of all so far: the number of blocks stays small whatever one evaluation needs.
  add_block(std::max({bytes, capacity_bytes_, kFirstBlockBytes}));
}

void Arena::join() noexcept {
  const std::size_t all = capacity_bytes_;
  blocks_.clear();
  capacity_bytes_ = 0;
  add_block(all);
}

void Arena::add_block(std::size_t bytes) noexcept {
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
  capacity_bytes_ += bytes;
  begin_ = at_ = blocks_.back().get();
  end_ = begin_ + bytes;
}

}  // namespace penstock
