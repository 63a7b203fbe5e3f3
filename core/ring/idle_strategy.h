// core/ring/idle_strategy.h -- what a worker does when it found no work: spin a while, then park.
//
// Decision   Pure: no thread, no clock, no system call; the caller spins or parks. Spinning for as long as one wake
//            costs and parking then is never worse than twice the best choice in hindsight. There is no yield phase:
//            it costs more than a spin, wakes nobody and hides the worker from the scheduler's sleep accounting.
// Learning   Where every rest has lasted longer for a while, as between batches from a network, spinning only takes the
//            core from whoever would end the rest: it then parks at once, until a rest was short enough to be spun.
// Threads    One strategy per worker, used by its thread.
#pragma once

#include <algorithm>
#include <chrono>

#include "penstock/core/base/cpu.h"
#include "penstock/core/base/time.h"

namespace penstock {

enum class WaitProfile {
  kBalanced,  // Parks after the spin limit: for cores that others need too.
  kLatency,   // Never parks: for cores that nobody else needs.
};

enum class Idle { kSpin, kPark };

class IdleStrategy {
 public:
  // REQUIRES: spin_limit >= 0; zero parks at once. kLatency ignores it.
  IdleStrategy(WaitProfile profile, std::chrono::nanoseconds spin_limit) noexcept
      : profile_(profile), spin_limit_(spin_limit) {}

  // After a step without work, with the time of that step. Goes on saying kPark until there is work, so that a worker
  // woken for nothing sleeps again at once.
  Idle on_idle(Instant now) noexcept {
    if (profile_ == WaitProfile::kLatency) return Idle::kSpin;
    if (idle_since_ == kNever) idle_since_ = now;
    if (long_rests_ >= kLongRests) return Idle::kPark;
    return now - idle_since_ < spin_limit_ ? Idle::kSpin : Idle::kPark;
  }

  // After a step with work, with the time of that step.
  void on_work(Instant now) noexcept {
    if (idle_since_ == kNever) return;
    // Who was parked ran again a wake, which is as long as the limit, after there was work.
    const bool short_enough = now - idle_since_ < 2 * spin_limit_;
    long_rests_ = short_enough ? 0 : std::min(long_rests_ + 1, kLongRests);
    idle_since_ = kNever;
  }

  bool may_park() const noexcept { return profile_ != WaitProfile::kLatency; }

 private:
  static constexpr int kLongRests = 8;

  WaitProfile profile_;
  std::chrono::nanoseconds spin_limit_;
  Instant idle_since_ = kNever;  // kNever while there is work.
  int long_rests_ = 0;           // One after the other.
};

// How long a parked thread takes to run again after a wake, on this machine, now: the median of some real ones, which
// takes a few milliseconds and a thread. Always between 1 and 200 microseconds. For the start of an engine.
std::chrono::nanoseconds calibrate_wake_cost();

// How long after its deadline a parked thread runs again, on this machine, now: the timer of the kernel is later than a
// wake by another thread. The median of some real ones, by the calling thread; between 1 and 200 microseconds.
std::chrono::nanoseconds calibrate_timer_lateness();

}  // namespace penstock
