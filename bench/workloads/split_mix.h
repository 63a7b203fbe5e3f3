// bench/workloads/split_mix.h -- the random numbers of all workloads: SplitMix64 with access to any position.
//
// The same text in other languages gives the same bits; it is written out here instead of borrowed from core/base,
// whose hashes may serve other ends some day. All arithmetic wraps around.
#pragma once

#include <cstdint>

namespace penstock::bench {

// The mixer: one to one, and every bit of `z` moves half of the output.
constexpr std::uint64_t fin(std::uint64_t z) noexcept {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Output number n, from 0, of the generator that starts with `seed`.
constexpr std::uint64_t sm(std::uint64_t seed, std::uint64_t n) noexcept {
  return fin(seed + (n + 1) * 0x9e3779b97f4a7c15);
}

}  // namespace penstock::bench
