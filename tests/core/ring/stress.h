// tests/core/ring/stress.h -- what the tests with real threads share: how much they do, and payloads that check
// themselves.
#pragma once

#include <chrono>
#include <cstdint>

#include "penstock/tests/harness/rounds.h"

namespace penstock {

// Interleavings wanted, not speed.
inline constexpr std::uint64_t kStressItems = rounds(3'000'000);

// A sleep this long, in tests where somebody always has something to do, can only be a lost wake-up.
inline constexpr std::chrono::seconds kLostAfter{20};

// Any reader can tell a whole payload from one that is torn, stale or overwritten: each word follows from the number.
struct StressPayload {
  std::uint64_t number = 0;
  std::uint64_t words[3] = {};

  static constexpr StressPayload of(std::uint64_t number) noexcept {
    return {number, {~number, number * 0x9e3779b97f4a7c15u, number ^ 0x5555555555555555u}};
  }
  friend constexpr bool operator==(const StressPayload&, const StressPayload&) = default;
  constexpr bool is_whole() const noexcept { return *this == of(number); }
};

}  // namespace penstock
