// operators/window/window_spec.h -- which windows a record belongs to, and how long they may still change.
//
// A window is [start, end). Windows start at offset + k * slide for every integer k, also before 1970, and all have the
// same size; a record belongs to every window that holds its time. slide == size: tumbling, each record in one window.
// Time       Microseconds. A window closes, and comes out, at the first watermark W with end <= W. It may change, and
//            comes out anew each time it does, until end + allowed_lateness <= W.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"

namespace penstock {

struct WindowSpec {
  std::chrono::microseconds size{0};
  std::chrono::microseconds slide{0};
  std::chrono::microseconds offset{0};
  std::chrono::microseconds allowed_lateness{0};
};

constexpr WindowSpec tumbling(std::chrono::microseconds size,
                              std::chrono::microseconds offset = {}) noexcept {
  return {size, size, offset, {}};
}
constexpr WindowSpec sliding(std::chrono::microseconds size, std::chrono::microseconds slide,
                             std::chrono::microseconds offset = {}) noexcept {
  return {size, slide, offset, {}};
}

// Time cut into panes, the longest pieces of which every window is a whole number: window ends and panes are then
// integers. Pane p is [p * width + offset, (p + 1) * width + offset); the window with end e is the panes [e - n, e).
class Panes {
 public:
  static constexpr std::uint32_t kRingMax = 64;

  // Fails when the sizes make no windows, or too many panes to keep for each key.
  static Result<Panes> of(const WindowSpec& spec);

  Panes() = default;

  std::int64_t per_window() const noexcept { return per_window_; }
  std::int64_t per_slide() const noexcept { return per_slide_; }
  // Panes of closed windows that are kept for records within the allowed lateness.
  std::int64_t kept_late() const noexcept { return kept_late_; }
  // A power of two with room for a window, what is kept late, and two slides ahead of the watermark.
  std::uint32_t ring_slots() const noexcept { return ring_slots_; }
  std::chrono::microseconds width() const noexcept { return std::chrono::microseconds(width_); }
  std::chrono::microseconds slide() const noexcept {
    return std::chrono::microseconds(width_ * per_slide_);
  }

  // One compare while times stay within a pane, a division when they leave it.
  std::int64_t pane_of(EventTime time) noexcept {
    if (static_cast<std::uint64_t>(time.micros) - static_cast<std::uint64_t>(last_start_) >=
        static_cast<std::uint64_t>(width_)) [[unlikely]]
      move_to(time);
    return last_pane_;
  }
  // The end of the first window that holds pane `pane`.
  std::int64_t first_end(std::int64_t pane) const noexcept {
    return pane + 1 + floor_mod(per_window_ - pane - 1);
  }
  // The end of the first window that watermark `time` has not closed.
  std::int64_t first_open_end(EventTime time) const noexcept { return first_end(pane_at(time)); }
  // The end of the first window that, at this watermark, may still change.
  std::int64_t first_kept_end(EventTime time) const noexcept {
    const std::int64_t lateness = spec_.allowed_lateness.count();
    return first_open_end({std::max(time.micros, kMinEventTime.micros + lateness) - lateness});
  }
  // When the pane begins; the window with this end ends. Saturates at the ends of time.
  EventTime time_of(std::int64_t pane) const noexcept;

  const WindowSpec& spec() const noexcept { return spec_; }

 private:
  std::int64_t pane_at(EventTime time) const noexcept;
  void move_to(EventTime time) noexcept;
  std::int64_t floor_mod(std::int64_t panes) const noexcept {
    if (per_slide_ == 1) return 0;
    const std::int64_t rest = panes % per_slide_;
    return rest < 0 ? rest + per_slide_ : rest;
  }

  WindowSpec spec_;
  std::int64_t width_ = 1;
  std::int64_t offset_ = 0;  // In [0, slide).
  std::int64_t per_window_ = 1;
  std::int64_t per_slide_ = 1;
  std::int64_t kept_late_ = 0;
  std::uint32_t ring_slots_ = 1;
  std::int64_t last_pane_ = 0;
  std::int64_t last_start_ = 0;
};

}  // namespace penstock
