// core/time/watermark_coalescer.h -- one watermark for a task with several input channels: the least of the active.
//
// Rules      Idle channels do not hold the others back. When every channel is idle or ended, the highest watermark of
//            the idle ones goes out first and then Idle: the channel that fell idle last may be behind one that fell
//            idle before it, and without this step the records already covered would wait until somebody speaks again.
//            A channel that wakes with a watermark behind the task's does not pull it back.
// End        A channel whose watermark is the end of time has ended and holds nobody back; the end of time goes out
//            when all have ended. A drained channel stops before that, and its last watermark goes on holding the
//            others: what it has not sent comes after a restart.
// Threads    Pure state of one task. O(channels) per watermark, nothing per record.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "penstock/core/base/time.h"

namespace penstock {

class WatermarkCoalescer {
 public:
  struct Update {
    std::optional<EventTime> watermark;  // Rose to this.
    bool became_idle = false;            // Send Idle, after the watermark.
  };

  explicit WatermarkCoalescer(std::size_t channels) : channels_(channels) {}

  // One more, active and at the beginning of time: it holds the others until it speaks or is idle.
  void add_channel() {
    channels_.emplace_back();
    idle_ = false;
  }
  Update on_watermark(std::size_t channel, EventTime time) noexcept;
  Update on_idle(std::size_t channel) noexcept;
  // A record came on the channel: it is active again. Cheap enough to call once per batch.
  void on_records(std::size_t channel) noexcept {
    if (channels_[channel].state == State::kIdle)
      channels_[channel].state = State::kActive, idle_ = false;
  }

  // What the task had told before it was restored: channels that are behind it do not pull it back.
  void restore(EventTime watermark) noexcept { current_ = watermark; }

  EventTime current() const noexcept { return current_; }
  bool is_idle() const noexcept { return idle_; }
  // The active channel with the least watermark: who holds time back. Nothing when all are idle or ended.
  std::optional<std::size_t> held_by() const noexcept;
  EventTime channel_watermark(std::size_t channel) const noexcept {
    return channels_[channel].watermark;
  }

 private:
  enum class State : std::uint8_t { kActive, kIdle, kEnded };
  struct Channel {
    EventTime watermark = kMinEventTime;
    State state = State::kActive;
  };

  Update recompute() noexcept;

  std::vector<Channel> channels_;
  EventTime current_ = kMinEventTime;
  bool idle_ = false;
};

}  // namespace penstock
