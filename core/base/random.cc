#include "penstock/core/base/random.h"

#include <sys/random.h>

namespace penstock {

std::uint64_t random_seed() noexcept {
  std::uint64_t seed = 0;
  // Up to 256 bytes come whole or, interrupted by a signal before the first boot entropy, not at
  // all.
  while (getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
  }
  return seed;
}

}  // namespace penstock
