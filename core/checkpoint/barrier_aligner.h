// core/checkpoint/barrier_aligner.h -- decides when the barriers of an epoch have come from every input channel.
//
// Rules      A channel that delivered the barrier is blocked until the others have caught up, or records of the next
//            epoch would leak into this one's snapshot. Ended channels count as aligned. The barrier of a later epoch
//            cancels the alignment on an earlier one (that epoch was given up); an earlier barrier is dropped.
// Threads    Pure state of one task.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "penstock/core/base/ids.h"

namespace penstock {

class BarrierAligner {
 public:
  explicit BarrierAligner(std::size_t channels) : channels_(channels) {}

  // The epoch if it is complete with this barrier. The caller then captures, forwards and calls release().
  std::optional<Epoch> on_barrier(std::size_t channel, Epoch epoch);
  // A channel ended; completes an alignment that waited for it only.
  std::optional<Epoch> on_end(std::size_t channel);
  // Unblocks every channel.
  void release();

  bool is_blocked(std::size_t channel) const { return channels_[channel].blocked; }
  bool aligning() const noexcept { return aligning_; }
  Epoch epoch() const noexcept { return epoch_; }

 private:
  struct Channel {
    bool blocked = false;
    bool ended = false;
  };
  std::optional<Epoch> complete() const;

  std::vector<Channel> channels_;
  Epoch epoch_;
  bool aligning_ = false;
};

}  // namespace penstock
