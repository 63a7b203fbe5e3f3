#include "penstock/bench/harness/paired.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "penstock/core/base/check.h"

namespace penstock::bench {
namespace {

std::string format_spread(const char* name, const char* format, const Spread& spread) {
  std::array<char, 128> text{};
  std::string line = std::string(" ") + name + "=";
  const auto add = [&](double value) {
    std::snprintf(text.data(), text.size(), format, value);
    line += text.data();
  };
  add(spread.median);
  line += "[";
  add(spread.min);
  line += "..";
  add(spread.max);
  return line + "]";
}

}  // namespace

Spread spread_of(std::vector<double> values) {
  PENSTOCK_CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .min = values.front(), .max = values.back()};
}

PairedResult run_paired(std::string_view name, Goal goal, int repeats, const Measurement& ours,
                        const Measurement& bare) {
  PENSTOCK_CHECK(repeats > 0);
  ours();
  bare();
  std::vector<double> ours_figures;
  std::vector<double> bare_figures;
  std::vector<double> ratios;
  for (int i = 0; i < repeats; ++i) {
    const bool ours_first = i % 2 == 0;
    if (ours_first) ours_figures.push_back(ours());
    bare_figures.push_back(bare());
    if (!ours_first) ours_figures.push_back(ours());
    ratios.push_back(ours_figures.back() / bare_figures.back());
  }
  return {.name = std::string(name),
          .goal = goal,
          .ours = spread_of(std::move(ours_figures)),
          .bare = spread_of(std::move(bare_figures)),
          .ratio = spread_of(std::move(ratios))};
}

std::string format_paired(const PairedResult& result) {
  std::array<char, 64> goal{};
  std::snprintf(goal.data(), goal.size(), " goal=%s%.2f %s",
                result.goal.kind == GoalKind::kAtLeast ? ">=" : "<=", result.goal.ratio,
                result.ok() ? "ok" : "SHORT");
  return "ratio name=" + result.name + format_spread("ours", "%.4g", result.ours) +
         format_spread("bare", "%.4g", result.bare) + format_spread("ratio", "%.3f", result.ratio) +
         goal.data();
}

}  // namespace penstock::bench
