#include "penstock/core/time/watermark_coalescer.h"

#include <algorithm>

namespace penstock {

WatermarkCoalescer::Update WatermarkCoalescer::on_watermark(std::size_t channel,
                                                            EventTime time) noexcept {
  Channel& from = channels_[channel];
  from.watermark = std::max(from.watermark, time);
  if (time == kMaxEventTime) {
    from.state = State::kEnded;
  } else if (from.state == State::kIdle) {
    from.state = State::kActive;
  }
  return recompute();
}

WatermarkCoalescer::Update WatermarkCoalescer::on_idle(std::size_t channel) noexcept {
  if (channels_[channel].state == State::kActive) channels_[channel].state = State::kIdle;
  return recompute();
}

std::optional<std::size_t> WatermarkCoalescer::held_by() const noexcept {
  std::optional<std::size_t> holder;
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    if (channels_[i].state != State::kActive) continue;
    if (!holder || channels_[i].watermark < channels_[*holder].watermark) holder = i;
  }
  return holder;
}

WatermarkCoalescer::Update WatermarkCoalescer::recompute() noexcept {
  Update update;
  const std::optional<std::size_t> holder = held_by();
  EventTime least = kMinEventTime;
  if (holder) {
    least = channels_[*holder].watermark;
    idle_ = false;
  } else {
    const bool any_idle = std::any_of(channels_.begin(), channels_.end(),
                                      [](const Channel& c) { return c.state == State::kIdle; });
    // Ended channels are at the end of time; it comes only when nobody is left to speak again.
    for (const Channel& channel : channels_) {
      if (channel.state == State::kIdle || !any_idle) least = std::max(least, channel.watermark);
    }
    update.became_idle = any_idle && !idle_;
    idle_ = any_idle;
  }
  if (least > current_) {
    current_ = least;
    update.watermark = least;
  }
  return update;
}

}  // namespace penstock
