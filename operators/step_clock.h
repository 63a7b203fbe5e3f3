// operators/step_clock.h -- the time of day during one step of a task, from the one reading that the step is handed.
//
// Cost       An addition per step; the clock itself is read once a second, since time of day may jump.
// Threads    The task's worker.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>

#include "penstock/core/base/clock.h"

namespace penstock {

class StepClock {
 public:
  void open(const Clock& clock) noexcept {
    clock_ = &clock;
    read_at_ = {std::numeric_limits<std::int64_t>::min()};
    at(clock.now());
  }
  // A step begins at `now`, as the clock said.
  void at(Instant now) noexcept {
    if (now >= read_at_) {
      offset_micros_ = clock_->wall_now().micros - now.nanos / 1000;
      read_at_ = now + std::chrono::seconds(1);
    }
    now_ = now;
    wall_ = {now.nanos / 1000 + offset_micros_};
  }
  EventTime wall() const noexcept { return wall_; }
  // When the time of day will be `time`, at most a day ahead; this step when it has passed.
  Instant instant_of(EventTime time) const noexcept {
    constexpr std::uint64_t kDayMicros = std::uint64_t{24} * 3600 * 1'000'000;
    const std::uint64_t ahead = static_cast<std::uint64_t>(std::max(time, wall_).micros) -
                                static_cast<std::uint64_t>(wall_.micros);
    return {(now_.nanos / 1000 + static_cast<std::int64_t>(std::min(ahead, kDayMicros))) * 1000};
  }

 private:
  const Clock* clock_ = nullptr;
  Instant read_at_;
  Instant now_;
  EventTime wall_;
  std::int64_t offset_micros_ = 0;  // Time of day minus the clock.
};

}  // namespace penstock
