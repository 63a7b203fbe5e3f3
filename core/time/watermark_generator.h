// core/time/watermark_generator.h -- the watermark of one input: highest event time seen minus the allowed disorder.
//
// Rule       Watermark W says: every record with time < W has come; equal times may still follow. So W is the highest
//            time minus the bound, and a record is on time exactly when its time >= W.
// Idle       No record for `idle_after` makes the input idle: a state, not a time. The next record ends it.
// Threads    Pure state of one task; no clock of its own.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "penstock/core/base/time.h"

namespace penstock {

struct WatermarkOptions {
  std::chrono::microseconds max_disorder{0};
  std::chrono::nanoseconds idle_after = std::chrono::seconds(1);  // Zero or less: never idle.
};

class WatermarkGenerator {
 public:
  explicit WatermarkGenerator(WatermarkOptions options) noexcept : options_(options) {}

  // One compare per record.
  void observe(EventTime time) noexcept {
    max_ = std::max(max_, time);
    ++observed_;
  }

  // The highest time seen until now, for snapshots; restored, it comes out of advance() once more.
  EventTime highest() const noexcept { return max_; }
  void restore(EventTime highest) noexcept { max_ = std::max(max_, highest); }

  // At the end of a batch: the watermark if it rose since the last call.
  std::optional<EventTime> advance() noexcept {
    if (max_ == kMinEventTime) return std::nullopt;
    const std::int64_t floor = kMinEventTime.micros + 1 + options_.max_disorder.count();
    const EventTime now{std::max(max_.micros, floor) - options_.max_disorder.count()};
    if (now <= emitted_) return std::nullopt;
    emitted_ = now;
    return now;
  }

  // At the end of a batch: true once when the input has just become idle.
  bool fell_idle(Instant now) noexcept {
    if (observed_ != observed_before_ || quiet_since_ == kNever) {
      observed_before_ = observed_;
      quiet_since_ = now;
      idle_ = false;
      return false;
    }
    if (idle_ || options_.idle_after.count() <= 0 || now - quiet_since_ < options_.idle_after)
      return false;
    idle_ = true;
    return true;
  }

  // When fell_idle() has to be asked next if no record comes; kNever when it need not.
  Instant idle_deadline() const noexcept {
    if (idle_ || options_.idle_after.count() <= 0 || quiet_since_ == kNever) return kNever;
    return quiet_since_ + options_.idle_after;
  }
  bool is_idle() const noexcept { return idle_; }
  EventTime current() const noexcept { return emitted_; }

 private:
  WatermarkOptions options_;
  EventTime max_ = kMinEventTime;
  EventTime emitted_ = kMinEventTime;
  std::uint64_t observed_ = 0;
  std::uint64_t observed_before_ = 0;
  Instant quiet_since_ = kNever;
  bool idle_ = false;
};

}  // namespace penstock
