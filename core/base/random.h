// core/base/random.h -- the only door to chance: a seeded sequence, and a seed from the operating
// system.
//
// Random is SplitMix64: equal seeds give equal sequences on every machine and in every version
// (normal() excepted: it takes a logarithm, whose last bit is the machine's). Not for secrets.
// Threads    One object per thread; fork() gives another thread a sequence of its own.
// Cost       About 1 ns a number.
#pragma once

#include <cmath>
#include <cstdint>

#include "penstock/core/base/check.h"
#include "penstock/core/base/hash.h"

namespace penstock {

class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) noexcept : state_(seed) {}

  constexpr std::uint64_t next_u64() noexcept {
    const std::uint64_t drawn = hash_bits(state_);  // One step of the sequence, and its mixer.
    state_ += kHashIncrement;
    return drawn;
  }

  // Uniform in [0, bound), without bias. REQUIRES: bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    PENSTOCK_DCHECK(bound > 0);
    Wide product = Wide{next_u64()} * bound;
    if (static_cast<std::uint64_t>(product) < bound) {
      // The first 2^64 mod bound fractions belong to results that would come up once too often:
      // draw again.
      const std::uint64_t biased = (0 - bound) % bound;
      while (static_cast<std::uint64_t>(product) < biased) product = Wide{next_u64()} * bound;
    }
    return static_cast<std::uint64_t>(product >> 64);
  }

  // Uniform in [low, high]. REQUIRES: low <= high.
  constexpr std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    PENSTOCK_DCHECK(low <= high);
    const auto base = static_cast<std::uint64_t>(low);
    const std::uint64_t span = static_cast<std::uint64_t>(high) - base + 1;
    return static_cast<std::int64_t>(base + (span == 0 ? next_u64() : below(span)));
  }

  // Uniform in [0, 1), in steps of 2^-53.
  constexpr double uniform() noexcept { return static_cast<double>(next_u64() >> 11) * 0x1.0p-53; }

  // True with the given probability: never at 0 or less, always at 1 or more.
  constexpr bool chance(double probability) noexcept { return uniform() < probability; }

  // Normally distributed with mean 0 and deviation 1.
  double normal() noexcept {
    // Marsaglia's polar method: a point in the unit circle, found in 1.3 tries on average.
    for (;;) {
      const double x = 2 * uniform() - 1;
      const double y = 2 * uniform() - 1;
      const double square = x * x + y * y;
      if (square > 0 && square < 1) return x * std::sqrt(-2 * std::log(square) / square);
    }
  }

  // Another sequence, determined by this one and independent of what is drawn here later.
  constexpr Random fork() noexcept { return Random(next_u64()); }

 private:
  __extension__ using Wide = unsigned __int128;

  std::uint64_t state_;
};

// A seed that nobody can guess, from the operating system. Never fails: it waits for entropy after
// boot.
std::uint64_t random_seed() noexcept;

}  // namespace penstock
