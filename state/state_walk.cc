#include "penstock/state/state_walk.h"

#include <algorithm>
#include <cstring>

#include "penstock/core/base/check.h"

namespace penstock {

void StateWalk::begin(std::uint64_t entries, std::size_t stride) noexcept {
  PENSTOCK_CHECK(!running());
  cursor_ = 0;
  end_ = entries;
  stride_ = stride;
  copied_bytes_ = 0;
  state_ = WalkState::kRunning;
  const std::size_t bytes = std::max<std::size_t>(entries * stride, stride);
  if (bytes <= copies_max_) return;
  copies_max_ = bytes * 2;
  if (copies_.reserve(copies_max_, 0)) return;
  copies_max_ = 0;
  state_ = WalkState::kFailed;
}

void StateWalk::copy(const StateEntry& entry) noexcept {
  if (!copies_.extend(copied_bytes_ + stride_)) {
    state_ = WalkState::kFailed;
    return;
  }
  std::memcpy(copies_.data() + copied_bytes_, &entry, stride_);
  copied_bytes_ += stride_;
}

}  // namespace penstock
