#include "penstock/core/checkpoint/barrier_aligner.h"

#include <algorithm>

namespace penstock {

std::optional<Epoch> BarrierAligner::on_barrier(std::size_t channel, Epoch epoch) {
  if (epoch < epoch_ || (epoch == epoch_ && !aligning_)) return std::nullopt;
  if (epoch > epoch_) {
    release();
    epoch_ = epoch;
    aligning_ = true;
  }
  channels_[channel].blocked = true;
  return complete();
}

std::optional<Epoch> BarrierAligner::on_end(std::size_t channel) {
  channels_[channel].ended = true;
  channels_[channel].blocked = false;
  return aligning_ ? complete() : std::nullopt;
}

void BarrierAligner::release() {
  for (Channel& channel : channels_) channel.blocked = false;
  aligning_ = false;
}

std::optional<Epoch> BarrierAligner::complete() const {
  const bool all = std::all_of(channels_.begin(), channels_.end(),
                               [](const Channel& c) { return c.blocked || c.ended; });
  return all ? std::optional(epoch_) : std::nullopt;
}

}  // namespace penstock
