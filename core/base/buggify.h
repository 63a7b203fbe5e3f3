// core/base/buggify.h -- named places at which a simulator makes the engine do what is rare but legal.
//
//   if (PENSTOCK_BUGGIFY("capture.no_room")) return false;   // As if there were none.
//
// Nothing that a user was promised may depend on it: results must be the same. Each run of a simulator has some of the
// points, drawn from its seed, and of these each visit is rare with some chance. Builds without PENSTOCK_CRASH_POINTS
// (see the CMake option), as what is shipped, have none of it.
// Threads    Only the thread that has begun it is concerned, and others never.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "penstock/core/base/random.h"

namespace penstock {

inline constexpr auto kBuggifyPoints = std::to_array<std::string_view>({
    "capture.slice_of_one",
    "capture.no_room",
    "task.ring_full",
    "task.batch_of_one",
    "task.one_turn",
    "task.fires_one",
    "task.skew_waived",
    "task.hears_late",
    "source.barrier_late",
    "epoch.at_once",
    "epoch.late",
    "epoch.given_up",
    "keeper.slow",
    "part.write_fails",
    "manifest.write_fails",
    "garbage.stays",
});

// While it lives, points of its thread are rare as `seed` says. One at a time.
class Buggify {
 public:
  using Hits = std::array<std::uint64_t, kBuggifyPoints.size()>;

  explicit Buggify(std::uint64_t seed) noexcept;
  // Each visit of this point is rare and no other: one of kBuggifyPoints.
  explicit Buggify(std::string_view point) noexcept;
  ~Buggify();
  Buggify(const Buggify&) = delete;
  Buggify& operator=(const Buggify&) = delete;

  // While it rests everything is as usual: a simulator that waits for an end needs it.
  void rest(bool rests) noexcept { rests_ = rests; }
  bool hit(std::size_t point) noexcept;
  const Hits& hits() const noexcept { return hits_; }
  // Whether this build has any.
  static bool is_built_in() noexcept;

 private:
  Random random_;
  std::array<double, kBuggifyPoints.size()> chances_{};
  Hits hits_{};
  bool rests_ = false;
};

namespace internal {

bool buggify(std::size_t point) noexcept;

consteval std::size_t buggify_point(std::string_view name) {
  const auto* const found = std::find(kBuggifyPoints.begin(), kBuggifyPoints.end(), name);
  if (found == kBuggifyPoints.end()) throw "this point is not in kBuggifyPoints";
  return static_cast<std::size_t>(found - kBuggifyPoints.begin());
}

}  // namespace internal
}  // namespace penstock

#ifdef PENSTOCK_CRASH_POINTS
#define PENSTOCK_BUGGIFY(name) \
  ::penstock::internal::buggify(::penstock::internal::buggify_point(name))
#else
#define PENSTOCK_BUGGIFY(name) false
#endif
