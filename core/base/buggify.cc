#include "penstock/core/base/buggify.h"

#include <algorithm>

#include "penstock/core/base/hash.h"

namespace penstock {
namespace {

constexpr double kPointsPerRun = 0.25;

thread_local Buggify* current = nullptr;

}  // namespace

Buggify::Buggify(std::uint64_t seed) noexcept : random_(hash_bits(seed + 101)) {
  for (double& chance : chances_)
    chance = random_.chance(kPointsPerRun) ? 0.02 + 0.3 * random_.uniform() : 0;
  current = this;
}

Buggify::Buggify(std::string_view point) noexcept : random_(0) {
  const auto* const found = std::find(kBuggifyPoints.begin(), kBuggifyPoints.end(), point);
  if (found != kBuggifyPoints.end())
    chances_[static_cast<std::size_t>(found - kBuggifyPoints.begin())] = 1;
  current = this;
}

Buggify::~Buggify() { current = nullptr; }

bool Buggify::hit(std::size_t point) noexcept {
  if (rests_ || chances_[point] == 0 || !random_.chance(chances_[point])) return false;
  ++hits_[point];
  return true;
}

bool Buggify::is_built_in() noexcept {
#ifdef PENSTOCK_CRASH_POINTS
  return true;
#else
  return false;
#endif
}

bool internal::buggify(std::size_t point) noexcept {
  return current != nullptr && current->hit(point);
}

}  // namespace penstock
