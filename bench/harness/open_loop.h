// bench/harness/open_loop.h -- when each event of a load is due, whatever the engine does; how late its result came.
//
// A source that falls behind emits what is due at once and the schedule stays where it is: a latency taken from the due
// time holds the time that the event waited to be sent, which a measurement from the actual sending leaves out.
// Threads    A schedule is constant. A recorder has one writer.
// Cost       A division for due(), two with bursts: the caller reads the clock once per batch, not per event.
#pragma once

#include <chrono>
#include <cstdint>

#include "penstock/bench/harness/histogram.h"
#include "penstock/core/base/check.h"
#include "penstock/core/base/time.h"

namespace penstock::bench {

// At the start of each `period`, for `length`, the rate is `rate_per_second` instead of the usual one.
struct Burst {
  std::chrono::nanoseconds period{0};  // 0: no bursts.
  std::chrono::nanoseconds length{0};
  std::uint64_t rate_per_second = 0;
};

class OpenLoopSchedule {
 public:
  // REQUIRES: 0 < rates <= kRateMax; 0 < burst.length < burst.period < 1 hour if there are bursts.
  OpenLoopSchedule(Instant start, std::uint64_t rate_per_second, Burst burst = {}) noexcept
      : start_(start), rate_(rate_per_second), burst_(burst) {
    PENSTOCK_CHECK(rate_ > 0 && rate_ <= kRateMax);
    if (burst_.period.count() == 0) return;
    PENSTOCK_CHECK(burst_.rate_per_second > 0 && burst_.rate_per_second <= kRateMax);
    PENSTOCK_CHECK(burst_.length.count() > 0 && burst_.length < burst_.period);
    PENSTOCK_CHECK(burst_.period < std::chrono::hours(1));
    in_burst_ = count_in(burst_.length, burst_.rate_per_second);
    in_period_ = in_burst_ + count_in(burst_.period - burst_.length, rate_);
  }

  // When event i, from 0, is due.
  Instant due(std::uint64_t i) const noexcept {
    if (in_period_ == 0) return start_ + span_of(i, rate_);
    const std::uint64_t place = i % in_period_;
    const auto period_start = burst_.period * static_cast<std::int64_t>(i / in_period_);
    const auto within = place < in_burst_ ? span_of(place, burst_.rate_per_second)
                                          : burst_.length + span_of(place - in_burst_, rate_);
    return start_ + period_start + within;
  }

  // How many events are due at `now`: those with due(i) <= now, that is 0 .. count - 1.
  std::uint64_t due_count(Instant now) const noexcept {
    if (now < start_) return 0;
    const std::chrono::nanoseconds past = now - start_ + std::chrono::nanoseconds(1);
    if (in_period_ == 0) return count_in(past, rate_);
    const auto periods =
        static_cast<std::uint64_t>((past - std::chrono::nanoseconds(1)) / burst_.period);
    const auto within = past - burst_.period * static_cast<std::int64_t>(periods);
    const std::uint64_t count = within <= burst_.length
                                    ? count_in(within, burst_.rate_per_second)
                                    : in_burst_ + count_in(within - burst_.length, rate_);
    return periods * in_period_ + count;
  }

  static constexpr std::uint64_t kRateMax = 1'000'000'000;

 private:
  static constexpr std::uint64_t kSecond = 1'000'000'000;

  // floor(events / rate); whole seconds apart, so that nothing overflows.
  static constexpr std::chrono::nanoseconds span_of(std::uint64_t events,
                                                    std::uint64_t rate) noexcept {
    return std::chrono::nanoseconds(events / rate * kSecond + events % rate * kSecond / rate);
  }
  // How many i have span_of(i) < span.
  static constexpr std::uint64_t count_in(std::chrono::nanoseconds span,
                                          std::uint64_t rate) noexcept {
    const auto nanos = static_cast<std::uint64_t>(span.count());
    return nanos / kSecond * rate + (nanos % kSecond * rate + kSecond - 1) / kSecond;
  }

  Instant start_;
  std::uint64_t rate_;
  Burst burst_;
  std::uint64_t in_burst_ = 0;
  std::uint64_t in_period_ = 0;  // 0: no bursts.
};

// The same load with events that come together, at `ticks_per_second` moments.
class TickSchedule {
 public:
  // REQUIRES: 0 < rate, ticks <= OpenLoopSchedule::kRateMax; less than 2^63 / rate ticks pass.
  TickSchedule(Instant start, std::uint64_t rate_per_second,
               std::uint64_t ticks_per_second) noexcept
      : ticks_(start, ticks_per_second),
        rate_(rate_per_second),
        ticks_per_second_(ticks_per_second) {
    PENSTOCK_CHECK(rate_ > 0 && rate_ <= OpenLoopSchedule::kRateMax);
  }

  Instant due(std::uint64_t i) const noexcept { return ticks_.due(i * ticks_per_second_ / rate_); }
  std::uint64_t due_count(Instant now) const noexcept {
    return (ticks_.due_count(now) * rate_ + ticks_per_second_ - 1) / ticks_per_second_;
  }

 private:
  OpenLoopSchedule ticks_;
  std::uint64_t rate_;
  std::uint64_t ticks_per_second_;
};

// Latencies from the due time; those of events that were due before the end of the warm-up are only counted.
class LatencyRecorder {
 public:
  explicit LatencyRecorder(Instant warmup_until) : warmup_until_(warmup_until) {}

  void record(Instant due, Instant seen) noexcept {
    if (due < warmup_until_) {
      ++warmup_count_;
    } else {
      histogram_.record((seen - due).count());
    }
  }

  const Histogram& histogram() const noexcept { return histogram_; }
  std::uint64_t warmup_count() const noexcept { return warmup_count_; }

 private:
  Instant warmup_until_;
  std::uint64_t warmup_count_ = 0;
  Histogram histogram_;
};

}  // namespace penstock::bench
