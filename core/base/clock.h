// core/base/clock.h -- the only door to time, so that a test or the simulator can own it.
//
// Threads    RealClock may be read from any thread; VirtualClock may be set by one and read by all.
// Cost       A real reading is about 30 ns: the runtime takes one per step of a worker and hands it down.
#pragma once

#include <atomic>
#include <chrono>

#include "penstock/core/base/time.h"

namespace penstock {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const noexcept = 0;         // Monotonic.
  virtual EventTime wall_now() const noexcept = 0;  // Time of day; may jump.
};

class RealClock final : public Clock {
 public:
  Instant now() const noexcept override;
  EventTime wall_now() const noexcept override;
};

// Stands still until advanced; both readings move together.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(EventTime wall_start = {}) noexcept : wall_start_(wall_start) {}

  Instant now() const noexcept override { return {nanos_.load(std::memory_order_relaxed)}; }
  EventTime wall_now() const noexcept override {
    return wall_start_ + std::chrono::microseconds(nanos_.load(std::memory_order_relaxed) / 1000);
  }
  // REQUIRES: by >= 0.
  void advance(std::chrono::nanoseconds by) noexcept {
    nanos_.fetch_add(by.count(), std::memory_order_relaxed);
  }

 private:
  EventTime wall_start_;
  std::atomic<std::int64_t> nanos_{0};
};

}  // namespace penstock
