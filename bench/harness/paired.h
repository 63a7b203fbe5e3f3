// bench/harness/paired.h -- compares two ways to do one thing on a machine whose speed wanders.
//
// Both are run once to warm up, then in turns, the first of each pair changing sides, so that a slow minute meets both.
// The ratio is the median of the pairs' ratios, not the ratio of two medians.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::bench {

// Rates are to be at least a share of the other's, costs at most a multiple of it.
enum class GoalKind : std::uint8_t { kAtLeast, kAtMost };

struct Goal {
  GoalKind kind = GoalKind::kAtLeast;
  double ratio = 0;

  bool met_by(double measured) const noexcept {
    return kind == GoalKind::kAtLeast ? measured >= ratio : measured <= ratio;
  }
};

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

// REQUIRES: values is not empty. An even number of values has the mean of the middle two as its median.
Spread spread_of(std::vector<double> values);

struct PairedResult {
  std::string name;
  Goal goal;
  Spread ours;
  Spread bare;
  Spread ratio;  // Of ours to bare, pair by pair.

  bool ok() const noexcept { return goal.met_by(ratio.median); }
};

// Runs the workload once and returns its figure: the higher the better for kAtLeast, the lower for kAtMost.
using Measurement = std::function<double()>;

// REQUIRES: repeats > 0.
PairedResult run_paired(std::string_view name, Goal goal, int repeats, const Measurement& ours,
                        const Measurement& bare);

// "ratio name=q0 ours=6.1e+07[5.9e+07..6.2e+07] bare=... ratio=0.81[0.79..0.82] goal=>=0.70 ok", or SHORT at the end.
std::string format_paired(const PairedResult& result);

}  // namespace penstock::bench
