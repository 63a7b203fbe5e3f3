// bench/workloads/slide_cost.h -- what a record costs a sliding window of many slides against one of few.
//
// Both windows slide equally often over the same records of the same keys, so that they differ in nothing but how many
// windows hold a record.
#pragma once

#include <cstdint>

#include "penstock/bench/harness/paired.h"

namespace penstock::bench {

struct SlideLoad {
  std::uint64_t events = 5'000'000;
  std::uint64_t keys = 100'000;
  std::uint64_t events_per_slide = 50'000;
};

inline constexpr std::int64_t kManySlides = 60;
inline constexpr std::int64_t kFewSlides = 2;

struct SlideRun {
  double ns_per_record = 0;
  std::uint64_t windows = 0;  // That came out with more than nothing.
};
SlideRun run_slides(const SlideLoad& load, std::int64_t slides);

// Nanoseconds per record: ours of many slides, the other of few. Goal: at most 1.3 times.
PairedResult measure_slides(int repeats, const SlideLoad& load = {});

}  // namespace penstock::bench
