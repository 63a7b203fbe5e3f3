// io/socket/backoff.h -- how long to wait before the next attempt: twice as long each time, up to a bound, with jitter.
//
// Each wait is drawn from the upper half of its interval, so that many clients of one server that came back do not all
// come at the same moment.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "penstock/core/base/hash.h"

namespace penstock {

class Backoff {
 public:
  // REQUIRES: 0 < first <= longest.
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest,
          std::uint64_t seed) noexcept
      : first_(first), longest_(longest), interval_(first), seed_(seed) {}

  std::chrono::milliseconds next() noexcept {
    const std::int64_t half = interval_.count() / 2;
    interval_ = std::min(2 * interval_, longest_);
    seed_ = hash_combine(seed_, 1);
    const auto jitter = static_cast<std::int64_t>(seed_ % static_cast<std::uint64_t>(half + 1));
    return std::chrono::milliseconds(std::max<std::int64_t>(half + jitter, 1));
  }
  // After a success.
  void reset() noexcept { interval_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds interval_;
  std::uint64_t seed_;
};

}  // namespace penstock
