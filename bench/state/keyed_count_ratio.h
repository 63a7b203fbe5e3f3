// bench/state/keyed_count_ratio.h -- our keyed count against a raw boost::unordered_flat_map loop.
#pragma once

#include <cstdint>
#include <vector>

#include "penstock/bench/harness/paired.h"
#include "penstock/bench/state/keyed_count.h"

namespace penstock::bench {

inline constexpr Goal kKeyedCountGoal{GoalKind::kAtMost, 1.5};

// Nanoseconds per record of both, in turns; about 0.5 s a repeat at 1 M keys. REQUIRES: repeats > 0.
PairedResult measure_keyed_count(std::uint64_t keys, Draw draw, int repeats);

// The figures that the goal is about: 1 M keys, drawn uniformly and skewed.
std::vector<PairedResult> measure_keyed_count_ratio(int repeats);

}  // namespace penstock::bench
