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

  friend bool operator==(const WindowSpec&, const WindowSpec&) = default;
};

constexpr WindowSpec tumbling(std::chrono::microseconds size,
                              std::chrono::microseconds offset = {}) noexcept {
  return {size, size, offset, {}};
}
constexpr WindowSpec sliding(std::chrono::microseconds size, std::chrono::microseconds slide,
                             std::chrono::microseconds offset = {}) noexcept {
  return {size, slide, offset, {}};
}

// [start, start + width), modulo 2^64.
struct TimeRange {
  std::uint64_t start = 0;
  std::uint64_t width = 0;

  bool holds(EventTime time) const noexcept {
    return static_cast<std::uint64_t>(time.micros) - start < width;
  }
  // Of an empty one: yes.
  bool ends_before(EventTime time) const noexcept {
    return width == 0 || (!holds(time) && time.micros >= static_cast<std::int64_t>(start));
  }
};

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

  // A multiplication for times not before those asked for until now; a division else.
  std::int64_t pane_of(EventTime time) noexcept {
    const std::uint64_t since =
        static_cast<std::uint64_t>(time.micros) - static_cast<std::uint64_t>(base_start_);
    if (since < kNear) [[likely]] {
      const auto panes = static_cast<std::int64_t>(
          static_cast<double>(static_cast<std::int64_t>(since)) * panes_per_micro_);
      // Rounding may have reached the next pane.
      const auto start = static_cast<std::uint64_t>(panes) * static_cast<std::uint64_t>(width_);
      if (since - start < static_cast<std::uint64_t>(width_)) [[likely]]
        return base_pane_ + panes;
    }
    return move_base(time);
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
  // The panes [from, to).
  TimeRange range(std::int64_t from, std::int64_t to) const noexcept {
    const auto start = static_cast<std::uint64_t>(time_of(from).micros);
    return {start, static_cast<std::uint64_t>(time_of(to).micros) - start};
  }

  const WindowSpec& spec() const noexcept { return spec_; }

 private:
  static constexpr std::uint64_t kNear = std::uint64_t{1} << 50;  // Exact as a double.
  static constexpr std::int64_t kBaseMax = std::int64_t{1} << 61;

  std::int64_t pane_at(EventTime time) const noexcept;
  std::int64_t move_base(EventTime time) noexcept;
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
  double panes_per_micro_ = 1;
  std::int64_t base_pane_ = 0;
  std::int64_t base_start_ = 0;
};

}  // namespace penstock
