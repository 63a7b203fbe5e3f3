// bench/workloads/window_clock.h -- tells a bare loop when its windows are complete.
//
// Windows are aligned to 0, [end - size, end), with an end at each multiple of the slide. One is complete when no event
// before its end can come any more: kBoundMs after the highest time seen, for events are at most that late.
// Threads    One owner.
// Cost       One comparison per event.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace penstock::bench {

// Rounds down, to a multiple of kStep; negative numbers too.
template <std::int64_t kStep>
constexpr std::int64_t round_down(std::int64_t value) noexcept {
  return value >= 0 ? value / kStep * kStep : -((-value + kStep - 1) / kStep * kStep);
}

template <std::int64_t kSizeMs, std::int64_t kSlideMs, std::int64_t kBoundMs>
class WindowClock {
 public:
  // Calls close(end) for each window that is complete when an event of `time_ms` comes, which is in none of them.
  template <class Close>
  [[gnu::always_inline]] void advance(std::int64_t time_ms, Close&& close) {
    latest_ms_ = std::max(latest_ms_, time_ms);
    if (time_ms < due_ms_) [[likely]]
      return;
    if (due_ms_ == kNotStarted)
      due_ms_ = round_down<kSlideMs>(time_ms - kBoundMs) + kSlideMs + kBoundMs;
    while (time_ms >= due_ms_) close_next(close);
  }

  // The end of input completes all windows.
  template <class Close>
  void finish(Close&& close) {
    if (due_ms_ == kNotStarted) return;
    while (due_ms_ - kBoundMs - kSizeMs <= latest_ms_) close_next(close);
  }

 private:
  static constexpr std::int64_t kNotStarted = std::numeric_limits<std::int64_t>::min();

  template <class Close>
  void close_next(Close&& close) {
    const std::int64_t end = due_ms_ - kBoundMs;
    due_ms_ += kSlideMs;
    close(end);
  }

  std::int64_t due_ms_ = kNotStarted;  // An event of this time or later completes the next window.
  std::int64_t latest_ms_ = kNotStarted;
};

// The slices that windows are put together from, each of kSliceMs; its ring place among kPlaces, a power of two.
template <std::int64_t kSliceMs, std::uint64_t kPlaces>
constexpr std::uint64_t slice_place(std::int64_t time_ms) noexcept {
  static_assert((kPlaces & (kPlaces - 1)) == 0);
  return static_cast<std::uint64_t>(time_ms) / static_cast<std::uint64_t>(kSliceMs) % kPlaces;
}

}  // namespace penstock::bench
