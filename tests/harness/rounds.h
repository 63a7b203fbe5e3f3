// tests/harness/rounds.h -- how often a test that draws at random, or tries every place for a fault, repeats itself.
#pragma once

#include <algorithm>
#include <cstdint>

namespace penstock {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kInstrumented = true;
#else
inline constexpr bool kInstrumented = false;
#endif

// All of them where code runs at its own speed. Sanitizers are several times slower and look for something else, which
// fewer find as well.
constexpr std::uint64_t rounds(std::uint64_t all) noexcept {
  return kInstrumented ? std::max<std::uint64_t>(all / 5, 1) : all;
}

}  // namespace penstock
