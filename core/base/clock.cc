#include "penstock/core/base/clock.h"

#include <ctime>

#include "penstock/core/base/check.h"

namespace penstock {
namespace {

timespec read_clock(clockid_t id) noexcept {
  timespec reading{};
  const int outcome = clock_gettime(id, &reading);
  PENSTOCK_DCHECK(outcome == 0);  // Both clocks exist on every Linux.
  static_cast<void>(outcome);
  return reading;
}

}  // namespace

Instant RealClock::now() const noexcept {
  const timespec reading = read_clock(CLOCK_MONOTONIC);
  return {std::int64_t{reading.tv_sec} * 1'000'000'000 + reading.tv_nsec};
}

EventTime RealClock::wall_now() const noexcept {
  const timespec reading = read_clock(CLOCK_REALTIME);
  return {std::int64_t{reading.tv_sec} * 1'000'000 + reading.tv_nsec / 1000};
}

}  // namespace penstock
