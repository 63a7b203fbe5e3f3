// core/runtime/restart_policy.h -- whether a job that has failed is started again, and how long to wait before.
//
// Back-off   Doubles from failure to failure, each wait shortened or lengthened by chance so that many jobs that failed
//            together do not come back together. What ran long enough without a failure counts from the start again.
// Causes     Only what may pass by itself (kUnavailable): a broker that is away, a file system that failed for a
//            moment. Bad options, bad data and user code would fail again.
// Threads    One at a time. Reads no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "penstock/core/base/random.h"
#include "penstock/core/base/status.h"
#include "penstock/core/base/time.h"

namespace penstock {

struct RestartOptions {
  std::uint32_t max = 0;  // In a row; 0: never. Needs checkpoints.
  std::chrono::milliseconds first_wait{1'000};
  std::chrono::milliseconds longest_wait{60'000};
  double jitter = 0.2;                      // Of a wait, up or down.
  std::chrono::seconds forgets_after{600};  // Without a failure.
};

class RestartPolicy {
 public:
  RestartPolicy(const RestartOptions& options, std::uint64_t seed) noexcept
      : options_(options), random_(seed) {}

  static bool may_pass(const Status& failure) noexcept {
    return failure.code() == StatusCode::kUnavailable;
  }

  // The job has begun to run, at first or again.
  void started(Instant now) noexcept { started_ = now; }
  // It has failed: how long to wait before the next start. Nothing: there shall be none.
  std::optional<std::chrono::nanoseconds> failed(const Status& failure, Instant now) noexcept;
  // The number of the restart that failed() has granted last, of options().max.
  std::uint32_t number() const noexcept { return number_; }
  const RestartOptions& options() const noexcept { return options_; }

 private:
  RestartOptions options_;
  Random random_;
  Instant started_{};
  std::uint32_t number_ = 0;
};

}  // namespace penstock
